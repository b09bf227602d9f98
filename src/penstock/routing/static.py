"""Policy `static`: the configured waterfall, tried from top to bottom and from the top again."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import RowArray, SituationArray
from penstock.routing.allocation import clear_plan, finish, send_in_order
from penstock.routing.frame import Frame, WorkArray
from penstock.routing.waterfall import WaterfallArray, walk_down


class StaticPolicy:
    """
    The baseline that everything is compared with and falls back to.

    It reads no feature and gives no score: position in the list is all. How it walks is said at
    `walk_down`; a `Policy`.
    """

    name = "static"
    needs_features = False
    model_sha256 = ""

    def __init__(self, waterfall: WaterfallArray) -> None:
        assert len(waterfall) > 0, "a waterfall needs a step"
        self._waterfall = waterfall.astype(np.int64)

    def plan(self, frame: Frame) -> None:
        """Send what is next in the list."""
        plan_static(frame.situation, frame.rows, self._waterfall, frame.work, frame.orders[0])

    def state_hash(self) -> str:
        """Hash of the list; walking it leaves no trace here, only in what the parent has sent."""
        return hashlib.sha256(self.name.encode() + self._waterfall.tobytes()).hexdigest()


@kernel
def plan_static(
    situation: SituationArray,
    rows: RowArray,
    waterfall: WaterfallArray,
    work: WorkArray,
    order: NDArray[np.int64],
) -> None:
    """One decision of the static waterfall."""
    clear_plan(rows)
    if situation[0].must_complete:
        finish(situation, rows, work, order)
    else:
        n_ranked = walk_down(rows, waterfall, order)
        send_in_order(situation, rows, work, order, n_ranked)
