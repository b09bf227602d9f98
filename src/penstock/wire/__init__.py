"""
What comes in from outside, and what goes out, as bytes: codecs and tape files.

Readers that need a table library (`databento_csv`, `lobster`, `rule605`) are imported from their
modules: the live router imports this package, and must not load one.
"""

from penstock.wire.ingest import ingest_consolidated
from penstock.wire.lean_tape import read_consolidated
from penstock.wire.normalising import IngestResult
from penstock.wire.order_log import ORDER_DTYPE, OrderKind, OrderLog
from penstock.wire.tape_file import (
    Cleaning,
    SourceFile,
    TapeContext,
    TapeFile,
    decode_tape,
    encode_tape,
    read_bytes,
    read_tape,
    write_tape,
)
from penstock.wire.unpacking import NamedBytes
from penstock.wire.us_codes import US_VENUES, TapeVenue
from penstock.wire.venue_shares import (
    AtsShares,
    ExchangeShares,
    read_ats_part,
    read_ats_shares,
    read_exchange_shares,
)

__all__ = [
    "ORDER_DTYPE",
    "AtsShares",
    "ExchangeShares",
    "OrderKind",
    "OrderLog",
    "read_ats_part",
    "read_ats_shares",
    "read_bytes",
    "read_exchange_shares",
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
