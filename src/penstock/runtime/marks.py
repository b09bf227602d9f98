"""Marks: how far each FIX session has been dealt with, in a file that outlives a killed process."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from penstock.domain import JournalError
from penstock.runtime.watermarks import Watermarks
from penstock.wire.fix import Incoming

_MAGIC: Final = b"PENMARKS"
_VERSION: Final = 1
_RUN_BYTES: Final = 24
_NAME_BYTES: Final = 48
_HEADER: Final = struct.Struct(f"<8sqq{_RUN_BYTES}sq8x")  # magic, version, slots, run, is_clean
_SLOT: Final = struct.Struct(f"<{_NAME_BYTES}sqq")  # session, consumed, reported
_WORD: Final = 8
_CLEAN_WORD: Final = (_HEADER.size - 16) // _WORD


class Marks:
    """
    Two numbers per session: the last MsgSeqNum that was dealt with, and how many reports were sent.

    The file is mapped into memory, and each number is one aligned store of eight bytes: it costs
    nothing, a killed process loses none, and no reader finds half of one. A machine that stops may
    lose the latest. All that a mark too low costs is that something is asked for, or said, again.

    `consumed` of a session is set after the events that a message caused are in the journal, and
    only when every message before it has been dealt with: see `arrived` and `dealt`.
    `reported` counts the reports that QuickFIX has taken over in this run; it keeps them.
    `is_clean` says that the run ended with nothing open, so there is nothing to recover.

    Raises:
        JournalError: the file is something else.
    """

    def __init__(self, path: Path, sessions: Iterable[str]) -> None:
        old = _read(path)
        self._watermarks = Watermarks()
        names = list(dict.fromkeys([*old.sessions, *sessions]))
        if names != list(old.sessions):
            _write(path, old, names)
        self._slots = {name: idx for idx, name in enumerate(names)}
        descriptor = os.open(path, os.O_RDWR)
        try:
            self._map = mmap.mmap(descriptor, 0)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._map).cast("q")

    @property
    def run(self) -> str:
        """The run that `reported` counts for; empty before the first."""
        run: bytes = _HEADER.unpack_from(self._map)[3]
        return run.rstrip(b"\0").decode()

    @property
    def is_clean(self) -> bool:
        """Whether that run ended with nothing open."""
        return bool(self._words[_CLEAN_WORD])

    def start_run(self, run: str) -> None:
        """Count reports from zero; sessions go on as they are."""
        self._words[_CLEAN_WORD] = 0
        for name in self._slots:
            self._words[self._word(name) + 1] = 0
        start = _HEADER.size - 16 - _RUN_BYTES
        self._map[start : start + _RUN_BYTES] = run.encode().ljust(_RUN_BYTES, b"\0")

    def go_on(self) -> None:
        """The run goes on: it is not clean any more."""
        self._words[_CLEAN_WORD] = 0

    def end_run(self) -> None:
        """Everything is closed and told: the next start begins a new run."""
        self._words[_CLEAN_WORD] = 1

    def consumed(self, session: str) -> int:
        """Last MsgSeqNum whose events are in the journal; 0 before the first."""
        return self._words[self._word(session)]

    def reported(self, session: str) -> int:
        """How many reports of the run QuickFIX has taken over."""
        return self._words[self._word(session) + 1]

    def arrived(self, session: str, incoming: Incoming) -> None:
        """Take note of a message that waits. Call in the order in which the session gave them."""
        self._watermarks.arrived(session, incoming)

    def dealt(self, session: str, incoming: Incoming) -> None:
        """Move the mark over what is dealt with. Call after the journal has the events."""
        for passed in self._watermarks.dealt(session, incoming):
            # A copy of something old moves nothing; a session that starts over begins at 1 again.
            if passed.seq_num > self.consumed(session) or not passed.is_possible_dup:
                self.set_consumed(session, passed.seq_num)

    def set_consumed(self, session: str, seq_num: int) -> None:
        """Call after the journal has the events. A session that starts over goes down again."""
        self._words[self._word(session)] = seq_num

    def set_reported(self, session: str, n_reports: int) -> None:
        """Call after QuickFIX has taken the report over."""
        self._words[self._word(session) + 1] = n_reports

    def close(self) -> None:
        """Let go of the file."""
        self._words.release()
        self._map.close()

    def _word(self, session: str) -> int:
        return (_HEADER.size + self._slots[session] * _SLOT.size + _NAME_BYTES) // _WORD


class _Content:
    """What a file of marks holds."""

    __slots__ = ("is_clean", "run", "sessions")

    def __init__(self, run: bytes, is_clean: int, sessions: dict[str, tuple[int, int]]) -> None:
        self.run, self.is_clean, self.sessions = run, is_clean, sessions


def _read(path: Path) -> _Content:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return _Content(b"", 0, {})
    if len(data) < _HEADER.size:
        raise _foreign(path)
    magic, version, n_slots, run, is_clean = _HEADER.unpack_from(data)
    if (magic, version) != (_MAGIC, _VERSION) or len(data) != _HEADER.size + n_slots * _SLOT.size:
        raise _foreign(path)
    sessions = {}
    for name, consumed, reported in _SLOT.iter_unpack(data[_HEADER.size :]):
        sessions[name.rstrip(b"\0").decode("ascii", "replace")] = (consumed, reported)
    return _Content(run, is_clean, sessions)


def _write(path: Path, old: _Content, names: list[str]) -> None:
    data = _HEADER.pack(_MAGIC, _VERSION, len(names), old.run, old.is_clean)
    for name in names:
        assert len(name) <= _NAME_BYTES, f"a session's name is too long: {name}"
        data += _SLOT.pack(name.encode("ascii"), *old.sessions.get(name, (0, 0)))
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".new")
    aside.write_bytes(data)
    aside.replace(path)


def _foreign(path: Path) -> JournalError:
    return JournalError.one(
        where=str(path),
        expected="marks of FIX sessions as this release writes them",
        found="something else",
        fix="move the file away: every session is then asked for all its messages again, and "
        "what is known already is ignored",
    )
