"""The door of the matching kernels: what they refuse unseen, and how they answer."""

from __future__ import annotations

from penstock._kernels import inlined
from penstock.domain import MAX_ORDER_SHARES
from penstock.sim.matching.memory import (
    ACCEPTED,
    BAD_MIN_SHARES,
    BAD_OWNER,
    BAD_PRICE,
    BAD_SIDE,
    BAD_SIZE,
    BAD_TERMS,
    BAD_VENUE,
    DAY,
    FOK,
    HIDDEN,
    MARKET,
    MAX_OWNER,
    MAX_TICKS,
    MIDPOINT,
    POST_ONLY,
    PRIMARY,
    HeadArray,
    ResultArray,
)


@inlined
def is_price(head: HeadArray, ticks: int) -> bool:
    """Whether an order may have this limit: in range and on the increment."""
    return 1 <= ticks <= MAX_TICKS and ticks % int(head[0].increment_ticks) == 0


@inlined
def problem_of(
    head: HeadArray, venue_idx: int, side: int, ticks: int, shares: int, tif: int, flags: int,
    owner: int, min_shares: int, display_shares: int,
) -> int:  # fmt: skip
    """Reject code of an order whose fields cannot be, else ACCEPTED; looks at no book."""
    at_once = tif != DAY or (flags & MARKET) != 0
    is_peg = flags in (MIDPOINT, PRIMARY)
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
    elif (
        tif < DAY
        or tif > FOK
        or flags < 0
        or (flags > (MARKET | POST_ONLY | HIDDEN) and not is_peg)
    ):
        code = BAD_TERMS
    elif (flags & MARKET) == 0 and not is_price(head, ticks):
        code = BAD_PRICE
    elif (
        ((flags & POST_ONLY) != 0 and at_once)
        or (min_shares > 0 and not at_once and not is_peg)
        or (
            display_shares != 0
            and (display_shares < 0 or at_once or is_peg or (flags & HIDDEN) != 0)
        )
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
