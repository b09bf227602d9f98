"""How heavy the tail of sizes is."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_TAIL_AT_LEAST: Final = 50  # fewer observations say nothing about an exponent
_CANDIDATES: Final = 60
_VALUES_AT_LEAST: Final = 5  # different ones: a tail of one value has any exponent


class Tail(NamedTuple):
    """
    A power law fitted above a threshold: P(size > x) falls as x^(-exponent).

    `exponent` is that of the survival function, as `size_tail` of a scenario: Clauset's α less one.
    """

    exponent: float
    error: float  # standard error
    above_shares: float  # threshold
    n: int  # observations above it
    distance: float  # Kolmogorov-Smirnov, tail against fit


def fit_tail(sizes: NDArray[np.int64], lot_shares: int = 1) -> Tail | None:
    """
    Exponent by maximum likelihood above the threshold where the fit is closest.

        exponent = n / Σ ln(x_i / (x_min - lot / 2))

    Args:
        lot_shares: step of the sizes; sizes are rounded to it, and those that become 0 left out.
    Returns:
        None where no threshold has 50 sizes and five different ones above it.
    Source: Clauset, Shalizi & Newman (2009), "Power-Law Distributions in Empirical Data", SIAM
        Review 51(4), equations 3.1 and 3.7 (discrete values, half a step below the threshold) and
        section 3.3 (choice of the threshold).
    """
    values = np.sort(np.round(sizes / lot_shares) * lot_shares)
    values = values[values > 0.0]
    if len(values) < _TAIL_AT_LEAST:
        return None
    thresholds = np.unique(values[: len(values) - _TAIL_AT_LEAST + 1])
    if len(thresholds) > _CANDIDATES:
        thresholds = thresholds[np.linspace(0, len(thresholds) - 1, _CANDIDATES).astype(int)]
    fits = [_fit_above(values, float(threshold), lot_shares) for threshold in thresholds]
    known = [fit for fit in fits if fit is not None]
    return min(known, key=lambda fit: fit.distance) if known else None


def _fit_above(values: NDArray[np.float64], threshold: float, lot_shares: int) -> Tail | None:
    tail = values[values >= threshold]
    base = threshold - lot_shares / 2
    total = float(np.log(tail / base).sum())
    steps = np.unique(tail)
    if len(steps) < _VALUES_AT_LEAST:
        return None
    exponent = len(tail) / total
    # Share of the tail at or above each value, against what the law says of the same.
    seen = 1.0 - np.searchsorted(tail, steps, side="left") / len(tail)
    said = ((steps - lot_shares / 2) / base) ** -exponent
    return Tail(
        exponent=exponent,
        error=exponent / float(np.sqrt(len(tail))),
        above_shares=threshold,
        n=len(tail),
        distance=float(np.abs(seen - said).max()),
    )
