"""The bare market as a Gymnasium environment: one parent, one agent, no router."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from penstock.domain import MAX_ORDER_SHARES, InputError
from penstock.sim import Hidden, Scenario
from penstock.trials.environments.config import MarketTask, scenario_of
from penstock.trials.environments.extra import gymnasium
from penstock.trials.environments.market_floor import MarketFloor
from penstock.trials.environments.market_layout import ACTION_IN_WORDS, FAR_AWAY
from penstock.trials.environments.refusals import action_error, reset_needed

MAX_SEED = 2**31

Observation = NDArray[np.float32]
Action = NDArray[np.int64]


class MarketEnv(gymnasium.Env[Observation, Action]):
    """
    Work one parent order in a simulated market that reacts.

    Action: MultiDiscrete (verb, venue, size); observation: Box of float32; reward: minus the cost
    of the step in bps of the parent's value, against M*. docs/environments.md has the numbers.

    An episode is one parent. `reset(seed=s)` starts day s with its first parent; `reset()` goes on
    with the next parent of the same day, and with a new day when that one is over. The same seed
    and actions give the same trajectory, to the bit.

    Args:
        scenario: a generated scenario or its file; `reference-day` if None.
        task: what a step is, and how many there are.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - gymnasium's own attribute

    def __init__(
        self, scenario: Scenario | Path | str | None = None, task: MarketTask | None = None
    ) -> None:
        self._floor = MarketFloor(scenario_of(scenario), task or MarketTask(), 1)
        self._has_day, self._is_over = False, True
        desk = self._floor.desk
        self._observation = desk.observations[0]
        self._rewards, self._ends = desk.rewards, desk.ends
        self.action_space = gymnasium.spaces.MultiDiscrete(self._floor.action_counts)
        self.observation_space = observation_box(self._floor.n_numbers)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """
        Start an episode.

        Args:
            options: `side` (1 buys, -1 sells) and `size_shares` of the parent, each optional.
        Raises:
            InputError: an option that means nothing.
        """
        super().reset(seed=seed)
        side, size_shares = parent_wishes(options)
        if seed is not None:
            self._floor.start(0, seed, side, size_shares)
        elif not (self._has_day and self._floor.next_parent(0, side, size_shares)):
            self._floor.start(0, int(self.np_random.integers(MAX_SEED)), side, size_shares)
        self._has_day, self._is_over = True, False
        return self._observation.copy(), {}

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """
        Carry out an action and let the market trade for a step.

        `terminated`: everything is filled, or the horizon is over and the rest was charged.
        `truncated`: the day ended first; the rest was charged too. `info` has the account then.

        Raises:
            ActionError: the action is not in its space; nothing has happened.
            ResetNeeded: no episode is going on.
        """
        if self._is_over:
            raise reset_needed()
        try:
            verb, venue_idx, size = np.asarray(action).tolist()
        except (TypeError, ValueError):
            raise action_error(self.action_space, ACTION_IN_WORDS, action) from None
        # The space's own check takes as long as a step; the kernel knows limits, but no fractions.
        if not type(verb) is type(venue_idx) is type(size) is int:
            raise action_error(self.action_space, ACTION_IN_WORDS, action)
        try:
            self._floor.step_alone(verb, venue_idx, size)
        except OverflowError:  # beyond 64 bits, before the kernel was entered
            raise action_error(self.action_space, ACTION_IN_WORDS, action) from None
        terminated, truncated = self._ends.item(0), self._ends.item(1)
        info: dict[str, Any] = {}
        if terminated or truncated:
            self._is_over = True
            info = account_of(self._floor, 0)
        return self._observation.copy(), self._rewards.item(0), terminated, truncated, info

    def hidden(self) -> Hidden:
        """What no agent may know: for insiders, and for critics in training."""
        return self._floor.hidden(0)

    @property
    def floor(self) -> MarketFloor:
        """The market behind it; read only."""
        return self._floor


def observation_box(n_numbers: int) -> gymnasium.Space[Observation]:
    """The space of observations of `n_numbers`."""
    box = gymnasium.spaces.Box(-FAR_AWAY, FAR_AWAY, (n_numbers,), np.float32)
    return cast("gymnasium.Space[Observation]", box)  # its type forgets the dtype


def parent_wishes(options: dict[str, Any] | None) -> tuple[int | None, int | None]:
    """Side and size out of reset's options; None where they leave it to the day."""
    wishes = dict(options or {})
    side, size_shares = wishes.pop("side", None), wishes.pop("size_shares", None)
    is_size = size_shares is None or (
        isinstance(size_shares, int | np.integer) and 0 < size_shares <= MAX_ORDER_SHARES
    )
    if wishes or side not in (None, 1, -1) or not is_size:
        raise InputError.one(
            where="reset: options",
            expected="side (1 or -1) and size_shares (a whole number from 1 to "
            f"{MAX_ORDER_SHARES:,}), each optional",
            found=options,
            fix="leave the rest out",
        )
    return side, None if size_shares is None else int(size_shares)


def account_of(floor: MarketFloor, w: int) -> dict[str, Any]:
    """What a finished parent came to."""
    agent = floor.desk.agents[w]
    size_shares = int(agent["size_shares"])
    value_ticks = size_shares * int(agent["arrival_mid_x2"]) / 2
    return {
        "cost_bps": 10_000.0 * float(agent["cost_ticks"]) / value_ticks,
        "side": int(agent["side"]),
        "size_shares": size_shares,
        "filled_shares": size_shares - int(agent["left_shares"]),
        "n_orders": int(agent["n_orders"]),
        "n_refused": int(agent["n_refused"]),
    }
