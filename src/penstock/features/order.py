"""Order features: the parent, what is left of it, and what it has already done to the market."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import NS_PER_S, RowArray, SituationArray
from penstock.features.feature import Family, Feature
from penstock.features.market import SESSION_S
from penstock.features.windows import WindowArray, widened

_LIMIT_BPS_MAX: Final = 1_000.0  # ten percent away is as good as no limit
_FOOTPRINT_MAX: Final = 10.0

ORDER: Final = (
    Feature(
        name="size_adv_frac",
        unit="fraction of ADV",
        lookback="20 days, given",
        formula="parent shares / ADV",
        source="Almgren, Thum, Hauptmann & Li (2005), Risk 18(7): impact grows with X / V",
        imputed="0 if the average daily volume is 0",
        family=Family.ORDER,
    ),
    Feature(
        name="leaves_frac",
        unit="fraction",
        lookback="since arrival",
        formula="(parent shares - filled) / parent shares",
        source="definition",
        imputed="always defined",
        family=Family.ORDER,
    ),
    Feature(
        name="time_left_frac",
        unit="fraction",
        lookback="since arrival",
        formula="(deadline - now) / (deadline - arrival), in [0, 1]",
        source="definition",
        imputed="0 for a horizon of nothing",
        family=Family.ORDER,
    ),
    Feature(
        name="time_left_s",
        unit="s",
        lookback="now",
        formula="deadline - now, at least 0",
        source="definition",
        imputed="always defined",
        family=Family.ORDER,
    ),
    Feature(
        name="urgency_frac",
        unit="fraction",
        lookback="given",
        formula="as the OMS asked: 0 is patient, 1 is now",
        source="definition",
        imputed="always defined",
        family=Family.ORDER,
    ),
    Feature(
        name="limit_distance_bps",
        unit="bps",
        lookback="now",
        formula="s · 1e4 · (worst price allowed - far touch) / m, in [-1,000, 1,000]; the worst "
        "price is the limit or the risk collar",
        source="definition",
        imputed="1,000 before the first NBBO",
        family=Family.ORDER,
    ),
    Feature(
        name="footprint_frac",
        unit="minutes of trading",
        lookback="exponential, 30 s",
        formula="s · own signed executions, decayed / (shares traded in 60 s + ADV / 390), "
        "in [-10, 10]",
        source="Obizhaeva & Wang (2013), Journal of Financial Markets 16(1): resilience",
        imputed="0 without volume of any kind",
        family=Family.ORDER,
    ),
    Feature(
        name="size_displayed_frac",
        unit="fraction",
        lookback="now",
        formula="q / (q + d); q: shares that this decision may place; d: `available_shares` of the "
        "row: displayed within the limit (TAKE), queue ahead (POST), 0 (MID)",
        source="definition",
        imputed="0 if both are 0",
        family=Family.ORDER,
    ),
)

_N: Final = len(ORDER)
(
    _SIZE_ADV,
    _LEAVES,
    _TIME_LEFT_FRAC,
    _TIME_LEFT_S,
    _URGENCY,
    _LIMIT_DISTANCE,
    _FOOTPRINT,
    _SIZE_DISPLAYED,
) = range(_N)


@kernel
def order_features(
    seen: WindowArray,
    k: int,
    situation: SituationArray,
    first: int,
    out_features: NDArray[np.float64],
) -> None:
    """Write the order features that all rows share into row 0, from column `first` on."""
    w, parent, side = seen[k], situation[0], widened(situation[0].side)
    out = out_features[0, first:]
    out[:_N] = 0.0
    if parent.adv_shares > 0:
        out[_SIZE_ADV] = parent.parent_shares / parent.adv_shares
    out[_LEAVES] = min(parent.leaves_shares / max(parent.parent_shares, 1), 1.0)
    left_ns = max(parent.deadline_ns - parent.now_ns, 0)
    out[_TIME_LEFT_S] = left_ns / NS_PER_S
    if parent.deadline_ns > parent.arrival_ns:
        out[_TIME_LEFT_FRAC] = min(left_ns / (parent.deadline_ns - parent.arrival_ns), 1.0)
    out[_URGENCY] = parent.urgency_frac
    out[_LIMIT_DISTANCE] = _LIMIT_BPS_MAX
    if w.mid_x2 > 0:
        far_ticks = w.ask_ticks if side > 0 else w.bid_ticks
        # In floats: without a limit the worst price may be the largest integer there is.
        room_bps = side * 2e4 * (float(parent.worst_ticks) - float(far_ticks)) / w.mid_x2
        out[_LIMIT_DISTANCE] = min(max(room_bps, -_LIMIT_BPS_MAX), _LIMIT_BPS_MAX)
    # The average minute keeps the ratio sane when nothing has traded for a while.
    minute_shares = w.volume_sums[1] + parent.adv_shares * (60.0 / SESSION_S)
    if minute_shares > 0.0:
        in_minutes = side * parent.footprint_shares / minute_shares
        out[_FOOTPRINT] = min(max(in_minutes, -_FOOTPRINT_MAX), _FOOTPRINT_MAX)


@kernel
def order_row_features(
    situation: SituationArray,
    rows: RowArray,
    r: int,
    first: int,
    out_features: NDArray[np.float64],
) -> None:
    """Write the order features that differ from row to row into row `r`."""
    route_shares = situation[0].route_shares
    both_shares = route_shares + rows[r].available_shares
    frac = route_shares / both_shares if both_shares > 0 else 0.0
    out_features[r, first + _SIZE_DISPLAYED] = frac
