"""From a scenario to the numbers of crowds, other people's parents, time of day and late views."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from penstock.domain import NS_PER_S, NS_PER_US
from penstock.sim.quantiles import Quantiles, size_quantiles
from penstock.sim.scenario.tables import Scenario

_S_PER_HOUR = 3_600.0


def crowd_params(scenario: Scenario, row: np.void) -> None:
    """Write them into the row of PARAMS_DTYPE."""
    flow, others = scenario.flow, scenario.others
    row["flow_delay_ns"] = round(flow.view_delay_us * NS_PER_US)
    row["informed_delay_ns"] = round(flow.informed_delay_us * NS_PER_US)
    row["maker_delay_ns"] = round(scenario.makers.view_delay_us * NS_PER_US)
    row["spread_weight_frac"] = flow.spread_weight_frac
    row["open_extra_frac"] = flow.open_multiplier - 1.0
    row["close_extra_frac"] = flow.close_multiplier - 1.0
    row["shape_tau_ns"] = flow.shape_tau_s * NS_PER_S
    row["session_start_ns"] = scenario.start_ns
    row["session_end_ns"] = scenario.end_ns
    row["excitation_frac"] = flow.excitation_frac
    row["excitation_tau_ns"] = flow.excitation_tau_s * NS_PER_S
    row["excitation_same_frac"] = flow.excitation_same_frac
    row["others_gap_ns"] = math.inf
    if others.parents_per_hour > 0.0:
        row["others_gap_ns"] = _S_PER_HOUR * NS_PER_S / others.parents_per_hour
    row["others_child_shares"] = others.child_shares
    row["others_child_gap_ns"] = others.child_gap_s * NS_PER_S
    row["others_market_cut"] = round(others.market_frac * 65_536)


def others_sizes(scenario: Scenario) -> Quantiles:
    """Sizes of other people's parents."""
    mean_shares = scenario.others.size_adv_frac * scenario.instrument.adv_shares
    lot_shares = scenario.instrument.round_lot_shares
    return size_quantiles(max(1.0, mean_shares), scenario.others.size_tail, lot_shares)


def n_live_parents(scenario: Scenario) -> float:
    """How many of other people's parents are at work at a time, on average (Little's law)."""
    others = scenario.others
    n_children = others.size_adv_frac * scenario.instrument.adv_shares / others.child_shares
    lasts_s = max(1.0, n_children) * others.child_gap_s
    return others.parents_per_hour / _S_PER_HOUR * lasts_s


def crowd_cuts(scenario: Scenario) -> NDArray[np.int64]:
    """Of 65,536, cumulated over venues: their parts of all market orders."""
    rates = [venue.lit.market_per_s if venue.lit is not None else 0.0 for venue in scenario.venues]
    if sum(rates) == 0.0:
        rates = [float(venue.is_lit) for venue in scenario.venues]
    return np.round(np.cumsum(rates) / sum(rates) * 65_536).astype(np.int64)
