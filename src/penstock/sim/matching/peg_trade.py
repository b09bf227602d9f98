"""Trading where pegs are: incoming orders that reach them, and pegs that come in themselves."""

from __future__ import annotations

from penstock._kernels import kernel
from penstock.sim.matching.answers import write_result
from penstock.sim.matching.levels import level_of, next_key
from penstock.sim.matching.memory import (
    ACCEPTED,
    BAD_VENUE,
    DAY,
    FOK,
    HIDDEN,
    KILLED,
    MARKET_FULL,
    NO_KEY,
    POST_ONLY,
    SELF_MATCH,
    WOULD_TAKE,
    BookArray,
    FillArray,
    HeadArray,
    LevelArray,
    OrderArray,
    ResultArray,
)
from penstock.sim.matching.pegs import (
    ABOVE_ALL,
    best_peg_key2,
    is_awake,
    is_large_enough,
    link_peg,
    price_key2,
    target_key2,
    unlink_peg,
)
from penstock.sim.matching.trade import level_shares_for, trade


@kernel
def trade_pegs(
    head: HeadArray, books: BookArray, orders: OrderArray, book: int, at_key2: int, shares: int,
    owner: int, out_fills: FillArray, n_fills: int,
) -> tuple[int, int, bool]:  # fmt: skip
    """Trade with the pegs of `book` at one price, earlier ones first; returns as `trade` does."""
    slot = int(books[book].peg_head)
    while slot != 0 and shares > 0:
        behind = int(orders[slot].next)
        at = price_key2(books, orders, slot)
        if at == at_key2 and is_large_enough(orders, slot, shares):
            if owner != 0 and orders[slot].owner == owner:
                return shares, n_fills, True
            traded = min(shares, int(orders[slot].shares))
            left = int(orders[slot].shares) - traded
            shares -= traded
            out_fills[n_fills].handle = (orders[slot].generation << 32) | slot
            out_fills[n_fills].ticks = abs(at_key2) * head[0].increment_ticks // 2
            out_fills[n_fills].shares = traded
            out_fills[n_fills].leaves_shares = left
            out_fills[n_fills].owner = orders[slot].owner
            out_fills[n_fills].venue_idx = book >> 1
            out_fills[n_fills].is_hidden = 1
            n_fills += 1
            orders[slot].shares = left
            if left == 0:
                unlink_peg(head, books, orders, slot)
        slot = behind
    return shares, n_fills, False


@kernel
def trade_all(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    book: int, key2: int, shares: int, owner: int, out_fills: FillArray, n_fills: int,
) -> tuple[int, int, bool]:  # fmt: skip
    """`trade` with levels and pegs, by price; at one price the level first. Returns the same."""
    other = book ^ 1
    below = ABOVE_ALL
    while True:
        at = best_peg_key2(books, orders, other, below, shares)
        has_peg = at + key2 >= 0
        reach = key2 >> 1
        if has_peg:
            reach = min(reach, -at >> 1)  # levels at the price of the peg or better
        met_own = False
        if books[other].best_key + reach >= 0:
            shares, n_fills, met_own = trade(
                head, books, levels, orders, book, reach, shares, owner, out_fills, n_fills
            )
        if shares > 0 and not met_own and has_peg:
            shares, n_fills, met_own = trade_pegs(
                head, books, orders, other, at, shares, owner, out_fills, n_fills
            )
        if shares == 0 or met_own or not has_peg:
            return shares, n_fills, met_own
        below = at


@kernel
def peg_shares_for(
    books: BookArray, orders: OrderArray, book: int, at_key2: int, shares: int, owner: int
) -> tuple[int, bool]:
    """What `trade_pegs` would trade of `shares`, and whether an own order would stop it."""
    left = shares
    slot = int(books[book].peg_head)
    while slot != 0 and left > 0:
        at = price_key2(books, orders, slot)
        if at == at_key2 and is_large_enough(orders, slot, left):
            if owner != 0 and orders[slot].owner == owner:
                return shares - left, True
            left -= min(left, int(orders[slot].shares))
        slot = int(orders[slot].next)
    return shares - left, False


@kernel
def shares_in_reach(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    book: int, key2: int, shares: int, owner: int, enough_shares: int,
) -> int:  # fmt: skip
    """Shares that `trade_all` would trade; stops counting at `enough_shares`."""
    other = book ^ 1
    found = 0
    below = ABOVE_ALL
    level = int(books[other].best_key)
    while found < enough_shares:
        at = best_peg_key2(books, orders, other, below, shares - found)
        has_peg = at + key2 >= 0
        met_own = False
        if 2 * level + key2 >= 0 and (not has_peg or 2 * level >= at):
            row = level_of(head, books, levels, other, level)
            more, met_own = level_shares_for(levels, orders, row, owner)
            level = int(next_key(head, books, levels, other, level))
        elif has_peg:
            more, met_own = peg_shares_for(books, orders, other, at, shares - found, owner)
            below = at
        else:
            break
        found += more
        if met_own:
            break
    return found


