"""
The tape file: one normalised tape and where it came from, in a form that shows any damage.

    magic "PENSTAPE" | version u32 | context length u32 | number of messages u64
    context (JSON) | messages (TAPE_DTYPE, little-endian) | SHA-256 of all that stands before it

All integers little-endian. Its length follows from its front, so a file that lost its end, or grew
one, is known before anything is read from it.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from penstock.domain import TAPE_DTYPE, Ns, TapeArray, TapeError, TapeKind, TradingDay, reason_of
from penstock.wire.us_codes import TapeVenue

MAGIC: Final = b"PENSTAPE"
VERSION: Final = 1
_FRONT: Final = struct.Struct("<8sIIQ")
_DIGEST_BYTES: Final = hashlib.sha256().digest_size

assert sys.byteorder == "little", "tape files are written as they lie in memory"


class Cleaning(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was not as it should be, how often, and what became of it."""

    rule: str
    n: int
    treatment: str


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a tape was made from, as it came."""

    name: str
    n_bytes: int
    sha256: str


class TapeContext(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What a tape is about. `venue_idx` of its messages is a place in `venues`.

    Times are wall time at the exchange, written as if it were UTC: the house needs no calendar.
    """

    symbol: str
    day: TradingDay
    venues: tuple[TapeVenue, ...]
    session_start_ns: Ns
    session_end_ns: Ns
    sources: tuple[SourceFile, ...]
    clock: str  # whose stamps these are, and how fine
    counts: dict[str, int]
    cleaning: tuple[Cleaning, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The letter of each venue, by `venue_idx`."""
        return tuple(venue.code for venue in self.venues)


class TapeFile(NamedTuple):
    """A tape with its context."""

    tape: TapeArray
    context: TapeContext


def encode_tape(file: TapeFile) -> bytes:
    """The file's bytes. `decode_tape` gives the same tape and context back."""
    tape, context = file
    assert tape.dtype == TAPE_DTYPE, f"a tape has TAPE_DTYPE, not {tape.dtype}"
    assert (tape["recv_ns"][1:] >= tape["recv_ns"][:-1]).all(), "a tape is sorted by recv_ns"
    text = msgspec.json.encode(context)
    # A copy without the bytes between fields, which are whatever memory held.
    whole = np.zeros(len(tape), dtype=TAPE_DTYPE)
    for field in TAPE_DTYPE.names or ():
        whole[field] = tape[field]
    body = _FRONT.pack(MAGIC, VERSION, len(text), len(tape)) + text + whole.tobytes()
    return body + hashlib.sha256(body).digest()


def decode_tape(data: bytes, name: str) -> TapeFile:
    """
    The tape in the bytes of a file called `name`.

    The array is a copy that may be written to: kernels see one kind of array only.

    Raises:
        TapeError: another format or version, cut short, too long, or changed since it was written.
    """
    if len(data) < _FRONT.size or not data.startswith(MAGIC):
        is_cut = MAGIC.startswith(data[: len(MAGIC)]) or data.startswith(MAGIC)
        raise TapeError.one(
            where=name,
            expected="a tape file of Penstock",
            found=f"a file of {len(data)} bytes"
            if is_cut
            else f"bytes that start with {data[:8]!r}",
            fix="make one from recorded market data with `penstock ingest tape`",
        )
    _, version, n_context_bytes, n_messages = _FRONT.unpack_from(data)
    if version != VERSION:
        raise TapeError.one(
            where=name,
            expected=f"version {VERSION} of the tape format",
            found=f"version {version}",
            fix="ingest the recorded data again with this version of Penstock",
        )
    first_message = _FRONT.size + n_context_bytes
    digest_at = first_message + n_messages * TAPE_DTYPE.itemsize
    if len(data) != digest_at + _DIGEST_BYTES:
        raise TapeError.one(
            where=name,
            expected=f"{digest_at + _DIGEST_BYTES:,} bytes, as its front says",
            found=f"{len(data):,}",
            fix="the file was cut short or added to: copy or ingest it again",
        )
    if hashlib.sha256(memoryview(data)[:digest_at]).digest() != data[digest_at:]:
        raise TapeError.one(
            where=name,
            expected="the content that its checksum was made of",
            found="other content",
            fix="the file is damaged: copy or ingest it again",
        )
    context = _decode_context(data[_FRONT.size : first_message], name)
    tape = np.frombuffer(data, dtype=TAPE_DTYPE, count=n_messages, offset=first_message).copy()
    _check_rows(tape, context, name)
    return TapeFile(tape, context)


def _check_rows(tape: TapeArray, context: TapeContext, name: str) -> None:
    """What `encode_tape` asserts, of a file that some other program may have written."""
    for rule, is_bad in (
        ("messages in order of receipt", np.diff(tape["recv_ns"], prepend=tape["recv_ns"][:1]) < 0),
        (
            f"a venue_idx from 0 to {len(context.venues) - 1}",
            (tape["venue_idx"] < 0) | (tape["venue_idx"] >= len(context.venues)),
        ),
        ("a kind of TapeKind", tape["kind"] > max(TapeKind)),
    ):
        if is_bad.any():
            place = int(np.flatnonzero(is_bad)[0])
            raise TapeError.one(
                where=f"{name}: message {place}",
                expected=rule,
                found=str(tape[place]),
                fix="ingest the recorded data again with this version of Penstock",
            )


def _decode_context(text: bytes, name: str) -> TapeContext:
    try:
        return msgspec.json.decode(text, type=TapeContext)
    except msgspec.DecodeError as error:  # whole, so written by another program
        raise TapeError.one(
            where=f"{name}: context",
            expected="the context of a tape",
            found=str(error),
            fix="ingest the recorded data again with this version of Penstock",
        ) from None


def write_tape(path: Path, file: TapeFile) -> None:
    """
    Put a tape in a file, whole or not at all: other processes see the old file or the new one.

    Raises:
        OSError: the folder cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(fd, "wb") as stream:
            stream.write(encode_tape(file))
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)  # as any other file of data; a temporary one is its owner's alone
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_tape(path: Path) -> TapeFile:
    """
    The tape in a file.

    Raises:
        TapeError: no such file, or as `decode_tape`.
    """
    return decode_tape(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """
    Content of a market-data file.

    Raises:
        TapeError: it is not there, or may not be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise TapeError.one(
            where=str(path),
            expected="a file that can be read",
            found=reason_of(error),
            fix="check the path; recorded market data is not part of Penstock (docs/data.md)",
        ) from None
