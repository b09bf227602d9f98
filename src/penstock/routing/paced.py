"""Policies `best_static` and `regime_static`: searched waterfalls, one for all or one a regime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from penstock.features import FEATURE_NAMES
from penstock.routing.frame import Frame
from penstock.routing.pacing import pace_array
from penstock.routing.static import StaticPolicy, plan_paced
from penstock.routing.steps import Pace
from penstock.routing.waterfall import WaterfallArray

_VOLATILITY: Final = FEATURE_NAMES.index("rv_60s_bps")


class BestStaticPolicy(StaticPolicy):
    """The waterfall at its best: `static`, with list, rests, chunks and pace from a search."""

    name = "best_static"


class RegimeStaticPolicy:
    """
    A waterfall and a pace for each regime, told apart by realised volatility of the last minute.

    Args:
        waterfalls: one a regime.
        below_rv_bps: upper ends of the regimes; the last one holds above all of them as well.

    A `Policy`.
    """

    name = "regime_static"
    needs_features = True
    model_sha256 = ""

    def __init__(
        self,
        waterfalls: Sequence[WaterfallArray],
        paces: Sequence[Pace],
        below_rv_bps: Sequence[float],
    ) -> None:
        assert len(waterfalls) == len(paces) == len(below_rv_bps) > 0, "a plan for each regime"
        self._waterfalls = [waterfall.astype(np.int64) for waterfall in waterfalls]
        self._paces = pace_array(*paces)
        self._below_rv_bps = np.array(below_rv_bps, np.float64)

    def plan(self, frame: Frame) -> None:
        """Send what is next in the list of the regime that holds now."""
        k = self.regime(frame.features[0, _VOLATILITY])
        plan_paced(
            frame.situation,
            frame.rows,
            self._waterfalls[k],
            self._paces,
            k,
            frame.work,
            frame.orders[0],
        )

    def regime(self, rv_bps: float) -> int:
        """Which regime holds; the last one if none does."""
        holds = np.flatnonzero(rv_bps < self._below_rv_bps)
        return int(holds[0]) if len(holds) else len(self._below_rv_bps) - 1

    def state_hash(self) -> str:
        """Hash of lists, paces and bounds: which regime holds is read from the market."""
        digest = hashlib.sha256(self.name.encode())
        for waterfall in self._waterfalls:
            digest.update(f"{len(waterfall)}:".encode() + waterfall.tobytes())
        digest.update(self._paces.tobytes() + self._below_rv_bps.tobytes())
        return digest.hexdigest()
