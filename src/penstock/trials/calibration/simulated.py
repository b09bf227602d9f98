"""A day of a scenario without any orders of ours, as a sample."""

from __future__ import annotations

from typing import Final

import numpy as np

from penstock.domain import NS_PER_S, Ns, TapeKind
from penstock.sim import Scenario, ScriptArray, World
from penstock.trials.calibration.folding import Folder
from penstock.trials.calibration.sample import (
    N_LEVELS,
    NO_DEPTH,
    Depth,
    Quotes,
    Sample,
    on_clock,
    prints_of,
)

# Books fill up and prices forget that all of them started at one point: not measured.
WARM_UP_S: Final = 120
_STEP_S: Final = 60
_LOOK_S: Final = 1


def simulated_sample(
    scenario: Scenario,
    seed: int,
    *,
    duration_s: float | None = None,
    clock_ns: int = 1_000_000,
    has_depth: bool = False,
    warm_up_s: float = WARM_UP_S,
    script: ScriptArray | None = None,
) -> Sample:
    """
    What a listener to all venues would have recorded of one simulated day.

    Times are those of receipt, cut to `clock_ns` as a tape's clock cuts them.

    Args:
        duration_s: length that is measured; the scenario's where None.
        has_depth: look at the displayed sizes of all lit books once a second.
        warm_up_s: left out at the beginning.
        script: flow of a recorded day.
    """
    world = World(scenario, seed, script=script)
    n_venues = len(scenario.venues)
    is_protected = np.array([venue.protected for venue in scenario.venues])
    folder = Folder(is_protected)
    length_s = scenario.scenario.duration_s - warm_up_s if duration_s is None else duration_s
    start_ns = int(scenario.start_ns) + round(warm_up_s * NS_PER_S)
    end_ns = start_ns + round(length_s * NS_PER_S)
    prints, step_end_ns = [], int(world.now_ns)
    looks: list[Depth] = []
    step_ns = (_LOOK_S if has_depth else _STEP_S) * NS_PER_S
    while step_end_ns < end_ns:
        step_end_ns = min(step_end_ns + step_ns, end_ns)
        while world.now_ns < step_end_ns:
            batch, _ = world.advance(Ns(step_end_ns))
            tape = batch.tape[batch.lo : batch.hi]
            folder.fold(tape)
            prints.append(tape[tape["kind"] == TapeKind.TRADE].copy())
        if has_depth:
            looks.append(_look(world, scenario))
    states = folder.states()
    rows = np.concatenate(prints)
    rows["event_ns"] = on_clock(rows["recv_ns"], clock_ns)
    states[:, 0] = on_clock(states[:, 0], clock_ns)
    is_last = np.append(states[1:, 0] != states[:-1, 0], True)
    whole = Sample(
        label=f"{scenario.scenario.name}, seed {seed}",
        symbol=scenario.instrument.symbol,
        day=scenario.scenario.day,
        start_ns=start_ns,
        end_ns=end_ns,
        increment_ticks=int(scenario.increment_ticks),
        venues=tuple(venue.mic for venue in scenario.venues),
        quotes=Quotes(*states[is_last].T),
        prints=prints_of(rows),
        quote_sides=folder.setters[:n_venues],
        depth=Depth(*map(np.concatenate, zip(*looks, strict=True))) if looks else NO_DEPTH,
    )
    return whole.between(start_ns, end_ns)


def _look(world: World, scenario: Scenario) -> Depth:
    """Both sides of every lit book, as they are shown now."""
    lit = [venue_idx for venue_idx, venue in enumerate(scenario.venues) if venue.is_lit]
    shares = np.concatenate([world.displayed_depth(venue_idx, N_LEVELS) for venue_idx in lit])
    times_ns = np.full(len(shares), world.now_ns, dtype=np.int64)
    return Depth(times_ns, shares, np.repeat(np.array(lit, dtype=np.int64), 2))
