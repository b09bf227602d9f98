"""Kill the router before each of its effects: no share is lost, no order leaves twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from penstock.domain import NS_PER_S, Ns, ParentState, Side, Ticks
from tests.support.engines import BID
from tests.support.killable_routers import Killed, SmallWorld, fuse_journals

SCRIPT: dict[int, Callable[[SmallWorld], None]] = {
    1: lambda world: world.client.order("buy", Side.BUY, 2_000, urgency_frac=0.5),
    3: lambda world: world.client.order("sell", Side.SELL, 1_500, limit_ticks=Ticks(BID)),
    6: lambda world: world.client.replace("sell", 1_900),
    9: lambda world: world.client.order("quick", Side.BUY, 900, horizon_ns=Ns(NS_PER_S)),
    14: lambda world: world.client.cancel("buy"),
}

MakeWorld = Callable[..., SmallWorld]


def live(world: SmallWorld, kills: Sequence[int]) -> int:
    """Work through the script, killed at these effects, one a life; effects of the last life."""
    left = list(kills)
    is_started = False
    while True:
        try:
            if not is_started:
                world.start(left.pop(0) if left else 0)
                is_started = True
            _work(world)
            world.stop()
        except Killed:
            is_started = False
            world.kill()
            continue
        return world.fuse.n


def _work(world: SmallWorld) -> None:
    if world.n_rounds > 0:
        world.client.ask()
    while True:
        action = SCRIPT.get(world.n_rounds)
        if action is not None:
            action(world)
        world.round()
        if world.n_rounds > max(SCRIPT) and all(o.is_over for o in world.client.orders.values()):
            return


def check(world: SmallWorld, why: str) -> None:
    """The venues' own log against the client's, and the laws of the matter one by one."""
    at_venues = {f"{x.mic}/{x.exec_id}": x.shares for x in world.venues.executions}
    at_client = {exec_id: shares for exec_id, (_, shares) in world.client.fills.items()}
    requests = world.venues.n_received
    repeated = [name for name, n in requests.items() if n > 1 and not name.startswith("H ")]

    assert at_venues == at_client, why
    assert [] == repeated, why
    assert [] == world.client.unreadable, why
    assert world.venues.is_empty, why
    for name, order in world.client.orders.items():
        fills = {exec_id: n for exec_id, (owner, n) in world.client.fills.items() if owner == name}
        busted = sum(n for exec_id, n in fills.items() if exec_id in world.client.busted)
        assert sum(fills.values()) - busted <= order.size_shares, f"{why}: {name}"


@pytest.fixture
def make_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeWorld:
    """A factory of worlds, each in its own folder, whose journal writes are effects."""
    n_made = 0

    def make(
        *, loses_in_flight: bool = False, dead_ticks: int = 0, is_queued: bool = False
    ) -> SmallWorld:
        nonlocal n_made
        n_made += 1
        world = SmallWorld(
            tmp_path / str(n_made),
            loses_in_flight=loses_in_flight,
            dead_ticks=dead_ticks,
            is_queued=is_queued,
        )
        fuse_journals(world, monkeypatch)
        return world

    return make


def test_a_life_without_a_kill_is_clean_and_does_something(make_world: MakeWorld) -> None:
    """The control: without it the tests below could pass because nothing happens at all."""
    world = make_world()
    n_effects = live(world, [])

    check(world, "nobody killed it")
    assert 500 < n_effects
    assert 20 < len(world.venues.executions)
    assert 1 == len(world.client.busted)
    states = {name: order.state for name, order in world.client.orders.items()}
    assert {
        "buy": ParentState.CANCELLED,
        "sell": ParentState.FILLED,
        "quick": ParentState.FILLED,
    } == states


@pytest.mark.parametrize("dead_ticks", [0, 7])
@pytest.mark.parametrize("loses_in_flight", [False, True])
def test_a_kill_at_any_instant_loses_no_share_and_sends_nothing_twice(
    make_world: MakeWorld, loses_in_flight: bool, dead_ticks: int
) -> None:
    """
    The law of DESIGN section 4. What was handed over may or may not have left with the process, and
    orders may trade on while nobody is there.

    Each variant takes every seventh effect, and another seventh: all of them are the nightly's.
    """
    first = 1 + loses_in_flight + 2 * (dead_ticks > 0)
    n_effects = live(make_world(), [])
    for at in range(first, n_effects + 1, 7):
        world = make_world(loses_in_flight=loses_in_flight, dead_ticks=dead_ticks)
        live(world, [at])
        check(world, f"killed at effect {at}, loses {loses_in_flight}, dead {dead_ticks}")


def test_a_kill_while_messages_overtake_each_other_loses_nothing(make_world: MakeWorld) -> None:
    """A mark stays below what has been overtaken: it comes again, and counts once."""
    n_effects = live(make_world(is_queued=True), [])
    for kill_at in range(5, n_effects, 61):
        world = make_world(is_queued=True)
        live(world, [kill_at])
        check(world, f"killed before effect {kill_at}")


def test_a_report_that_may_have_left_is_told_again_and_counts_once(make_world: MakeWorld) -> None:
    """Between the handing over and the mark nobody can know; the ExecID makes it harmless."""
    n_repeated = 0
    for at in range(300, 340):
        world = make_world()
        live(world, [at])
        check(world, f"killed at effect {at}")
        n_repeated += world.client.n_repeated

    assert n_repeated > 0


def test_a_kill_during_recovery_is_recovered_from(make_world: MakeWorld) -> None:
    """Whoever is killed once may be killed again, also before it has said anything."""
    for first in (97, *range(301, 309), 455):
        for second in range(first % 5 + 1, 60, 10):
            world = make_world(loses_in_flight=True, dead_ticks=2)
            live(world, [first, second, 30])
            check(world, f"killed at {first}, then {second}, then 30")


@pytest.mark.nightly
@pytest.mark.parametrize("dead_ticks", [0, 1, 7])
@pytest.mark.parametrize("loses_in_flight", [False, True])
def test_a_kill_at_every_instant(
    make_world: MakeWorld, loses_in_flight: bool, dead_ticks: int
) -> None:
    """Every effect, and after each another life that is killed as well."""
    n_effects = live(make_world(), [])
    for at in range(1, n_effects + 1):
        world = make_world(loses_in_flight=loses_in_flight, dead_ticks=dead_ticks)
        live(world, [at, 1 + (37 * at) % 120])
        check(world, f"killed at effect {at}, loses {loses_in_flight}, dead {dead_ticks}")
