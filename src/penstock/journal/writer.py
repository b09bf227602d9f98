"""Writing the journal: every record has left the process before anything acts on it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from penstock.domain import Command, Event, JournalError, TapeArray
from penstock.journal.format import RecordKind, pack_header, pack_record
from penstock.journal.reader import scan


class Fsync(StrEnum):
    """
    When the disk must have it. With either, a killed process loses nothing: each record is one
    write call. Only a machine that stops can lose what the disk has not got yet.
    """

    NEVER = "never"
    ALWAYS = "always"


class JournalWriter:
    """
    Appends records to one file. Not for two writers at once.

    Raises:
        JournalError: the file exists already (`create`), or is not a journal (`resume`).
    """

    def __init__(self, file_descriptor: int, fsync: Fsync) -> None:
        self._fd = file_descriptor
        self._fsync = fsync
        self._encoder = msgspec.msgpack.Encoder()

    @classmethod
    def create(cls, path: Path, context: Mapping[str, Any], fsync: Fsync = Fsync.NEVER) -> Self:
        """A new journal. `context` is whatever is needed to build the same engine again."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError:
            raise JournalError.one(
                where=str(path),
                expected="no file: a journal is never overwritten",
                found="a file",
                fix="give another path, or move the old journal away",
            ) from None
        _write(fd, pack_header(msgspec.json.encode(context)))
        return cls(fd, fsync)

    @classmethod
    def resume(cls, path: Path, fsync: Fsync = Fsync.NEVER) -> Self:
        """Go on with a journal after a restart; a record cut short by a kill is cut off."""
        whole_bytes = scan(path).n_whole_bytes
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.ftruncate(fd, whole_bytes)
        return cls(fd, fsync)

    def append_event(self, event: Event) -> None:
        """Before the core sees it."""
        self._append(RecordKind.EVENT, self._encoder.encode(event))

    def append_commands(self, commands: Sequence[Command]) -> None:
        """Before any of them is carried out."""
        self._append(RecordKind.COMMANDS, self._encoder.encode(commands))

    def append_market(self, tape: TapeArray, lo: int, hi: int) -> None:
        """Before the core sees it; an empty slice leaves no record."""
        if hi > lo:
            self._append(RecordKind.MARKET, tape[lo:hi].tobytes())

    def _append(self, kind: RecordKind, payload: bytes) -> None:
        _write(self._fd, pack_record(kind, payload))
        if self._fsync is Fsync.ALWAYS:
            os.fsync(self._fd)

    def close(self) -> None:
        """To the disk, then closed."""
        os.fsync(self._fd)
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _write(file_descriptor: int, data: bytes) -> None:
    # A short write is legal (a full disk gives one before the error), so go on until all is out.
    view = memoryview(data)
    while view:
        view = view[os.write(file_descriptor, view) :]
