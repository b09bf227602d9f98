"""Gymnasium environments: the bare market, alone and many at once. Needs the extra `gym`."""

from penstock.trials.environments.config import MarketTask
from penstock.trials.environments.market import MarketEnv
from penstock.trials.environments.market_vector import MarketVectorEnv
from penstock.trials.environments.registering import MARKET_ID, register_environments

__all__ = [
    "MARKET_ID",
    "MarketEnv",
    "MarketTask",
    "MarketVectorEnv",
    "register_environments",
]
