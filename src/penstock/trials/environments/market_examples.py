"""Example agents for the bare market: by lot, by a fixed plan, and with knowledge nobody has."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np

from penstock.trials.environments.market import Action, MarketEnv, Observation
from penstock.trials.environments.market_layout import (
    CANCEL,
    N_PER_VENUE,
    POST,
    TAKE,
    WAIT,
)

# Places of an observation, docs/environments.md; the second group counts from 7 · n_venues.
_BID, _ASK_DISTANCE, _ASK_SHARES, _OPEN = 1, 3, 4, 5
_LEFT, _LIVE, _TIME_LEFT, _SIDE = 0, 1, 2, 3

_CHUNK: Final = 3
"""Place in LOTS of the size that the planned agents send."""


_WORTH_A_LOOK_SHARES: Final = 100


class Agent(Protocol):
    """Whoever turns an observation into an action."""

    def act(self, observation: Observation) -> Action:
        """What to do now."""
        ...


def play(env: MarketEnv, agent: Agent, n_episodes: int, seed: int) -> list[float]:
    """Costs of so many parents in bps, one after another from day `seed` on; lower is better."""
    costs: list[float] = []
    observation, _ = env.reset(seed=seed)
    while len(costs) < n_episodes:
        observation, _, terminated, truncated, info = env.step(agent.act(observation))
        if terminated or truncated:
            costs.append(float(info["cost_bps"]))
            observation, _ = env.reset()
    return costs


class RandomAgent:
    """Any action, each as likely as the others."""

    def __init__(self, env: MarketEnv, seed: int) -> None:
        self._space = env.action_space
        self._space.seed(seed)

    def act(self, observation: Observation) -> Action:  # noqa: ARG002 - it does not look
        """By lot."""
        return self._space.sample()


class StaticAgent:
    """
    A fixed plan: rest while there is time, take when behind a straight line to the horizon.

    It looks into the pools first, one after another, then posts at the lit venue that shows least
    on our side, where the queue is short; what rested for a while is pulled and posted anew.
    """

    def __init__(self, env: MarketEnv) -> None:
        venues = env.floor.scenario.venues
        self._lit = [v for v, venue in enumerate(venues) if venue.is_lit]
        self._pools = [v for v, venue in enumerate(venues) if not venue.is_lit]
        self._n_venues = len(venues)
        self._n_acts = 0

    def act(self, observation: Observation) -> Action:
        """By what is seen; it remembers only how often it has acted."""
        self._n_acts += 1
        order = observation[N_PER_VENUE * self._n_venues :]
        left, live, time_left = order[_LEFT], order[_LIVE], order[_TIME_LEFT]
        if left - time_left > 0.1 and live < left:
            return self._take(observation)
        if self._n_acts % 20 == 0:
            return self._pull(observation)
        if self._n_acts % 5 == 0 and self._pools:
            return _action(TAKE, self._pools[(self._n_acts // 5) % len(self._pools)])
        if live < 0.3 * left:
            return _action(POST, min(self._lit, key=lambda v: self._near_size(observation, v)))
        return _action(WAIT, 0)

    def _take(self, observation: Observation) -> Action:
        """At the lit venue with the best price on the far side, the largest of equals."""
        best = max(self._lit, key=lambda v: self._far_quote(observation, v))
        return _action(TAKE, best)

    def _pull(self, observation: Observation) -> Action:
        return _action(CANCEL, max(self._lit, key=lambda v: observation[v * N_PER_VENUE + _OPEN]))

    def _is_buying(self, observation: Observation) -> bool:
        return bool(observation[N_PER_VENUE * self._n_venues + _SIDE] > 0)

    def _near_size(self, observation: Observation, venue_idx: int) -> float:
        at = venue_idx * N_PER_VENUE + (_BID if self._is_buying(observation) else _ASK_DISTANCE)
        shown = float(observation[at + 1])
        return shown if shown > 0 else np.inf

    def _far_quote(self, observation: Observation, venue_idx: int) -> tuple[float, float]:
        is_buying = self._is_buying(observation)
        at = venue_idx * N_PER_VENUE + (_ASK_DISTANCE if is_buying else _BID)
        distance, shown = float(observation[at]), float(observation[at + 1])
        if shown == 0:
            return -np.inf, 0.0
        return -distance if is_buying else distance, shown


class InsiderAgent(StaticAgent):
    """
    The same plan, by somebody who sees what is hidden: what nobody may know is worth something.

    Looks into a pool when there is something in it, takes when the far side is cheap against where
    the price is going, and rests only where a fill would be worth having. A yardstick, and no
    ceiling: it plans no better.
    """

    _CHEAP_TICKS = 10.0  # a take that costs less than this, fee left out, is better than waiting
    _BAD_TICKS = 0.0  # a resting fill that costs more than this is not worth having

    def __init__(self, env: MarketEnv) -> None:
        super().__init__(env)
        self._env = env

    def act(self, observation: Observation) -> Action:
        """By what is seen and what is not."""
        hidden = self._env.hidden()
        agent = self._env.floor.desk.agents[0]
        order = observation[N_PER_VENUE * self._n_venues :]
        is_free = order[_LIVE] < order[_LEFT]
        is_buying = self._is_buying(observation)
        found = [int(hidden.pool_shares[v][int(is_buying)]) for v in self._pools]
        if is_free and found and max(found) >= _WORTH_A_LOOK_SHARES:
            return _action(TAKE, self._pools[int(np.argmax(found))])
        worth_ticks = self._env.floor.world(0).reference_price_ticks()
        side = 1 if is_buying else -1
        near, far = ("bid_ticks", "ask_ticks") if is_buying else ("ask_ticks", "bid_ticks")
        if is_free and side * (int(agent[far]) - worth_ticks) < self._CHEAP_TICKS:
            return self._take(observation)
        if side * (int(agent[near]) - worth_ticks) > self._BAD_TICKS:
            return self._pull(observation) if order[_LIVE] > 0 else _action(WAIT, 0)
        return super().act(observation)


def _action(verb: int, venue_idx: int) -> Action:
    return np.array([verb, venue_idx, _CHUNK], np.int64)
