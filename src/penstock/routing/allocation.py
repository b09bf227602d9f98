"""From ranked rows to stages and shares: what is sent now, and what comes after it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.domain import Exclusion, RowArray, SituationArray, Tactic
from penstock.routing.frame import WorkArray
from penstock.routing.sequence import order_by_index

_TAKE: Final = int(Tactic.TAKE)
_COOLING_DOWN: Final = int(Exclusion.COOLING_DOWN)
_IN_USE: Final = int(Exclusion.IN_USE)


@kernel
def clear_plan(rows: RowArray) -> None:
    """Forget parts, scores and plan of the decision before."""
    for r in range(len(rows)):
        row = rows[r]
        row.slippage_bps = row.fill_frac = row.time_to_fill_s = row.leakage_bps = math.nan
        row.slippage_bps_sd = row.fill_frac_sd = math.nan
        row.time_to_fill_s_sd = row.leakage_bps_sd = math.nan
        row.wait_bps = row.cost_bps = row.score = math.nan
        row.rank = row.stage = -1
        row.alloc_shares = 0
        row.propensity = 1.0


@inlined
def is_usable_take(rows: RowArray, r: int) -> bool:
    """Whether the row is a take that may be used."""
    return bool(rows[r].tactic == _TAKE and rows[r].excluded == 0)


@inlined
def _kind_of_stage(rows: RowArray, r: int) -> int:
    """Rows of one kind go together: takes, what rests, what looks into a pool and leaves."""
    if rows[r].tactic == _TAKE:
        return 0
    return 1 if rows[r].rest_ns > 0 else 2


@kernel
def send_in_order(
    situation: SituationArray,
    rows: RowArray,
    work: WorkArray,
    order: NDArray[np.int64],
    n_ranked: int,
) -> None:
    """
    Write rank, stage and shares of a plan: the first `n_ranked` entries of `order`, best first.

    Stage 0 holds the first row and, while shares are left, the rows right behind it that can go at
    the same time: takes with takes, because each take shown alone warns the next venue; what rests
    with what rests, because neither has to wait for the other. A row takes what is left up to its
    `size_shares`. Within a row the expected cost per share is the same for every share, so filling
    rows in ascending order of index is allocation by ascending marginal cost.

    Promises: shares at stage 0 sum to `route_shares` at most; only listed rows get any; none gets
    less than its venue takes; later stages are ranked, and get their shares when their time comes.

    Reference: tests/support/naive_routing.py::send_in_order.
    """
    send_up_to(situation[0].route_shares, rows, work, order, n_ranked)


@kernel
def send_up_to(
    left_shares: int,
    rows: RowArray,
    work: WorkArray,
    order: NDArray[np.int64],
    n_ranked: int,
) -> None:
    """`send_in_order` with a bound on what goes out now: `left_shares` in all."""
    n_changes, n_delayed = 0, 0  # of kind so far; 1 if a row had to leave stage 0
    for k in range(n_ranked):
        r = order[k]
        if k > 0 and _kind_of_stage(rows, r) != _kind_of_stage(rows, order[k - 1]):
            n_changes += 1
        shares = min(left_shares, rows[r].size_shares) if n_changes == 0 else 0
        if shares < work[r].min_shares:
            shares = 0
        rows[r].rank = k
        rows[r].alloc_shares = shares
        left_shares -= shares
        if n_changes == 0 and shares == 0:
            n_delayed = 1
        rows[r].stage = 0 if shares > 0 else n_changes + n_delayed


@kernel
def finish(
    situation: SituationArray, rows: RowArray, work: WorkArray, order: NDArray[np.int64]
) -> None:
    """
    The duty to complete, the same for every policy: take what is displayed, cheapest first, now.

    `RowBuilder.build` has already walked the books of all venues and written into each TAKE row how
    much of the sweep is its share; rows go by fee here, for those who read the plan.
    """
    for r in range(len(rows)):
        is_swept = is_usable_take(rows, r) and rows[r].size_shares > 0
        work[r].sort_key = rows[r].fee_bps if is_swept else math.nan
    n_takes = order_by_index(work["sort_key"], math.inf, order)
    send_in_order(situation, rows, work, order, n_takes)


@kernel
def is_settling(rows: RowArray) -> bool:
    """Whether a take of this parent is in flight, or so recent that the quotes may not show it."""
    for r in range(len(rows)):
        if rows[r].tactic == _TAKE and (
            rows[r].excluded == _COOLING_DOWN or rows[r].excluded == _IN_USE
        ):
            return True
    return False
