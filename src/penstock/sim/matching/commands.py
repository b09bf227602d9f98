"""The matching kernels: price-time priority for all venues of one instrument, on flat arrays."""

from __future__ import annotations

from penstock._kernels import inlined, kernel
from penstock.domain import MAX_ORDER_SHARES
from penstock.sim.matching.answers import is_price, problem_of, write_result
from penstock.sim.matching.memory import (
    ACCEPTED,
    ANY_OWNER,
    BAD_KIND,
    BAD_PRICE,
    BAD_SIZE,
    BAD_VENUE,
    CANCEL,
    DAY,
    FOK,
    IN_CALL,
    KILLED,
    MARKET,
    MARKET_FULL,
    MARKET_KEY,
    MIDPOINT,
    NO_ROOM,
    NOT_OWNER,
    PEG,
    POST_ONLY,
    REFERENCE,
    REPLACE,
    RETRY,
    SELF_MATCH,
    SLOT_MASK,
    SUBMIT,
    UNKNOWN_ORDER,
    WOULD_TAKE,
    BookArray,
    CommandArray,
    FillArray,
    HeadArray,
    LevelArray,
    OrderArray,
    ResultArray,
)
from penstock.sim.matching.peg_trade import enter_peg, replace_peg, retry_peg, take, would_take
from penstock.sim.matching.pegs import set_reference, unlink_peg
from penstock.sim.matching.queues import link_order, shrink_order, unlink_order
from penstock.sim.matching.trade import shares_against, trade


@inlined
def order_of(orders: OrderArray, handle: int) -> int:
    """Slot of a live order, 0 when the handle is none or its order is gone."""
    slot = handle & SLOT_MASK
    generation = handle >> 32
    if slot >= len(orders) or (generation & 1) == 0 or orders[slot].generation != generation:
        slot = 0
    return slot


@inlined
def fills_needed(head: HeadArray) -> int:
    """Fills that the next order can bring at most."""
    return int(head[0].n_live + head[0].n_icebergs)