@kernel
def would_take(books: BookArray, orders: OrderArray, book: int, key2: int, shares: int) -> bool:
    """Whether an order would trade with anything, hidden orders and pegs included."""
    other = book ^ 1
    if 2 * books[other].best_key + key2 >= 0:
        return True
    return bool(best_peg_key2(books, orders, other, ABOVE_ALL, shares) + key2 >= 0)


@kernel
def take(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    book: int, key2: int, shares: int, need_shares: int, flags: int, owner: int,
    out_fills: FillArray, n_fills: int,
) -> tuple[int, int, int]:  # fmt: skip
    """
    What an incoming order does where pegs may be in its reach: refuse, kill, or trade.

    Returns the shares left, the new number of fills, and ACCEPTED, WOULD_TAKE, KILLED or
    SELF_MATCH.
    """
    code = ACCEPTED
    left = shares
    if flags & POST_ONLY:
        if would_take(books, orders, book, key2, shares):
            code = WOULD_TAKE
    elif need_shares > 0 and need_shares > shares_in_reach(
        head, books, levels, orders, book, key2, shares, owner, need_shares
    ):
        code = KILLED
    else:
        left, n_fills, met_own = trade_all(
            head, books, levels, orders, book, key2, shares, owner, out_fills, n_fills
        )
        if met_own:
            code = SELF_MATCH
    return left, n_fills, code


@kernel
def enter_peg(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    book: int, key: int, shares: int, tif: int, flags: int, owner: int, min_shares: int,
    out_fills: FillArray, n_fills: int, out_results: ResultArray, i: int,
) -> int:  # fmt: skip
    """
    `submit_order` for a peg whose fields are known to be right.

    It comes in as a limit order at the price where it stands. A DAY peg that finds less than its
    minimum rests without trading; while pegs sleep it does so too.
    """
    first_fill = n_fills
    left = shares
    code = ACCEPTED
    need = shares if tif == FOK else min_shares
    if is_awake(books, book):
        key2 = min(target_key2(books, book, flags), 2 * min(key, int(books[book].cap_key)))
        left, n_fills, code = take(
            head, books, levels, orders, book, key2, shares, need, 0, owner, out_fills, n_fills
        )
    elif need > 0:
        code = KILLED
    if code == KILLED and tif == DAY:
        code = ACCEPTED
    handle = 0
    if code == ACCEPTED and left > 0 and tif == DAY:
        if head[0].n_live < head[0].capacity:
            handle = link_peg(
                head, books, orders, book, key, left, flags, owner, min(min_shares, left)
            )
        else:
            code = MARKET_FULL
    resting = left if handle != 0 else 0
    cancelled = left - resting if code < BAD_VENUE else 0
    write_result(
        out_results, i, code, handle, shares - left, resting, cancelled, first_fill,
        n_fills - first_fill,
    )  # fmt: skip
    return n_fills


@kernel
def replace_peg(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    slot: int, ticks: int, shares: int, out_fills: FillArray, n_fills: int,
    out_results: ResultArray, i: int,
) -> int:  # fmt: skip
    """`replace_order` for a live peg and a request that is right; `ticks` is its limit."""
    book = int(orders[slot].book)
    flags = int(orders[slot].flags) & ~HIDDEN
    owner = int(orders[slot].owner)
    before = int(orders[slot].shares)
    key = ticks // head[0].increment_ticks
    if book & 1:
        key = -key
    if key == orders[slot].key and shares <= before:
        orders[slot].shares = shares
        handle = (int(orders[slot].generation) << 32) | slot
        write_result(out_results, i, ACCEPTED, handle, 0, shares, before - shares, n_fills, 0)
        return n_fills
    min_shares = min(int(orders[slot].display_shares), shares)
    unlink_peg(head, books, orders, slot)
    return enter_peg(
        head, books, levels, orders, book, key, shares, DAY, flags, owner, min_shares, out_fills,
        n_fills, out_results, i,
    )  # fmt: skip


@kernel
def retry_peg(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    slot: int, out_fills: FillArray, n_fills: int, out_results: ResultArray, i: int,
) -> int:  # fmt: skip
    """`retry_order` for a live peg, with room for its fills."""
    book = int(orders[slot].book)
    shares = int(orders[slot].shares)
    owner = int(orders[slot].owner)
    handle = (int(orders[slot].generation) << 32) | slot
    first_fill = n_fills
    left = shares
    if books[book].peg_key2 != NO_KEY:
        key2 = price_key2(books, orders, slot)
        need = min(int(orders[slot].display_shares), shares)
        left, n_fills, _ = take(
            head, books, levels, orders, book, key2, shares, need, 0, owner, out_fills, n_fills
        )
        orders[slot].shares = left
        if left == 0:
            unlink_peg(head, books, orders, slot)
            handle = 0
    write_result(
        out_results, i, ACCEPTED, handle, shares - left, left, 0, first_fill, n_fills - first_fill
    )
    return n_fills
