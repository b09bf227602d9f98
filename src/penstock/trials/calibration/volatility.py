"""How much a price moves, with the bouncing of quotes taken out, and at which distance in time."""

from __future__ import annotations

from typing import Final

import numpy as np

from penstock.domain import NS_PER_S
from penstock.trials.calibration.sample import Floats, Sample

SIGNATURE_S: Final = (1, 2, 5, 10, 30, 60, 120, 300)
_SLOW_S: Final = 300  # the subsampled grid: five minutes, as Zhang and others use


def mids_on_grid(sample: Sample, step_s: float = 1.0) -> Floats:
    """
    Log midpoint at every step, shape (n,), in bps; where there is none, the last one.

    Leading steps before the first midpoint have the first.
    """
    quotes = sample.quotes
    step_ns = round(step_s * NS_PER_S)
    clock_ns = np.arange(sample.start_ns, sample.end_ns + 1, step_ns, dtype=np.int64)
    places = np.searchsorted(quotes.time_ns, clock_ns, side="right") - 1
    mids = filled_mids(sample)
    return np.asarray(np.log(mids[np.maximum(places, 0)]) * 1e4)


def filled_mids(sample: Sample) -> Floats:
    """Midpoint after each quote, ticks; where there is none, the last one before it."""
    mids = sample.quotes.mid_ticks
    is_known = np.isfinite(mids)
    assert is_known.any(), "a sample has a midpoint somewhere"
    last = np.maximum.accumulate(np.where(is_known, np.arange(len(mids)), -1))
    first = int(np.flatnonzero(is_known)[0])
    return mids[np.where(last >= 0, last, first)]


def two_scale_volatility(log_bps: Floats, slow_steps: int, step_s: float = 1.0) -> float:
    """
    Standard deviation of the efficient price's move in one second, bps.

        [Y,Y]_avg  = mean over offsets of the realised variance at every `slow_steps`-th value
        σ²·T       = ([Y,Y]_avg - n̄/n · [Y,Y]_all) / (1 - n̄/n),   n̄ = (n - K + 1) / K

    The second term takes out what is not the price: quotes that jump to and fro.

    Args:
        log_bps: log prices on a regular grid, shape (n + 1,), bps.
    Returns:
        bps per square root of a second; 0 where noise explains everything.
    Source: Zhang, Mykland & Aït-Sahalia (2005), "A Tale of Two Time Scales", Journal of the
        American Statistical Association 100(472), equation 64 with the correction of section 4.2.
    """
    n = len(log_bps) - 1
    if n < 2:
        return 0.0
    k = min(slow_steps, max(2, n // 8))
    fast = float((np.diff(log_bps) ** 2).sum())
    # Sum over offsets of sums over a grid is the sum over all overlapping differences.
    slow = float(((log_bps[k:] - log_bps[:-k]) ** 2).sum()) / k
    ratio = (n - k + 1) / k / n
    variance = (slow - ratio * fast) / (1.0 - ratio)
    return float(np.sqrt(max(0.0, variance) / (n * step_s)))


def volatility_of(sample: Sample) -> float:
    """Two-scale volatility of the midpoint, one second against five minutes, bps per sqrt(s)."""
    return two_scale_volatility(mids_on_grid(sample), _SLOW_S)


def signature(sample: Sample) -> Floats:
    """
    Root mean square move of the midpoint over each of SIGNATURE_S, per square root of a second.

    Flat for a random walk; falling where quotes bounce, rising where prices trend.
    """
    log_bps = mids_on_grid(sample)
    moves = [log_bps[k:] - log_bps[:-k] for k in SIGNATURE_S if k < len(log_bps)]
    scales = [k for k in SIGNATURE_S if k < len(log_bps)]
    found = np.full(len(SIGNATURE_S), np.nan)
    for place, (move, k) in enumerate(zip(moves, scales, strict=True)):
        found[place] = np.sqrt(np.mean(move**2) / k)
    return found
