"""How orders come in crowds: spells of calm and busy trade, from counts at several scales."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from scipy import optimize

from penstock.domain import NS_PER_S
from penstock.trials.calibration.sample import Floats, Int64s

SCALES_S: Final = (1, 2, 5, 10, 20, 40, 80, 160)
_BUSY_FRAC: Final = 0.25  # of time, where the data leave it open: two moments, three unknowns
_CALM_AT_LEAST: Final = 0.2  # of the mean rate


class Spells(NamedTuple):
    """Two rates that alternate: `flow` of a scenario."""

    calm_mean_s: float
    busy_mean_s: float
    busy_multiplier: float
    burst_dispersion: float = 0.0  # variance over mean, less 1, of what comes in one burst

    @property
    def mean_activity(self) -> float:
        """Mean rate over time, relative to the calm one."""
        busy_frac = self.busy_mean_s / (self.calm_mean_s + self.busy_mean_s)
        return 1.0 + busy_frac * (self.busy_multiplier - 1.0)


def dispersion(times_ns: Int64s, start_ns: int, end_ns: int) -> Floats:
    """
    Variance of counts over mean of counts, in windows of each of SCALES_S; 1 for a Poisson flow.

    NaN where fewer than 20 windows fit.
    """
    found = np.full(len(SCALES_S), np.nan)
    for place, scale_s in enumerate(SCALES_S):
        n_windows = (end_ns - start_ns) // (scale_s * NS_PER_S)
        if n_windows < 20:
            continue
        windows = (times_ns - start_ns) // (scale_s * NS_PER_S)
        counts = np.bincount(windows[windows < n_windows], minlength=n_windows)
        if counts.mean() > 0.0:
            found[place] = counts.var() / counts.mean()
    return found


def fit_spells(times_ns: Int64s, start_ns: int, end_ns: int) -> Spells | None:
    """
    A flow that alternates between two Poisson rates, from the growth of its dispersion.

        Var N(t) / E N(t) = B + A · (1 - (1 - e^(-r t)) / (r t))
        A = 2 Var(rate) / (mean rate · r)

    B, A and r by least squares on logs. B is what comes in one burst, as the pieces of one order at
    several venues do: it is no spell but for `fit_bursts`. r is the sum of the two switching
    rates. That is two figures for three unknowns: a quarter of the time is taken to be busy, or
    less where the calm rate would fall below a fifth of the mean.

    Returns:
        None where counts are not more dispersed than chance: then the flow needs no spells.
    Source: Fischer & Meier-Hellstern (1993), "The Markov-Modulated Poisson Process (MMPP)
        Cookbook", Performance Evaluation 18(2), section 3.2.
    """
    seen = dispersion(times_ns, start_ns, end_ns)
    is_known = np.isfinite(seen)
    if is_known.sum() < 4 or np.nanmax(seen) < 1.05:
        return None
    scales = np.array(SCALES_S, dtype=np.float64)[is_known]
    values = seen[is_known]

    def misfit(logs: Floats) -> Floats:
        x = np.exp(logs[1]) * scales
        said = 1.0 + np.exp(logs[2]) + np.exp(logs[0]) * (1.0 + np.expm1(-x) / x)
        return np.asarray(np.log(said) - np.log(values))

    start = [np.log(max(0.1, values[-1] - values[0])), np.log(0.1), np.log(max(0.01, values[0]))]
    limits = ([-6.0, np.log(1 / 600.0), -6.0], [8.0, np.log(2.0), 8.0])
    fit = optimize.least_squares(misfit, np.clip(start, *limits), bounds=limits)
    growth, switching_per_s = float(np.exp(fit.x[0])), float(np.exp(fit.x[1]))
    rate_per_s = len(times_ns) * NS_PER_S / (end_ns - start_ns)
    spread = math.sqrt(growth * switching_per_s / (2.0 * rate_per_s))  # of the rate, over its mean
    odds = min(_BUSY_FRAC / (1.0 - _BUSY_FRAC), ((1.0 - _CALM_AT_LEAST) / spread) ** 2)
    busy_frac = odds / (1.0 + odds)
    calm = 1.0 - math.sqrt(odds) * spread
    busy = 1.0 + spread / math.sqrt(odds)
    return Spells(
        calm_mean_s=1.0 / (switching_per_s * busy_frac),
        busy_mean_s=1.0 / (switching_per_s * (1.0 - busy_frac)),
        busy_multiplier=busy / calm,
        burst_dispersion=float(np.exp(fit.x[2])),
    )
