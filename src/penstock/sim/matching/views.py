"""
Questions to a market that change nothing: touch, displayed size, queue position.

Those about a venue take the four arrays of a `Market`, whether they need them all or not, so that a
caller can pass `*market`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.sim.matching.commands import order_of
from penstock.sim.matching.levels import band_row, level_of, next_key
from penstock.sim.matching.memory import (
    HIDDEN,
    NO_KEY,
    PEG,
    BookArray,
    HeadArray,
    LevelArray,
    OrderArray,
)
from penstock.sim.matching.pegs import price_key2


@inlined
def order_venue(orders: OrderArray, slot: int) -> int:
    """Venue of a live order."""
    return int(orders[slot].book) >> 1


@inlined
def order_side(orders: OrderArray, slot: int) -> int:
    """Side of a live order: +1 buy, -1 sell."""
    return 1 - 2 * (int(orders[slot].book) & 1)


@inlined
def order_ticks(head: HeadArray, orders: OrderArray, slot: int) -> int:
    """Price of a live order; of a peg, its limit."""
    return abs(int(orders[slot].key)) * int(head[0].increment_ticks)


@inlined
def best_ticks(head: HeadArray, books: BookArray, venue_idx: int, side: int) -> int:
    """Price of a side's best resting order, hidden ones included, pegs not; 0 without any."""
    best = books[venue_idx * 2 + (1 - side) // 2].best_key
    return 0 if best == NO_KEY else abs(int(best)) * int(head[0].increment_ticks)


@inlined
def touch_ticks(
    head: HeadArray, books: BookArray, levels: LevelArray, _orders: OrderArray,
    venue_idx: int, side: int,
) -> int:  # fmt: skip
    """
    Best displayed price of a side, what the venue quotes; 0 when it displays nothing.

    In a call nothing can be had at once, so nothing is quoted.
    """
    book = venue_idx * 2 + (1 - side) // 2
    best = NO_KEY if books[book].in_call else books[book].best_key
    if best != NO_KEY and levels[band_row(head, book, best)].head == 0:
        best = next_displayed_key(head, books, levels, book, best)
    return 0 if best == NO_KEY else abs(int(best)) * int(head[0].increment_ticks)


@kernel
def next_displayed_key(
    head: HeadArray, books: BookArray, levels: LevelArray, book: int, key: int
) -> int:
    """Best key worse than `key` at which something is displayed, NO_KEY when there is none."""
    key = next_key(head, books, levels, book, key)
    while key != NO_KEY and levels[level_of(head, books, levels, book, key)].head == 0:
        key = next_key(head, books, levels, book, key)
    return key


@kernel
def next_ticks(
    head: HeadArray, books: BookArray, levels: LevelArray, _orders: OrderArray,
    venue_idx: int, side: int, ticks: int,
) -> int:  # fmt: skip
    """The next worse price than `ticks` at which a side displays anything; 0 when there is none."""
    book = venue_idx * 2 + (1 - side) // 2
    # Between two increments: the worse of the two may still be next.
    key = ticks // head[0].increment_ticks
    if side == -1:
        key = -key
    elif key * head[0].increment_ticks != ticks:
        key += 1
    best = next_displayed_key(head, books, levels, book, key)
    return 0 if best == NO_KEY else abs(int(best)) * int(head[0].increment_ticks)


@inlined
def displayed_shares(
    head: HeadArray, books: BookArray, levels: LevelArray, _orders: OrderArray,
    venue_idx: int, side: int, ticks: int,
) -> int:  # fmt: skip
    """Displayed size at a price that is on the increment; 0 where nothing is displayed."""
    key = side * (ticks // head[0].increment_ticks)
    book = venue_idx * 2 + (1 - side) // 2
    return int(levels[level_of(head, books, levels, book, key)].displayed_shares)


@kernel
def displayed_depth(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    venue_idx: int, side: int, out_shares: NDArray[np.int64],
) -> None:  # fmt: skip
    """Displayed shares of a side's best prices, best first; 0 where there are no more prices."""
    ticks = touch_ticks(head, books, levels, orders, venue_idx, side)
    for level in range(len(out_shares)):
        out_shares[level] = 0
        if ticks != 0:
            out_shares[level] = displayed_shares(
                head, books, levels, orders, venue_idx, side, ticks
            )
            ticks = next_ticks(head, books, levels, orders, venue_idx, side, ticks)


@kernel
def queue_ahead_shares(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray, handle: int
) -> int:
    """
    Shares at the same price that trade before a resting order; -1 when the handle is not live.

    Displayed shares in front of it; for a hidden order all displayed ones, the reserves of
    icebergs, and the hidden ones in front. For a peg, the pegs in front that stand where it stands
    and, on an increment, all that rests there. Cost: one step for each order of the queue in front.
    """
    slot = order_of(orders, handle)
    if slot == 0:
        return -1
    if orders[slot].flags & PEG:
        return ahead_of_peg(head, books, levels, orders, slot)
    ahead = 0
    if orders[slot].flags & HIDDEN:
        row = level_of(head, books, levels, int(orders[slot].book), int(orders[slot].key))
        ahead += levels[row].displayed_shares
        shown = levels[row].head
        while head[0].n_icebergs > 0 and shown != 0:
            ahead += orders[shown].reserve_shares
            shown = orders[shown].next
    slot = int(orders[slot].prev)
    while slot != 0:
        ahead += orders[slot].shares
        slot = int(orders[slot].prev)
    return ahead


@kernel
def ahead_of_peg(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray, slot: int
) -> int:
    """`queue_ahead_shares` of a live peg; a sleeping one is behind nobody."""
    book = int(orders[slot].book)
    ahead = 0
    if books[book].peg_key2 == NO_KEY:
        return ahead
    at = price_key2(books, orders, slot)
    if at % 2 == 0:
        row = level_of(head, books, levels, book, at // 2)
        ahead += levels[row].displayed_shares + levels[row].hidden_shares
    other = int(orders[slot].prev)
    while other != 0:
        if price_key2(books, orders, other) == at:
            ahead += orders[other].shares
        other = int(orders[other].prev)
    return ahead
