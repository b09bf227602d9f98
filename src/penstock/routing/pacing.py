"""A static plan spread over the horizon: how much may be taken now, and which rows wait."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import RowArray, SituationArray, Tactic
from penstock.routing.allocation import send_up_to
from penstock.routing.frame import WorkArray
from penstock.routing.reserve import crossing_bps, dearest_bps
from penstock.routing.steps import Pace

PACE_DTYPE: Final = np.dtype(
    [
        ("take_share_frac", np.float64),
        ("take_gap_ns", np.int64),
        ("take_after_frac", np.float64),
        ("patience_s", np.float64),
        ("patient_bps", np.float64),
    ]
)
"""`Pace` as the kernels read it; one row a regime."""

PaceArray = NDArray[Any]
"""Shape (n_regimes,), PACE_DTYPE."""

_TAKE: Final = int(Tactic.TAKE)


def pace_array(*paces: Pace) -> PaceArray:
    """The paces, one row each."""
    return np.array(
        [tuple(getattr(pace, name) for name in PACE_DTYPE.names or ()) for pace in paces],
        PACE_DTYPE,
    )


@kernel
def shares_to_take(
    situation: SituationArray, rows: RowArray, work: WorkArray, paces: PaceArray, k: int
) -> int:
    """
    What the next wave of takes may be, shares; 0 while it is not due.

    With q the order's size: max(one lot, take_share_frac · q in lots), no more than is to place,
    once take_after_frac of the horizon is over and take_gap_ns have passed since the last take.

    Args:
        k: which pace.

    Reference: tests/support/naive_baselines.py::shares_to_take.
    """
    parent, pace = situation[0], paces[k]
    horizon_ns = parent.deadline_ns - parent.arrival_ns
    if parent.now_ns - parent.arrival_ns < pace.take_after_frac * horizon_ns:
        return 0
    lot_shares = 1
    for r in range(len(rows)):
        lot_shares = work[r].lot_shares
        since_ns = parent.now_ns - rows[r].last_sent_ns
        was_taken = rows[r].tactic == _TAKE and rows[r].last_sent_ns > 0
        if was_taken and since_ns < pace.take_gap_ns:
            return 0
    if pace.take_share_frac >= 1.0:
        return int(parent.route_shares)
    n_lots = int(pace.take_share_frac * parent.parent_shares / lot_shares)
    return int(min(max(n_lots, 1) * lot_shares, parent.route_shares))


@kernel
def send_paced(
    situation: SituationArray,
    rows: RowArray,
    work: WorkArray,
    paces: PaceArray,
    k: int,
    order: NDArray[np.int64],
    n_ranked: int,
) -> None:
    """
    `send_in_order` within the pace: rows that must wait are left out, and waves are no larger.

    Args:
        k: which pace.
        order: the plan, best first; rows that must wait are struck from it.
    """
    take_shares = shares_to_take(situation, rows, work, paces, k)
    n_kept = strike_waiting(situation, rows, paces, k, take_shares, order, n_ranked)
    send_wave(situation, rows, work, take_shares, order, n_kept)


@kernel
def strike_waiting(
    situation: SituationArray,
    rows: RowArray,
    paces: PaceArray,
    k: int,
    take_shares: int,
    order: NDArray[np.int64],
    n_ranked: int,
) -> int:
    """
    Leave out of a plan what must wait: takes while no wave is due, and what is too dear so early.

    Returns:
        How many rows stay.

    Reference: tests/support/naive_baselines.py::is_waiting.
    """
    most_bps = dearest_bps(situation, rows, paces[k].patience_s, paces[k].patient_bps)
    n_kept = 0
    for i in range(n_ranked):
        r = order[i]
        is_early = rows[r].tactic == _TAKE and take_shares <= 0
        if not is_early and not is_dearer(situation, rows, r, most_bps):
            order[n_kept] = r
            n_kept += 1
    return n_kept


@kernel
def is_dearer(situation: SituationArray, rows: RowArray, r: int, most_bps: float) -> bool:
    """True if a row's price and fee are above a bound, which an infinite one never is."""
    if math.isinf(most_bps):
        return False
    return bool(rows[r].fee_bps + crossing_bps(situation, rows, r) > most_bps)


@kernel
def send_wave(
    situation: SituationArray,
    rows: RowArray,
    work: WorkArray,
    take_shares: int,
    order: NDArray[np.int64],
    n_ranked: int,
) -> None:
    """`send_in_order`, no more than `take_shares` of it where it begins with takes."""
    # Stage 0 is of one kind: where it starts with a take it is all takes.
    left_shares = situation[0].route_shares
    if n_ranked > 0 and rows[order[0]].tactic == _TAKE:
        left_shares = take_shares
    send_up_to(left_shares, rows, work, order, n_ranked)
