"""The memory of a market: row layouts, codes, and empty arrays for the matching kernels."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Kernels freeze these plain integers; the enums below are the same numbers with names to show.
DAY: Final = 0
IOC: Final = 1
FOK: Final = 2

MARKET: Final = 1
POST_ONLY: Final = 2
HIDDEN: Final = 4
MIDPOINT: Final = 8
PRIMARY: Final = 16
PEG: Final = MIDPOINT | PRIMARY

SUBMIT: Final = 0
CANCEL: Final = 1
REPLACE: Final = 2
REFERENCE: Final = 3
RETRY: Final = 4

ACCEPTED: Final = 0
SELF_MATCH: Final = 1
KILLED: Final = 2
BAD_VENUE: Final = 16
BAD_SIDE: Final = 17
BAD_PRICE: Final = 18
BAD_SIZE: Final = 19
BAD_MIN_SHARES: Final = 20
BAD_TERMS: Final = 21
BAD_OWNER: Final = 22
WOULD_TAKE: Final = 23
MARKET_FULL: Final = 24
NO_ROOM: Final = 25
UNKNOWN_ORDER: Final = 26
NOT_OWNER: Final = 27
BAD_KIND: Final = 28
IN_CALL: Final = 29

ANY_OWNER: Final = -1
MAX_OWNER: Final = 32_767
MAX_TICKS: Final = 2**31 - 1
MAX_VENUES: Final = 128
SLOT_MASK: Final = 0xFFFFFFFF
GENERATION_MASK: Final = 0x7FFFFFFF

NO_KEY: Final = -(2**40)  # worse than any price, and stays so when any key is added to it
MARKET_KEY: Final = 2**32  # better than any price, and does not outweigh NO_KEY

HeadArray = NDArray[Any]
BookArray = NDArray[Any]
LevelArray = NDArray[Any]
OrderArray = NDArray[Any]
FillArray = NDArray[Any]
ResultArray = NDArray[Any]
CommandArray = NDArray[Any]


class OrderTif(IntEnum):
    """Time in force at the venue; the first two are `domain.Tif`."""

    DAY = DAY
    IOC = IOC
    FOK = FOK


class OrderFlag(IntFlag):
    """Terms of an order, as bits."""

    MARKET = MARKET
    POST_ONLY = POST_ONLY
    HIDDEN = HIDDEN
    MIDPOINT = MIDPOINT
    PRIMARY = PRIMARY


class CommandKind(IntEnum):
    """What a row of a command stream asks for."""

    SUBMIT = SUBMIT
    CANCEL = CANCEL
    REPLACE = REPLACE
    REFERENCE = REFERENCE
    RETRY = RETRY


class Outcome(IntEnum):
    """What became of a command. From 16 up it was refused and nothing changed."""

    ACCEPTED = ACCEPTED
    SELF_MATCH = SELF_MATCH  # the rest was cancelled rather than trade with its own owner
    KILLED = KILLED  # less than the fill-or-kill or minimum quantity was there
    BAD_VENUE = BAD_VENUE
    BAD_SIDE = BAD_SIDE
    BAD_PRICE = BAD_PRICE  # not in 1..MAX_TICKS, or between two increments
    BAD_SIZE = BAD_SIZE  # not in 1..MAX_ORDER_SHARES
    BAD_MIN_SHARES = BAD_MIN_SHARES  # not in 0..size
    BAD_TERMS = BAD_TERMS  # unknown, or terms that contradict each other
    BAD_OWNER = BAD_OWNER  # not in 0..MAX_OWNER
    WOULD_TAKE = WOULD_TAKE  # post-only, and it would have traded
    MARKET_FULL = MARKET_FULL  # every order row is in use
    NO_ROOM = NO_ROOM  # the fills might not fit in `out_fills`
    UNKNOWN_ORDER = UNKNOWN_ORDER  # never was, or is no longer
    NOT_OWNER = NOT_OWNER
    BAD_KIND = BAD_KIND
    IN_CALL = IN_CALL  # at once or not at all, while nothing trades before the auction

    @property
    def is_reject(self) -> bool:
        """True when the command changed nothing."""
        return self >= Outcome.BAD_VENUE


ORDER_DTYPE = np.dtype(
    [
        ("key", np.int32),  # price in increments, negated for a sell: larger is always better;
        # of a peg, its limit
        ("shares", np.int32),  # what the queue can trade now
        ("reserve_shares", np.int32),  # not displayed, behind it: an iceberg's
        # An iceberg's displayed size, a peg's smallest execution; 0 for any other order.
        ("display_shares", np.int32),
        ("next", np.int32),  # slot of the order behind, 0 at the tail
        ("prev", np.int32),  # slot of the order in front, 0 at the head
        ("generation", np.int32),  # odd while the row is in use; grows at each use and release
        ("owner", np.int16),
        ("book", np.uint8),  # venue_idx * 2 + (0 buy | 1 sell)
        ("flags", np.uint8),  # OrderFlag; pegs carry HIDDEN besides their own
    ],
    align=True,
)
"""32 bytes, two to a cache line. Slot 0 is never an order: links to it go nowhere."""

LEVEL_DTYPE = np.dtype(
    [
        ("displayed_shares", np.int64),  # sums can pass 2**31: 64 bits
        ("hidden_shares", np.int64),  # of hidden orders, and the reserves of icebergs
        ("head", np.int32),  # first displayed order, 0 when there is none
        ("tail", np.int32),
        ("hidden_head", np.int32),
        ("hidden_tail", np.int32),
        ("key", np.int64),  # far levels only, from here down: the price, and the tree of them
        ("low", np.int32),
        ("high", np.int32),
    ],
    align=True,
)
"""48 bytes: one price of one book, two FIFO queues, displayed first."""

BOOK_DTYPE = np.dtype(
    [
        ("best_key", np.int64),  # NO_KEY when the side is empty
        ("low_key", np.int64),  # the dense band holds low_key .. low_key + band - 1
        ("n_orders", np.int32),
        ("n_band_levels", np.int32),  # levels in use inside the band
        ("n_far_levels", np.int32),  # levels in use outside it
        ("far_root", np.int32),  # row of `levels`, 0 when there are none
        ("cap_key", np.int64),  # no order is treated as better priced: the price band
        ("in_call", np.int64),  # 1 while orders rest and nothing trades; the same on both sides
        ("reference_key", np.int64),  # this side of the reference quote; 0 while pegs sleep
        ("peg_key2", np.int64),  # no peg is better, in half increments; NO_KEY with none awake
        ("n_pegs", np.int32),  # not among the levels: a queue of their own
        ("peg_head", np.int32),  # the first to arrive, 0 when there is none
        ("peg_tail", np.int32),
    ],
    align=True,
)
"""One side of one venue."""

HEAD_DTYPE = np.dtype(
    [
        ("increment_ticks", np.int64),
        ("n_books", np.int64),
        ("band_shift", np.int64),  # the band has 2**band_shift levels
        ("far_start", np.int64),  # row of `levels` that stays empty; far levels come after it
        ("far_free", np.int64),  # head of the list of released far rows, 0 when there is none
        ("far_used", np.int64),  # far rows ever used
        ("capacity", np.int64),
        ("free_slot", np.int64),  # head of the list of released rows, 0 when there is none
        ("n_used", np.int64),  # rows ever used: 1..n_used; rows above were never touched
        ("n_live", np.int64),
        ("n_icebergs", np.int64),  # of them: each may trade twice with one incoming order
        ("n_pegs", np.int64),  # of them: at prices that follow a reference
    ],
    align=True,
)
"""What holds for the whole market; one row."""

FILL_DTYPE = np.dtype(
    [
        ("handle", np.int64),  # the resting order
        ("ticks", np.int32),
        ("shares", np.int32),
        ("leaves_shares", np.int32),  # of the resting order, reserve included, after this
        ("owner", np.int32),  # of the resting order
        ("venue_idx", np.int32),
        ("is_hidden", np.int32),  # 1 when the resting order was not displayed
    ],
    align=True,
)
"""One execution of an incoming order against a resting one, at the resting price."""

RESULT_DTYPE = np.dtype(
    [
        ("handle", np.int64),  # of the order that rests, 0 when nothing does
        ("code", np.int32),  # Outcome
        ("filled_shares", np.int32),
        ("resting_shares", np.int32),
        ("cancelled_shares", np.int32),
        ("first_fill", np.int32),  # row in the array of fills
        ("n_fills", np.int32),
    ],
    align=True,
)
"""The answer to one command. filled + resting + cancelled = what the command was about."""

COMMAND_DTYPE = np.dtype(
    [
        # CANCEL, REPLACE, RETRY: row of the command that made the order. REFERENCE: ask, ticks.
        ("target", np.int64),
        ("ticks", np.int64),  # wide, so that absurd input arrives as it was sent; REFERENCE: bid
        ("shares", np.int64),
        ("min_shares", np.int64),
        ("display_shares", np.int64),
        ("kind", np.uint8),  # CommandKind
        ("side", np.int8),
        ("tif", np.uint8),
        ("flags", np.uint8),
        ("venue_idx", np.int16),
        ("owner", np.int16),
    ],
    align=True,
)
"""One command of a stream."""

assert ORDER_DTYPE.itemsize == FILL_DTYPE.itemsize == RESULT_DTYPE.itemsize == 32


class Market(NamedTuple):
    """
    All venues of one instrument: arrays that the kernels read and write, nothing else.

    A kernel takes the four arrays apart, in this order, first in its argument list.
    """

    head: HeadArray
    books: BookArray
    levels: LevelArray
    orders: OrderArray


def make_market(
    n_venues: int,
    increment_ticks: int,
    capacity: int = 65_536,
    band_levels: int = 1_024,
) -> Market:
    """
    An empty market; nothing is allocated after this.

    Args:
        n_venues: 1..MAX_VENUES lit books.
        increment_ticks: smallest price step of the instrument.
        capacity: orders that can rest at one time, over all venues.
        band_levels: increments per side kept in a dense array, a power of two from 4 up. Prices
            outside are right too, through a tree, only slower.
    """
    assert 1 <= n_venues <= MAX_VENUES, f"n_venues in 1..{MAX_VENUES}, found {n_venues}"
    assert 1 <= increment_ticks <= MAX_TICKS, f"a positive increment, found {increment_ticks}"
    assert 1 <= capacity <= 2**26, f"capacity in 1..2**26, found {capacity}"
    assert 4 <= band_levels <= 2**20, f"band_levels in 4..2**20, found {band_levels}"
    assert band_levels & (band_levels - 1) == 0, f"band_levels a power of two, found {band_levels}"
    n_books = n_venues * 2
    head = np.zeros(1, dtype=HEAD_DTYPE)
    head["increment_ticks"] = increment_ticks
    head["n_books"] = n_books
    head["band_shift"] = band_levels.bit_length() - 1
    head["far_start"] = n_books * band_levels
    head["capacity"] = capacity
    books = np.zeros(n_books, dtype=BOOK_DTYPE)
    books["best_key"] = NO_KEY
    books["cap_key"] = MARKET_KEY
    books["peg_key2"] = NO_KEY
    return Market(
        head=head,
        books=books,
        # At most one far level an order, and the one row that stays empty.
        levels=np.zeros(n_books * band_levels + capacity + 1, dtype=LEVEL_DTYPE),
        orders=np.zeros(capacity + 1, dtype=ORDER_DTYPE),
    )


def empty_fills(n_rows: int) -> FillArray:
    """Room for `n_rows` fills, shape (n_rows,)."""
    return np.zeros(n_rows, dtype=FILL_DTYPE)


def empty_results(n_rows: int) -> ResultArray:
    """Room for the answers to `n_rows` commands, shape (n_rows,)."""
    return np.zeros(n_rows, dtype=RESULT_DTYPE)


def empty_commands(n_rows: int) -> CommandArray:
    """`n_rows` commands to fill in, shape (n_rows,)."""
    return np.zeros(n_rows, dtype=COMMAND_DTYPE)
