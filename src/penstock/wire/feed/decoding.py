"""Messages of a datagram into rows of the tape, and rows into what is handed out; compiled."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.domain import TapeArray, TapeKind

MESSAGE_BYTES: Final = 36
BLOCK_BYTES: Final = 2 + MESSAGE_BYTES  # MoldUDP64 puts the length in front of each message
MAX_TICKS: Final = 2**48  # 28 billion USD: more is damage, and sums of it would overflow
MAX_SHARES: Final = 2**48
UNKNOWN_INSTRUMENT: Final = -1

# Plain integers, because kernels freeze globals and do not know enums.
_LEVEL: Final = int(TapeKind.LEVEL)
_TRADE: Final = int(TapeKind.TRADE)
_NBBO: Final = int(TapeKind.NBBO)
_LAST_KIND: Final = int(max(TapeKind))


@kernel
def decode_messages(
    data: NDArray[np.uint8],
    first: int,
    n_messages: int,
    symbols: NDArray[np.int64],
    instrument_of: NDArray[np.int64],
    venue_idx: int,
    out_rows: TapeArray,
) -> bool:
    """
    Take `n_messages` blocks apart; False if one of them is nothing that a publisher may send.

    The layout is the table in docs/feed.md. The caller has checked that the data is long enough.

    Args:
        data: the datagram, shape (n_bytes,); its blocks begin at `first`.
        symbols: names of the instruments as `symbol_number` has them, sorted, shape (n,).
        instrument_of: `instrument_idx` of each, shape (n,).
        out_rows: rows 0..n_messages-1 receive the messages, all fields but `recv_ns` and `seq`,
            which are 0; `instrument_idx` is UNKNOWN_INSTRUMENT where the name is none of ours. Of
            no use after False.

    Reference: tests/support/naive_feed.py, checked by tests/differential/test_feed.py.
    """
    symbol, instrument_idx = -1, UNKNOWN_INSTRUMENT
    for i in range(n_messages):
        at = first + i * BLOCK_BYTES
        if _big_endian(data, at, 2) != MESSAGE_BYTES:
            return False
        found = _big_endian(data, at + 10, 8)
        if found != symbol:  # most messages of a datagram are about one instrument
            symbol, instrument_idx = found, _find(symbols, instrument_of, found)
        row = out_rows[i]
        row.event_ns = _big_endian(data, at + 2, 8)
        row.recv_ns = 0
        row.seq = 0
        row.order_ref = 0
        row.price_ticks = _big_endian(data, at + 18, 8)
        row.shares = _big_endian(data, at + 26, 8)
        row.venue_idx = venue_idx
        row.instrument_idx = instrument_idx
        row.flags = _big_endian(data, at + 34, 2)
        row.kind = _big_endian(data, at + 36, 1)
        side = _big_endian(data, at + 37, 1)
        row.side = side if side < 128 else side - 256
        if not _is_sound(out_rows, i):
            return False
    return True


@kernel
def hand_over(
    rows: TapeArray,
    lo: int,
    hi: int,
    recv_ns: int,
    last_seq: NDArray[np.int64],
    out_tape: TapeArray,
    n_out: int,
) -> int:
    """
    Append rows lo..hi-1 to a tape of `n_out` rows, stamped and numbered; returns the new length.

    Rows about instruments that we do not have are left out. The caller has made room for the rest.

    Args:
        rows: as `decode_messages` leaves them, of one venue.
        last_seq: the number given last, by instrument, shape (n_instruments,); counted on here.
        out_tape: receives the rows from `n_out` on.

    Reference: tests/support/naive_feed.py, checked by tests/differential/test_feed.py.
    """
    for i in range(lo, hi):
        instrument_idx = rows[i].instrument_idx
        if instrument_idx != UNKNOWN_INSTRUMENT:
            last_seq[instrument_idx] += 1
            out_tape[n_out] = rows[i]
            out_tape[n_out].recv_ns = recv_ns
            out_tape[n_out].seq = last_seq[instrument_idx]
            n_out += 1
    return n_out


@inlined
def _big_endian(data: NDArray[np.uint8], at: int, n_bytes: int) -> int:
    # Signed all the way: the compiler makes a float of a signed and an unsigned number.
    value = np.int64(0)
    for k in range(n_bytes):
        value = (value << np.int64(8)) | np.int64(data[at + k])
    return int(value)


@kernel
def _find(symbols: NDArray[np.int64], instrument_of: NDArray[np.int64], symbol: int) -> int:
    lo, hi = 0, len(symbols)
    while lo < hi:
        middle = (lo + hi) // 2
        if symbols[middle] < symbol:
            lo = middle + 1
        else:
            hi = middle
    if lo < len(symbols) and symbols[lo] == symbol:
        return int(instrument_of[lo])
    return UNKNOWN_INSTRUMENT


@inlined
def _is_sound(rows: Any, i: int) -> bool:
    row = rows[i]
    has_price = row.kind in (_LEVEL, _TRADE) or (row.kind == _NBBO and row.shares > 0)
    has_side = row.kind in (_LEVEL, _NBBO)
    return bool(
        row.event_ns >= 0
        and row.kind <= _LAST_KIND
        and -1 <= row.side <= 1
        and (row.side != 0 or not has_side)
        and 0 <= row.price_ticks < MAX_TICKS
        and (row.price_ticks > 0 or not has_price)
        and 0 <= row.shares < MAX_SHARES
    )
