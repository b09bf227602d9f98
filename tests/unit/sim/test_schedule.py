"""What a scenario changes in the middle of its day: regimes, pools that turn, halts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest

from penstock.domain import (
    NS_PER_S,
    ChildCancelled,
    ChildReject,
    ConfigError,
    Ns,
    Side,
    TapeFlag,
    TapeKind,
)
from penstock.sim import Scenario, World, check_scenario
from penstock.sim.scenario.tables import Halt, Regime, VenueChange, VenueSpells
from penstock.sim.schedule import spell_changes
from tests.support.worlds import Client, plain_day

LENGTH_S = 400.0


def day(**changes: Any) -> Scenario:
    """A short reference day with changes."""
    return msgspec.structs.replace(plain_day(duration_s=LENGTH_S), **changes)


def trades_by_half(scenario: Scenario, seed: int = 1) -> tuple[int, int]:
    """Prints before and after the middle of the session."""
    tape = tape_of(World(scenario, seed))
    at_s = (tape["event_ns"] - scenario.start_ns) / NS_PER_S
    is_trade = tape["kind"] == TapeKind.TRADE
    return int((is_trade & (at_s < LENGTH_S / 2)).sum()), int(
        (is_trade & (at_s >= LENGTH_S / 2)).sum()
    )


def tape_of(world: World, until_s: float = LENGTH_S) -> np.ndarray[Any, Any]:
    """Everything that was published."""
    parts = []
    until_ns = Ns(world.scenario.start_ns + round(until_s * NS_PER_S))
    while world.now_ns < until_ns:
        batch, _ = world.advance(until_ns)
        parts.append(batch.tape[batch.lo : batch.hi].copy())
    return np.concatenate(parts)


def test_a_busy_regime_trades_more_from_its_moment_on() -> None:
    """Three times the flow; before it, the very same market."""
    plain = day()
    busy = day(regimes=(Regime(at_s=LENGTH_S / 2, flow_multiplier=3.0),))
    (before, after), (same, more) = trades_by_half(plain), trades_by_half(busy)

    assert before == same
    assert more > 2 * after


def test_a_regime_that_multiplies_by_one_changes_nothing() -> None:
    """Every draw and every message is the same: the schedule itself draws nothing."""
    plain, idle = World(day(), 3), World(day(regimes=(Regime(at_s=100.0),)), 3)

    assert np.array_equal(tape_of(plain), tape_of(idle))


def test_a_volatile_regime_moves_the_price_more() -> None:
    """Four times the noise, over eight days of seeds."""

    def spread(scenario: Scenario) -> float:
        moves = []
        for seed in range(8):
            world = World(scenario, seed)
            middle = Ns(scenario.start_ns + round(LENGTH_S / 2 * NS_PER_S))
            while world.now_ns < middle:
                world.advance(middle)
            before = world.hidden().efficient_ticks
            while world.now_ns < scenario.end_ns:
                world.advance(scenario.end_ns)
            moves.append(world.hidden().efficient_ticks - before)
        return float(np.std(moves))

    regime = Regime(at_s=LENGTH_S / 2, volatility_multiplier=4.0)
    assert spread(day(regimes=(regime,))) > 2.0 * spread(day())


def test_a_pool_turns_at_its_time() -> None:
    """What is not named stays; the hidden truth says so."""
    venues = list(plain_day().venues)
    dark = next(i for i, venue in enumerate(venues) if venue.kind == "dark")
    turn = VenueChange(at_s=50.0, informed_frac=0.9, leak_prob=0.8)
    venues[dark] = msgspec.structs.replace(venues[dark], changes=(turn,))
    world = World(day(venues=tuple(venues)), 1)
    before = world.state.venues[dark : dark + 1].copy()
    tape_of(world, 60.0)
    after = world.state.venues[dark : dark + 1]

    assert [0.9, 0.8] == [float(after[name][0]) for name in ("informed_frac", "leak_prob")]
    assert before["leak_max_ticks"] == after["leak_max_ticks"]
    assert before["informed_frac"] != after["informed_frac"]


def in_spells() -> Scenario:
    """The dark pool of `day` is toxic in spells of 20 to 40 s."""
    venues = list(plain_day().venues)
    dark = next(i for i, venue in enumerate(venues) if venue.kind == "dark")
    spells = VenueSpells(min_s=20.0, max_s=40.0, time_frac=0.4, informed_frac=0.9, leak_prob=0.8)
    venues[dark] = msgspec.structs.replace(venues[dark], spells=spells, changes=())
    return day(venues=tuple(venues))


def test_spells_come_and_go_for_their_share_of_the_time() -> None:
    """On average over days they last as long as asked, and the pool's own values come back."""
    scenario = in_spells()
    venue = next(venue for venue in scenario.venues if venue.spells is not None)
    toxic_s = []
    for seed in range(200):
        turns = list(spell_changes(scenario, seed, venue))
        values = [turn.leak_prob for turn in turns]
        ends_s = [turn.at_s for turn in turns[1:]] + [scenario.scenario.duration_s]
        lengths_s = [end_s - turn.at_s for turn, end_s in zip(turns, ends_s, strict=True)]
        toxic_s.append(sum(s for s, leak in zip(lengths_s, values, strict=True) if leak == 0.8))
        assert all(one != other for one, other in pairwise(values))
        assert max(s for s, leak in zip(lengths_s, values, strict=True) if leak == 0.8) <= 40.0

    assert toxic_s != sorted(toxic_s)
    assert 0.4 == pytest.approx(np.mean(toxic_s) / scenario.scenario.duration_s, abs=0.03)


