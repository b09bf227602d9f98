"""Ablations: what a mechanism is worth is the blind insider's cost less the seeing one's."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from penstock.domain import Ns
from penstock.learning import Dataset, TrainSettings, seen_by, train_blind
from penstock.models import dump_model, read_card, synthetic_model
from penstock.routing import RoutingConfig
from penstock.trials import (
    GROUPS,
    HIDDEN_NAMES,
    INSIDER_VERSION,
    PRICE,
    Bench,
    KeptDays,
    Market,
    ablate_market,
    ablated_policies,
    columns_of,
    known_to,
)
from penstock.trials.compare import DayCosts
from penstock.trials.day import ParentCost
from tests.support.small_days import SMALL, small_scenario


def a_day(policy: str, seed: int, cost_bps: float) -> DayCosts:
    """One parent that cost the same raw and against the reference price."""
    cost = ParentCost(
        parent_id=1, shortfall_bps=cost_bps, reference_bps=cost_bps, leakage_bps=0.0, fees_bps=0.0,
        filled_frac=1.0, duration_s=1.0, n_children=1, n_decisions=1,
    )  # fmt: skip
    return DayCosts(seed, policy, [cost], "")


def a_model(*, seed: int) -> bytes:
    """Of an insider; another for each seed."""
    return dump_model(
        synthetic_model(
            feature_names=columns_of(known_to("venue_insider")), features_version=INSIDER_VERSION,
            n_trees=1, seed=seed,
        )
    )  # fmt: skip


def test_a_mechanism_is_worth_what_not_knowing_it_costs_and_otherwise_is_decoration(
    tmp_path: Path,
) -> None:
    """
    Blind to pools it pays 0.3 bps more in either training; blind to fade 0.5 more in one, which is
    luck; blind to anything else the same on average.

    Days 1 and 3 are judged with the models of the first training, 2 and 4 with those of the second:
    where it were otherwise, the day would not be among the kept ones, and cost something else.
    """
    market, routing = Market(SMALL, small_scenario(), None, ()), RoutingConfig()
    trained = [a_model(seed=training) for training in range(2)]
    kept = KeptDays(tmp_path, market, routing)
    for seed in (1, 2, 3, 4):
        training = (seed - 1) % 2
        for policy in ablated_policies():
            extra_bps = 0.0 if policy == "venue_insider" else 0.001 * (-1) ** seed
            extra_bps += 0.3 if policy.endswith("pools") else 0.0
            extra_bps += 0.5 if policy.endswith("fade") and training else 0.0
            kept.keep(a_day(policy, seed, seed + extra_bps), trained[training])

    found = ablate_market(
        [
            Bench(market, routing, None, kept=kept,
                  insiders=dict.fromkeys(ablated_policies(), model))
            for model in trained
        ],
        n_seeds=4,
        n_workers=1,
    )  # fmt: skip

    assert (2, 4) == (found.n_trainings, found.n_days)
    assert pytest.approx(2.5) == found.insider_cost_bps
    assert pytest.approx(0.001) == found.luck_bps, "each bench stands for its own next one here"
    assert pytest.approx(0.3) == found.mechanisms["pools"].value_bps
    assert pytest.approx(0.25) == found.mechanisms["fade"].value_bps
    assert set(GROUPS) - {"pools"} == {
        name for name, value in found.mechanisms.items() if value.is_decoration
    }


def test_an_interval_is_over_trainings_however_many_days_judge_them(tmp_path: Path) -> None:
    """Two trainings that disagree by 0.2 are 0.1 ± t(0.975, 1) · 0.1, on four days as on forty."""
    market, routing = Market(SMALL, small_scenario(), None, ()), RoutingConfig()
    trained = [a_model(seed=training) for training in range(2)]
    kept = KeptDays(tmp_path, market, routing)
    for seed in range(1, 41):
        for policy in ablated_policies():
            is_luckless = policy.endswith("pools") and seed % 2 == 0
            kept.keep(a_day(policy, seed, 0.2 * is_luckless), trained[(seed - 1) % 2])
    benches = [
        Bench(market, routing, None, kept=kept, insiders=dict.fromkeys(ablated_policies(), model))
        for model in trained
    ]
    for n_seeds in (4, 40):
        pools = ablate_market(benches, n_seeds=n_seeds, n_workers=1).mechanisms["pools"]

        assert pools.ci95 is not None
        assert pytest.approx(0.1) == pools.value_bps
        assert pytest.approx(0.1 + 12.7062 * 0.1, abs=1e-4) == pools.ci95[1]


def an_experience() -> Dataset:
    """Two children of whom everything was noted: M* was 1 and 2 bps beyond the midpoint."""
    columns = columns_of(HIDDEN_NAMES)
    features = np.zeros((2, len(columns)))
    features[:, columns.index(PRICE[0])] = (1.0, 2.0)
    features[:, columns.index("true_mid_bps")] = (5.0, 6.0)
    zeros = np.zeros(2)
    return Dataset(
        feature_names=columns, features_version=INSIDER_VERSION, horizon_ns=Ns(1), origin="test",
        features=features, day=np.array([1, 2]), at_ns=np.array([1, 2]),
        venue_idx=np.array([0, 0]), tactic=np.array([0, 0]), weight=zeros + 1.0,
        slippage_bps=np.array([0.5, np.nan]), fill_frac=zeros, time_to_fill_s=zeros,
        leakage_bps=zeros,
    )  # fmt: skip


def test_who_knows_the_price_learns_costs_against_the_midpoint() -> None:
    """
    Slippage 0.5 against an M* that is 1 beyond is 1.5 against the midpoint; what did not fill,
    did not.
    """
    knowing = seen_by(an_experience(), known_to("insider"))

    assert [1.5] == [x for x in knowing.slippage_bps if not np.isnan(x)]
    assert columns_of(known_to("insider")) == knowing.feature_names


def test_who_is_blind_to_a_mechanism_does_not_have_its_columns() -> None:
    """What it has besides is unchanged, in its place."""
    blind = seen_by(an_experience(), known_to("venue_insider", "pools"))

    assert not set(GROUPS["pools"]) & set(blind.feature_names)
    assert [5.0, 6.0] == list(blind.features[:, blind.feature_names.index("true_mid_bps")])
    assert 0.5 == blind.slippage_bps[0]


def test_everybody_in_a_training_learns_from_one_experience() -> None:
    """The insider as it was trained, and one for each mechanism that does not have its columns."""
    rng = np.random.default_rng(4)
    columns = columns_of(HIDDEN_NAMES)
    n = 320
    experience = Dataset(
        feature_names=columns, features_version=INSIDER_VERSION, horizon_ns=Ns(1), origin="test",
        features=rng.normal(size=(n, len(columns))), day=np.repeat(np.arange(8), 40),
        at_ns=np.arange(n) * 10, venue_idx=rng.integers(0, 2, n), tactic=rng.integers(0, 3, n),
        weight=np.ones(n), slippage_bps=rng.normal(size=n), fill_frac=rng.random(n),
        time_to_fill_s=rng.random(n), leakage_bps=rng.normal(size=n),
    )  # fmt: skip
    insider = synthetic_model(
        feature_names=columns_of(known_to("venue_insider")), features_version=INSIDER_VERSION
    )
    told = []

    models = train_blind(
        insider, experience, TrainSettings(n_trees=2, min_rows_per_leaf=5), lambda: told.append(1)
    )

    assert dump_model(insider) == models["venue_insider"]
    assert set(models) == set(ablated_policies()) - {"venue_insider-blind-to-nothing"}
    assert len(GROUPS) == len(told) == len(set(models.values())) - 1
    for group in GROUPS:
        card = read_card(models[f"venue_insider-blind-to-{group}"])
        assert columns_of(known_to("venue_insider", group)) == card.feature_names, group


def test_what_a_worker_needs_can_be_sent_to_it() -> None:
    """With and without insiders: another process must be able to read it."""
    bench = Bench(Market(SMALL, small_scenario(), None, ()), RoutingConfig(), None)

    assert bench == pickle.loads(pickle.dumps(bench))