@inlined
def enter_order(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    book: int, key: int, shares: int, tif: int, flags: int, owner: int, min_shares: int,
    display_shares: int, out_fills: FillArray, n_fills: int, out_results: ResultArray, i: int,
) -> int:  # fmt: skip
    """`submit_order` for fields that are known to be right."""
    code = ACCEPTED
    first_fill = n_fills
    left = shares
    handle = 0
    need = shares if tif == FOK else min_shares
    key = min(key, int(books[book].cap_key))
    if books[book ^ 1].peg_key2 + 2 * key >= 0:
        left, n_fills, code = take(
            head, books, levels, orders, book, 2 * key, shares, need, flags, owner, out_fills,
            n_fills,
        )  # fmt: skip
    elif books[book].in_call == 0 and books[book ^ 1].best_key + key >= 0:
        if flags & POST_ONLY:
            code = WOULD_TAKE
        elif need > 0 and (
            shares_against(head, books, levels, orders, book, key, owner, need) < need
        ):
            code = KILLED
        else:
            left, n_fills, met_own = trade(
                head, books, levels, orders, book, key, shares, owner, out_fills, n_fills
            )
            if met_own:
                code = SELF_MATCH
    elif need > 0:
        code = KILLED
    if code == ACCEPTED and left > 0 and tif == DAY and (flags & MARKET) == 0:
        # After any trade there is a free row: with shares left, each fill emptied one.
        if head[0].n_live < head[0].capacity:
            handle = link_order(
                head, books, levels, orders, book, key, left, flags, owner, display_shares
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


@inlined
def submit_order(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    venue_idx: int, side: int, ticks: int, shares: int, tif: int, flags: int, owner: int,
    min_shares: int, display_shares: int, out_fills: FillArray, n_fills: int,
    out_results: ResultArray, i: int,
) -> int:  # fmt: skip
    """
    Enter one order: trade what it can, rest what may rest, cancel what is left.

    Price-time priority; at one price hidden orders come after displayed ones. Every trade is at the
    resting order's price. When the next order to trade with has the same owner (0 is nobody), the
    incoming order's rest is cancelled and the resting one keeps its place: the newest loses, so no
    level changes by it. A limit beyond the price band counts as the band's edge, and so does a
    market order. In a call a DAY order rests, even crossed, and any other is refused with IN_CALL;
    see `auction`.

    Args:
        side: +1 buy, -1 sell.
        ticks: limit, on the increment; ignored with MARKET.
        tif: DAY, IOC or FOK. FOK trades all or nothing. A MARKET order never rests.
        flags: bits: MARKET; POST_ONLY, refused if it would trade, even with a hidden order; HIDDEN.
            MIDPOINT or PRIMARY, which go with no other: a peg, see `pegs`.
        owner: 0..MAX_OWNER; 0 is anonymous.
        min_shares: with IOC or MARKET: trade at least this, over all fills, or nothing. A DAY peg
            that cannot rests, and then no execution may be smaller.
        display_shares: with a DAY order that is not HIDDEN: show only so many at a time, an
            iceberg; 0 shows all.
        out_fills: receives the fills from row `n_fills` on; needs `fills_needed` rows.
        out_results: row `i` receives the answer, see `RESULT_DTYPE` and `Outcome`.

    Returns the new number of fills. Never raises; a refused order changes nothing.
    Cost: O(1) and O(1) a fill, near the touch; elsewhere docs/adr/0004-flat-array-matching.md.
    Reference: tests/support/naive_matching.py.
    """
    code = problem_of(
        head, venue_idx, side, ticks, shares, tif, flags, owner, min_shares, display_shares
    )
    if code == ACCEPTED and len(out_fills) - n_fills < fills_needed(head):
        code = NO_ROOM
    is_immediate = tif != DAY or (flags & MARKET) != 0
    if code == ACCEPTED and is_immediate and books[venue_idx * 2].in_call:
        code = IN_CALL
    if code == ACCEPTED:
        if display_shares >= shares:
            display_shares = 0  # nothing to hide
        book = venue_idx * 2 + (1 - side) // 2
        key = MARKET_KEY
        if (flags & MARKET) == 0:
            key = side * (ticks // head[0].increment_ticks)
        if flags >= MIDPOINT:
            n_fills = enter_peg(
                head, books, levels, orders, book, key, shares, tif, flags, owner, min_shares,
                out_fills, n_fills, out_results, i,
            )  # fmt: skip
        else:
            n_fills = enter_order(
                head, books, levels, orders, book, key, shares, tif, flags, owner, min_shares,
                display_shares, out_fills, n_fills, out_results, i,
            )  # fmt: skip
    else:
        write_result(out_results, i, code, 0, 0, 0, 0, n_fills, 0)
    return n_fills


@inlined
def cancel_order(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    handle: int, owner: int, out_results: ResultArray, i: int,
) -> int:  # fmt: skip
    """
    Take a resting order out. Returns the Outcome code, also in row `i` of `out_results`.

    Args:
        owner: must be the order's owner; ANY_OWNER is the venue itself.
    """
    slot = order_of(orders, handle)
    code = ACCEPTED
    cancelled = 0
    if slot == 0:
        code = UNKNOWN_ORDER
    elif owner != ANY_OWNER and orders[slot].owner != owner:
        code = NOT_OWNER
    else:
        cancelled = orders[slot].shares + orders[slot].reserve_shares
        if orders[slot].flags & PEG:
            unlink_peg(head, books, orders, slot)
        else:
            unlink_order(head, books, levels, orders, slot)
    write_result(out_results, i, code, 0, 0, 0, cancelled, 0, 0)
    return code


@kernel
def replace_order(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    handle: int, owner: int, ticks: int, shares: int,
    out_fills: FillArray, n_fills: int, out_results: ResultArray, i: int,
) -> int:  # fmt: skip
    """
    Change price and open quantity of a resting order; a refusal leaves it exactly as it was.

    Same price and not larger: it keeps its place and its handle. Anything else gives both up: the
    order is cancelled and entered anew with its own terms, so it may trade, and meet an own order.
    An iceberg gets smaller in its reserve first.

    Args:
        shares: what shall be open afterwards, fills so far not counted.

    Returns the new number of fills.
    """
    slot = order_of(orders, handle)
    code = ACCEPTED
    if slot == 0:
        code = UNKNOWN_ORDER
    elif owner != ANY_OWNER and orders[slot].owner != owner:
        code = NOT_OWNER
    elif shares < 1 or shares > MAX_ORDER_SHARES:
        code = BAD_SIZE
    elif not is_price(head, ticks):
        code = BAD_PRICE
    elif len(out_fills) - n_fills < fills_needed(head):
        code = NO_ROOM
    if code != ACCEPTED:
        write_result(out_results, i, code, 0, 0, 0, 0, n_fills, 0)
        return n_fills
    book = int(orders[slot].book)
    flags = int(orders[slot].flags)
    own = int(orders[slot].owner)
    if flags & PEG:
        return replace_peg(
            head, books, levels, orders, slot, ticks, shares, out_fills, n_fills, out_results, i
        )
    before = int(orders[slot].shares) + int(orders[slot].reserve_shares)
    display_shares = int(orders[slot].display_shares)
    key = ticks // head[0].increment_ticks
    if book & 1:
        key = -key
    key = min(key, int(books[book].cap_key))
    if key == orders[slot].key and shares <= before:
        shrink_order(head, books, levels, orders, slot, before - shares)
        write_result(out_results, i, ACCEPTED, handle, 0, shares, before - shares, n_fills, 0)
        return n_fills
    would_trade = books[book].in_call == 0 and would_take(books, orders, book, 2 * key, shares)
    if (flags & POST_ONLY) != 0 and would_trade:
        write_result(out_results, i, WOULD_TAKE, 0, 0, 0, 0, n_fills, 0)
        return n_fills
    unlink_order(head, books, levels, orders, slot)
    return enter_order(
        head, books, levels, orders, book, key, shares, DAY, flags, own, 0, display_shares,
        out_fills, n_fills, out_results, i,
    )  # fmt: skip


@kernel
def retry_order(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    handle: int, out_fills: FillArray, n_fills: int, out_results: ResultArray, i: int,
) -> int:  # fmt: skip
    """
    Let a resting peg look for trades again: the reference moved. Returns the number of fills.

    It trades as an incoming order would and keeps its place and its handle. An own order in its
    way stops it; nothing is cancelled. An order that is no peg is unknown here.
    """
    slot = order_of(orders, handle)
    if slot == 0 or (orders[slot].flags & PEG) == 0:
        write_result(out_results, i, UNKNOWN_ORDER, 0, 0, 0, 0, n_fills, 0)
        return n_fills
    if len(out_fills) - n_fills < fills_needed(head):
        write_result(out_results, i, NO_ROOM, 0, 0, 0, 0, n_fills, 0)
        return n_fills
    return retry_peg(head, books, levels, orders, slot, out_fills, n_fills, out_results, i)


@kernel
def run_stream(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    commands: CommandArray, lo: int, hi: int,
    out_results: ResultArray, out_fills: FillArray, n_fills: int,
) -> tuple[int, int]:  # fmt: skip
    """
    Carry out `commands[lo:hi]` in order; the answer to row i goes to `out_results[i]`.

    CANCEL, REPLACE and RETRY act on the order that command `target` left resting, a replaced one
    included.

    Returns the first row not carried out, and the new number of fills. It stops before `hi` only
    when the next command's fills might not fit: empty `out_fills` and call again.
    """
    for i in range(lo, hi):
        if len(out_fills) - n_fills < fills_needed(head):
            return i, n_fills
        kind = commands[i].kind
        if kind == SUBMIT:
            n_fills = submit_order(
                head, books, levels, orders,
                int(commands[i].venue_idx), int(commands[i].side), commands[i].ticks,
                commands[i].shares, int(commands[i].tif), int(commands[i].flags),
                int(commands[i].owner), commands[i].min_shares, commands[i].display_shares,
                out_fills, n_fills, out_results, i,
            )  # fmt: skip
        else:
            target = commands[i].target
            handle = 0
            if 0 <= target < i:
                handle = out_results[target].handle
            owner = int(commands[i].owner)
            if kind == CANCEL:
                cancel_order(head, books, levels, orders, handle, owner, out_results, i)
            elif kind == REPLACE:
                n_fills = replace_order(
                    head, books, levels, orders, handle, owner, commands[i].ticks,
                    commands[i].shares, out_fills, n_fills, out_results, i,
                )  # fmt: skip
            elif kind == RETRY:
                n_fills = retry_order(
                    head, books, levels, orders, handle, out_fills, n_fills, out_results, i
                )
            elif kind == REFERENCE:
                code = set_reference(
                    head, books, int(commands[i].venue_idx), commands[i].ticks, target
                )
                write_result(out_results, i, code, 0, 0, 0, 0, n_fills, 0)
            else:
                write_result(out_results, i, BAD_KIND, 0, 0, 0, 0, n_fills, 0)
    return hi, n_fills
