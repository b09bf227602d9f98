"""TAKE rows: what each lit venue displays with no better protected quote in front of it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.book import best_ticks, level_shares, level_ticks, n_levels
from penstock.domain import N_TACTICS, Exclusion, RowArray, SituationArray, Tactic
from penstock.routing.frame import WorkArray
from penstock.routing.reasons import exclude, far_side, is_worse

_TAKE: Final = int(Tactic.TAKE)
_VENUE_DOWN: Final = int(Exclusion.VENUE_DOWN)
_VENUE_OFF: Final = int(Exclusion.VENUE_OFF)
_FEED_STALE: Final = int(Exclusion.FEED_STALE)
_NO_QUOTE: Final = int(Exclusion.NO_QUOTE)
_OUTSIDE_LIMIT: Final = int(Exclusion.OUTSIDE_LIMIT)
_WOULD_TRADE_THROUGH: Final = int(Exclusion.WOULD_TRADE_THROUGH)
_BELOW_MIN_SIZE: Final = int(Exclusion.BELOW_MIN_SIZE)


@kernel
def has_quote(meta: NDArray[Any], venues: NDArray[Any], situation: SituationArray, v: int) -> bool:
    """Whether the venue displays something on the far side that can be believed."""
    b = situation[0].instrument_idx * len(venues) + v
    if venues[v].is_lit == 0 or meta[b].is_valid == 0 or meta[b].is_halted == 1:
        return False
    return n_levels(meta, b, far_side(situation[0].side)) > 0


@kernel
def protects(
    meta: NDArray[Any], venues: NDArray[Any], situation: SituationArray, rows: RowArray, v: int
) -> bool:
    """
    Whether nobody may be paid more elsewhere than this venue's quote asks.

    Not where we cannot reach the venue, or somebody has switched it off, or its data is late: that
    is the exception for material delay or malfunction ("self-help").

    Source: Rule 611 of Regulation NMS, 17 CFR 242.611, (a)(1) and (b)(1).
    """
    reason = rows[v * N_TACTICS + _TAKE].excluded
    if reason in (_VENUE_DOWN, _VENUE_OFF, _FEED_STALE):
        return False
    return venues[v].is_protected == 1 and has_quote(meta, venues, situation, v)


@kernel
def describe_takes(
    levels: NDArray[np.int64],
    meta: NDArray[Any],
    venues: NDArray[Any],
    rules: NDArray[Any],
    situation: SituationArray,
    rows: RowArray,
    work: WorkArray,
) -> None:
    """
    Limit, displayed shares and size of every TAKE row, each as if it were sent alone.

    A row reaches up to `max_take_levels` levels into its venue, but never past the worst price
    allowed, nor past the best protected quote of another venue.
    """
    side = situation[0].side
    # The best protected price, its first venue, and the best without that venue; 0 is none.
    best, best_v, second = 0, -1, 0
    for v in range(len(venues)):
        if protects(meta, venues, situation, rows, v):
            b = situation[0].instrument_idx * len(venues) + v
            ticks = best_ticks(levels, meta, b, far_side(side))
            if best == 0 or is_worse(best, ticks, side):
                best, best_v, second = ticks, v, best
            elif second == 0 or is_worse(second, ticks, side):
                second = ticks
    for v in range(len(venues)):
        r = v * N_TACTICS + _TAKE
        if has_quote(meta, venues, situation, v):
            elsewhere = second if v == best_v else best
            _describe_take(levels, meta, len(venues), rules, situation, elsewhere, r, rows, work)
        else:
            exclude(rows, r, _NO_QUOTE)


@kernel
def _describe_take(
    levels: NDArray[np.int64],
    meta: NDArray[Any],
    n_venues: int,
    rules: NDArray[Any],
    situation: SituationArray,
    elsewhere_ticks: int,
    r: int,
    rows: RowArray,
    work: WorkArray,
) -> None:
    parent, row = situation[0], rows[r]
    side, far = parent.side, far_side(parent.side)
    b = parent.instrument_idx * n_venues + r // N_TACTICS
    row.limit_ticks = level_ticks(levels, meta, b, far, 0)
    row.available_shares = level_shares(levels, meta, b, far, 0)
    if is_worse(row.limit_ticks, parent.worst_ticks, side):
        exclude(rows, r, _OUTSIDE_LIMIT)
    if elsewhere_ticks > 0 and is_worse(row.limit_ticks, elsewhere_ticks, side):
        exclude(rows, r, _WOULD_TRADE_THROUGH)
    for depth in range(1, min(rules[0].max_take_levels, n_levels(meta, b, far))):
        ticks = level_ticks(levels, meta, b, far, depth)
        if is_worse(ticks, parent.worst_ticks, side) or (
            elsewhere_ticks > 0 and is_worse(ticks, elsewhere_ticks, side)
        ):
            break
        row.limit_ticks = ticks
        row.available_shares += level_shares(levels, meta, b, far, depth)
    row.size_shares = min(parent.route_shares, row.available_shares)
    if row.size_shares < work[r].min_shares:
        exclude(rows, r, _BELOW_MIN_SIZE)
