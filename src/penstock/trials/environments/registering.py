"""The names under which `gymnasium.make` and `make_vec` know the environments."""

from __future__ import annotations

from typing import Final

from penstock.trials.environments.extra import gymnasium

MARKET_ID: Final = "penstock/Market-v0"
ROUTING_ID: Final = "penstock/Routing-v0"

_PACKAGE = "penstock.trials.environments"


def register_environments() -> None:
    """Register each environment that is not registered yet; importing the package does it."""
    if MARKET_ID not in gymnasium.registry:
        gymnasium.register(
            MARKET_ID,
            entry_point=f"{_PACKAGE}.market:MarketEnv",
            vector_entry_point=f"{_PACKAGE}.market_vector:MarketVectorEnv",
        )
    if ROUTING_ID not in gymnasium.registry:
        gymnasium.register(ROUTING_ID, entry_point=f"{_PACKAGE}.routing:RoutingEnv")


register_environments()
