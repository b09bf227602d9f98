"""The sweep at the horizon: everything displayed, best prices first, all venues at once."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.book import best_ticks, level_shares, level_ticks, n_levels, shares_within
from penstock.domain import N_TACTICS, Exclusion, RowArray, SituationArray, Tactic
from penstock.routing.frame import WorkArray
from penstock.routing.reasons import exclude, far_side, is_worse
from penstock.routing.taking import has_quote, protects

_TAKE: Final = int(Tactic.TAKE)
_NO_QUOTE: Final = int(Exclusion.NO_QUOTE)
_OUTSIDE_LIMIT: Final = int(Exclusion.OUTSIDE_LIMIT)
_WOULD_TRADE_THROUGH: Final = int(Exclusion.WOULD_TRADE_THROUGH)
_BELOW_MIN_SIZE: Final = int(Exclusion.BELOW_MIN_SIZE)


@kernel
def divide_sweep(
    levels: NDArray[np.int64],
    meta: NDArray[Any],
    venues: NDArray[Any],
    situation: SituationArray,
    rows: RowArray,
    work: WorkArray,
) -> None:
    """
    Divide `route_shares` over all that is displayed, by price, then fee, then venue.

    Writes into each TAKE row its share as `size_shares`, and as `limit_ticks` the worst price that
    the whole sweep pays: every better quote that we can reach is taken in the same instant, which
    is what lets an order pass through the better ones (an intermarket sweep). The sweep ends at the
    worst price allowed, and at a better protected quote that we may not take.

    A venue whose share is below what it accepts is left out, and if its quote is protected, so is
    everything behind that quote.

    Source: Rule 600(b)(38) and Rule 611(b)(6) of Regulation NMS, 17 CFR 242.
    Reference: tests/support/naive_routing.py::sweep.
    """
    side, far = situation[0].side, far_side(situation[0].side)
    bound_ticks = situation[0].worst_ticks
    for v in range(len(venues)):
        r = v * N_TACTICS + _TAKE
        if not has_quote(meta, venues, situation, v):
            exclude(rows, r, _NO_QUOTE)
        elif rows[r].excluded != 0 and protects(meta, venues, situation, rows, v):
            b = situation[0].instrument_idx * len(venues) + v
            bound_ticks = _tighter(bound_ticks, best_ticks(levels, meta, b, far), side)
    # Each round but the last takes one venue out.
    limit_ticks, too_small = _sweep(levels, meta, venues, situation, bound_ticks, rows, work)
    while too_small >= 0:
        r = too_small * N_TACTICS + _TAKE
        exclude(rows, r, _BELOW_MIN_SIZE)
        if protects(meta, venues, situation, rows, too_small):
            b = situation[0].instrument_idx * len(venues) + too_small
            bound_ticks = _tighter(bound_ticks, best_ticks(levels, meta, b, far), side)
        limit_ticks, too_small = _sweep(levels, meta, venues, situation, bound_ticks, rows, work)
    for v in range(len(venues)):
        if has_quote(meta, venues, situation, v):
            b = situation[0].instrument_idx * len(venues) + v
            _describe(levels, meta, b, situation, bound_ticks, limit_ticks, v, rows, work)


@kernel
def _tighter(ticks: int, other_ticks: int, side: int) -> int:
    return other_ticks if is_worse(ticks, other_ticks, side) else ticks


@kernel
def _sweep(
    levels: NDArray[np.int64],
    meta: NDArray[Any],
    venues: NDArray[Any],
    situation: SituationArray,
    bound_ticks: int,
    rows: RowArray,
    work: WorkArray,
) -> tuple[int, int]:
    """
    Take levels, cheapest first, until all is taken or the bound is reached.

    Returns:
        The last price taken (0 if none), and the first venue with less than it accepts (-1 if
        none).
    """
    far = far_side(situation[0].side)
    for v in range(len(venues)):
        work[v * N_TACTICS].swept_shares = work[v * N_TACTICS].n_swept_levels = 0
    left_shares, last_ticks = situation[0].route_shares, 0
    while left_shares > 0:
        v = _next_venue(levels, meta, venues, situation, bound_ticks, rows, work)
        if v < 0:
            break
        b = situation[0].instrument_idx * len(venues) + v
        scratch = work[v * N_TACTICS]
        last_ticks = level_ticks(levels, meta, b, far, scratch.n_swept_levels)
        shares = min(left_shares, level_shares(levels, meta, b, far, scratch.n_swept_levels))
        scratch.swept_shares += shares
        scratch.n_swept_levels += 1
        left_shares -= shares
    for v in range(len(venues)):
        if 0 < work[v * N_TACTICS].swept_shares < venues[v].min_shares:
            return last_ticks, v
    return last_ticks, -1


@kernel
def _next_venue(
    levels: NDArray[np.int64],
    meta: NDArray[Any],
    venues: NDArray[Any],
    situation: SituationArray,
    bound_ticks: int,
    rows: RowArray,
    work: WorkArray,
) -> int:
    """Usable venue with the cheapest level not yet taken, by price, fee, position; -1 if none."""
    side, far = situation[0].side, far_side(situation[0].side)
    found, found_ticks, found_fee = -1, 0, 0.0
    for v in range(len(venues)):
        b = situation[0].instrument_idx * len(venues) + v
        depth = work[v * N_TACTICS].n_swept_levels
        if rows[v * N_TACTICS + _TAKE].excluded != 0 or depth >= n_levels(meta, b, far):
            continue
        ticks = level_ticks(levels, meta, b, far, depth)
        fee = venues[v].fee_usd_micros[_TAKE]
        if is_worse(ticks, bound_ticks, side):
            continue
        if (
            found < 0
            or is_worse(found_ticks, ticks, side)
            or (found_ticks == ticks and fee < found_fee)
        ):
            found, found_ticks, found_fee = v, ticks, fee
    return found


@kernel
def _describe(
    levels: NDArray[np.int64],
    meta: NDArray[Any],
    b: int,
    situation: SituationArray,
    bound_ticks: int,
    limit_ticks: int,
    v: int,
    rows: RowArray,
    work: WorkArray,
) -> None:
    r = v * N_TACTICS + _TAKE
    side, far = situation[0].side, far_side(situation[0].side)
    touch_ticks = best_ticks(levels, meta, b, far)
    if is_worse(touch_ticks, situation[0].worst_ticks, side):
        exclude(rows, r, _OUTSIDE_LIMIT)
    elif is_worse(touch_ticks, bound_ticks, side):
        exclude(rows, r, _WOULD_TRADE_THROUGH)
    # A row without a share is described at its own touch.
    is_swept = rows[r].excluded == 0 and work[v * N_TACTICS].swept_shares > 0
    rows[r].limit_ticks = limit_ticks if is_swept else touch_ticks
    rows[r].available_shares = shares_within(levels, meta, b, far, rows[r].limit_ticks)
    rows[r].size_shares = work[v * N_TACTICS].swept_shares if is_swept else 0