def test_a_spell_is_what_the_pool_is_meanwhile() -> None:
    """The hidden truth follows the schedule of the day, and two days have two of them."""
    scenario = in_spells()
    dark = next(i for i, venue in enumerate(scenario.venues) if venue.spells is not None)
    seen = []
    for seed in (1, 2):
        world = World(scenario, seed)
        values = []
        while world.now_ns < scenario.end_ns:
            world.advance(Ns(world.now_ns + NS_PER_S))
            values.append(float(world.state.venues[dark]["leak_prob"]))
        seen.append(values)

    assert {0.8, float(scenario.venues[dark].pool.leak_prob)} == set(seen[0])  # type: ignore[union-attr]
    assert seen[0] != seen[1]


def test_nothing_trades_in_a_halt_and_every_lit_venue_says_so() -> None:
    """Prints stop and come back; the status is on the tape at both ends."""
    scenario = day(halts=(Halt(at_s=100.0, duration_s=60.0),))
    world = World(scenario, 2)
    tape = tape_of(world)
    at_s = (tape["event_ns"] - scenario.start_ns) / NS_PER_S
    trades_s = at_s[tape["kind"] == TapeKind.TRADE]
    status = tape[tape["kind"] == TapeKind.STATUS]
    n_lit = sum(venue.is_lit for venue in scenario.venues)

    assert not np.any((trades_s > 100.2) & (trades_s < 160.0))
    assert np.any(trades_s < 100.0)
    assert np.any(trades_s > 160.2)
    assert [TapeFlag.HALTED] * n_lit + [0] * n_lit == status["flags"].tolist()
    assert [] == world.problems()


def test_in_a_halt_orders_are_refused_and_cancels_are_not() -> None:
    """A child that rests may be taken back; a new one hears why not."""
    scenario = day(halts=(Halt(at_s=10.0, duration_s=60.0),))
    lit = next(i for i, venue in enumerate(scenario.venues) if venue.is_lit)
    client = Client(World(scenario, 2))
    client.post(1, lit, Side.BUY, 100, 700_000)
    client.wait(12.0)
    client.post(2, lit, Side.BUY, 100, 700_000)
    client.cancel(1, lit)
    events = client.wait(5.0)

    (rejected,) = [event for event in events if isinstance(event, ChildReject)]
    assert (2, "halted") == (rejected.child_id, rejected.reason)
    assert [1] == [event.child_id for event in events if isinstance(event, ChildCancelled)]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"regimes": (Regime(at_s=LENGTH_S),)}, "regimes[0].at_s"),
        ({"halts": (Halt(at_s=500.0, duration_s=1.0),)}, "halts[0].at_s"),
        (
            {"halts": (Halt(at_s=50.0, duration_s=20.0), Halt(at_s=60.0, duration_s=5.0))},
            "halts[1].at_s",
        ),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(changes: dict[str, Any], key: str) -> None:
    """With the key that is wrong."""
    with pytest.raises(ConfigError, match=r"less than|after the halt") as caught:
        check_scenario(day(**changes), "a.toml")

    assert f"a.toml: {key}" in str(caught.value)
