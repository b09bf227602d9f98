"""What one day of a market looks like, in figures: prices, spreads, depth and trade by venue."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock.domain import NS_PER_S, TICKS_PER_USD, ConfigError
from penstock.features.market import SESSION_S
from penstock.sim import Scenario
from penstock.trials.calibration.sample import Floats, Int64s, Sample
from penstock.trials.calibration.spreads import venue_spreads
from penstock.trials.calibration.volatility import mids_on_grid, volatility_of

BINS: Final = 24  # that the day is cut into for what is counted
MIDS: Final = 240  # and for its midpoint
# Of a bin with a bid below an offer: the spread of a moment within a halt is not that of the bin.
LEAST_QUOTED_FRAC: Final = 0.05


class VenueDay(msgspec.Struct, frozen=True, kw_only=True):
    """What one venue showed and traded."""

    venue: str
    kind: str
    share_frac: float  # of all shares printed
    n_prints: int
    n_shares: int
    quoted_bps: float | None  # at its prints, weighted by shares; None where there are none
    effective_bps: float | None
    quote_frac: float  # of changes of the best price or its size, those that it made
    # Displayed at each of its five best prices, mean of both sides; empty for pools.
    depth_shares: tuple[float, ...]
    shares_by_bin: tuple[int, ...]


class Portrait(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a market in figures; times are those at which a listener heard."""

    market: str
    seed: int
    symbol: str
    day: int  # YYYYMMDD
    start_s: float  # of the day
    duration_s: float
    n_quotes: int  # states of the best bid and offer
    n_prints: int
    n_shares: int
    adv_shares: int  # of the scenario
    volume_adv_pct: float  # shares printed, in percent of them
    pace_adv_ratio: float  # shares a second, over those of `adv_shares` spread over 6.5 hours
    off_exchange_frac: float  # of shares
    off_exchange_venues: tuple[str, ...]  # under whose names those were printed
    # Of shares, against size that nobody saw; None for a replay: its tape does not say.
    hidden_frac: float | None
    open_usd: float
    last_usd: float
    low_usd: float
    high_usd: float
    volatility_bps_per_sqrt_s: float
    spread_increments: float  # means over time, while there is a bid below an offer
    spread_bps: float
    best_shares: float  # of the largest venue at the best price, mean of both sides
    no_quote_frac: float  # of time without a bid below an offer: empty, locked, halted
    mid_step_s: float
    mids_usd: tuple[float, ...]  # at the end of every `mid_step_s`
    bin_s: float
    # Mean over each `bin_s`; None where less than LEAST_QUOTED_FRAC of it had a bid below an offer.
    spread_bps_by_bin: tuple[float | None, ...]
    venues: tuple[VenueDay, ...]


def portray(sample: Sample, scenario: Scenario, market: str, seed: int) -> Portrait:
    """
    The figures of one day.

    Args:
        sample: of the whole day, with depth, as `simulated_sample` makes it.
        market: name of the scenario, with the depth assumption of a replay.
    Raises:
        ConfigError: there was never a bid below an offer.
    """
    if not sample.quotes.is_whole.any():
        raise ConfigError.one(
            where=f"{market}, seed {seed}",
            expected="a bid below an offer at some time of the day",
            found=f"{len(sample.quotes.time_ns):,} quotes, none of them whole",
            fix="give a lit venue makers or base flow; docs/scenarios.md has the keys",
        )
    # Rounded: midpoints lie on half ticks, and logs do not.
    mids_usd = np.round(np.exp(mids_on_grid(sample) / 1e4) / TICKS_PER_USD, 6)
    prints, quotes = sample.prints, sample.quotes
    off_exchange = sample.off_exchange
    n_shares, n_hidden = int(prints.shares.sum()), int(prints.shares[prints.is_hidden].sum())
    adv_shares = scenario.instrument.adv_shares
    lasts_s, spreads_bps = _spreads(sample)
    whole = quotes.is_whole
    edges_ns = np.linspace(sample.start_ns, sample.end_ns, BINS + 1).astype(np.int64)
    widths = (quotes.ask_ticks - quotes.bid_ticks) / sample.increment_ticks
    best = (quotes.bid_shares + quotes.ask_shares) / 2.0
    return Portrait(
        market=market,
        seed=seed,
        symbol=sample.symbol,
        day=sample.day,
        start_s=scenario.scenario.start_s,
        duration_s=sample.duration_s,
        n_quotes=len(quotes.time_ns),
        n_prints=len(prints.shares),
        n_shares=n_shares,
        adv_shares=adv_shares,
        volume_adv_pct=100.0 * n_shares / adv_shares,
        pace_adv_ratio=n_shares / sample.duration_s / (adv_shares / SESSION_S),
        off_exchange_frac=int(off_exchange.shares.sum()) / max(1, n_shares),
        off_exchange_venues=tuple(
            sample.venues[place] for place in np.unique(off_exchange.venue_idx).tolist()
        ),
        hidden_frac=None if scenario.replay is not None else n_hidden / max(1, n_shares),
        open_usd=float(mids_usd[0]),
        last_usd=float(mids_usd[-1]),
        low_usd=float(mids_usd.min()),
        high_usd=float(mids_usd.max()),
        volatility_bps_per_sqrt_s=volatility_of(sample),
        spread_increments=_mean(widths, lasts_s, whole),
        spread_bps=_mean(spreads_bps, lasts_s, whole),
        best_shares=_mean(best, lasts_s, whole),
        no_quote_frac=1.0 - float(lasts_s[whole].sum()) / sample.duration_s,
        mid_step_s=sample.duration_s / MIDS,
        mids_usd=tuple(_at_ends(mids_usd)),
        bin_s=sample.duration_s / BINS,
        spread_bps_by_bin=_by_bin(sample, edges_ns),
        venues=_venues(sample, scenario, edges_ns),
    )


