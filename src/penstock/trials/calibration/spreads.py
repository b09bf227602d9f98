"""What it cost to take: quoted and effective spread, venue by venue."""

from __future__ import annotations

import msgspec
import numpy as np

from penstock.trials.calibration.sample import Prints, Sample


class VenueSpread(msgspec.Struct, frozen=True, kw_only=True):
    """Spreads at the trades of one venue; full, in bps of the midpoint before the trade."""

    venue: str
    share_frac: float  # of all shares printed
    n_prints: int
    quoted_bps: float | None  # None where nothing traded under a whole quote
    effective_bps: float | None  # weighted by shares


def venue_spreads(sample: Sample) -> list[VenueSpread]:
    """One for each venue that printed something, largest first."""
    prints = sample.prints
    total = max(1, int(prints.shares.sum()))
    found = []
    for venue_idx, venue in enumerate(sample.venues):
        mine = prints.where(prints.venue_idx == venue_idx)
        if not len(mine.shares):
            continue
        quoted, effective = spreads_of(sample, mine)
        found.append(
            VenueSpread(
                venue=venue,
                share_frac=int(mine.shares.sum()) / total,
                n_prints=len(mine.shares),
                quoted_bps=quoted,
                effective_bps=effective,
            )
        )
    return sorted(found, key=lambda one: -one.share_frac)


def spreads_of(sample: Sample, prints: Prints) -> tuple[float | None, float | None]:
    """
    Quoted and effective spread at these prints, means weighted by shares, bps.

    Effective is twice the distance of the price from the midpoint before it: what a taker paid
    whatever side it was on.
    """
    places = sample.quotes.places_before(prints.time_ns)
    is_known = (places >= 0) & sample.quotes.is_whole[np.maximum(places, 0)]
    if not is_known.any():
        return None, None
    places, known = places[is_known], prints.where(is_known)
    mids = sample.quotes.mid_ticks[places]
    widths = sample.quotes.ask_ticks[places] - sample.quotes.bid_ticks[places]
    weights = known.shares / known.shares.sum()
    quoted = float((weights * widths / mids).sum() * 1e4)
    return quoted, float((weights * 2.0 * np.abs(known.ticks - mids) / mids).sum() * 1e4)
