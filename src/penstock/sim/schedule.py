"""What a scenario changes in the middle of its day: regimes, venues that turn, halts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.domain import BPS_PER_UNIT, NS_PER_S, stream
from penstock.sim.layout import CHANGE_DTYPE, Rows, WorldState
from penstock.sim.phases import set_halt
from penstock.sim.scenario.tables import Regime, Scenario, VenueChange, VenueTable

# What a row changes, in the order in which changes of one moment happen.
NOISE: Final = 0
NEWS: Final = 1
INFORMED_GAP: Final = 2
HALF_SPREAD: Final = 3  # `idx` is a maker; from here down a venue
FLOW_GAP: Final = 4
MAKER_SHARES: Final = 5
POOL_INFORMED: Final = 6
LEAK_PROB: Final = 7
LEAK_MIN: Final = 8
LEAK_MAX: Final = 9
HALT: Final = 10


@inlined
def follow_schedule(state: WorldState, now_ns: int) -> None:
    """Make the changes that are due. Looked at once a step of the price's grid; no draws."""
    params, world = state.params, state.world
    while world[0].n_changes < params[0].n_scheduled and (
        state.changes[world[0].n_changes].at_ns <= now_ns
    ):
        change(state, world[0].n_changes, now_ns)
        world[0].n_changes += 1


@kernel
def change(state: WorldState, i: int, now_ns: int) -> None:
    """One change of the schedule."""
    params, makers = state.params, state.makers
    what, idx, value = state.changes[i].what, state.changes[i].idx, state.changes[i].value
    if what == NOISE:
        params[0].noise_ticks = value
    elif what == NEWS:
        params[0].jump_prob = value
    elif what == INFORMED_GAP:
        params[0].informed_gap_ns = value
    elif what == HALF_SPREAD:
        if makers[idx].half_spread_ticks != value:
            makers[idx].anchor_ticks = 0.0  # so that it moves its quotes when it wakes
        makers[idx].half_spread_ticks = value
    elif what == HALT:
        set_halt(state, int(value), now_ns)
    else:
        change_venue(state.venues, what, idx, value)


@kernel
def change_venue(venues: Rows, what: int, idx: int, value: float) -> None:
    """One change of one venue."""
    if what == FLOW_GAP:
        venues[idx].gap_ns = value
    elif what == MAKER_SHARES:
        venues[idx].maker_shares = value
    elif what == POOL_INFORMED:
        venues[idx].informed_frac = value
    elif what == LEAK_PROB:
        venues[idx].leak_prob = value
    elif what == LEAK_MIN:
        venues[idx].leak_min_ticks = value
    elif what == LEAK_MAX:
        venues[idx].leak_max_ticks = value


def schedule_of(scenario: Scenario, seed: int, params: Rows, venues: Rows, makers: Rows) -> Rows:
    """
    The scenario's changes, sorted by time.

    Args:
        seed: of the day; it says when the spells of pools are.
        params, venues, makers: as built for the opening; a regime's multipliers are relative to it.
    """
    rows: list[tuple[float, int, int, float]] = []
    for regime in scenario.regimes:
        rows += _of_regime(regime, params, venues, makers, n_makers=int(params["n_makers"][0]))
    ticks_per_bps = scenario.start_ticks / BPS_PER_UNIT
    for venue_idx, venue in enumerate(scenario.venues):
        for turn in (*venue.changes, *spell_changes(scenario, seed, venue)):
            rows += _of_venue(turn, venue_idx, ticks_per_bps)
    for halt in scenario.halts:
        rows += [(halt.at_s, HALT, 0, 1.0), (halt.at_s + halt.duration_s, HALT, 0, 0.0)]
    changes = np.zeros(len(rows), dtype=CHANGE_DTYPE)
    for i, (at_s, what, idx, value) in enumerate(sorted(rows)):
        changes[i] = (scenario.start_ns + round(at_s * NS_PER_S), what, idx, value)
    return changes


def _of_regime(
    regime: Regime, params: Rows, venues: Rows, makers: Rows, *, n_makers: int
) -> list[tuple[float, int, int, float]]:
    at_s, row = regime.at_s, params[0]
    found = [
        (at_s, NOISE, 0, float(row["noise_ticks"]) * regime.volatility_multiplier),
        (at_s, NEWS, 0, min(1.0, float(row["jump_prob"]) * regime.news_multiplier)),
        (at_s, INFORMED_GAP, 0, float(row["informed_gap_ns"]) / regime.informed_multiplier),
    ]
    spreads: NDArray[np.float64] = makers["half_spread_ticks"][:n_makers]
    found += [
        (at_s, HALF_SPREAD, maker, float(half_spread) * regime.spread_multiplier)
        for maker, half_spread in enumerate(spreads)
    ]
    for venue_idx, venue in enumerate(venues):
        found.append((at_s, FLOW_GAP, venue_idx, float(venue["gap_ns"]) / regime.flow_multiplier))
        shares = float(venue["maker_shares"]) * regime.depth_multiplier
        found.append((at_s, MAKER_SHARES, venue_idx, shares))
    return found


def spell_changes(scenario: Scenario, seed: int, venue: VenueTable) -> Iterator[VenueChange]:
    """
    When a pool turns and turns back on the day of `seed`; from the venue's own stream.

    The day begins somewhere inside a spell, or between two, with their long-run shares of time.
    Lengths are uniform; those between spells are in proportion to `time_frac`.
    """
    spells, pool = venue.spells, venue.pool
    if spells is None or pool is None:
        return
    generator = stream(seed, f"turns of {venue.mic}")
    is_on = bool(generator.random() < spells.time_frac)
    age = generator.random()
    off_per_on = (1.0 - spells.time_frac) / spells.time_frac
    at_s = 0.0
    while at_s < scenario.scenario.duration_s:
        values = spells if is_on else pool
        if is_on or at_s > 0.0:
            yield VenueChange(
                at_s=at_s,
                informed_frac=values.informed_frac,
                leak_prob=values.leak_prob,
                leak_min_bps=values.leak_min_bps,
                leak_max_bps=values.leak_max_bps,
            )
        length_s = float(generator.uniform(spells.min_s, spells.max_s)) * (1.0 - age)
        at_s += length_s if is_on else length_s * off_per_on
        is_on, age = not is_on, 0.0


def _of_venue(
    turn: VenueChange, venue_idx: int, ticks_per_bps: float
) -> list[tuple[float, int, int, float]]:
    wanted = (
        (POOL_INFORMED, turn.informed_frac, 1.0),
        (LEAK_PROB, turn.leak_prob, 1.0),
        (LEAK_MIN, turn.leak_min_bps, ticks_per_bps),
        (LEAK_MAX, turn.leak_max_bps, ticks_per_bps),
    )
    return [
        (turn.at_s, what, venue_idx, value * scale)
        for what, value, scale in wanted
        if value is not None
    ]
