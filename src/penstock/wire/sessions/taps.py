"""QuickFIX's log callbacks: each text as it comes off the wire, and the file that keeps them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any, Final

import quickfix

from penstock.wire.sessions.intake import Intake
from penstock.wire.sessions.log_file import LogFile

_UNREADABLE: Final = "Invalid message: "
_LOGON_REJECTED: Final = "Tried to send a reject while not logged on"
_WAITING: Final = re.compile(r"Already sent ResendRequest (FROM: \d+ TO: \d+)")


class Tap(quickfix.Log):  # type: ignore[misc]  # quickfix has no types
    """
    The log of one session.

    QuickFIX calls it before it reads a text, and again when it cannot read it. An exception that
    leaves a callback ends the process, so none does: each goes to `on_error`.
    """

    def __init__(
        self,
        log: LogFile,
        intake: Intake | None,
        note_current: Callable[[Intake], None],
        on_error: Callable[[str, Exception], None],
    ) -> None:
        super().__init__()
        self._log, self._intake = log, intake
        self._note_current = note_current
        self._on_error = on_error

    def clear(self) -> None:
        """Keep everything."""

    def backup(self) -> None:
        """Keep everything where it is."""

    def onIncoming(self, text: str) -> None:  # noqa: N802  # QuickFIX's name, as all here
        """A text has come."""
        try:
            self._log.message(text)
            if self._intake is not None:
                self._note_current(self._intake)
                self._intake.arrived(text)
        except Exception as error:  # noqa: BLE001  # see the class
            self._on_error("a message that came", error)

    def onOutgoing(self, text: str) -> None:  # noqa: N802
        """A text goes out."""
        with contextlib.suppress(Exception):
            self._log.message(text)

    def onEvent(self, text: str) -> None:  # noqa: N802
        """Something happened to the session."""
        try:
            self._log.event(text)
            if self._intake is None:
                return
            if text.startswith(_UNREADABLE):
                self._intake.unreadable(text.removeprefix(_UNREADABLE))
            elif text == _LOGON_REJECTED:
                self._intake.logon_rejected()
            elif (waiting := _WAITING.match(text)) is not None:
                self._intake.waits_for_resend(waiting[1])
        except Exception as error:  # noqa: BLE001  # see the class
            self._on_error("a message that cannot be read", error)


class TapFactory(quickfix.LogFactory):  # type: ignore[misc]  # quickfix has no types
    """
    Makes one tap for each session and one for the engine, and keeps them until `release`.

    A tap is handed over as a thing that Python does not own: for one that it owns, the wrapper
    notes a second owner, in a way that corrupts memory.
    """

    def __init__(self, make_tap: Callable[[str], Tap]) -> None:
        super().__init__()
        self._make_tap = make_tap
        self._taps: list[Tap] = []

    def create(self, *session_ids: Any) -> Tap:
        """A tap of a session; without one, of the engine."""
        name = session_ids[0].toString() if session_ids else ""
        tap = self._make_tap(name)
        self._taps.append(tap)
        tap.this.disown()
        return tap

    def destroy(self, _log: Any) -> None:
        """Nothing: see `release`."""

    def release(self) -> None:
        """Free the taps; only when the engine is freed."""
        for tap in self._taps:
            tap.this.acquire()
        self._taps.clear()
