"""Intervals for policies and for paired differences; the unit of chance is a day, not an order."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A mean with its interval; the interval is None when there is only one day."""

    mean: float
    ci95: tuple[float, float] | None
    n_days: int

    @property
    def half_width(self) -> float:
        """Half of the interval's width; infinite when there is none."""
        return float("inf") if self.ci95 is None else (self.ci95[1] - self.ci95[0]) / 2


def estimate(per_day: Sequence[float] | NDArray[np.float64]) -> Estimate:
    """
    Mean over days with a 95 % Student interval.

    Orders of one day share its prices and its luck, so they do not count as independent: each day
    enters once, as the mean of its orders. With d days the interval is
    mean ± t(0.975, d-1) · sd / sqrt(d).

    Source: Cameron & Miller (2015), "A Practitioner's Guide to Cluster-Robust Inference",
        Journal of Human Resources 50(2); with equal clusters it reduces to this.
    """
    values = np.asarray(per_day, dtype=np.float64)
    assert values.ndim == 1, f"one figure a day, not {values.shape}"
    assert values.size > 0, "an estimate needs at least one day"
    mean = float(values.mean())
    if values.size == 1:
        return Estimate(mean=mean, ci95=None, n_days=1)
    error = float(values.std(ddof=1)) / float(np.sqrt(values.size))
    reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2, df=values.size - 1)) * error
    return Estimate(mean=mean, ci95=(mean - reach, mean + reach), n_days=int(values.size))


def paired_difference(
    per_day: Sequence[float] | NDArray[np.float64],
    other_per_day: Sequence[float] | NDArray[np.float64],
) -> Estimate:
    """
    Mean of (this - other) over days that both lived through; negative means cheaper than other.

    Pairing removes what both had to bear: the day's prices, its background flow, its parents.
    """
    left = np.asarray(per_day, dtype=np.float64)
    right = np.asarray(other_per_day, dtype=np.float64)
    assert left.shape == right.shape, f"not paired: {left.shape} against {right.shape}"
    return estimate(left - right)


def excludes_zero(difference: Estimate) -> bool:
    """True when the interval lies on one side of zero: the only case in which we claim anything."""
    return difference.ci95 is not None and (difference.ci95[0] > 0 or difference.ci95[1] < 0)
