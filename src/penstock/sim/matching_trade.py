"""Meeting the other side: how much an order could trade, and trading it."""

from __future__ import annotations

from penstock._kernels import kernel
from penstock.sim.matching_levels import band_row, level_of, next_key
from penstock.sim.matching_queues import unlink_order
from penstock.sim.matching_types import (
    HIDDEN,
    BookArray,
    FillArray,
    HeadArray,
    LevelArray,
    OrderArray,
)


@kernel
def trade(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    book: int, key: int, shares: int, owner: int, out_fills: FillArray, n_fills: int,
) -> tuple[int, int, bool]:  # fmt: skip
    """
    Trade up to `shares` with the opposite book, best price first, then displayed, then earlier.

    Returns the shares left, the new number of fills, and whether an own order stopped it.
    """
    # Called, not pasted in: one order in ten trades, and each caller would compile it again.
    other = book ^ 1
    met_own = False
    while shares > 0 and books[other].best_key + key >= 0:
        best = books[other].best_key
        row = band_row(head, other, best)
        slot = levels[row].head
        if slot == 0:
            slot = levels[row].hidden_head
        if owner != 0 and orders[slot].owner == owner:
            met_own = True
            break
        resting = orders[slot].shares
        traded = min(shares, resting)
        hidden = orders[slot].flags & HIDDEN
        shares -= traded
        out_fills[n_fills].handle = (orders[slot].generation << 32) | slot
        out_fills[n_fills].ticks = abs(best) * head[0].increment_ticks
        out_fills[n_fills].shares = traded
        out_fills[n_fills].leaves_shares = resting - traded
        out_fills[n_fills].owner = orders[slot].owner
        out_fills[n_fills].venue_idx = book >> 1
        out_fills[n_fills].is_hidden = hidden != 0
        n_fills += 1
        if traded == resting:
            unlink_order(head, books, levels, orders, slot)
        else:
            orders[slot].shares = resting - traded
            if hidden:
                levels[row].hidden_shares -= traded
            else:
                levels[row].displayed_shares -= traded
    return shares, n_fills, met_own


@kernel
def shares_against(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    book: int, key: int, owner: int, enough_shares: int,
) -> int:  # fmt: skip
    """
    Shares that an order could trade now, hidden ones included; stops counting at `enough_shares`.

    Stops, as the trade itself would, at the first order of the same owner.
    """
    other = book ^ 1
    found = 0
    at = int(books[other].best_key)
    while found < enough_shares and at + key >= 0:
        row = level_of(head, books, levels, other, at)
        shares, met_own = level_shares_for(levels, orders, row, owner)
        found += shares
        if met_own:
            break
        at = next_key(head, books, levels, other, at)
    return found


@kernel
def level_shares_for(
    levels: LevelArray, orders: OrderArray, row: int, owner: int
) -> tuple[int, bool]:
    """Shares at one level in front of the first order of `owner`, and whether there is one."""
    if owner == 0:
        return levels[row].displayed_shares + levels[row].hidden_shares, False
    found = 0
    for queue in range(2):
        slot = levels[row].head if queue == 0 else levels[row].hidden_head
        while slot != 0:
            if orders[slot].owner == owner:
                return found, True
            found += orders[slot].shares
            slot = orders[slot].next
    return found, False
