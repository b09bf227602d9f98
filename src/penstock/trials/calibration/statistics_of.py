"""The statistics by which a simulated market is held against a real one."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from penstock.domain import NS_PER_S
from penstock.trials.calibration.impact import (
    RESPONSE_S,
    SIZE_EDGES,
    aggressors,
    autocorrelation,
    impact_curve,
    impact_exponent,
    quote_imbalance,
    response_curve,
)
from penstock.trials.calibration.sample import N_LEVELS, Depth, Floats, Sample
from penstock.trials.calibration.spreads import spreads_of
from penstock.trials.calibration.tails import fit_tail
from penstock.trials.calibration.volatility import SIGNATURE_S, signature, volatility_of

LAGS: Final = (1, 2, 3, 5, 8, 13, 21, 34, 50)


class Distribution(NamedTuple):
    """Observations of one quantity, shape (n,)."""

    name: str
    unit: str
    values: Floats
    is_log: bool  # heavy-tailed: shown and held against each other in logs


class Curve(NamedTuple):
    """A statistic as a function of something; NaN where there was too little to tell."""

    name: str
    unit: str
    x_name: str
    x: tuple[float, ...]
    y: Floats
    is_log_x: bool


class Figures(NamedTuple):
    """All statistics of one sample."""

    distributions: tuple[Distribution, ...]
    curves: tuple[Curve, ...]
    numbers: dict[str, float]  # by name with its unit; NaN where not known


def figures_of(sample: Sample) -> Figures:
    """
    All statistics of a sample; states of the quote are looked at once a second.

    Sizes and times are those of orders that took: see `aggressors`.
    """
    taken, quotes = aggressors(sample), sample.quotes
    clock_ns = np.arange(sample.start_ns, sample.end_ns, NS_PER_S)
    places = np.maximum(np.searchsorted(quotes.time_ns, clock_ns, side="right") - 1, 0)
    places = places[quotes.is_whole[places]]
    spreads = (quotes.ask_ticks - quotes.bid_ticks)[places] / sample.increment_ticks
    touch = np.concatenate([quotes.bid_shares[places], quotes.ask_shares[places]])
    gaps_s = np.diff(taken.time_ns) / NS_PER_S
    quote_gaps_s = np.diff(quotes.time_ns) / NS_PER_S
    distributions = (
        Distribution("spread", "increments", spreads.astype(np.float64), is_log=False),
        Distribution("depth at the touch", "shares", touch.astype(np.float64), is_log=True),
        Distribution("imbalance", "−1 to 1", quote_imbalance(sample)[places], is_log=False),
        Distribution("time between takers", "s", np.maximum(gaps_s, 1e-3), is_log=True),
        Distribution("time between quotes", "s", np.maximum(quote_gaps_s, 1e-3), is_log=True),
        Distribution("size of takers", "shares", taken.shares.astype(np.float64), is_log=True),
    )
    edges = np.array(SIZE_EDGES)
    middles = tuple(np.sqrt(np.maximum(edges[:-1], 0.125) * np.minimum(edges[1:], 16.0)).tolist())
    curves = (
        Curve(
            "volatility signature", "bps per √s", "interval, s",
            tuple(map(float, SIGNATURE_S)), signature(sample), is_log_x=True,
        ),
        Curve(
            "autocorrelation of taker signs", "correlation", "lag, orders",
            tuple(map(float, LAGS)), autocorrelation(taken.side, LAGS), is_log_x=True,
        ),
        Curve(
            "response to a taker", "bps", "time after, s",
            tuple(map(float, RESPONSE_S)), response_curve(sample, taken), is_log_x=True,
        ),
        Curve(
            "impact by size", "bps after 10 s", "size over mean size",
            middles, impact_curve(sample, taken), is_log_x=True,
        ),
        Curve(
            "depth behind the touch", "of what the touch shows", "price, the best is 1",
            tuple(float(level) for level in range(1, N_LEVELS + 1)), depth_shape(sample.depth),
            is_log_x=False,
        ),
    )  # fmt: skip
    tail = fit_tail(taken.shares, 100)
    quoted, effective = spreads_of(sample, sample.lit)
    numbers = {
        "volatility, two scales, bps per √s": volatility_of(sample),
        "impact exponent": impact_exponent(sample, taken),
        "tail exponent of taker sizes": float("nan") if tail is None else tail.exponent,
        "takers per s": len(taken.shares) / sample.duration_s,
        "quote changes per s": len(quotes.time_ns) / sample.duration_s,
        "quoted spread at prints, bps": float("nan") if quoted is None else quoted,
        "effective spread at prints, bps": float("nan") if effective is None else effective,
    }
    return Figures(distributions, curves, numbers)


def depth_shape(depth: Depth) -> Floats:
    """Mean shares at each price over those at the best one, shape (N_LEVELS,); NaN if unknown."""
    if not len(depth.shares) or not depth.shares[:, 0].any():
        return np.full(N_LEVELS, np.nan)
    means = depth.shares.mean(axis=0)
    shape: Floats = means / means[0]
    return shape
