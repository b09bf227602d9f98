"""Gymnasium environments: the bare market, and the router in it. They need the extra `gym`."""

from penstock.trials.environments.config import MarketTask
from penstock.trials.environments.market import MarketEnv
from penstock.trials.environments.market_vector import MarketVectorEnv
from penstock.trials.environments.refusals import ActionError
from penstock.trials.environments.registering import MARKET_ID, ROUTING_ID, register_environments
from penstock.trials.environments.routing import OneRowEnv, RoutingEnv
from penstock.trials.environments.routing_view import SITUATION_NAMES

__all__ = [
    "MARKET_ID",
    "ROUTING_ID",
    "SITUATION_NAMES",
    "ActionError",
    "MarketEnv",
    "MarketTask",
    "MarketVectorEnv",
    "OneRowEnv",
    "RoutingEnv",
    "register_environments",
]
