"""From a model's parts to one number a row, and to what leaving the rest over would cost."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import NS_PER_S, RowArray, SituationArray, Tactic
from penstock.routing.frame import WorkArray
from penstock.routing.reserve import left_over_bps
from penstock.routing.sequence import own_bps, plan_cost, row_index

TERMS_DTYPE: Final = np.dtype(
    [
        ("wait_bps_per_s", np.float64),
        ("miss_bps", np.float64),
        ("clean_up_bps", np.float64),
        ("patience_s", np.float64),
        ("patient_bps", np.float64),
        ("margin_bps", np.float64),
    ]
)
"""The part of RoutingConfig that prices outcomes; shape (1,)."""

_TAKE: Final = int(Tactic.TAKE)


@kernel
def second_bps(situation: SituationArray, terms: NDArray[Any]) -> float:
    """
    Price of a second of waiting, bps of what waits.

        weight_speed · 2 · urgency · wait_bps_per_s

    At urgency 0 waiting is free as long as the horizon lasts; at 0.5, the usual one, it has the
    configured price; at 1 twice that.
    """
    parent = situation[0]
    return float(parent.weight_speed * 2.0 * parent.urgency_frac * terms[0].wait_bps_per_s)


@kernel
def last_resort_bps(situation: SituationArray, rows: RowArray, terms: NDArray[Any]) -> float:
    """
    What a share costs that is left at the deadline, bps, unweighted.

        half the spread + mean fee of taking + clean_up_bps

    Somebody will have to take it, at a venue that displays something; `clean_up_bps` stands for
    doing so in a thinner book.
    """
    parent = situation[0]
    fee_bps, n_takes = 0.0, 0
    for r in range(len(rows)):
        if rows[r].tactic == _TAKE and rows[r].limit_ticks > 0:
            fee_bps += rows[r].fee_bps
            n_takes += 1
    if n_takes > 0:
        fee_bps /= n_takes
    # (ask - bid) / 2 over mid_x2 / 2.
    half_spread_bps = 1e4 * (parent.ask_ticks - parent.bid_ticks) / parent.mid_ticks_x2
    return float(half_spread_bps + fee_bps + terms[0].clean_up_bps)


@kernel
def clean_up_cost(situation: SituationArray, rows: RowArray, terms: NDArray[Any]) -> float:
    """
    What a share costs that the plan leaves over, bps, weighted as the objective says.

        weight_slippage · V(time left) + weight_certainty · miss_bps

    V is `left_over_bps`. Leakage is not in it: that is charged when it is sent.
    """
    parent = situation[0]
    left_s = (parent.deadline_ns - parent.now_ns) / NS_PER_S
    last_bps = last_resort_bps(situation, rows, terms)
    slippage_bps = left_over_bps(terms[0].patience_s, terms[0].patient_bps, last_bps, left_s)
    certainty_bps = parent.weight_certainty * terms[0].miss_bps
    return float(parent.weight_slippage * slippage_bps + certainty_bps)


@kernel
def score_rows(
    situation: SituationArray, rows: RowArray, terms: NDArray[Any], work: WorkArray
) -> None:
    """
    Write waiting cost and score of every usable row, and the terms that sequences are made of.

    With s, f, t, l the row's parts and x = size_shares / route_shares the part of the decision
    that it can carry:

        d     = rest_ns, or t for a row that does not rest
        w     = second_bps · d + weight_slippage · (V(time left − d) − V(time left))
        a     = f · weight_slippage·s + (1 − f) · (w + weight_certainty·miss_bps) + weight_leakage·l
        score = a / f,   own = x · a,   phi = x · f

    V is `left_over_bps`: who waits in vain comes nearer to the last resort. A row's score does not
    depend on how much it can carry. Rows that are excluded, that fill nothing, or of which a part
    is not finite get NaN, and are in no plan.
    """
    parent = situation[0]
    per_second_bps = second_bps(situation, terms)
    last_bps = last_resort_bps(situation, rows, terms)
    left_s = (parent.deadline_ns - parent.now_ns) / NS_PER_S
    patience_s, patient_bps = terms[0].patience_s, terms[0].patient_bps
    value_bps = left_over_bps(patience_s, patient_bps, last_bps, left_s)
    for r in range(len(rows)):
        row, scratch = rows[r], work[r]
        scratch.own_bps, scratch.fill_frac, scratch.sort_key = 0.0, 0.0, math.nan
        if row.excluded != 0:
            continue
        wait_s = row.rest_ns / NS_PER_S if row.rest_ns > 0 else row.time_to_fill_s
        later_bps = left_over_bps(patience_s, patient_bps, last_bps, left_s - wait_s)
        row.wait_bps = per_second_bps * wait_s + parent.weight_slippage * (later_bps - value_bps)
        slippage_bps = parent.weight_slippage * row.slippage_bps
        leakage_bps = parent.weight_leakage * row.leakage_bps
        unfilled_bps = row.wait_bps + parent.weight_certainty * terms[0].miss_bps
        row.score = row_index(slippage_bps, row.fill_frac, leakage_bps, unfilled_bps)
        if math.isfinite(row.score):
            sent_frac = min(row.size_shares / parent.route_shares, 1.0)
            scratch.sort_key = row.score
            scratch.fill_frac = sent_frac * row.fill_frac
            scratch.own_bps = sent_frac * own_bps(
                slippage_bps, row.fill_frac, leakage_bps, unfilled_bps
            )


@kernel
def price_rows(
    rows: RowArray, work: WorkArray, order: NDArray[np.int64], n: int, clean_up_bps: float
) -> None:
    """
    Write `cost_bps` of every scored row: of the plan that tries it first, then the rest in order.

    With A the cost of what stands before the row, P the part that is then left, R what follows it:

        cost = own + (1 − phi) · (A + P·R)

    Args:
        order: the plan, first `n` entries.
    """
    total_bps = plan_cost(work, order, n, clean_up_bps)
    for r in range(len(rows)):
        if math.isfinite(rows[r].score):
            rows[r].cost_bps = work[r].own_bps + (1.0 - work[r].fill_frac) * total_bps
    before_bps, left_frac = 0.0, 1.0
    for k in range(n):
        r = order[k]
        others_bps = before_bps + left_frac * work[k].rest_bps
        if math.isfinite(rows[r].score):
            rows[r].cost_bps = work[r].own_bps + (1.0 - work[r].fill_frac) * others_bps
        before_bps += left_frac * work[r].own_bps
        left_frac *= 1.0 - work[r].fill_frac
