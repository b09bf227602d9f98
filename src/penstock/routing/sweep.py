"""Policy `sweep`: everything displayed at the touch, best price first, all venues at once, now."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import RowArray, SituationArray
from penstock.routing.allocation import (
    clear_plan,
    finish,
    is_settling,
    is_usable_take,
    send_in_order,
)
from penstock.routing.frame import Frame, WorkArray
from penstock.routing.sequence import order_by_index


class SweepPolicy:
    """
    Takes what is there; blind to fees. Between sweeps it waits for the market to show the last one.

    While a take of the same parent is in flight or cooling down it plans nothing, and the engine
    looks again after its retry time. A `Policy`.
    """

    name = "sweep"
    needs_features = False
    model_sha256 = ""

    def plan(self, frame: Frame) -> None:
        """Send one wave of takes."""
        plan_sweep(frame.situation, frame.rows, frame.work, frame.orders[0])

    def state_hash(self) -> str:
        """Hash of the name: there is nothing else."""
        return hashlib.sha256(self.name.encode()).hexdigest()


@kernel
def plan_sweep(
    situation: SituationArray, rows: RowArray, work: WorkArray, order: NDArray[np.int64]
) -> None:
    """One decision of the sweep: usable takes by price, then venue."""
    clear_plan(rows)
    if situation[0].must_complete:
        finish(situation, rows, work, order)
        return
    if is_settling(rows):
        return
    for r in range(len(rows)):
        price = float(situation[0].side * rows[r].limit_ticks)
        work[r].sort_key = price if is_usable_take(rows, r) else math.nan
    n_takes = order_by_index(work["sort_key"], math.inf, order)
    send_in_order(situation, rows, work, order, n_takes)
