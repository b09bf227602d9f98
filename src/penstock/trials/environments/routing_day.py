"""One day of the real engine in a fresh market, with an agent in the place of its policy."""

from __future__ import annotations

from collections.abc import Callable

from penstock.engine import Sequencer
from penstock.routing import Frame, RoutingConfig, static_policy
from penstock.sim import Scenario, World
from penstock.trials.day import engine_of, mean_take_fee_ticks
from penstock.trials.environments.agent_policy import AgentPolicy, Preferences
from penstock.trials.environments.routing_account import RunningCost
from penstock.trials.host import Host
from penstock.trials.parents import parents_of_day
from penstock.trials.recording import ParentRecorder

Ask = Callable[[Frame], Preferences]


class RoutingDay:
    """
    The same market, engine, parents and fall-back as `penstock.trials.run_day` gives a policy.

    Attributes:
        world: the market.
        cost: what came of the decisions so far.
    """

    def __init__(self, scenario: Scenario, seed: int, routing: RoutingConfig | None = None) -> None:
        routing = routing or RoutingConfig()
        self._scenario, self._seed = scenario, seed
        self._sequencer = Sequencer()
        self._ask: Ask | None = None
        self.world = World(scenario, seed, self._sequencer)
        universe = self.world.universe
        fallback = static_policy(universe, routing)
        self._engine = engine_of(universe, AgentPolicy(self._asked), fallback, routing)
        self.parents = ParentRecorder(self._engine, mean_take_fee_ticks(universe), self.world)
        self.cost = RunningCost(self.world, self.parents)

    def run(self, ask: Ask) -> None:
        """Run the whole day; `ask` answers each decision. Once only."""
        self._ask = ask
        host = Host(self.world, self._engine, self._sequencer, (self.parents, self.cost))
        host.connect(len(self.world.universe.venues))
        for order in parents_of_day(self._scenario, self._seed):
            host.book_parent(order)
        host.run(self._scenario.end_ns)

    def mid_ticks_x2(self) -> int:
        """Twice the midpoint as the engine sees it now; 0 without an NBBO."""
        return self._engine.view.touch(0).mid_ticks_x2

    def state_hash(self) -> str:
        """Engine and market, as in `penstock.trials.Day`."""
        return f"{self._engine.state_hash()[:32]}{self.world.state_hash()[:32]}"

    def _asked(self, frame: Frame) -> Preferences:
        assert self._ask is not None, "the day has not begun"
        return self._ask(frame)
