"""Made-up outcomes with a known law, so that a test can say what training should find."""

from __future__ import annotations

import numpy as np

from penstock.domain import NS_PER_S, Ns
from penstock.learning import Dataset

FEATURE_NAMES = ("tactic", "spread_bps", "size_top3_frac", "queue_ahead_shares", "noise")
N_VENUES = 4


def made_up_outcomes(*, n_days: int = 8, rows_per_day: int = 400, seed: int = 0) -> Dataset:
    """
    Children at four venues with three tactics; days are numbered from 1.

    The law: taking costs half the spread and posting earns it; the part that fills falls with the
    size and, for posts, with the queue, in which posts also wait; larger sizes leak more.
    """
    rng = np.random.default_rng(seed)
    n = n_days * rows_per_day
    tactic = rng.integers(0, 3, n)
    spread_bps = rng.uniform(0.5, 4.0, n)
    size_frac = rng.exponential(1.0, n)
    queue_shares = 100.0 * rng.integers(0, 50, n)
    features = np.column_stack((tactic, spread_bps, size_frac, queue_shares, rng.normal(size=n)))

    posts = tactic == 2
    drag = 1.0 + size_frac + np.where(posts, queue_shares / 1_000.0, 0.0)
    fill_frac = np.where(rng.random(n) < 1.0 / drag, 1.0, np.round(rng.random(n) * 0.3, 1))
    fills = fill_frac > 0.0
    slippage_bps = spread_bps * (1 - tactic) / 2 + rng.normal(scale=0.3, size=n)
    wait_s = np.where(tactic == 0, 0.001, 1.0) * np.where(posts, 1.0 + queue_shares / 500.0, 1.0)
    time_s = wait_s * rng.exponential(1.0, n)
    leakage_bps = 0.2 * size_frac + rng.normal(scale=1.0, size=n)
    leakage_bps[rng.random(n) < 0.05] = np.nan  # the session ended first
    return Dataset(
        feature_names=FEATURE_NAMES,
        features_version="test",
        horizon_ns=Ns(10 * NS_PER_S),
        origin="made-up outcomes",
        features=features,
        day=np.repeat(np.arange(1, n_days + 1), rows_per_day),
        at_ns=np.tile(np.arange(rows_per_day) * NS_PER_S, n_days),
        venue_idx=rng.integers(0, N_VENUES, n),
        tactic=tactic,
        weight=np.ones(n),
        slippage_bps=np.where(fills, slippage_bps, np.nan),
        fill_frac=fill_frac,
        time_to_fill_s=np.where(fills, time_s, np.nan),
        leakage_bps=leakage_bps,
    )
