"""The whole router as a Gymnasium environment: the real engine, whose rows an agent ranks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock.domain import BPS_PER_UNIT, N_TACTICS, InputError
from penstock.routing import Frame, RoutingConfig
from penstock.sim import Hidden, Scenario
from penstock.trials.environments.agent_policy import Preferences
from penstock.trials.environments.config import scenario_of
from penstock.trials.environments.extra import gymnasium
from penstock.trials.environments.refusals import action_error, reset_needed
from penstock.trials.environments.routing_day import RoutingDay
from penstock.trials.environments.routing_view import (
    Observation,
    nothing_to_decide,
    observation_of,
    observation_space,
)
from penstock.trials.environments.turns import Turns

_MAX_SEED: Final = 2**31


class RoutingEnv(gymnasium.Env[Observation, NDArray[np.float32]]):
    """
    Decide for the real engine: each step is one routing decision.

    Action: Box of one preference in [-1, 1] for each row (venue, tactic); usable rows are tried in
    descending order, those below 0 are left out. Observation: the feature matrix of the decision,
    the situation, the mask of usable rows (in `info` too). Reward: minus the cost against M* of all
    that came since the last decision, in bps of each parent. docs/environments.md has the details.

    An episode is a day. The engine runs in a thread of its own and waits while the agent thinks;
    simulated time stands still meanwhile. The same seed and actions give the same day, to the bit.

    Args:
        scenario: a generated scenario or its file; `reference-day` if None.
        routing: how rows are made, and the fall-back's waterfall.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - gymnasium's own attribute

    def __init__(
        self, scenario: Scenario | Path | str | None = None, routing: RoutingConfig | None = None
    ) -> None:
        self._scenario = scenario_of(scenario)
        self._routing = routing
        self._day: RoutingDay | None = None
        self._turns: Turns[Frame, Preferences] | None = None
        self._n_venues = len(self._scenario.venues)
        self.action_space = gymnasium.spaces.Box(
            -1.0, 1.0, (self._n_venues * N_TACTICS,), np.float32
        )
        self.observation_space = observation_space(self._n_venues)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """
        Start a day: that of the seed, or without one a day by lot.

        Raises:
            InputError: options, of which there are none; a day without any decision.
        """
        super().reset(seed=seed)
        if options:
            raise InputError.one(
                where="reset: options", expected="none", found=options, fix="leave them out"
            )
        self.close()
        day_seed = int(self.np_random.integers(_MAX_SEED)) if seed is None else seed
        self._day = RoutingDay(self._scenario, day_seed, self._routing)
        self._turns = Turns(self._day.run)
        frame = self._turns.start()
        if frame is None:
            raise InputError.one(
                where=f"{self._scenario.scenario.name}, seed {day_seed}",
                expected="a day in which something is to be decided",
                found="none",
                fix="give the scenario parents, and a market with a quote when they come",
            )
        self._day.cost.take()
        return self._shown(frame)

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """
        Decide, and let engine and market run to the next decision.

        `terminated` at the end of the day; the observation is zeros then. Never truncated.

        Raises:
            ActionError: the action is not in its space; nothing has happened.
            ResetNeeded: no day is going on.
        """
        day, turns = self._day, self._turns
        if day is None or turns is None:
            raise reset_needed()
        frame = turns.answer(self._preferences(action))
        reward = -day.cost.take()
        if frame is not None:
            observation, info = self._shown(frame)
            return observation, reward, False, False, info
        self._turns = None
        observation = nothing_to_decide(self._n_venues)
        info = {"action_mask": observation["action_mask"], "state_hash": day.state_hash()}
        return observation, reward, True, False, info

    def close(self) -> None:
        """End the day that is under way, if there is one."""
        if self._turns is not None:
            self._turns.abandon()
        self._turns = None

    @property
    def scenario(self) -> Scenario:
        """The market's description."""
        return self._scenario

    @property
    def n_events(self) -> int:
        """Events of the day's market so far."""
        return 0 if self._day is None else self._day.world.n_events

    def hidden(self) -> Hidden:
        """What no router may know now: for insiders, and for critics in training."""
        if self._day is None:
            raise reset_needed()
        return self._day.world.hidden()

    def coming_bps(self, side: float) -> float:
        """How far M* is from the midpoint that the engine sees: up for side 1, down for −1."""
        if self._day is None:
            raise reset_needed()
        mid_ticks = self._day.mid_ticks_x2() / 2
        if mid_ticks == 0:
            return 0.0
        return side * BPS_PER_UNIT * (self._day.world.reference_price_ticks() / mid_ticks - 1.0)

    def _shown(self, frame: Frame) -> tuple[Observation, dict[str, Any]]:
        observation = observation_of(frame)
        situation = frame.situation[0]
        info = {
            "action_mask": observation["action_mask"],
            "parent_id": int(situation["parent_id"]),
            "now_ns": int(situation["now_ns"]),
        }
        return observation, info

    def _preferences(self, action: NDArray[np.float32]) -> Preferences:
        try:
            given: NDArray[Any] = np.asarray(action)
        except ValueError:  # ragged
            given = np.empty(0)
        preferences = given.astype(np.float64) if given.dtype.kind in "fiu" else np.empty(0)
        # NaN is not below 1 either. A float64, or a list, is as good as what the space would have.
        if preferences.shape != self.action_space.shape or not (np.abs(preferences) <= 1.0).all():
            raise action_error(self.action_space, "a preference for each row", action)
        return preferences


class OneRowEnv(gymnasium.ActionWrapper[Observation, np.int64, NDArray[np.float32]]):
    """
    A `RoutingEnv` whose action is one row: it gets what it can take, the rest waits.

    Discrete(n_rows + 1): row i, or nothing now (n_rows). For agents of masked discrete actions:
    `info["action_mask"]` says which rows may be used; to choose another is to wait.
    """

    def __init__(self, env: gymnasium.Env[Observation, NDArray[np.float32]]) -> None:
        super().__init__(env)
        assert env.action_space.shape is not None
        self._n_rows = env.action_space.shape[0]
        self.action_space = gymnasium.spaces.Discrete(self._n_rows + 1)

    def action(self, action: np.int64) -> NDArray[np.float32]:
        """Everything left out but one row."""
        if not self.action_space.contains(action):
            raise action_error(self.action_space, "a row, or the number behind the last", action)
        preferences = np.full(self._n_rows, -1.0, np.float32)
        if action < self._n_rows:
            preferences[action] = 1.0
        return preferences
