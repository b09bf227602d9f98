"""How takers follow each other: the size, pace and side of bursts, and the memory of signs."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from penstock.domain import NS_PER_S
from penstock.trials.calibration.impact import Aggressors
from penstock.trials.calibration.sample import Int64s

MEMORY_LAGS: Final = (10, 40)
"""Lags, in orders, over which the long memory of signs is averaged; the second is not included."""

_SHORT: Final = 0.1  # of the mean gap: a gap below is of one burst
_TAU_S: Final = (0.001, 2.0)
_MOST: Final = 0.8  # a higher branching ratio is rather a rate that changes


class Bursts(NamedTuple):
    """Market orders that bring market orders: `flow` of a scenario."""

    excitation_frac: float
    excitation_tau_s: float
    excitation_same_frac: float


def fit_bursts(taken: Aggressors, burst_dispersion: float) -> Bursts | None:
    """
    A self-exciting flow that has the tape's bursts.

    Counts of a Hawkes flow with branching ratio n disperse by 1 / (1 − n)² in windows longer than
    its kernel: Bacry et al. (2015). The kernel's time is the median of the short gaps, a tenth of
    the mean and below, over ln 2; the pull of signs is the product of signs over those.

    Args:
        burst_dispersion: variance over mean of counts, less 1, that windows of a second have
            already: B of `fit_spells`.
    Returns:
        None where there are fewer than 100 short gaps, or no burst.
    """
    gaps_s = np.diff(taken.time_ns) / NS_PER_S
    is_short = gaps_s < _SHORT * gaps_s.mean() if len(gaps_s) else np.zeros(0, dtype=np.bool_)
    if is_short.sum() < 100 or burst_dispersion <= 0.0:
        return None
    tau_s = float(np.median(gaps_s[is_short])) / float(np.log(2.0))
    same = float((taken.side[1:] * taken.side[:-1])[is_short].mean())
    return Bursts(
        excitation_frac=min(_MOST, 1.0 - (1.0 + burst_dispersion) ** -0.5),
        excitation_tau_s=float(np.clip(tau_s, *_TAU_S)),
        excitation_same_frac=float(np.clip(same, 0.0, 1.0)),
    )


def sign_memory(side: Int64s, lags: tuple[int, int] = MEMORY_LAGS) -> float:
    """Mean autocorrelation of signs over some lags; 0 where it is none, or the tape is short."""
    if len(side) < 10 * MEMORY_LAGS[1]:
        return 0.0
    found = [float((side[lag:] * side[:-lag]).mean()) for lag in range(*lags)]
    return max(0.0, float(np.mean(found)))
