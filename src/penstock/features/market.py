"""Market features: the instrument's market as a whole, the same for every row."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import SituationArray
from penstock.features.feature import Family, Feature
from penstock.features.windows import SLOTS_1S, SLOTS_10S, WindowArray, move_x2, widened

SESSION_S: Final = 23_400.0  # a US session, 9:30 to 16:00: average volume is spread over it
_PACE_MAX: Final = 1_000.0  # times the average pace: beyond it, the average is wrong

_REALISED_FORMULA: Final = (
    "1e4 · sqrt(Σ (m[k] - m[k-1])²) / m over the window, on the 100 ms grid; not annualised"
)
_REALISED_SOURCE: Final = (
    "Andersen, Bollerslev, Diebold & Labys (2003), Econometrica 71(2): realised volatility"
)
_BEFORE_NBBO: Final = "0 before the first NBBO; while there is none, the last one stands"

MARKET: Final = (
    Feature(
        name="spread_bps",
        unit="bps",
        lookback="now",
        formula="1e4 · (ask - bid) / m of the NBBO",
        source="definition",
        imputed=_BEFORE_NBBO,
        family=Family.MARKET,
    ),
    Feature(
        name="touch_far_shares",
        unit="shares",
        lookback="now",
        formula="displayed at the NBBO's far price, protected venues",
        source="definition",
        imputed=_BEFORE_NBBO,
        family=Family.MARKET,
    ),
    Feature(
        name="rv_10s_bps",
        unit="bps",
        lookback="10 s",
        formula=_REALISED_FORMULA,
        source=_REALISED_SOURCE,
        imputed="0 before the first NBBO",
        family=Family.MARKET,
    ),
    Feature(
        name="rv_60s_bps",
        unit="bps",
        lookback="60 s",
        formula=_REALISED_FORMULA,
        source=_REALISED_SOURCE,
        imputed="0 before the first NBBO",
        family=Family.MARKET,
    ),
    Feature(
        name="rv_300s_bps",
        unit="bps",
        lookback="300 s",
        formula=_REALISED_FORMULA,
        source=_REALISED_SOURCE,
        imputed="0 before the first NBBO",
        family=Family.MARKET,
    ),
    Feature(
        name="atr_14m_bps",
        unit="bps",
        lookback="all closed minutes, weight 13/14 a minute",
        formula="1e4 · ATR / m; ATR <- (13 ATR + high - low) / 14 of one-minute bars of m",
        source='Wilder (1978), "New Concepts in Technical Trading Systems"',
        imputed="mean range of the bars so far; range of the first bar until it closes",
        family=Family.MARKET,
    ),
    Feature(
        name="volume_60s_frac",
        unit="multiple of the average pace",
        lookback="60 s",
        formula="shares traded / (ADV · 60 s / 23,400 s), at most 1,000; auctions left out",
        source="definition",
        imputed="0 if the average daily volume is 0",
        family=Family.MARKET,
    ),
    Feature(
        name="flow_10s_frac",
        unit="fraction, -1 to 1",
        lookback="10 s",
        formula="s · (bought - sold) / traded shares, by the aggressor's side",
        source="definition",
        imputed="0 without trades",
        family=Family.MARKET,
    ),
    Feature(
        name="return_1s_bps",
        unit="bps",
        lookback="1 s",
        formula="s · 1e4 · (m - m[1 s ago]) / m, on the 100 ms grid",
        source="definition",
        imputed="0 without an NBBO then",
        family=Family.MARKET,
    ),
    Feature(
        name="return_10s_bps",
        unit="bps",
        lookback="10 s",
        formula="s · 1e4 · (m - m[10 s ago]) / m, on the 100 ms grid",
        source="definition",
        imputed="0 without an NBBO then",
        family=Family.MARKET,
    ),
)

_N: Final = len(MARKET)
(
    _SPREAD,
    _TOUCH_FAR,
    _RV_10S,
    _RV_60S,
    _RV_300S,
    _ATR,
    _VOLUME_60S,
    _FLOW_10S,
    _RETURN_1S,
    _RETURN_10S,
) = range(_N)


@kernel
def market_features(
    seen: WindowArray,
    k: int,
    situation: SituationArray,
    first: int,
    out_features: NDArray[np.float64],
) -> None:
    """
    Write the market features into row 0, from column `first` on.

    Args:
        seen: windows as of the decision; `k` is the instrument's place in them.
    """
    w, side = seen[k], widened(situation[0].side)
    out = out_features[0, first:]
    out[:_N] = 0.0
    expected_shares = situation[0].adv_shares * (60.0 / SESSION_S)
    if expected_shares > 0.0:
        out[_VOLUME_60S] = min(w.volume_sums[1] / expected_shares, _PACE_MAX)
    if w.volume_sums[0] > 0:
        out[_FLOW_10S] = side * w.signed_sums[0] / w.volume_sums[0]
    if w.mid_x2 <= 0:
        return
    bps_per_half_tick = 1e4 / w.mid_x2
    out[_SPREAD] = 2.0 * bps_per_half_tick * (w.ask_ticks - w.bid_ticks)
    out[_TOUCH_FAR] = w.ask_shares if side > 0 else w.bid_shares
    out[_RV_10S] = bps_per_half_tick * math.sqrt(w.square_sums[0])
    out[_RV_60S] = bps_per_half_tick * math.sqrt(w.square_sums[1])
    out[_RV_300S] = bps_per_half_tick * math.sqrt(w.square_sums[2])
    out[_ATR] = bps_per_half_tick * (w.atr_x2 if w.n_bars > 0 else w.high_x2 - w.low_x2)
    out[_RETURN_1S] = side * bps_per_half_tick * move_x2(seen, k, SLOTS_1S)
    out[_RETURN_10S] = side * bps_per_half_tick * move_x2(seen, k, SLOTS_10S)
