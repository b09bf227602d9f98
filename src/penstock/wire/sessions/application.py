"""QuickFIX's callbacks, guarded: nothing that goes wrong in one may reach QuickFIX."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final, cast

import quickfix

from penstock.wire.fix import MsgType
from penstock.wire.sessions.setup import SessionName, SessionSetup
from penstock.wire.sessions.standing import Standing
from penstock.wire.sessions.texts import (
    MSG_TYPE,
    POSS_DUP_FLAG,
    SENDER_COMP_ID,
    TARGET_COMP_ID,
    fields_of,
    incoming_of,
)

_LOGON: Final = "A"
_LOGOUT: Final = "5"
_TEXT: Final = 58
_HEART_BT_INT: Final = 108
_REF_TAG_ID: Final = 371

_MAX_HEARTBEAT_S: Final = 3_600


class SessionApplication(quickfix.Application):  # type: ignore[misc]  # quickfix has no types
    """
    What QuickFIX calls, on its thread and, when we send, on the sender's.

    An exception that leaves a callback ends the process (SWIG prints it and exits), except the few
    that QuickFIX means as answers: here DoNotSend, RejectLogon and FieldNotFound. Everything else
    goes to `on_fatal` and no further. (The wrapper never frees such an answer: it costs about a
    kilobyte, for each order that a counterparty asks for again.)

    Logons are looked at before QuickFIX uses them: of a HeartBtInt that is no number it makes a C++
    exception that ends its thread.
    """

    def __init__(
        self,
        setup: SessionSetup,
        standing: Standing,
        refuse_logon: Callable[[str, str], str] | None,
    ) -> None:
        super().__init__()
        self._sink, self._clock_ns = setup.sink, setup.clock_ns
        self._may_resend = setup.may_resend
        self._standing = standing
        self._refuse_logon = refuse_logon
        self.end_at_logon: Callable[[], None] | None = None  # see `ending`

    def onCreate(self, session_id: Any) -> None:  # noqa: N802  # QuickFIX's name, as all here
        """Nothing to do: sessions are known."""

    def onLogon(self, session_id: Any) -> None:  # noqa: N802
        """The session is up."""
        try:
            self._standing.logged_on(_name_of(session_id))
        except Exception as error:  # noqa: BLE001  # see the class
            self.fatal("on_logon", error)

    def onLogout(self, session_id: Any) -> None:  # noqa: N802
        """The session, or an attempt at one, is over."""
        try:
            self._standing.logged_out(_name_of(session_id))
        except Exception as error:  # noqa: BLE001
            self.fatal("on_logout", error)

    def toAdmin(self, message: Any, _session_id: Any) -> None:  # noqa: N802
        """Note why we log out."""
        try:
            self._note_ours(fields_of(message.toString()))
        except Exception as error:  # noqa: BLE001
            self.fatal("on_logout", error)

    def fromAdmin(self, message: Any, _session_id: Any) -> None:  # noqa: N802
        """Look at logons, note why they log out, pass rejects on."""
        answer: Exception | None = None
        try:
            answer = self._take_admin(fields_of(message.toString()))
        except Exception as error:  # noqa: BLE001
            self.fatal("an administrative message", error)
        if answer is not None:
            raise answer

    def toApp(self, message: Any, _session_id: Any) -> None:  # noqa: N802
        """Refuse to repeat what may not be repeated; a gap fill goes out in its place."""
        may_go = False
        try:
            header = message.getHeader()
            is_repeated = header.isSetField(POSS_DUP_FLAG)
            may_go = not is_repeated or self._may_resend(header.getField(MSG_TYPE))
        except Exception as error:  # noqa: BLE001
            self.fatal("may_resend", error)
        if not may_go:
            raise quickfix.DoNotSend

    def fromApp(self, message: Any, _session_id: Any) -> None:  # noqa: N802
        """Pass a message on."""
        try:
            recv_ns = self._clock_ns()
            self._sink.on_message(incoming_of(fields_of(message.toString()), recv_ns))
        except Exception as error:  # noqa: BLE001
            self.fatal("on_message", error)

    def fatal(self, where: str, error: Exception) -> None:
        """Tell the sink of an error; if even that fails, nobody is left to be told."""
        with contextlib.suppress(Exception):
            self._sink.on_fatal(where, error)

    def _note_ours(self, fields: dict[int, str]) -> None:
        msg_type = fields.get(MSG_TYPE)
        if msg_type not in {_LOGOUT, MsgType.REJECT}:
            return
        name = SessionName(fields.get(SENDER_COMP_ID, ""), fields.get(TARGET_COMP_ID, ""))
        text = fields.get(_TEXT, "")
        if msg_type == _LOGOUT:
            self._standing.we_logged_out(name, text)
        else:
            tag = fields.get(_REF_TAG_ID)
            self._standing.we_rejected(name, f"{text} (tag {tag})" if tag else text)

    def _take_admin(self, fields: dict[int, str]) -> Exception | None:
        """What to stop QuickFIX with; None for everything that is fine."""
        msg_type = fields.get(MSG_TYPE)
        name = SessionName(fields.get(TARGET_COMP_ID, ""), fields.get(SENDER_COMP_ID, ""))
        if msg_type == _LOGON and self.end_at_logon is not None:
            self.end_at_logon()
            return cast("Exception", quickfix.FieldNotFound())  # hangs up, and stores nothing
        if msg_type == _LOGON:
            problem = self._logon_problem(name, fields)
            return quickfix.RejectLogon(problem) if problem else None
        if msg_type == _LOGOUT:
            self._standing.they_logged_out(name, fields.get(_TEXT, ""))
        elif msg_type == MsgType.REJECT:
            self._sink.on_message(incoming_of(fields, self._clock_ns()))
        return None

    def _logon_problem(self, name: SessionName, fields: dict[int, str]) -> str:
        heartbeat_s = fields.get(_HEART_BT_INT, "")
        is_number = heartbeat_s.isascii() and heartbeat_s.isdigit() and len(heartbeat_s) < 9
        if not is_number or not 1 <= int(heartbeat_s) <= _MAX_HEARTBEAT_S:
            return f"HeartBtInt must be 1 to {_MAX_HEARTBEAT_S} whole seconds"
        return "" if self._refuse_logon is None else self._refuse_logon(*name)


def _name_of(session_id: Any) -> SessionName:
    return SessionName(
        session_id.getSenderCompID().getString(), session_id.getTargetCompID().getString()
    )
