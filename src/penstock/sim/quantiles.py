"""Distributions as tables of equally likely values, so that a draw in a kernel is one look-up."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from penstock.sim.codes import N_QUANTILES

Quantiles = NDArray[np.int32]
"""Shape (N_QUANTILES,): the value at the middle of each of N_QUANTILES equal slices."""

_MIDDLES = (np.arange(N_QUANTILES) + 0.5) / N_QUANTILES


def size_quantiles(
    mean_shares: float, tail: float, round_lot_shares: int, zero_frac: float = 0.0
) -> Quantiles:
    """
    Order sizes: Lomax (a shifted Pareto) with the given mean, rounded to lots as traders do.

    Sizes of half a lot and more become whole lots, smaller ones stay odd lots of at least one
    share. The table's own mean is brought to `mean_shares`, its largest value is the middle of the
    last slice. A part `zero_frac` of the draws is 0, besides.

    Args:
        tail: exponent of the tail, above 1; size quantiles grow as (1 − u)^(−1 / tail).
    """
    n_zero = round(zero_frac * N_QUANTILES)
    middles = (np.arange(N_QUANTILES - n_zero) + 0.5) / max(1, N_QUANTILES - n_zero)
    shape = (1.0 - middles) ** (-1.0 / tail) - 1.0
    scale = mean_shares / max(1e-9, float(shape.mean()))
    sizes = _rounded(scale * shape, round_lot_shares)
    for _ in range(8):  # rounding moves the mean a little; a few corrections bring it back
        scale *= mean_shares / float(sizes.mean())
        sizes = _rounded(scale * shape, round_lot_shares)
    return np.concatenate([np.zeros(n_zero), sizes]).astype(np.int32)


def _rounded(sizes: NDArray[np.float64], lot_shares: int) -> NDArray[np.float64]:
    lots = np.maximum(1.0, np.round(sizes / lot_shares)) * lot_shares
    return np.where(sizes >= lot_shares / 2, lots, np.maximum(1.0, np.round(sizes)))


def distance_quantiles(mean_increments: float, farthest_increments: float = 20.0) -> Quantiles:
    """Geometric distances 0, 1, 2, … with the given mean before the cut at the farthest."""
    stay_prob = mean_increments / (1.0 + mean_increments)
    if stay_prob <= 0.0:
        return np.zeros(N_QUANTILES, dtype=np.int32)
    distances = np.floor(np.log1p(-_MIDDLES) / np.log(stay_prob))
    return np.asarray(np.minimum(distances, farthest_increments), dtype=np.int32)


def latency_quantiles(
    mean_us: float, jitter_us: float, shape: Literal["exponential", "lognormal"] = "exponential"
) -> Quantiles:
    """
    Delays in ns with mean `mean_us` and standard deviation `jitter_us`.

    "exponential" is a minimum of `mean_us − jitter_us` plus an exponential part. "lognormal" has
    σ² = ln(1 + (jitter / mean)²); the table's own mean is brought to `mean_us`, and delays are cut
    at what 32 bits hold, 2.1 s.
    """
    if shape == "lognormal" and mean_us > 0.0:
        sigma = np.sqrt(np.log1p((jitter_us / mean_us) ** 2))
        delays_us = np.exp(sigma * special.ndtri(_MIDDLES))
        delays_us *= mean_us / delays_us.mean()
    else:
        exponential = -np.log1p(-_MIDDLES)
        exponential /= exponential.mean()
        delays_us = np.maximum(0.0, mean_us - jitter_us + jitter_us * exponential)
    most_ns = np.iinfo(np.int32).max
    delays_ns: Quantiles = np.minimum(most_ns, np.round(1_000.0 * delays_us)).astype(np.int32)
    return delays_ns
