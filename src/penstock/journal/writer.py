"""Writing the journal: every record has left the process before anything acts on it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from penstock.domain import Command, Event, JournalError, TapeArray, reason_of
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
    Appends records to one file. While it is open nobody else can write there.

    A write that fails (a full disk) leaves the whole records as they were and is the writer's end:
    this and every later call raises, so that nothing is carried out that was not written down.

    Raises:
        JournalError: the file exists already (`create`), is not a journal or is being written by
            another process (`resume`), or cannot be written to.
    """

    def __init__(self, path: Path, file_descriptor: int, n_bytes: int, fsync: Fsync) -> None:
        self._path = path
        self._fd = file_descriptor
        self._n_bytes = n_bytes  # all of them whole records
        self._fsync = fsync
        self._is_dead = False
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
        _lock(fd, path)
        header = pack_header(msgspec.json.encode(context))
        _write(fd, header)
        os.fsync(fd)
        _sync_folder(path.parent)
        return cls(path, fd, len(header), fsync)

    @classmethod
    def resume(cls, path: Path, fsync: Fsync = Fsync.NEVER, whole_bytes: int = 0) -> Self:
        """
        Go on with a journal after a restart; a record cut short by a kill is cut off.

        Args:
            whole_bytes: of the front that has been read already, up to where a record ends.
        """
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            _lock(fd, path)
            whole_bytes = scan(path, whole_bytes).n_whole_bytes
            os.ftruncate(fd, whole_bytes)
        except JournalError:
            os.close(fd)
            raise
        return cls(path, fd, whole_bytes, fsync)

    @property
    def n_bytes(self) -> int:
        """Length of the journal: whole records."""
        return self._n_bytes

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
        if self._is_dead:
            raise self._failed("an earlier write failed")
        record = pack_record(kind, payload)
        try:
            _write(self._fd, record)
            if self._fsync is Fsync.ALWAYS:
                os.fsync(self._fd)
        except OSError as error:
            self._is_dead = True
            with suppress(OSError):  # if this fails too, the reader finds a torn last record
                os.ftruncate(self._fd, self._n_bytes)
            raise self._failed(reason_of(error)) from error
        self._n_bytes += len(record)

    def _failed(self, found: str) -> JournalError:
        return JournalError.one(
            where=str(self._path),
            expected="to append a record",
            found=found,
            fix="make room or repair the disk, then start again: the journal is whole up to here",
        )

    def close(self) -> None:
        """To the disk, then closed."""
        with suppress(OSError) if self._is_dead else nullcontext():
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


def _lock(file_descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(file_descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise JournalError.one(
            where=str(path),
            expected="a journal that nobody writes to",
            found="another process that has it open for writing",
            fix="stop that process first; `penstock status` shows it if it is a router",
        ) from None


def _sync_folder(folder: Path) -> None:
    # A new name is on the disk only when its folder is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(file_descriptor: int, data: bytes) -> None:
    # A short write is legal (a full disk gives one before the error), so go on until all is out.
    view = memoryview(data)
    while view:
        view = view[os.write(file_descriptor, view) :]
