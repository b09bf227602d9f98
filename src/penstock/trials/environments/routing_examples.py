"""Example agents for the router: by lot, by a fixed list, and with knowledge nobody has."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from penstock.domain import N_TACTICS, Tactic
from penstock.features import FEATURE_NAMES
from penstock.routing import RoutingConfig, resolve_waterfall
from penstock.trials.environments.routing import RoutingEnv
from penstock.trials.environments.routing_view import SITUATION_NAMES, Observation

_N_SENT: Final = FEATURE_NAMES.index("own_n_sent")
_SIDE: Final = SITUATION_NAMES.index("side")


class Router(Protocol):
    """Whoever turns a decision into preferences."""

    def act(self, observation: Observation) -> NDArray[np.float32]:
        """One preference for each row, shape (n_rows,)."""
        ...


def route_day(env: RoutingEnv, router: Router, seed: int) -> float:
    """Mean cost of the day's parents against M*, bps; lower is better."""
    observation, _ = env.reset(seed=seed)
    cost_bps, is_over = 0.0, False
    while not is_over:
        observation, reward, is_over, _, _ = env.step(router.act(observation))
        cost_bps -= reward
    return cost_bps / env.scenario.parents.n_per_day


class RandomRouter:
    """Rows in any order, a third of them left out."""

    def __init__(self, env: RoutingEnv, seed: int) -> None:
        self._shape = env.action_space.shape
        self._generator = np.random.default_rng(seed)

    def act(self, observation: Observation) -> NDArray[np.float32]:  # noqa: ARG002 - does not look
        """By lot."""
        return self._generator.uniform(-0.5, 1.0, self._shape).astype(np.float32)


class StaticRouter:
    """The default waterfall: least tried first, then by position in the list."""

    def __init__(self, env: RoutingEnv) -> None:
        rows = resolve_waterfall(RoutingConfig().waterfall, env.scenario.universe())
        self._places = np.full(len(env.scenario.venues) * N_TACTICS, len(rows), np.float64)
        self._places[rows] = np.arange(len(rows))

    def act(self, observation: Observation) -> NDArray[np.float32]:
        """Twenty tries at most are counted, so that every preference stays above 0."""
        n_sent = observation["features"][:, _N_SENT]
        lateness = n_sent * len(self._places) + self._places
        return (1.0 - lateness / (22.0 * len(self._places))).astype(np.float32)


class InsiderRouter:
    """
    Sees what pools hold and where the price is going; ranks by what a share would cost there.

    A yardstick and no ceiling: it looks at this decision only, not at what comes after it.
    """

    _FEE_BPS = FEATURE_NAMES.index("fee_bps")
    _SPREAD_BPS = FEATURE_NAMES.index("spread_bps")

    def __init__(self, env: RoutingEnv) -> None:
        self._env = env
        self._tactics = np.arange(len(env.scenario.venues) * N_TACTICS) % N_TACTICS

    def act(self, observation: Observation) -> NDArray[np.float32]:
        """Rows that cost less than resting at the touch does on average; the rest waits."""
        features, hidden = observation["features"], self._env.hidden()
        side = float(observation["situation"][_SIDE])
        half_bps = features[:, self._SPREAD_BPS] / 2
        # From the midpoint to the price of the row, then to where the price is going.
        paid_bps = np.where(self._tactics == Tactic.TAKE, half_bps, 0.0)
        paid_bps -= np.where(self._tactics == Tactic.POST, half_bps, 0.0)
        costs_bps = paid_bps + features[:, self._FEE_BPS] - self._env.coming_bps(side)
        other_side = 1 if side > 0 else 0
        is_empty = np.repeat(hidden.pool_shares[:, other_side] == 0, N_TACTICS)
        costs_bps[is_empty & (self._tactics == Tactic.MID)] = np.inf
        return np.clip(-costs_bps / 10.0, -1.0, 1.0).astype(np.float32)
