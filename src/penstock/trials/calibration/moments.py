"""The few means that a fit holds against each other, of a market and of its simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from penstock.trials.calibration.bursts import MEMORY_LAGS, sign_memory
from penstock.trials.calibration.fitting import mean_spread_increments
from penstock.trials.calibration.impact import aggressors
from penstock.trials.calibration.sample import Sample
from penstock.trials.calibration.volatility import volatility_of


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """Means over one stretch."""

    spread_increments: float
    touch_shares: float  # at the best price, of the largest venue, mean of both sides
    quote_changes_per_s: float
    taker_shares: float  # mean size of an order that took on an exchange
    volatility_bps_per_sqrt_s: float
    off_exchange_per_s: float  # prints
    sign_follow: float  # autocorrelation of takers' signs at the first lag; 0 where it is none
    sign_memory: float  # autocorrelation of takers' signs, mean over `bursts.MEMORY_LAGS`
    takers_per_s: tuple[float, ...]  # by venue of the scenario; pools have 0


MEANS: Final = tuple(name for name in Moments.__struct_fields__ if name != "takers_per_s")
"""All moments that are one number."""

MOMENTS_IN_WORDS: Final = {
    "spread_increments": "mean spread, increments",
    "touch_shares": "size at the best price, shares",
    "quote_changes_per_s": "changes of the quote per s",
    "taker_shares": "mean size of takers, shares",
    "volatility_bps_per_sqrt_s": "volatility, bps per √s",
    "off_exchange_per_s": "prints off exchange per s",
    "sign_follow": "correlation of a taker's sign with the next one's",
    "sign_memory": (
        f"correlation of takers' signs, mean of lags {MEMORY_LAGS[0]} to {MEMORY_LAGS[1] - 1}"
    ),
}
"""MEANS for readers, each with its unit; correlations are from -1 to 1."""


def moments_of(sample: Sample, venue_map: Mapping[int, int], n_venues: int) -> Moments:
    """
    Moments of a sample, its venues counted as those of a scenario.

    Args:
        venue_map: place in the scenario of each venue of the sample; others are not counted.
    """
    taken, quotes = aggressors(sample), sample.quotes
    by_venue = np.zeros(n_venues)
    counts = np.bincount(taken.venue_idx, minlength=len(sample.venues))
    for venue_idx, place in venue_map.items():
        by_venue[place] += counts[venue_idx]
    return Moments(
        spread_increments=mean_spread_increments(sample),
        touch_shares=float((quotes.bid_shares.mean() + quotes.ask_shares.mean()) / 2),
        quote_changes_per_s=len(quotes.time_ns) / sample.duration_s,
        taker_shares=float(taken.shares.mean()) if len(taken.shares) else 0.0,
        volatility_bps_per_sqrt_s=volatility_of(sample),
        sign_follow=sign_memory(taken.side, (1, 2)),
        sign_memory=sign_memory(taken.side),
        off_exchange_per_s=len(sample.off_exchange.shares) / sample.duration_s,
        takers_per_s=tuple((by_venue / sample.duration_s).tolist()),
    )


def mean_moments(several: Sequence[Moments]) -> Moments:
    """Moment by moment, the mean over seeds."""
    means = {field: float(np.mean([getattr(one, field) for one in several])) for field in MEANS}
    rates = np.mean([one.takers_per_s for one in several], axis=0)
    return Moments(**means, takers_per_s=tuple(rates.tolist()))
