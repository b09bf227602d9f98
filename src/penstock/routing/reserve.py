"""Reservation prices: what a share may cost now, given the time that is left."""

from __future__ import annotations

import math
from typing import Final

from penstock._kernels import inlined, kernel
from penstock.domain import NS_PER_S, RowArray, SituationArray, Tactic

_TAKE: Final = int(Tactic.TAKE)
_MID: Final = int(Tactic.MID)


@inlined
def left_over_bps(patience_s: float, patient_bps: float, last_bps: float, left_s: float) -> float:
    """
    What a share costs that this plan leaves over with `left_s` to go: a reservation price, bps.

        V(t) = patient_bps + (last_bps - patient_bps) · exp(-t / patience_s)

    With time left there will be other chances, and only what is cheaper than they are is worth
    doing now; at the deadline there is only the last resort. `patience_s` of 0: the last resort
    always.

    Source: reservation prices of optimal search, McCall (1970), "Economics of Information and Job
        Search", Quarterly Journal of Economics 84(1); Weitzman (1979) as in `order_by_index`.
    """
    value_bps = last_bps
    if patience_s > 0.0:
        urgency = math.exp(-max(left_s, 0.0) / patience_s)
        value_bps = patient_bps + (last_bps - patient_bps) * urgency
    return value_bps


@kernel
def crossing_bps(situation: SituationArray, rows: RowArray, r: int) -> float:
    """Price of the row against the midpoint, bps; negative for a post, 0 in a pool."""
    parent, row = situation[0], rows[r]
    if row.tactic == _MID:  # pegged there, whatever its limit
        return 0.0
    twice_off_ticks = parent.side * (2 * row.limit_ticks - parent.mid_ticks_x2)
    return float(1e4 * twice_off_ticks / parent.mid_ticks_x2)


@kernel
def dearest_bps(
    situation: SituationArray, rows: RowArray, patience_s: float, patient_bps: float
) -> float:
    """
    The most that a step of a static plan may cost now, price and fee against the midpoint, bps.

        V(t) = patient_bps + (dearest take - patient_bps) · exp(-(t - patience_s) / patience_s)

    `left_over_bps`, shifted: in the last `patience_s` nothing that is shown is too dear, so that
    the plan takes before it has to. Infinite then, without patience, and without an NBBO.
    """
    parent = situation[0]
    left_s = (parent.deadline_ns - parent.now_ns) / NS_PER_S
    if left_s <= patience_s or patience_s <= 0.0 or parent.has_nbbo == 0:
        return math.inf
    last_bps = patient_bps
    for r in range(len(rows)):
        if rows[r].tactic == _TAKE and rows[r].excluded == 0:
            last_bps = max(last_bps, rows[r].fee_bps + crossing_bps(situation, rows, r))
    return float(left_over_bps(patience_s, patient_bps, last_bps, left_s - patience_s))
