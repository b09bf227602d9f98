"""Policy `scorecard`: greedy on moving averages of our own fills and markouts; nothing learned."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import RowArray, SituationArray
from penstock.features import FEATURE_NAMES
from penstock.routing.allocation import clear_plan, finish
from penstock.routing.config import RoutingConfig
from penstock.routing.frame import Frame, WorkArray
from penstock.routing.pacing import PaceArray, pace_array, send_paced
from penstock.routing.reserve import crossing_bps
from penstock.routing.scoring import TERMS_DTYPE, clean_up_cost, score_rows
from penstock.routing.sequence import order_by_index

_FILL: Final = FEATURE_NAMES.index("card_fill_frac")
_SECONDS: Final = FEATURE_NAMES.index("card_time_to_fill_s")
_MARKOUT: Final = FEATURE_NAMES.index("card_markout_bps")


class ScorecardPolicy:
    """
    Ranks rows by what they cost so far: price and fee now, fills and markouts as they have been.

    The averages are the scorecards that `penstock.features` keeps, shrunken and forgotten there.
    Priced and ordered as `supervised` does it, with these in place of a forecast. Without an NBBO
    there is nothing to price against, and it waits. A `Policy`.
    """

    name = "scorecard"
    needs_features = True
    model_sha256 = ""

    def __init__(self, config: RoutingConfig) -> None:
        self._pace = pace_array(config.baseline.pace)
        self._terms = np.array(
            [tuple(getattr(config, name) for name in TERMS_DTYPE.names or ())], TERMS_DTYPE
        )

    def plan(self, frame: Frame) -> None:
        """Price every usable row, send the cheapest."""
        plan_scorecard(
            frame.situation,
            frame.rows,
            frame.features,
            self._terms,
            self._pace,
            frame.work,
            frame.orders[0],
        )

    def state_hash(self) -> str:
        """Hash of prices and pace; the averages are of the engine's state."""
        digest = hashlib.sha256(self.name.encode() + self._terms.tobytes())
        digest.update(self._pace.tobytes())
        return digest.hexdigest()


@kernel
def plan_scorecard(
    situation: SituationArray,
    rows: RowArray,
    features: NDArray[np.float64],
    terms: NDArray[Any],
    pace: PaceArray,
    work: WorkArray,
    order: NDArray[np.int64],
) -> None:
    """
    One decision of the scorecard.

    A row's parts, m being the midpoint and x its markout: slippage = side · (price - m) + fee, with
    m itself as the price in a pool; fill_frac and time as on the card; leakage = fill_frac · x⁺. A
    negative markout is no gain: what it saves the rest, the fill has paid too much.
    """
    clear_plan(rows)
    if situation[0].must_complete:
        finish(situation, rows, work, order)
        return
    if situation[0].has_nbbo == 0:
        return
    for r in range(len(rows)):
        row = rows[r]
        if row.excluded == 0:
            row.slippage_bps = row.fee_bps + crossing_bps(situation, rows, r)
            row.fill_frac = min(max(features[r, _FILL], 0.0), 1.0)
            row.time_to_fill_s = max(features[r, _SECONDS], 0.0)
            row.leakage_bps = row.fill_frac * max(features[r, _MARKOUT], 0.0)
    score_rows(situation, rows, terms, work)
    n_ranked = order_by_index(work["sort_key"], clean_up_cost(situation, rows, terms), order)
    send_paced(situation, rows, work, pace, 0, order, n_ranked)
