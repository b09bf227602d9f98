"""Intervals for policies and for paired differences; the unit of chance is a day, not an order."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
POWER = 0.8
MIN_DAYS = 5
"""That a verdict needs: the spread of two or three days is luck, and their interval with it."""


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


def p_value(per_day: Sequence[float] | NDArray[np.float64]) -> float | None:
    """
    Two-sided, of Student's test that the mean over days is zero.

    None without an interval, and where all days say the same: without a spread there is nothing to
    measure a mean by, unless it is zero itself.
    """
    values = np.asarray(per_day, dtype=np.float64)
    if values.size < 2:
        return None
    if _has_no_spread(values):
        return None if values.any() else 1.0
    return float(stats.ttest_1samp(values, 0.0).pvalue)


def _has_no_spread(values: NDArray[np.float64]) -> bool:
    """True for what is the same but for rounding."""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


def detectable(per_day: Sequence[float] | NDArray[np.float64]) -> float | None:
    """
    The true mean that days like these would show with a chance of 80 %, at 5 % two-sided.

    (t(0.975, d-1) + t(0.8, d-1)) · sd / sqrt(d); None without a spread. What is smaller may well be
    there and not be seen.
    """
    values = np.asarray(per_day, dtype=np.float64)
    if values.size < 2:
        return None
    reach = stats.t.ppf([0.5 + CONFIDENCE / 2, POWER], df=values.size - 1).sum()
    return float(reach * values.std(ddof=1) / np.sqrt(values.size))


def holm(p_values: Sequence[float]) -> list[float]:
    """
    Each p-value corrected for having asked so many questions, in the order given.

    Source: Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian
        Journal of Statistics 6(2): the k-th smallest of n is multiplied by n - k + 1, and none is
        smaller than one before it.
    """
    order = sorted(range(len(p_values)), key=lambda idx: p_values[idx])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, idx in enumerate(order):
        highest = max(highest, min(1.0, p_values[idx] * (len(p_values) - rank)))
        corrected[idx] = highest
    return corrected


def shown_of_several(differences: Sequence[Sequence[float] | NDArray[np.float64]]) -> list[bool]:
    """
    Which of several means are shown not to be zero: at 5 % together, by Holm.

    Args:
        differences: by day, or whatever the unit of chance is; one that is the same in all of
            them and not zero needs no test, and a single one shows nothing.
    """
    values = [np.asarray(each, dtype=np.float64) for each in differences]
    always = [v.size > 1 and _has_no_spread(v) and bool(v.any()) for v in values]
    p_values = [0.0 if sure else p_value(v) for v, sure in zip(values, always, strict=True)]
    corrected = holm([1.0 if p is None else p for p in p_values])
    return [p < 1.0 - CONFIDENCE for p in corrected]


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """A ratio of two paired means; None when the lower one may be zero."""

    value: float | None
    ci95: tuple[float, float] | None


def paired_ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """
    Mean of `above` over the mean of `below`, both by day; nothing where the latter may be zero.

    The interval is Fieller's: all r for which the mean of (above - r · below) is not significant.
    With a denominator that is surely not zero it is bounded.

    Source: Fieller (1954), "Some Problems in Interval Estimation", JRSS B 16(2).
    """
    a, b = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    if a.size < 2 or not excludes_zero(estimate(b)):
        return Ratio(value=None, ci95=None)
    n = a.size
    t2 = float(stats.t.ppf(0.5 + CONFIDENCE / 2, df=n - 1)) ** 2
    (var_a, cov), (_, var_b) = np.cov(a, b) / n
    mean_a, mean_b = float(a.mean()), float(b.mean())
    lead = mean_b**2 - t2 * var_b
    middle = mean_a * mean_b - t2 * cov
    rest = mean_a**2 - t2 * var_a
    reach = float(np.sqrt(max(0.0, middle**2 - lead * rest)))
    ends = sorted(((middle - reach) / lead, (middle + reach) / lead))
    return Ratio(value=mean_a / mean_b, ci95=(float(ends[0]), float(ends[1])))
