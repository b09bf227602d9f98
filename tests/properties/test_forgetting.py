"""An engine that forgets says what one that never forgets says, whatever comes late."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.domain import Command, Event, Ns, TapeArray, Universe
from penstock.engine import EngineConfig
from tests.support.engines import small_engine, small_universe, static_policy
from tests.support.faulty_schedules import Schedule

SEEDS = st.integers(0, 2**32)
N_STEPS = 200
BRIEFLY = EngineConfig(forget_after_ns=Ns(1_000_000))


class Twins:
    """Two engines that get the same; what they answer is compared."""

    def __init__(self, universe: Universe) -> None:
        self.forgetful = small_engine(universe, static_policy(universe), config=BRIEFLY)
        self.other = small_engine(universe, static_policy(universe), config=BRIEFLY)
        self.other._core.config = msgspec.structs.replace(BRIEFLY, forget_after_ns=Ns(0))
        self.n_called_back = 0

    def on_market(self, tape: TapeArray, lo: int, hi: int) -> None:
        """Market data for both."""
        self.forgetful.on_market(tape.copy(), lo, hi)
        self.other.on_market(tape, lo, hi)

    def on_event(self, event: Event) -> list[Command]:
        """The same event for both."""
        n_before = self.forgetful.n_forgotten
        commands = self.forgetful.on_event(event)
        self.n_called_back += self.forgetful.n_forgotten < n_before
        expected = self.other.on_event(event)

        assert lines(expected) == lines(commands), event
        return commands


def lines(commands: list[Command]) -> list[bytes]:
    """Commands without an order: of orders that are independent, none comes first."""
    return sorted(msgspec.json.encode(command) for command in commands)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_what_is_forgotten_is_found_again_as_it_was(seed: int) -> None:
    """Late fills, busts, repetitions, replaces and timers, in every order."""
    universe = small_universe(2 + seed % 4)
    twins = Twins(universe)
    schedule = Schedule(seed, universe, twins, is_honest=False)
    schedule.run(N_STEPS)

    assert twins.other.n_forgotten == 0


def test_the_schedules_do_call_orders_back() -> None:
    """The control: without it the test above could pass because nothing is ever forgotten."""
    n_called_back = 0
    for seed in range(12):
        universe = small_universe(3)
        twins = Twins(universe)
        Schedule(seed, universe, twins, is_honest=False).run(N_STEPS)
        n_called_back += twins.n_called_back

    assert n_called_back > 50
