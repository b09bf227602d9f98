"""What a scenario says of calls and price bands, in the units of the kernels."""

from __future__ import annotations

import numpy as np

from penstock.domain import NS_PER_S
from penstock.sim.codes import FAR
from penstock.sim.scenario.tables import Scenario

BEFORE_THE_END_S = 1.0
"""The closing auction is so long before the end that what it brings us arrives in the session."""

# Wall time at the exchange, seconds after midnight: 09:45 and 15:35.
_OPEN_UNTIL_S = 35_100.0
_CLOSE_FROM_S = 56_100.0


def write_phase_params(scenario: Scenario, row: np.void) -> None:
    """Fill in what PARAMS_DTYPE says of calls and bands."""
    auctions, bands = scenario.auctions, scenario.bands
    mics = [venue.mic for venue in scenario.venues]
    midnight_ns = scenario.start_ns - round(scenario.scenario.start_s * NS_PER_S)
    cross_ns = scenario.end_ns - round(BEFORE_THE_END_S * NS_PER_S)
    row["has_phases"] = auctions.venue is not None or bands.width_frac > 0.0
    row["listing_venue_idx"] = -1 if auctions.venue is None else mics.index(auctions.venue)
    row["opening_ns"] = round(auctions.opening_s * NS_PER_S)
    row["reopening_ns"] = round(auctions.reopening_s * NS_PER_S)
    row["closing_at_ns"] = FAR
    row["closing_cross_ns"] = FAR
    if auctions.closing_s > 0.0:
        row["closing_at_ns"] = cross_ns - round(auctions.closing_s * NS_PER_S)
        row["closing_cross_ns"] = cross_ns
    row["band_width_frac"] = bands.width_frac
    row["band_open_multiplier"] = bands.open_multiplier
    row["band_close_multiplier"] = bands.close_multiplier
    row["band_open_until_ns"] = midnight_ns + round(_OPEN_UNTIL_S * NS_PER_S)
    row["band_close_from_ns"] = midnight_ns + round(_CLOSE_FROM_S * NS_PER_S)
    row["limit_state_ns"] = round(bands.limit_state_s * NS_PER_S)
    row["pause_ns"] = round(bands.pause_s * NS_PER_S)
