"""The normalised tape: the one numpy dtype that all market data has inside the house."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

TAPE_DTYPE = np.dtype(
    [
        ("event_ns", np.int64),  # the source's stamp
        (
            "recv_ns",
            np.int64,
        ),  # ours; batches are sorted by it, ties in order of receipt
        (
            "seq",
            np.int64,
        ),  # sequence number within (venue, instrument); a hole is a gap
        ("order_ref", np.int64),  # venue's order number where the feed has one, else 0
        ("price_ticks", np.int64),
        ("shares", np.int64),
        ("venue_idx", np.int16),
        ("instrument_idx", np.int16),
        ("kind", np.uint8),  # TapeKind
        (
            "side",
            np.int8,
        ),  # +1 bid or buyer-initiated, -1 ask or seller-initiated, 0 unknown
        ("flags", np.uint16),  # TapeFlag
    ],
    align=True,
)
"""56 bytes a message. `price_ticks` is 1e-4 USD; `shares`: shown for LEVEL, traded for TRADE."""

TapeArray = NDArray[Any]
"""An array of TAPE_DTYPE, sorted by `recv_ns`."""


class TapeKind(IntEnum):
    """What a message says."""

    LEVEL = 0  # displayed size at (side, price) is now `shares`; 0 removes the level
    TRADE = 1  # a print; `side` is the aggressor's where known
    CLEAR = 2  # forget the venue's book: a snapshot follows as LEVELs
    SNAPSHOT_END = 3  # the venue's book is whole again
    GAP = 4  # messages were lost: the venue's book is not to be believed until a snapshot
    STATUS = 5  # trading status in `flags`
    NBBO = 6  # consolidated quote from a tape that has no per-venue depth: (side, price, size)


class TapeFlag(IntEnum):
    """Bits of `flags`."""

    HALTED = 1
    OFF_EXCHANGE = 2  # print reported through a TRF: dark pool or wholesaler
    SUSPICIOUS = 4  # the source marked it, or cleaning did; kept, not used for prices
    HIDDEN = 8  # execution against a non-displayed order
    ODD_LOT = 16
    AUCTION = 32


def empty_tape(n_messages: int) -> TapeArray:
    """An uninitialised tape of `n_messages` rows, shape (n_messages,)."""
    return np.zeros(n_messages, dtype=TAPE_DTYPE)
