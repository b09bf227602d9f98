"""The bytes of the feed: headers, message blocks, requests; every offset is in docs/feed.md."""

from __future__ import annotations

import string
import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock.domain import ConfigError, Ns, Problem, TapeArray, TapeKind, Universe
from penstock.wire.feed.decoding import BLOCK_BYTES, MAX_SHARES, MAX_TICKS, MESSAGE_BYTES

MAX_DATAGRAM_BYTES: Final = 1_400
"""No datagram of the feed is longer: it fits an Ethernet frame of 1,500 with room for tunnels."""

DOWNSTREAM: Final = struct.Struct(">10sQH")  # session, sequence, count
SNAPSHOT: Final = struct.Struct(">4s10sIQHHH")  # magic, session, request, sequence, part, of, count
REQUEST: Final = struct.Struct(">4s4sI")  # magic, MIC, number of the request
# No MIC begins with a zero byte, so none of these can be taken for a downstream datagram.
SNAPSHOT_MAGIC: Final = b"\0SNP"
REQUEST_MAGIC: Final = b"\0REQ"
END_OF_SESSION: Final = 0xFFFF
MAX_PARTS: Final = 0xFFFF
MIC_BYTES: Final = 4
SYMBOL_BYTES: Final = 8
MAX_SEQUENCE: Final = 2**62  # a century at a billion messages a second; more is damage
MESSAGES_PER_DATAGRAM: Final = (MAX_DATAGRAM_BYTES - SNAPSHOT.size) // BLOCK_BYTES
_EPOCH_DIGITS: Final = 6
_NS_PER_EPOCH: Final = 1_000_000  # two starts of a publisher are a millisecond apart, or more

_BLOCK_DTYPE: Final = np.dtype(
    [
        ("n_bytes", ">u2"),
        ("event_ns", ">i8"),
        ("symbol", f"S{SYMBOL_BYTES}"),
        ("price_ticks", ">i8"),
        ("shares", ">i8"),
        ("flags", ">u2"),
        ("kind", "u1"),
        ("side", "i1"),
    ]
)
assert _BLOCK_DTYPE.itemsize == BLOCK_BYTES, "the blocks written are those that are read"


class Part(NamedTuple):
    """The front of one datagram of a snapshot."""

    session: bytes
    request: int  # number of the request that it answers
    next_sequence: int  # the first message of the stream that the snapshot does not contain
    part: int
    n_parts: int


def epoch(started_ns: Ns) -> bytes:
    """
    What tells one start of a publisher from the next: its millisecond, six digits to the base 36.

    They come round after 25 days; nothing else of a session would then agree.
    """
    number, digits = started_ns // _NS_PER_EPOCH, ""
    for _ in range(_EPOCH_DIGITS):
        number, digit = divmod(number, 36)
        digits = (string.digits + string.ascii_uppercase)[digit] + digits
    return digits.encode()


def mics_of(universe: Universe) -> list[bytes]:
    """
    Names of the venues on the wire, by `venue_idx`: padded with spaces.

    Raises:
        ConfigError: with every venue or instrument whose name does not fit its field.
    """
    problems = [
        Problem(
            where=f"venue {venue.name}: mic",
            expected="up to four capital letters or digits, and no two venues alike",
            found=repr(venue.mic),
            fix="use the venue's ISO 10383 market identifier",
        )
        for venue in universe.venues
        if not _is_mic(venue.mic) or _n_like(venue.mic, [v.mic for v in universe.venues]) > 1
    ]
    problems += [
        Problem(
            where=f"instrument {instrument.symbol!r}: symbol",
            expected=f"1 to {SYMBOL_BYTES} printable ASCII characters, no space, no two alike",
            found=repr(instrument.symbol),
            fix="the feed has eight bytes for a symbol: use the exchange's",
        )
        for instrument in universe.instruments
        if not _is_symbol(instrument.symbol)
        or _n_like(instrument.symbol, [i.symbol for i in universe.instruments]) > 1
    ]
    if problems:
        raise ConfigError(problems)
    return [venue.mic.encode().ljust(MIC_BYTES) for venue in universe.venues]


def symbols_of(universe: Universe) -> list[bytes]:
    """Names of the instruments on the wire, by `instrument_idx`: padded with spaces."""
    return [i.symbol.encode().ljust(SYMBOL_BYTES) for i in universe.instruments]


def symbol_number(symbol: bytes) -> int:
    """A padded name as the integer that kernels compare."""
    return int.from_bytes(symbol, "big")


def encode_blocks(rows: TapeArray, symbols: NDArray[np.bytes_]) -> bytes:
    """
    The message blocks of the rows, BLOCK_BYTES each.

    Args:
        rows: shape (n,). What `decode_messages` would refuse is our own mistake, and asserted.
        symbols: names on the wire, by `instrument_idx`.
    """
    _assert_sound(rows)
    blocks = np.empty(len(rows), _BLOCK_DTYPE)
    blocks["n_bytes"] = MESSAGE_BYTES
    blocks["symbol"] = symbols[rows["instrument_idx"]]
    for name in ("event_ns", "price_ticks", "shares", "flags", "kind", "side"):
        blocks[name] = rows[name]
    return blocks.tobytes()


def _assert_sound(rows: TapeArray) -> None:
    kind, side, ticks, shares = (rows[f] for f in ("kind", "side", "price_ticks", "shares"))
    has_side = (kind == TapeKind.LEVEL) | (kind == TapeKind.NBBO)
    has_price = (
        (kind == TapeKind.LEVEL)
        | (kind == TapeKind.TRADE)
        | ((kind == TapeKind.NBBO) & (shares > 0))
    )
    assert (rows["event_ns"] >= 0).all(), "a message was sent before 1970"
    assert (kind <= max(TapeKind)).all(), "a message is of no kind"
    assert (abs(side) <= 1).all() and (side[has_side] != 0).all(), "a quote has no side"  # noqa: PT018
    assert ((ticks >= 0) & (ticks < MAX_TICKS)).all(), "a price cannot be"
    assert (ticks[has_price] > 0).all(), "a price is missing"
    assert ((shares >= 0) & (shares < MAX_SHARES)).all(), "a size cannot be"


def _is_mic(mic: str) -> bool:
    is_text = mic.isascii() and mic.isalnum() and mic == mic.upper()
    return is_text and 1 <= len(mic) <= MIC_BYTES


def _is_symbol(symbol: str) -> bool:
    is_text = symbol.isascii() and symbol.isprintable() and " " not in symbol
    return is_text and 1 <= len(symbol) <= SYMBOL_BYTES


def _n_like(name: str, names: list[str]) -> int:
    return names.count(name)
