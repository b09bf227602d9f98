"""Queues of resting orders: joining at the end, leaving from anywhere, shrinking in place."""

from __future__ import annotations

from penstock._kernels import inlined, kernel
from penstock.sim.matching.far import open_far
from penstock.sim.matching.levels import (
    after_last_order,
    before_first_order,
    is_empty,
    level_of,
)
from penstock.sim.matching.memory import (
    GENERATION_MASK,
    HIDDEN,
    BookArray,
    HeadArray,
    LevelArray,
    OrderArray,
)


@inlined
def claim_row(head: HeadArray, orders: OrderArray) -> int:
    """A free row of `orders`, which is in use from here on; there must be one."""
    slot = int(head[0].free_slot)
    if slot != 0:
        head[0].free_slot = orders[slot].next
    else:
        slot = int(head[0].n_used) + 1
        head[0].n_used = slot
    head[0].n_live += 1
    return slot


@inlined
def release_row(head: HeadArray, orders: OrderArray, slot: int) -> None:
    """Give a row back; the handle of its order is void from here on."""
    orders[slot].generation = (orders[slot].generation + 1) & GENERATION_MASK
    orders[slot].next = head[0].free_slot
    head[0].free_slot = slot
    head[0].n_live -= 1


@inlined
def link_order(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    book: int, key: int, shares: int, flags: int, owner: int, display_shares: int,
) -> int:  # fmt: skip
    """Put a new order at the end of its queue; returns its handle. A free row must exist."""
    reserve_shares = 0
    if display_shares > 0:
        head[0].n_icebergs += 1
        reserve_shares = max(0, shares - display_shares)
        shares -= reserve_shares
    before_first_order(head, books, levels, book, key)
    slot = claim_row(head, orders)
    books[book].n_orders += 1
    row = level_of(head, books, levels, book, key)
    if is_empty(levels, row):
        if row == head[0].far_start:
            row = open_far(head, books, levels, book, key)
        else:
            books[book].n_band_levels += 1
    if flags & HIDDEN:
        before = levels[row].hidden_tail
        levels[row].hidden_tail = slot
        levels[row].hidden_shares += shares
        if before == 0:
            levels[row].hidden_head = slot
    else:
        before = levels[row].tail
        levels[row].tail = slot
        levels[row].displayed_shares += shares
        levels[row].hidden_shares += reserve_shares
        if before == 0:
            levels[row].head = slot
    orders[before].next = slot  # row 0 takes the write when there is nobody in front
    generation = (int(orders[slot].generation) + 1) & GENERATION_MASK
    orders[slot].key = key
    orders[slot].shares = shares
    orders[slot].reserve_shares = reserve_shares
    orders[slot].display_shares = display_shares
    orders[slot].next = 0
    orders[slot].prev = before
    orders[slot].generation = generation
    orders[slot].owner = owner
    orders[slot].book = book
    orders[slot].flags = flags
    return (generation << 32) | slot


@inlined
def unlink_order(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray, slot: int
) -> None:
    """Take a live order out of its queue and free its row; its handle is void from here on."""
    book = int(orders[slot].book)
    key = int(orders[slot].key)
    row = level_of(head, books, levels, book, key)
    behind = orders[slot].next
    before = orders[slot].prev
    orders[before].next = behind
    orders[behind].prev = before
    if orders[slot].flags & HIDDEN:
        levels[row].hidden_shares -= orders[slot].shares
        if before == 0:
            levels[row].hidden_head = behind
        if behind == 0:
            levels[row].hidden_tail = before
    else:
        levels[row].displayed_shares -= orders[slot].shares
        levels[row].hidden_shares -= orders[slot].reserve_shares
        if orders[slot].display_shares > 0:
            head[0].n_icebergs -= 1
        if before == 0:
            levels[row].head = behind
        if behind == 0:
            levels[row].tail = before
    release_row(head, orders, slot)
    books[book].n_orders -= 1
    if is_empty(levels, row):
        after_last_order(head, books, levels, book, key, row)


@kernel
def shrink_order(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    slot: int, less_shares: int,
) -> None:  # fmt: skip
    """Take shares off an order that keeps at least one, its reserve first; nothing else moves."""
    row = level_of(head, books, levels, int(orders[slot].book), int(orders[slot].key))
    from_reserve = min(less_shares, int(orders[slot].reserve_shares))
    orders[slot].reserve_shares -= from_reserve
    levels[row].hidden_shares -= from_reserve
    less_shares -= from_reserve
    orders[slot].shares -= less_shares
    if orders[slot].flags & HIDDEN:
        levels[row].hidden_shares -= less_shares
    else:
        levels[row].displayed_shares -= less_shares


@kernel
def refill_order(levels: LevelArray, orders: OrderArray, row: int, slot: int) -> None:
    """
    Show the next slice of the first displayed order, an iceberg that shows nothing any more.

    It goes to the end of the displayed queue: what was hidden has no place in it yet.
    """
    shares = min(orders[slot].display_shares, orders[slot].reserve_shares)
    orders[slot].shares = shares
    orders[slot].reserve_shares -= shares
    levels[row].displayed_shares += shares
    levels[row].hidden_shares -= shares
    behind = orders[slot].next
    if behind != 0:
        last = levels[row].tail
        levels[row].head = behind
        orders[behind].prev = 0
        orders[last].next = slot
        orders[slot].prev = last
        orders[slot].next = 0
        levels[row].tail = slot
