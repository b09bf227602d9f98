"""The matching kernels: price-time priority for all venues of one instrument, on flat arrays."""

from __future__ import annotations

from penstock._kernels import inlined, kernel
from penstock.domain import MAX_ORDER_SHARES
from penstock.sim.matching_queues import link_order, shrink_order, unlink_order
from penstock.sim.matching_trade import shares_against, trade
from penstock.sim.matching_types import (
    ACCEPTED,
    ANY_OWNER,
    BAD_KIND,
    BAD_MIN_SHARES,
    BAD_OWNER,
    BAD_PRICE,
    BAD_SIDE,
    BAD_SIZE,
    BAD_TERMS,
    BAD_VENUE,
    CANCEL,
    DAY,
    FOK,
    HIDDEN,
    IN_CALL,
    KILLED,
    MARKET,
    MARKET_FULL,
    MARKET_KEY,
    MAX_OWNER,
    MAX_TICKS,
    NO_ROOM,
    NOT_OWNER,
    POST_ONLY,
    REPLACE,
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


@inlined
def order_of(orders: OrderArray, handle: int) -> int:
    """Slot of a live order, 0 when the handle is none or its order is gone."""
    slot = handle & SLOT_MASK
    generation = handle >> 32
    if slot >= len(orders) or (generation & 1) == 0 or orders[slot].generation != generation:
        slot = 0
    return slot


@inlined
def is_price(head: HeadArray, ticks: int) -> bool:
    """Whether an order may have this limit: in range and on the increment."""
    return 1 <= ticks <= MAX_TICKS and ticks % int(head[0].increment_ticks) == 0


@inlined
def fills_needed(head: HeadArray) -> int:
    """Fills that the next order can bring at most."""
    return int(head[0].n_live + head[0].n_icebergs)


@inlined
def problem_of(
    head: HeadArray, venue_idx: int, side: int, ticks: int, shares: int, tif: int, flags: int,
    owner: int, min_shares: int, display_shares: int,
) -> int:  # fmt: skip
    """Reject code of an order whose fields cannot be, else ACCEPTED; looks at no book."""
    at_once = tif != DAY or (flags & MARKET) != 0
    code = ACCEPTED
    if venue_idx < 0 or venue_idx >= head[0].n_books >> 1:
        code = BAD_VENUE
    elif abs(side) != 1:
        code = BAD_SIDE
    elif shares < 1 or shares > MAX_ORDER_SHARES:
        code = BAD_SIZE
    elif owner < 0 or owner > MAX_OWNER:
        code = BAD_OWNER
    elif min_shares < 0 or min_shares > shares:
        code = BAD_MIN_SHARES
    elif tif < DAY or tif > FOK or flags < 0 or flags > (MARKET | POST_ONLY | HIDDEN):
        code = BAD_TERMS
    elif (flags & MARKET) == 0 and not is_price(head, ticks):
        code = BAD_PRICE
    elif (
        ((flags & POST_ONLY) != 0 and at_once)
        or (min_shares > 0 and not at_once)
        or (display_shares != 0 and (display_shares < 0 or at_once or (flags & HIDDEN) != 0))
    ):
        code = BAD_TERMS
    return code


@inlined
def write_result(
    out_results: ResultArray, i: int, code: int, handle: int, filled_shares: int,
    resting_shares: int, cancelled_shares: int, first_fill: int, n_fills: int,
) -> None:  # fmt: skip
    """Fill in row `i` of the answers."""
    out_results[i].handle = handle
    out_results[i].code = code
    out_results[i].filled_shares = filled_shares
    out_results[i].resting_shares = resting_shares
    out_results[i].cancelled_shares = cancelled_shares
    out_results[i].first_fill = first_fill
    out_results[i].n_fills = n_fills


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
    if books[book].in_call:
        if tif != DAY or (flags & MARKET) != 0:
            code = IN_CALL
    elif books[book ^ 1].best_key + key >= 0:
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
    see `matching_auction`.

    Args:
        side: +1 buy, -1 sell.
        ticks: limit, on the increment; ignored with MARKET.
        tif: DAY, IOC or FOK. FOK trades all or nothing. A MARKET order never rests.
        flags: bits: MARKET; POST_ONLY, refused if it would trade, even with a hidden order; HIDDEN.
        owner: 0..MAX_OWNER; 0 is anonymous.
        min_shares: with IOC or MARKET: trade at least this, over all fills, or nothing.
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
    if code == ACCEPTED:
        if display_shares >= shares:
            display_shares = 0  # nothing to hide
        key = MARKET_KEY
        if (flags & MARKET) == 0:
            key = side * (ticks // head[0].increment_ticks)
        n_fills = enter_order(
            head, books, levels, orders, venue_idx * 2 + (1 - side) // 2, key, shares, tif,
            flags, owner, min_shares, display_shares, out_fills, n_fills, out_results, i,
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
    would_take = books[book].in_call == 0 and books[book ^ 1].best_key + key >= 0
    if (flags & POST_ONLY) != 0 and would_take:
        write_result(out_results, i, WOULD_TAKE, 0, 0, 0, 0, n_fills, 0)
        return n_fills
    unlink_order(head, books, levels, orders, slot)
    return enter_order(
        head, books, levels, orders, book, key, shares, DAY, flags, own, 0, display_shares,
        out_fills, n_fills, out_results, i,
    )  # fmt: skip


@kernel
def run_stream(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    commands: CommandArray, lo: int, hi: int,
    out_results: ResultArray, out_fills: FillArray, n_fills: int,
) -> tuple[int, int]:  # fmt: skip
    """
    Carry out `commands[lo:hi]` in order; the answer to row i goes to `out_results[i]`.

    CANCEL and REPLACE act on the order that command `target` left resting, a replaced one included.

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
            else:
                write_result(out_results, i, BAD_KIND, 0, 0, 0, 0, n_fills, 0)
    return hi, n_fills
