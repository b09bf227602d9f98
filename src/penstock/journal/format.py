"""
The journal's bytes: a header, then framed records, each with a checksum over frame and payload.

    file    magic "PENJ" | version u32 | context length u32 | context crc32 u32 | context (JSON)
    record  magic "pj" u16 | kind u16 | payload length u32 | payload crc32 u32 | frame crc32 u32
            | payload

All integers little-endian. The frame has a checksum of its own so that a damaged length is not
taken for a record that the process had no time to finish.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum
from typing import Final, NamedTuple

MAGIC: Final = b"PENJ"
VERSION: Final = 1
FILE_HEADER: Final = struct.Struct("<4sIII")
FRAME: Final = struct.Struct("<2sHII")  # without its own checksum
FRAME_CRC: Final = struct.Struct("<I")
FRAME_BYTES: Final = FRAME.size + FRAME_CRC.size
RECORD_MAGIC: Final = b"pj"


class RecordKind(IntEnum):
    """What a record's payload is."""

    EVENT = 1  # one event, MessagePack
    COMMANDS = 2  # what that event caused, MessagePack list
    MARKET = 3  # rows of TAPE_DTYPE, raw


_KINDS: Final = frozenset(RecordKind)


class Frame(NamedTuple):
    """The front of a record."""

    kind: RecordKind
    n_payload_bytes: int
    payload_crc32: int


def pack_record(kind: RecordKind, payload: bytes) -> bytes:
    """A whole record, in one piece so that one write call can carry it."""
    frame = FRAME.pack(RECORD_MAGIC, kind, len(payload), zlib.crc32(payload))
    return frame + FRAME_CRC.pack(zlib.crc32(frame)) + payload


def unpack_frame(data: bytes) -> Frame | None:
    """The frame in FRAME_BYTES bytes; None if they are not one."""
    frame = data[: FRAME.size]
    magic, kind, n_payload_bytes, payload_crc32 = FRAME.unpack(frame)
    (frame_crc32,) = FRAME_CRC.unpack(data[FRAME.size : FRAME_BYTES])
    if magic != RECORD_MAGIC or zlib.crc32(frame) != frame_crc32 or kind not in _KINDS:
        return None
    return Frame(RecordKind(kind), n_payload_bytes, payload_crc32)


def pack_header(context: bytes) -> bytes:
    """The front of a file."""
    return FILE_HEADER.pack(MAGIC, VERSION, len(context), zlib.crc32(context)) + context
