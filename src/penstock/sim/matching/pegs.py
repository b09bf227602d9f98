"""
Pegged orders: they rest outside of the levels, at prices that follow a reference quote.

A venue is told a reference, the best bid and ask of the market as it sees them. A midpoint peg
stands halfway between them, a primary peg at the quote of its own side, neither beyond its limit.
Both are hidden. While the reference has one side only, or is locked or crossed, and in a call, they
sleep: they keep their place and trade with nobody.

Price comes first. At one price pegs come after all that rests in the level, and among themselves
earlier ones come first: whenever the reference moves they are entered anew, and keep only their
order among themselves. An incoming order smaller than a peg's smallest execution passes it by.

A price between two increments needs half increments: a `key2` is twice a key, with the same sign.

Source: Nasdaq Equity 4, Rule 4703(d) (pegging: limits, a new entry at each new price, no trade in
    a locked or crossed market) and 4703(e) (minimum quantity); Cboe BZX Rule 11.12(a)(2) (pegged
    orders behind limit orders at a price).
"""

from __future__ import annotations

from typing import Final

from penstock._kernels import inlined, kernel
from penstock.sim.matching.memory import (
    ACCEPTED,
    BAD_PRICE,
    BAD_VENUE,
    GENERATION_MASK,
    HIDDEN,
    MAX_TICKS,
    MIDPOINT,
    NO_KEY,
    BookArray,
    HeadArray,
    OrderArray,
)
from penstock.sim.matching.queues import claim_row, release_row

ABOVE_ALL: Final = -NO_KEY  # better than any price, in half increments too


@inlined
def target_key2(books: BookArray, book: int, flags: int) -> int:
    """Where a peg would stand without a limit; means something only while pegs are awake."""
    target = 2 * books[book].reference_key
    if flags & MIDPOINT:
        # The other side's key is negated: this is the sum of the two prices.
        target = books[book].reference_key - books[book ^ 1].reference_key
    return int(target)


@inlined
def price_key2(books: BookArray, orders: OrderArray, slot: int) -> int:
    """Where a resting peg stands: at its target, or where its limit or the price band is worse."""
    book = int(orders[slot].book)
    limit_key = min(int(orders[slot].key), int(books[book].cap_key))
    return min(target_key2(books, book, int(orders[slot].flags)), 2 * limit_key)


@inlined
def is_large_enough(orders: OrderArray, slot: int, shares: int) -> bool:
    """Whether a peg trades with so many shares; what it has left may be less than its minimum."""
    return shares >= min(int(orders[slot].shares), int(orders[slot].display_shares))


@inlined
def is_awake(books: BookArray, book: int) -> bool:
    """Whether pegs of a book may trade."""
    return bool(books[book].reference_key != 0)


@inlined
def renew_bound(books: BookArray, book: int) -> None:
    """Bring up to date what no peg of a book is better than: the midpoint."""
    bound = NO_KEY
    if books[book].n_pegs > 0 and is_awake(books, book):
        bound = int(books[book].reference_key - books[book ^ 1].reference_key)
    books[book].peg_key2 = bound


@kernel
def set_reference(
    head: HeadArray, books: BookArray, venue_idx: int, bid_ticks: int, ask_ticks: int
) -> int:
    """
    Tell a venue the quote that its pegs follow; returns the Outcome code. Nothing trades by it.

    Pegs may now reach what rests on the other side: `next_in_reach` finds those, and `retry_order`
    lets them trade.

    Args:
        bid_ticks, ask_ticks: on the increment; 0 is no quote.
    """
    increment_ticks = head[0].increment_ticks
    code = ACCEPTED
    if venue_idx < 0 or venue_idx >= head[0].n_books >> 1:
        code = BAD_VENUE
    elif (
        not (0 <= bid_ticks <= MAX_TICKS and 0 <= ask_ticks <= MAX_TICKS)
        or bid_ticks % increment_ticks != 0
        or ask_ticks % increment_ticks != 0
    ):
        code = BAD_PRICE
    else:
        is_usable = 0 < bid_ticks < ask_ticks and books[venue_idx * 2].in_call == 0
        book = venue_idx * 2
        books[book].reference_key = bid_ticks // increment_ticks if is_usable else 0
        books[book + 1].reference_key = -(ask_ticks // increment_ticks) if is_usable else 0
        renew_bound(books, book)
        renew_bound(books, book + 1)
    return code


@kernel
def link_peg(
    head: HeadArray, books: BookArray, orders: OrderArray, book: int, key: int, shares: int,
    flags: int, owner: int, min_shares: int,
) -> int:  # fmt: skip
    """Put a new peg at the end of its book's queue; returns its handle. A free row must exist."""
    slot = claim_row(head, orders)
    head[0].n_pegs += 1
    books[book].n_orders += 1
    before = books[book].peg_tail
    books[book].peg_tail = slot
    if before == 0:
        books[book].peg_head = slot
    orders[before].next = slot  # row 0 takes the write when there is nobody in front
    generation = (int(orders[slot].generation) + 1) & GENERATION_MASK
    orders[slot].key = key
    orders[slot].shares = shares
    orders[slot].reserve_shares = 0
    orders[slot].display_shares = min_shares
    orders[slot].next = 0
    orders[slot].prev = before
    orders[slot].generation = generation
    orders[slot].owner = owner
    orders[slot].book = book
    orders[slot].flags = flags | HIDDEN
    books[book].n_pegs += 1
    renew_bound(books, book)
    return (generation << 32) | slot


@kernel
def unlink_peg(head: HeadArray, books: BookArray, orders: OrderArray, slot: int) -> None:
    """Take a live peg out of its queue and free its row; its handle is void from here on."""
    book = int(orders[slot].book)
    behind = orders[slot].next
    before = orders[slot].prev
    orders[before].next = behind
    orders[behind].prev = before
    if before == 0:
        books[book].peg_head = behind
    if behind == 0:
        books[book].peg_tail = before
    release_row(head, orders, slot)
    head[0].n_pegs -= 1
    books[book].n_orders -= 1
    books[book].n_pegs -= 1
    renew_bound(books, book)


@kernel
def best_peg_key2(
    books: BookArray, orders: OrderArray, book: int, below_key2: int, shares: int
) -> int:
    """
    Price of the best peg worse than `below_key2` that trades with so many shares, else NO_KEY.

    Cost: a step for each peg of the book. Orders that do not reach the midpoint never come here.
    """
    best = NO_KEY
    if books[book].peg_key2 == NO_KEY:
        return best
    slot = int(books[book].peg_head)
    while slot != 0:
        at = price_key2(books, orders, slot)
        if best < at < below_key2 and is_large_enough(orders, slot, shares):
            best = at
        slot = int(orders[slot].next)
    return best


@kernel
def next_in_reach(books: BookArray, orders: OrderArray, book: int, after_slot: int) -> int:
    """
    The next peg of a book, in order of arrival, that reaches anything of the other side; 0 if none.

    Args:
        after_slot: the peg to go on from; 0 begins with the first.
    """
    other = book ^ 1
    if books[book].peg_key2 == NO_KEY:
        return 0
    best = max(
        2 * int(books[other].best_key),
        best_peg_key2(books, orders, other, ABOVE_ALL, -NO_KEY),
    )
    slot = int(orders[after_slot].next) if after_slot != 0 else int(books[book].peg_head)
    while slot != 0 and price_key2(books, orders, slot) + best < 0:
        slot = int(orders[slot].next)
    return slot
