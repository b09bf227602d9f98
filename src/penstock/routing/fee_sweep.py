"""Policy `fee_sweep`: everything displayed at the touch, cheapest first, fees counted."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import RowArray, SituationArray
from penstock.routing.allocation import clear_plan, finish, is_settling, is_usable_take
from penstock.routing.frame import Frame, WorkArray
from penstock.routing.pacing import PaceArray, pace_array, send_paced
from penstock.routing.sequence import order_by_index
from penstock.routing.steps import Pace


class FeeSweepPolicy:
    """`sweep` by price and fee together, in waves within a pace. A `Policy`."""

    name = "fee_sweep"
    needs_features = False
    model_sha256 = ""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace_array(pace)

    def plan(self, frame: Frame) -> None:
        """Send one wave of takes."""
        plan_fee_sweep(frame.situation, frame.rows, self._pace, frame.work, frame.orders[0])

    def state_hash(self) -> str:
        """Hash of the pace."""
        return hashlib.sha256(self.name.encode() + self._pace.tobytes()).hexdigest()


@kernel
def plan_fee_sweep(
    situation: SituationArray,
    rows: RowArray,
    pace: PaceArray,
    work: WorkArray,
    order: NDArray[np.int64],
) -> None:
    """One decision: usable takes by side · price + fee, in ticks, then venue."""
    clear_plan(rows)
    if situation[0].must_complete:
        finish(situation, rows, work, order)
        return
    if is_settling(rows):
        return
    for r in range(len(rows)):
        work[r].sort_key = math.nan
        if is_usable_take(rows, r):
            work[r].sort_key = all_in_ticks(situation, rows, r)
    n_takes = order_by_index(work["sort_key"], math.inf, order)
    send_paced(situation, rows, work, pace, 0, order, n_takes)


@kernel
def all_in_ticks(situation: SituationArray, rows: RowArray, r: int) -> float:
    """What a share costs there, ticks, signed by our side: lower is cheaper."""
    fee_ticks = rows[r].fee_bps * situation[0].mid_ticks_x2 / 2e4
    return float(situation[0].side * rows[r].limit_ticks + fee_ticks)
