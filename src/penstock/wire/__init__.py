"""What comes in from outside, and what goes out, as bytes: codecs and tape files."""

from penstock.wire.ingest import ingest_consolidated
from penstock.wire.lean_tape import read_consolidated
from penstock.wire.normalising import IngestResult
from penstock.wire.tape_file import (
    Cleaning,
    SourceFile,
    TapeContext,
    TapeFile,
    decode_tape,
    encode_tape,
    read_tape,
    write_tape,
)
from penstock.wire.unpacking import NamedBytes
from penstock.wire.us_codes import US_VENUES, TapeVenue

__all__ = [
    "US_VENUES",
    "Cleaning",
    "IngestResult",
    "NamedBytes",
    "SourceFile",
    "TapeContext",
    "TapeFile",
    "TapeVenue",
    "decode_tape",
    "encode_tape",
    "ingest_consolidated",
    "read_consolidated",
    "read_tape",
    "write_tape",
]
