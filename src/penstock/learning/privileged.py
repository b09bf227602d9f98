"""Models for insiders: trained like ours, on the same days, with hidden columns beside ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from penstock.features import N_FEATURES
from penstock.learning.collect import dataset_of, outcome_horizon_ns
from penstock.learning.config import TrainSettings
from penstock.learning.dataset import Dataset, concat_datasets
from penstock.learning.explore import ExplorePolicy
from penstock.learning.train import train_lightgbm
from penstock.learning.training import CollectTask, Rounds, day_number, origin_of
from penstock.models import ForestModel, dump_model
from penstock.routing import RoutingConfig, make_policy, static_policy
from penstock.trials import (
    ABLATED,
    GROUPS,
    HIDDEN_NAMES,
    INSIDER_VERSION,
    PRICE,
    TRAINING_SEED,
    HiddenColumns,
    Market,
    Setting,
    WitnessPolicy,
    blind_name,
    check_has_hidden_state,
    columns_of,
    known_to,
    make_insider,
    row_of,
    run_day,
    run_tasks,
)


class InsiderSetup(NamedTuple):
    """What a worker needs to collect for an insider."""

    markets: tuple[Market, ...]
    routing: RoutingConfig
    insider: str
    model: bytes | None


def collect_insider_day(setup: InsiderSetup, task: CollectTask) -> Dataset:
    """An exploring day with every hidden column of every child; for worker processes."""
    market = setup.markets[task.market_idx]
    universe = market.scenario.universe()
    truth = HiddenColumns(keeps_all=True)
    fallback = static_policy(universe, setup.routing)
    base = make_policy("best_static", universe, setup.routing, None)
    if setup.model is not None:
        # Waiting teaches nothing about rows, and asks hundreds of times for one answer.
        base = make_insider(
            setup.insider, universe, setup.routing, setup.model, truth, may_wait=False
        )
    policy = WitnessPolicy(ExplorePolicy(base, task.seed), truth)
    setting = Setting(market.scenario, market.script)
    day = run_day(setting, task.seed, policy, fallback, routing=setup.routing, truth=truth)
    for diary in day.children.diaries.values():
        hidden = truth.kept[diary.order.parent_id, diary.n_decisions]
        row = hidden[row_of(diary.order.venue_idx, int(diary.order.tactic))]
        diary.features = np.concatenate((diary.features, row))
    return dataset_of(
        [(day_number(market, task.seed), day)],
        origin_of([market], [task.seed]),
        horizon_ns=outcome_horizon_ns(market.scenario, setup.routing),
        feature_names=columns_of(HIDDEN_NAMES),
        features_version=INSIDER_VERSION,
    )


def seen_by(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """
    The dataset of somebody who has only these hidden columns.

    Who knows where the price is going learns what a fill costs against the midpoint, and takes the
    known distance to M* off afterwards (`InsiderModel`): a tree would only approach it.
    """
    columns = columns_of(names)
    picked = [dataset.feature_names.index(name) for name in columns]
    slippage_bps = dataset.slippage_bps
    if PRICE[0] in names:
        ahead = dataset.feature_names.index(PRICE[0])
        slippage_bps = slippage_bps + dataset.features[:, ahead]
    return Dataset(
        feature_names=columns,
        features_version=dataset.features_version,
        horizon_ns=dataset.horizon_ns,
        origin=dataset.origin,
        features=np.ascontiguousarray(dataset.features[:, picked]),
        day=dataset.day,
        at_ns=dataset.at_ns,
        venue_idx=dataset.venue_idx,
        tactic=dataset.tactic,
        weight=dataset.weight,
        slippage_bps=slippage_bps,
        fill_frac=dataset.fill_frac,
        time_to_fill_s=dataset.time_to_fill_s,
        leakage_bps=dataset.leakage_bps,
    )


def train_insider(
    insider: str,
    markets: Sequence[Market],
    rounds: Rounds,
    settings: TrainSettings,
    *,
    n_workers: int,
    routing: RoutingConfig | None = None,
    first_seed: int = TRAINING_SEED,
    on_day: Callable[[], None] = lambda: None,
) -> tuple[ForestModel, Dataset]:
    """
    A model for one of INSIDERS, and all that was collected for it, every hidden column included.

    Rounds and days are those of `train_in_markets`: what an insider gains is then due to what it
    knows, not to more experience.

    Args:
        first_seed: of its days; those of TRAINING_SEED are the ones that our models learn from.

    Raises:
        ConfigError: a replay, which has no hidden state to know.
    """
    for market in markets:
        check_has_hidden_state(market)
    names = known_to(insider)
    collected: list[Dataset] = []
    model: ForestModel | None = None
    for round_idx in range(rounds.n_rounds):
        data = None if model is None else dump_model(model)
        setup = InsiderSetup(tuple(markets), routing or RoutingConfig(), insider, data)
        first = first_seed + round_idx * rounds.n_days
        tasks = [
            CollectTask(market_idx, first + day)
            for day in range(rounds.n_days)
            for market_idx in range(len(markets))
        ]
        collected += run_tasks(
            collect_insider_day, setup, tasks, n_workers=n_workers, on_done=on_day
        )
        seeds = range(first_seed, first_seed + (round_idx + 1) * rounds.n_days)
        dataset = concat_datasets(collected, origin=origin_of(markets, seeds))
        model = train_lightgbm(seen_by(dataset, names), settings)
    assert model is not None, "training needs at least one round"
    return model, dataset


assert len(columns_of(())) == N_FEATURES


def train_blind(
    insider: ForestModel,
    experience: Dataset,
    settings: TrainSettings,
    on_model: Callable[[], None] = lambda: None,
) -> dict[str, bytes]:
    """
    The insider of an ablation, and one for each of GROUPS that learned without it, from one
    experience: what differs is what can be seen in it.

    Args:
        insider, experience: as `train_insider` returns them for ABLATED.
        on_model: told of each of the blind ones.
    Returns:
        Model files by policy.
    """
    models = {ABLATED: dump_model(insider)}
    for group in GROUPS:
        model = train_lightgbm(seen_by(experience, known_to(ABLATED, group)), settings)
        models[blind_name(ABLATED, group)] = dump_model(model)
        on_model()
    return models
