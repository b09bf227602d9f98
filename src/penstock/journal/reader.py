"""Reading the journal: what is whole, in order; a cut tail is reported, damage is refused."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec
import numpy as np

from penstock.domain import TAPE_DTYPE, Command, Event, JournalError, TapeArray
from penstock.journal.format import (
    FILE_HEADER,
    FRAME_BYTES,
    MAGIC,
    VERSION,
    RecordKind,
    unpack_frame,
)

SECTOR_BYTES: Final = 512
_EVENT = msgspec.msgpack.Decoder(Event)
_COMMANDS = msgspec.msgpack.Decoder(list[Command])


class Entry(NamedTuple):
    """One record, as bytes; the properties decode it."""

    kind: RecordKind
    payload: bytes
    offset: int

    @property
    def end_offset(self) -> int:
        """The byte behind it, where the next record starts."""
        return self.offset + FRAME_BYTES + len(self.payload)

    @property
    def event(self) -> Event:
        """The event of an EVENT record. JournalError if this release does not know it."""
        try:
            event: Event = _EVENT.decode(self.payload)
        except msgspec.DecodeError as error:
            raise self._unreadable("an event", error) from None
        return event

    @property
    def commands(self) -> list[Command]:
        """The commands of a COMMANDS record. JournalError if this release does not know them."""
        try:
            return _COMMANDS.decode(self.payload)
        except msgspec.DecodeError as error:
            raise self._unreadable("commands", error) from None

    @property
    def tape(self) -> TapeArray:
        """The rows of a MARKET record."""
        # A copy, because kernels are compiled for arrays that can be written.
        return np.frombuffer(self.payload, dtype=TAPE_DTYPE).copy()

    def _unreadable(self, what: str, error: Exception) -> JournalError:
        return JournalError.one(
            where=f"journal, byte {self.offset}",
            expected=f"{what} as this release of Penstock writes them",
            found=f"a whole record that is none: {error}",
            fix="read it with the release that wrote it",
        )


class Scan(NamedTuple):
    """What is in a file, without keeping it."""

    context: dict[str, Any]
    n_records: int
    n_whole_bytes: int
    n_torn_bytes: int  # of a last record that a kill, or the end of power, cut short


def read_context(path: Path) -> dict[str, Any]:
    """What the writer said about the run."""
    with path.open("rb") as file:
        return _read_header(file, path)


def scan(path: Path, offset: int = 0) -> Scan:
    """Check the file from `offset` on, where a record starts; 0 is the first."""
    n_records = 0
    with path.open("rb") as file:
        context = _read_header(file, path)
        if offset > 0:
            file.seek(offset)
        whole_bytes = file.tell()
        for entry in _entries(file, path):
            n_records += 1
            whole_bytes = entry.end_offset
    n_torn_bytes = path.stat().st_size - whole_bytes
    return Scan(context, n_records, whole_bytes, n_torn_bytes)


def read_journal(path: Path, offset: int = 0) -> Iterator[Entry]:
    """
    Every whole record, in order. A last record cut short by a kill is left out.

    Args:
        offset: the byte where a record starts, to leave out what is before it; 0 is the first.
    Raises:
        JournalError: not a journal, another version, or damage before the last record.
    """
    with path.open("rb") as file:
        _read_header(file, path)
        if offset > 0:
            file.seek(offset)
        yield from _entries(file, path)


def _read_header(file: BinaryIO, path: Path) -> dict[str, Any]:
    front = file.read(FILE_HEADER.size)
    magic, version, n_bytes, crc32 = (
        FILE_HEADER.unpack(front) if len(front) == FILE_HEADER.size else (b"", 0, 0, 0)
    )
    if front[:4] == MAGIC and len(front) < FILE_HEADER.size:
        raise _cut_short(path)
    if magic != MAGIC:
        raise JournalError.one(
            where=str(path),
            expected="a journal, which starts with PENJ",
            found=repr(front[:4]),
            fix="pass the file that --journal wrote",
        )
    if version != VERSION:
        raise JournalError.one(
            where=str(path),
            expected=f"journal format {VERSION}",
            found=f"format {version}",
            fix="read it with the release that wrote it",
        )
    context = file.read(n_bytes)
    if len(context) < n_bytes:
        raise _cut_short(path)
    if zlib.crc32(context) != crc32:
        raise _damaged(path, FILE_HEADER.size, "a context that matches its checksum")
    decoded: dict[str, Any] = msgspec.json.decode(context)
    return decoded


def _cut_short(path: Path) -> JournalError:
    return JournalError.one(
        where=str(path),
        expected="the header of a journal",
        found="a file that ends inside it: nothing was ever journalled",
        fix="remove the file",
    )


def _entries(file: BinaryIO, path: Path) -> Iterator[Entry]:
    while True:
        offset = file.tell()
        front = file.read(FRAME_BYTES)
        if len(front) < FRAME_BYTES:
            return
        frame = unpack_frame(front)
        if frame is None:
            if _ends_in_lost_pages(file, offset, FRAME_BYTES):
                return
            raise _damaged(path, offset, "the frame of a record")
        payload = file.read(frame.n_payload_bytes)
        if len(payload) < frame.n_payload_bytes:
            return
        if zlib.crc32(payload) != frame.payload_crc32:
            if _ends_in_lost_pages(file, offset, FRAME_BYTES + frame.n_payload_bytes):
                return
            raise _damaged(path, offset, "a record that matches its checksum")
        yield Entry(frame.kind, payload, offset)


def _ends_in_lost_pages(file: BinaryIO, offset: int, n_record_bytes: int) -> bool:
    """
    True if from inside this record on the file holds nothing but zeros.

    A machine that loses power may leave zeros where its last pages should be: from the start of a
    disk sector to the end of the file.
    """
    file.seek(offset)
    rest = file.read()
    zeros_from = offset + len(rest.rstrip(b"\0"))
    sector_from = -(-zeros_from // SECTOR_BYTES) * SECTOR_BYTES
    return zeros_from < offset + n_record_bytes and sector_from < offset + len(rest)


def _damaged(path: Path, offset: int, expected: str) -> JournalError:
    return JournalError.one(
        where=f"{path}: byte {offset}",
        expected=expected,
        found="other bytes: the file was damaged or edited after it was written",
        fix="restore the file from a copy; the records before this byte are whole",
    )
