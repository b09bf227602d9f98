"""What follows a trade: how far the price goes, how it grows with size, who was expected."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock.domain import NS_PER_S
from penstock.trials.calibration.sample import Floats, Int64s, Sample
from penstock.trials.calibration.volatility import filled_mids, mids_on_grid

RESPONSE_S: Final = (1, 2, 5, 10, 30, 60, 120)
SIZE_EDGES: Final = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, np.inf)  # times the mean size
_CURVE_S: Final = 10
_IN_A_BIN_AT_LEAST: Final = 20


class Aggressors(NamedTuple):
    """Orders that took displayed or hidden size on exchanges, shape (n,)."""

    time_ns: Int64s
    shares: Int64s
    side: Int64s
    venue_idx: Int64s


def aggressors(sample: Sample) -> Aggressors:
    """
    Prints of one stamp, venue and side taken together: what one order did, as far as can be told.

    Prints without a side are left out.
    """
    lit = sample.lit
    lit = lit.where(lit.side != 0)
    if not len(lit.time_ns):
        nothing = np.zeros(0, dtype=np.int64)
        return Aggressors(nothing, nothing, nothing, nothing)
    order = np.lexsort((lit.side, lit.venue_idx, lit.time_ns))
    lit = lit.where(order)
    is_new = np.ones(len(order), dtype=np.bool_)
    is_new[1:] = (
        (np.diff(lit.time_ns) != 0) | (np.diff(lit.venue_idx) != 0) | (np.diff(lit.side) != 0)
    )
    first = np.flatnonzero(is_new)
    shares = np.add.reduceat(lit.shares, first)
    return Aggressors(lit.time_ns[first], shares, lit.side[first], lit.venue_idx[first])


def response(sample: Sample, orders: Aggressors, horizon_s: float) -> Floats:
    """Move of the midpoint from before each order to `horizon_s` after, in its direction, bps."""
    mids = np.log(filled_mids(sample)) * 1e4
    before = sample.quotes.places_before(orders.time_ns)
    later_ns = orders.time_ns + round(horizon_s * NS_PER_S)
    after = np.searchsorted(sample.quotes.time_ns, later_ns, side="right") - 1
    moves = orders.side * (mids[np.maximum(after, 0)] - mids[np.maximum(before, 0)])
    return np.where((before >= 0) & (later_ns <= sample.end_ns), moves, np.nan)


def response_curve(sample: Sample, orders: Aggressors) -> Floats:
    """Mean response after each of RESPONSE_S, bps; NaN where there are too few orders."""
    found = np.full(len(RESPONSE_S), np.nan)
    for place, horizon_s in enumerate(RESPONSE_S):
        moves = response(sample, orders, horizon_s)
        if np.isfinite(moves).sum() >= _IN_A_BIN_AT_LEAST:
            found[place] = np.nanmean(moves)
    return found


def impact_curve(sample: Sample, orders: Aggressors) -> Floats:
    """Mean response after ten seconds by size over mean size, between SIZE_EDGES, bps."""
    found = np.full(len(SIZE_EDGES) - 1, np.nan)
    if not len(orders.shares):
        return found
    moves = response(sample, orders, _CURVE_S)
    bins = np.digitize(orders.shares / orders.shares.mean(), SIZE_EDGES) - 1
    for place in range(len(found)):
        mine = moves[(bins == place) & np.isfinite(moves)]
        if len(mine) >= _IN_A_BIN_AT_LEAST:
            found[place] = mine.mean()
    return found


def impact_exponent(sample: Sample, orders: Aggressors) -> float:
    """
    β of response ~ size^β, by least squares on the logs of the bins' means; NaN if under three.

    Bins count by the square root of their orders, as the noise of a mean does.

    Source: Bouchaud, Bonart, Donier & Gould (2018), "Trades, Quotes and Prices", chapter 11: β is
        between 0 and 0.3 for single orders.
    """
    if not len(orders.shares):
        return float("nan")
    moves = response(sample, orders, _CURVE_S)
    sizes = orders.shares / orders.shares.mean()
    bins = np.digitize(sizes, SIZE_EDGES) - 1
    x, y, weights = [], [], []
    for place in range(len(SIZE_EDGES) - 1):
        is_mine = (bins == place) & np.isfinite(moves)
        mean = float(moves[is_mine].mean()) if is_mine.sum() >= _IN_A_BIN_AT_LEAST else 0.0
        if mean > 0.0:
            x.append(np.log(sizes[is_mine].mean()))
            y.append(np.log(mean))
            weights.append(is_mine.sum() ** 0.25)  # polyfit squares them
    return float(np.polyfit(x, y, 1, w=weights)[0]) if len(x) >= 3 else float("nan")


def impact_slope(sample: Sample, orders: Aggressors, adv_shares: float, window_s: int) -> float:
    """
    Move of the midpoint per percent of the daily volume, net of sides, bps.

    Least squares through the origin over windows of `window_s`. It holds everything that comes with
    net volume, what traders knew included: not what an order of ours alone would do.

    Source: Cont, Kukanov & Stoikov (2014), "The Price Impact of Order Book Events", section 3, with
        trades instead of order flow.
    """
    log_bps = mids_on_grid(sample)[::window_s]
    n_windows = len(log_bps) - 1
    windows = (orders.time_ns - sample.start_ns) // (window_s * NS_PER_S)
    keep = windows < n_windows
    net = np.bincount(
        windows[keep], weights=(orders.side * orders.shares)[keep], minlength=n_windows
    )
    pct = 100.0 * net / adv_shares
    total = float((pct**2).sum())
    return float((pct * np.diff(log_bps)).sum() / total) if total > 0.0 else 0.0


def imbalance_weight(sample: Sample, orders: Aggressors) -> float:
    """
    w of P(buy) = (1 + w · imbalance) / 2, by least squares through the origin, cut to [0, 1].

    Imbalance is that of the best quote strictly before the order.
    """
    places = sample.quotes.places_before(orders.time_ns)
    is_known = (places >= 0) & sample.quotes.is_whole[np.maximum(places, 0)]
    imbalances = quote_imbalance(sample)[places[is_known]]
    total = float((imbalances**2).sum())
    if total == 0.0:
        return 0.0
    return float(np.clip((imbalances * orders.side[is_known]).sum() / total, 0.0, 1.0))


def quote_imbalance(sample: Sample) -> Floats:
    """(bid shares - ask shares) / sum, after each quote, in [-1, 1]."""
    bid, ask = sample.quotes.bid_shares, sample.quotes.ask_shares
    return np.asarray((bid - ask) / np.maximum(1, bid + ask), dtype=np.float64)


def autocorrelation(signs: NDArray[np.int64], lags: tuple[int, ...]) -> Floats:
    """Correlation of signs with those `lag` orders earlier; NaN where too few are left."""
    centred = signs - signs.mean() if len(signs) else signs.astype(np.float64)
    variance = float((centred**2).mean()) if len(signs) else 0.0
    found = np.full(len(lags), np.nan)
    for place, lag in enumerate(lags):
        if len(signs) - lag >= _IN_A_BIN_AT_LEAST and variance > 0.0:
            found[place] = float((centred[lag:] * centred[:-lag]).mean()) / variance
    return found
