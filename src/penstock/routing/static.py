"""Policy `static`: the configured waterfall, tried from top to bottom and from the top again."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import RowArray, SituationArray
from penstock.routing.allocation import clear_plan, finish
from penstock.routing.frame import Frame, WorkArray
from penstock.routing.pacing import PaceArray, pace_array, send_paced
from penstock.routing.steps import Pace
from penstock.routing.waterfall import WaterfallArray, walk_down


class StaticPolicy:
    """
    The baseline that everything is compared with and falls back to.

    It reads no feature and gives no score: position in the list is all. How it walks is said at
    `walk_down`. Takes keep a pace; the default takes all that is displayed when their turn comes.
    A `Policy`.
    """

    name = "static"
    needs_features = False
    model_sha256 = ""

    def __init__(self, waterfall: WaterfallArray, pace: Pace | None = None) -> None:
        assert len(waterfall) > 0, "a waterfall needs a step"
        self._waterfall = waterfall.astype(np.int64)
        self._pace = pace_array(pace or Pace())

    def plan(self, frame: Frame) -> None:
        """Send what is next in the list, takes within their pace."""
        plan_paced(
            frame.situation,
            frame.rows,
            self._waterfall,
            self._pace,
            0,
            frame.work,
            frame.orders[0],
        )

    def state_hash(self) -> str:
        """Hash of list and pace; walking leaves no trace here, only in what the parent has sent."""
        digest = hashlib.sha256(self.name.encode() + self._waterfall.tobytes())
        digest.update(self._pace.tobytes())
        return digest.hexdigest()


@kernel
def plan_paced(
    situation: SituationArray,
    rows: RowArray,
    waterfall: WaterfallArray,
    paces: PaceArray,
    k: int,
    work: WorkArray,
    order: NDArray[np.int64],
) -> None:
    """One decision of a paced waterfall; `k` says which pace."""
    clear_plan(rows)
    if situation[0].must_complete:
        finish(situation, rows, work, order)
    else:
        n_ranked = walk_down(rows, waterfall, order)
        send_paced(situation, rows, work, paces, k, order, n_ranked)
