"""Policy `kaplan_meier`: pools share by the censored tails of what they held."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import RowArray, SituationArray, Tactic
from penstock.features import TailArray, tail_prob
from penstock.routing.allocation import clear_plan, finish
from penstock.routing.frame import Frame, WorkArray
from penstock.routing.pacing import PaceArray, send_wave, shares_to_take, strike_waiting
from penstock.routing.static import StaticPolicy
from penstock.routing.waterfall import WaterfallArray, walk_down

_MID: Final = int(Tactic.MID)
_POST: Final = int(Tactic.POST)


class KaplanMeierPolicy(StaticPolicy):
    """
    `best_static` but for pools: when one of the list is due, all usable ones are asked at once.

    Shares go out a lot at a time to the pool most likely to hold one more, by the Kaplan-Meier
    estimate from our own censored fills; unknown sizes count as the largest known one, so that a
    pool is tried before it is believed to be empty. The tails are of the engine's state, not of the
    policy's.

    Source: Ganchev, Kearns, Nevmyvaka & Wortman Vaughan (2010), "Censored Exploration and the Dark
        Pool Problem", Communications of the ACM 53(5).
    """

    name = "kaplan_meier"

    def plan(self, frame: Frame) -> None:
        """Send what is next in the list; pools together."""
        plan_pools(
            frame.situation,
            frame.rows,
            frame.tails,
            self._waterfall,
            self._pace,
            frame.work,
            frame.orders[0],
        )


@kernel
def plan_pools(
    situation: SituationArray,
    rows: RowArray,
    tails: TailArray,
    waterfall: WaterfallArray,
    pace: PaceArray,
    work: WorkArray,
    order: NDArray[np.int64],
) -> None:
    """
    One decision of the Kaplan-Meier split.

    What pools leave over goes to the posts behind them in the list, if pools rest: neither has to
    wait for the other.
    """
    clear_plan(rows)
    if situation[0].must_complete:
        finish(situation, rows, work, order)
        return
    take_shares = shares_to_take(situation, rows, work, pace, 0)
    n_ranked = walk_down(rows, waterfall, order)
    n_ranked = strike_waiting(situation, rows, pace, 0, take_shares, order, n_ranked)
    if n_ranked == 0 or rows[order[0]].tactic != _MID:
        send_wave(situation, rows, work, take_shares, order, n_ranked)
        return
    left_shares = divide_pools(situation, rows, tails, order, n_ranked, work)
    n_placed, rests = 0, False
    for k in range(n_ranked):
        row = rows[order[k]]
        if row.tactic == _MID and row.alloc_shares > 0:
            row.rank, row.stage = n_placed, 0
            rests = row.rest_ns > 0
            n_placed += 1
    for k in range(n_ranked):
        row = rows[order[k]]
        shares = min(left_shares, row.size_shares)
        if rests and row.tactic == _POST and shares >= max(work[order[k]].min_shares, 1):
            row.rank, row.stage, row.alloc_shares = n_placed, 0, shares
            left_shares -= shares
            n_placed += 1


@kernel
def divide_pools(
    situation: SituationArray,
    rows: RowArray,
    tails: TailArray,
    order: NDArray[np.int64],
    n_ranked: int,
    work: WorkArray,
) -> int:
    """
    Divide `route_shares` over the pools of `order`, lot by lot, to the likeliest to hold one more.

    Greedy is optimal because tails only fall. Of equals, the one with the fewest shares so far,
    then the first. A pool with less than it accepts gets nothing, and its shares are left over.

    Returns:
        What no pool gets.

    Reference: tests/support/naive_baselines.py::best_division tries every one.
    """
    left_shares = int(situation[0].route_shares)
    while left_shares > 0:
        best, best_prob, best_shares = -1, -1.0, 0
        for k in range(n_ranked):
            r = order[k]
            if rows[r].tactic != _MID:
                continue
            shares = min(
                left_shares, work[r].lot_shares, rows[r].size_shares - rows[r].alloc_shares
            )
            if shares <= 0:
                continue
            prob = tail_prob(tails, rows[r].venue_idx, rows[r].alloc_shares + shares)
            is_fewer = best >= 0 and rows[r].alloc_shares < rows[best].alloc_shares
            if prob > best_prob or (prob == best_prob and is_fewer):
                best, best_prob, best_shares = r, prob, shares
        if best < 0:
            break
        rows[best].alloc_shares += best_shares
        left_shares -= best_shares
    for k in range(n_ranked):
        r = order[k]
        if rows[r].tactic == _MID and rows[r].alloc_shares < work[r].min_shares:
            left_shares += rows[r].alloc_shares
            rows[r].alloc_shares = 0
    return left_shares
