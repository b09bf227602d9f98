"""`penstock train` without its command line: collect experience, fit, and do so again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from penstock.learning.collect import dataset_of, outcome_horizon_ns
from penstock.learning.config import TrainSettings
from penstock.learning.dataset import Dataset, concat_datasets
from penstock.learning.explore import ExplorePolicy
from penstock.learning.train import Progress, train_lightgbm
from penstock.models import ForestModel, dump_model
from penstock.routing import RoutingConfig, make_policy, static_policy
from penstock.trials import (
    TRAINING_SEED,
    Market,
    Setting,
    run_day,
    run_tasks,
)


class Rounds(NamedTuple):
    """
    How much experience is collected, and with whom.

    The first round follows the configured list and chance; each later one the model of the round
    before it and chance, because a policy meets other situations than its teacher. All rounds are
    kept: what is forgotten comes back as a mistake.
    """

    n_days: int  # per round and market
    n_rounds: int


class CollectTask(NamedTuple):
    """One day of experience in one market."""

    market_idx: int
    seed: int


class CollectSetup(NamedTuple):
    """What a worker needs to collect."""

    markets: tuple[Market, ...]
    routing: RoutingConfig
    model: bytes | None


def collect_day(setup: CollectSetup, task: CollectTask) -> Dataset:
    """Run an exploring day and keep what it taught; for worker processes."""
    market = setup.markets[task.market_idx]
    universe = market.scenario.universe()
    fallback = static_policy(universe, setup.routing)
    name = "best_static" if setup.model is None else "supervised"
    base = make_policy(name, universe, setup.routing, setup.model)
    policy = ExplorePolicy(base, task.seed)
    setting = Setting(market.scenario, market.script)
    day = run_day(setting, task.seed, policy, fallback, routing=setup.routing)
    return dataset_of(
        [(day_number(market, task.seed), day)],
        origin_of([market], [task.seed]),
        horizon_ns=outcome_horizon_ns(market.scenario, setup.routing),
    )


def day_number(market: Market, seed: int) -> int:
    """
    What stretch of market a day of experience is, for the split.

    A generated market draws new prices for every seed. In a replay all seeds, and all assumptions
    about depth, live through the same recorded prices.
    """
    about = market.scenario.scenario
    return about.day if about.mode == "replay" else seed


def origin_of(markets: Sequence[Market], seeds: Sequence[int]) -> str:
    """Where experience comes from, for the model's card: the markets, and the recorded day."""
    names = ", ".join(market.name for market in markets)
    recorded = list(dict.fromkeys(m.recorded.origin for m in markets if m.recorded is not None))
    if not recorded:
        return names
    return f"{names}; {', '.join(recorded)}, seeds {min(seeds)} to {max(seeds)}"


def train_in_markets(
    markets: Sequence[Market],
    rounds: Rounds,
    settings: TrainSettings,
    *,
    n_workers: int,
    routing: RoutingConfig | None = None,
    on_day: Callable[[], None] = lambda: None,
    on_tree: Progress | None = None,
) -> ForestModel:
    """
    A model for these markets, trained on days that no comparison uses.

    Args:
        routing: of the policy that will ask the model: it forecasts rows with these rests and
            sizes, and is taught around this list. None is the default.

    The same arguments give the same file, bit for bit, on one machine and lock file.
    """
    collected: list[Dataset] = []
    model: ForestModel | None = None
    for round_idx in range(rounds.n_rounds):
        setup = CollectSetup(
            markets=tuple(markets),
            routing=routing or RoutingConfig(),
            model=None if model is None else dump_model(model),
        )
        first = TRAINING_SEED + round_idx * rounds.n_days
        tasks = [
            CollectTask(market_idx, first + day)
            for day in range(rounds.n_days)
            for market_idx in range(len(markets))
        ]
        collected += run_tasks(collect_day, setup, tasks, n_workers=n_workers, on_done=on_day)
        n_days = (round_idx + 1) * rounds.n_days
        origin = origin_of(markets, range(TRAINING_SEED, TRAINING_SEED + n_days))
        dataset = concat_datasets(collected, origin=origin)
        model = train_lightgbm(dataset, settings, on_tree)
    assert model is not None, "training needs at least one round"
    return model
