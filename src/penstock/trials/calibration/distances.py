"""How far apart two markets are, statistic by statistic, each with a scale and an interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from scipy import stats

from penstock.trials.calibration.statistics_of import Curve, Distribution, Figures
from penstock.trials.statistics import estimate

_COMPARED_AT_LEAST: Final = 10  # observations on either side


class Distance(msgspec.Struct, frozen=True, kw_only=True):
    """
    One statistic, real against simulated; None is not known.

    `distance` is 0 for the same and is in units of `measure`. `halves` is the same distance between
    the first and the second half of the real day: what the real market is from itself.
    """

    statistic: str
    measure: str
    distance: float | None
    ci95: tuple[float, float] | None  # over seeds
    halves: float | None
    ks: float | None = None  # Kolmogorov-Smirnov, for distributions: 0 to 1
    ks_ci95: tuple[float, float] | None = None
    ks_halves: float | None = None
    real: float | None = None  # mean of a distribution, or the number itself
    simulated: float | None = None  # mean over seeds
    unit: str = ""  # of `real` and `simulated`; empty where the name says it

    @property
    def label(self) -> str:
        """Name and unit."""
        return f"{self.statistic}, {self.unit}" if self.unit else self.statistic


def distances(
    real: Figures, simulated: Sequence[Figures], halves: tuple[Figures, Figures]
) -> list[Distance]:
    """
    Every statistic of the real market against each simulated day, with the mean over days.

    Distributions: Wasserstein-1 over the standard deviation of the real one (of the log where it is
    heavy-tailed), and the Kolmogorov-Smirnov distance. Curves: root mean square of the difference
    over root mean square of the real one, at the points that both have. Numbers: the log of
    simulated over real where both are positive, else the difference.

    Args:
        halves: the first and the second half of the real day.
    """
    found = [
        _of_distribution(place, real, simulated, halves) for place in range(len(real.distributions))
    ]
    found += [_of_curve(place, real, simulated, halves) for place in range(len(real.curves))]
    found += [_of_number(name, real, simulated, halves) for name in real.numbers]
    return found


def _of_distribution(
    place: int, real: Figures, simulated: Sequence[Figures], halves: tuple[Figures, Figures]
) -> Distance:
    mine = real.distributions[place]
    others = [one.distributions[place] for one in simulated]
    first, second = (half.distributions[place] for half in halves)
    scale = float(np.std(_scaled(mine))) if len(mine.values) else 0.0
    far, far_ci = _over_days([_wasserstein(mine, other, scale) for other in others])
    ks, ks_ci = _over_days([_ks(mine, other) for other in others])
    return Distance(
        statistic=mine.name,
        measure="W₁ of logs over real SD" if mine.is_log else "W₁ over real SD",
        distance=far,
        ci95=far_ci,
        halves=_known(_wasserstein(first, second, scale)),
        ks=ks,
        ks_ci95=ks_ci,
        ks_halves=_known(_ks(first, second)),
        unit=mine.unit,
        real=_mean(mine.values),
        simulated=_over_days([_mean(other.values) for other in others])[0],
    )


def _of_curve(
    place: int, real: Figures, simulated: Sequence[Figures], halves: tuple[Figures, Figures]
) -> Distance:
    mine = real.curves[place]
    far, ci95 = _over_days([_curve_distance(mine, one.curves[place]) for one in simulated])
    return Distance(
        statistic=mine.name,
        measure="RMS difference over real RMS",
        distance=far,
        ci95=ci95,
        halves=_known(_curve_distance(halves[0].curves[place], halves[1].curves[place])),
    )


def _of_number(
    name: str, real: Figures, simulated: Sequence[Figures], halves: tuple[Figures, Figures]
) -> Distance:
    mine = real.numbers[name]
    values = [one.numbers[name] for one in simulated]
    is_ratio = "exponent" not in name
    far, ci95 = _over_days([_number_distance(mine, value, is_ratio=is_ratio) for value in values])
    return Distance(
        statistic=name,
        measure="ln(simulated / real)" if is_ratio else "simulated − real",
        distance=far,
        ci95=ci95,
        halves=_known(
            _number_distance(*(half.numbers[name] for half in halves), is_ratio=is_ratio)
        ),
        real=_known(mine),
        simulated=_over_days(values)[0],
    )


def _scaled(one: Distribution) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.log(np.maximum(one.values, 1e-9)) if one.is_log else one.values


def _wasserstein(one: Distribution, other: Distribution, scale: float) -> float:
    if not _is_enough(one, other) or scale == 0.0:
        return float("nan")
    return float(stats.wasserstein_distance(_scaled(one), _scaled(other))) / scale


def _ks(one: Distribution, other: Distribution) -> float:
    """Largest distance of the two distribution functions."""
    if not _is_enough(one, other):
        return float("nan")
    left, right = np.sort(one.values), np.sort(other.values)
    points = np.unique(np.concatenate([left, right]))
    of_left = np.searchsorted(left, points, side="right") / len(left)
    of_right = np.searchsorted(right, points, side="right") / len(right)
    return float(np.abs(of_left - of_right).max())


def _is_enough(one: Distribution, other: Distribution) -> bool:
    return min(len(one.values), len(other.values)) >= _COMPARED_AT_LEAST


def _curve_distance(real: Curve, other: Curve) -> float:
    is_known = np.isfinite(real.y) & np.isfinite(other.y)
    size = float(np.sqrt(np.mean(real.y[is_known] ** 2))) if is_known.any() else 0.0
    if size == 0.0:
        return float("nan")
    return float(np.sqrt(np.mean((real.y - other.y)[is_known] ** 2))) / size


def _number_distance(real: float, other: float, *, is_ratio: bool) -> float:
    if not is_ratio:
        return other - real
    return float(np.log(other / real)) if real > 0.0 and other > 0.0 else float("nan")


def _mean(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _over_days(values: Sequence[float]) -> tuple[float | None, tuple[float, float] | None]:
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return None, None
    found = estimate(known)
    return found.mean, found.ci95
