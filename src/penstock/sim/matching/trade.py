"""Meeting the other side: how much an order could trade, and trading it."""

from __future__ import annotations

from penstock._kernels import kernel
from penstock.sim.matching.levels import band_row, level_of, next_key
from penstock.sim.matching.memory import (
    HIDDEN,
    NO_KEY,
    BookArray,
    FillArray,
    HeadArray,
    LevelArray,
    OrderArray,
)
from penstock.sim.matching.queues import refill_order, unlink_order


@kernel
def trade(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    book: int, key: int, shares: int, owner: int, out_fills: FillArray, n_fills: int,
) -> tuple[int, int, bool]:  # fmt: skip
    """
    Trade up to `shares` with the opposite book, best price first, then displayed, then earlier.

    An iceberg whose slice is gone shows the next one at the end of its queue. When it is met there
    again by the same order, it trades with all that it has: at one price displayed shares come
    first, then reserves, then hidden orders, and no order gives more than two fills.

    Returns the shares left, the new number of fills, and whether an own order stopped it.
    """
    # Called, not pasted in: one order in ten trades, and each caller would compile it again.
    other = book ^ 1
    met_own = False
    at = NO_KEY  # the price that the two below are about
    first_refilled = 0
    is_second_round = False
    while shares > 0 and books[other].best_key + key >= 0:
        best = books[other].best_key
        if best != at:
            at = best
            first_refilled = 0
            is_second_round = False
        row = band_row(head, other, best)
        slot = levels[row].head
        if slot == 0:
            slot = levels[row].hidden_head
        if owner != 0 and orders[slot].owner == owner:
            met_own = True
            break
        is_second_round = is_second_round or slot == first_refilled
        reserve = orders[slot].reserve_shares
        if is_second_round and reserve > 0:
            show_all(levels, orders, row, slot)
        resting = orders[slot].shares
        traded = min(shares, resting)
        hidden = orders[slot].flags & HIDDEN
        left = resting - traded + orders[slot].reserve_shares
        shares -= traded
        out_fills[n_fills].handle = (orders[slot].generation << 32) | slot
        out_fills[n_fills].ticks = abs(best) * head[0].increment_ticks
        out_fills[n_fills].shares = traded
        out_fills[n_fills].leaves_shares = left
        out_fills[n_fills].owner = orders[slot].owner
        out_fills[n_fills].venue_idx = book >> 1
        out_fills[n_fills].is_hidden = hidden != 0
        n_fills += 1
        if left == 0:
            unlink_order(head, books, levels, orders, slot)
            continue
        orders[slot].shares = resting - traded
        if hidden:
            levels[row].hidden_shares -= traded
        else:
            levels[row].displayed_shares -= traded
        if is_second_round and reserve > 0:
            hide_rest(levels, orders, row, slot)
        elif traded == resting:
            if first_refilled == 0:
                first_refilled = slot
            refill_order(levels, orders, row, slot)
    return shares, n_fills, met_own


@kernel
def show_all(levels: LevelArray, orders: OrderArray, row: int, slot: int) -> None:
    """An iceberg brings all that it has into its slice."""
    reserve = orders[slot].reserve_shares
    orders[slot].shares += reserve
    orders[slot].reserve_shares = 0
    levels[row].displayed_shares += reserve
    levels[row].hidden_shares -= reserve


@kernel
def hide_rest(levels: LevelArray, orders: OrderArray, row: int, slot: int) -> None:
    """An iceberg takes back into its reserve what it does not display."""
    reserve = max(0, orders[slot].shares - orders[slot].display_shares)
    orders[slot].shares -= reserve
    orders[slot].reserve_shares = reserve
    levels[row].displayed_shares -= reserve
    levels[row].hidden_shares += reserve


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
    slot = levels[row].head
    while slot != 0:
        if orders[slot].owner == owner:
            return found, True
        found += orders[slot].shares
        slot = orders[slot].next
    slot = levels[row].head
    while slot != 0:
        found += orders[slot].reserve_shares
        slot = orders[slot].next
    slot = levels[row].hidden_head
    while slot != 0:
        if orders[slot].owner == owner:
            return found, True
        found += orders[slot].shares
        slot = orders[slot].next
    return found, False