def _spreads(sample: Sample) -> tuple[Floats, Floats]:
    """Seconds that each quote lasted within the day, and its width in bps; shape (n_quotes,)."""
    times_ns = np.clip(sample.quotes.time_ns, sample.start_ns, sample.end_ns)
    lasts_s = np.diff(np.append(times_ns, sample.end_ns)) / NS_PER_S
    widths = sample.quotes.ask_ticks - sample.quotes.bid_ticks
    return lasts_s, 1e4 * widths / sample.quotes.mid_ticks


def _mean(values: Floats, weights: Floats, rows: NDArray[np.bool_]) -> float:
    """Weighted mean of these rows; NaN where they weigh nothing."""
    total = float(weights[rows].sum())
    return float((values[rows] * weights[rows]).sum()) / total if total > 0.0 else float("nan")


def _at_ends(per_second: Floats) -> list[float]:
    """The value at the end of each of MIDS equal parts."""
    places = np.linspace(0, len(per_second) - 1, MIDS + 1).round().astype(np.int64)[1:]
    return [float(value) for value in per_second[places]]


def _by_bin(sample: Sample, edges_ns: Int64s) -> tuple[float | None, ...]:
    """Mean spread over time within each bin; None where it was quoted too little to tell."""
    found: list[float | None] = []
    for start_ns, end_ns in pairwise(edges_ns.tolist()):
        part = sample.between(start_ns, end_ns)
        lasts_s, spreads_bps = _spreads(part)
        whole = part.quotes.is_whole
        is_known = lasts_s[whole].sum() >= LEAST_QUOTED_FRAC * part.duration_s
        found.append(_mean(spreads_bps, lasts_s, whole) if is_known else None)
    return tuple(found)


def _venues(sample: Sample, scenario: Scenario, edges_ns: Int64s) -> tuple[VenueDay, ...]:
    """One for each venue, in the scenario's order."""
    spreads = {one.venue: one for one in venue_spreads(sample)}
    n_changes = max(1, int(sample.quote_sides.sum()))
    found = []
    for venue_idx, venue in enumerate(scenario.venues):
        mine = sample.prints.where(sample.prints.venue_idx == venue_idx)
        looks = sample.depth.shares[sample.depth.venue_idx == venue_idx]
        spread = spreads.get(venue.mic)
        found.append(
            VenueDay(
                venue=venue.mic,
                kind=venue.kind,
                share_frac=0.0 if spread is None else spread.share_frac,
                n_prints=len(mine.shares),
                n_shares=int(mine.shares.sum()),
                quoted_bps=None if spread is None else spread.quoted_bps,
                effective_bps=None if spread is None else spread.effective_bps,
                quote_frac=int(sample.quote_sides[venue_idx]) / n_changes,
                depth_shares=tuple(looks.mean(axis=0).tolist()) if len(looks) else (),
                shares_by_bin=tuple(
                    int(mine.shares[(mine.time_ns >= lo) & (mine.time_ns < hi)].sum())
                    for lo, hi in pairwise(edges_ns.tolist())
                ),
            )
        )
    return tuple(found)
