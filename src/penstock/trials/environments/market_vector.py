"""Many bare markets as one Gymnasium vector environment: one compiled call moves them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock.sim import Hidden, Scenario
from penstock.trials.environments.config import MarketTask, scenario_of
from penstock.trials.environments.extra import gymnasium, vector
from penstock.trials.environments.market import (
    MAX_SEED,
    Observation,
    account_of,
    observation_box,
    parent_wishes,
)
from penstock.trials.environments.market_floor import MarketFloor
from penstock.trials.environments.market_layout import ACTION_IN_WORDS
from penstock.trials.environments.refusals import action_error, reset_needed


class MarketVectorEnv(vector.VectorEnv[Observation, NDArray[np.int64], NDArray[Any]]):
    """
    `num_envs` bare markets side by side; each is a `MarketEnv`, to the bit.

    Autoreset: next step. The step after an episode's end ignores that agent's action, starts its
    next parent and returns what it sees, with reward 0. `reset(seed=s)` gives market i day s + i.

    Args:
        num_envs: how many; on one core eight are faster than eighty, which leave the caches.
        scenario, task: as of `MarketEnv`.
    """

    metadata = {"autoreset_mode": vector.AutoresetMode.NEXT_STEP}  # noqa: RUF012 - gymnasium's

    def __init__(
        self,
        num_envs: int,
        scenario: Scenario | Path | str | None = None,
        task: MarketTask | None = None,
    ) -> None:
        assert num_envs > 0, "a vector of no environment"
        self.num_envs = num_envs
        self._floor = MarketFloor(scenario_of(scenario), task or MarketTask(), num_envs)
        self._has_day = False
        self._over: list[int] = []
        batch = vector.utils.batch_space
        self.single_action_space = gymnasium.spaces.MultiDiscrete(self._floor.action_counts)
        self.single_observation_space = observation_box(self._floor.n_numbers)
        self.action_space = batch(self.single_action_space, num_envs)
        self.observation_space = batch(self.single_observation_space, num_envs)

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Observation, dict[str, Any]]:
        """
        Start an episode in every market.

        Args:
            seed: of the first market's day, those of the others follow; or one for each.
            options: as of `MarketEnv`, for all.
        """
        super().reset(seed=seed if isinstance(seed, int) else None)
        wishes = parent_wishes(options)
        seeds: list[int | None] = [None] * self.num_envs
        if isinstance(seed, list):
            seeds = seed
        elif seed is not None:
            seeds = [seed + w for w in range(self.num_envs)]
        assert len(seeds) == self.num_envs, "one seed for each market"
        for w, day in enumerate(seeds):
            if day is not None:
                self._floor.start(w, day, *wishes)
            else:
                self._go_on(w, *wishes)
        self._has_day = True
        self._over = []
        return self._floor.desk.observations.copy(), {}

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Observation, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """
        One step of every market; `info["account"]` and `info["_account"]` at the end of some.

        Raises:
            ActionError: an action is not in its space; nothing has happened.
            ResetNeeded: no episode has begun.
        """
        floor, desk = self._floor, self._floor.desk
        if not self._has_day:
            raise reset_needed()
        try:
            wanted: NDArray[Any] = np.asarray(actions)
        except ValueError:  # ragged
            wanted = np.empty(0)
        if wanted.dtype.kind not in "iu" or wanted.shape != desk.actions.shape:
            meaning = f"for each of {self.num_envs} markets {ACTION_IN_WORDS}"
            raise action_error(self.single_action_space, meaning, actions)
        desk.actions[:] = wanted
        floor.step()
        for w in self._over:
            self._go_on(w)
        ends = desk.ends.copy()
        info: dict[str, Any] = {}
        # Bytes of booleans: any() would cost as much as a tenth of a small vector's step.
        self._over = np.flatnonzero(ends.any(axis=1)).tolist() if b"\1" in ends.tobytes() else []
        for w in self._over:
            info = self._add_info(info, {"account": account_of(floor, w)}, w)
        return desk.observations.copy(), desk.rewards.copy(), ends[:, 0], ends[:, 1], info

    def hidden(self, w: int) -> Hidden:
        """What no agent may know of market `w`."""
        return self._floor.hidden(w)

    @property
    def floor(self) -> MarketFloor:
        """The markets behind it; read only."""
        return self._floor

    def _go_on(self, w: int, side: int | None = None, size_shares: int | None = None) -> None:
        if not (self._has_day and self._floor.next_parent(w, side, size_shares)):
            day = int(self.np_random.integers(MAX_SEED))
            self._floor.start(w, day, side, size_shares)
