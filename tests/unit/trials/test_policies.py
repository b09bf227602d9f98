"""Policies by name: what is offered can be made, and what is not is refused, all at once."""

from __future__ import annotations

import pytest

from penstock.domain import ConfigError, ModelFileError
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import dump_model, synthetic_model
from penstock.routing import RoutingConfig
from penstock.trials import (
    BASELINES,
    LEARNED,
    MAX_SEEDS,
    POLICIES,
    TRAINING_SEED,
    check_policy_names,
    days_to_run,
)
from penstock.trials.evaluation import BASELINE_SEED
from penstock.trials.policies import make_policy
from tests.support.small_days import small_scenario

UNIVERSE = small_scenario().universe()


def model_file(features_version: str = FEATURES_VERSION) -> bytes:
    """A model of the right shape that knows nothing."""
    return dump_model(
        synthetic_model(
            feature_names=FEATURE_NAMES, features_version=features_version, n_trees=1, n_leaves=2
        )
    )


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_that_is_offered_can_be_made(name: str) -> None:
    """Under the name that it was asked for by, which is the name in its records."""
    policy = make_policy(name, UNIVERSE, RoutingConfig(), model_file())

    assert name == policy.name
    assert (name in LEARNED) is bool(policy.model_sha256)
    assert (name in LEARNED) is policy.needs_features


def test_a_model_for_other_features_is_refused() -> None:
    """Columns that mean something else would be read without a word."""
    with pytest.raises(ModelFileError, match="features"):
        make_policy("supervised", UNIVERSE, RoutingConfig(), model_file("another"))


def test_all_wrong_names_are_named_at_once() -> None:
    """With the list of what there is."""
    with pytest.raises(ConfigError) as caught:
        check_policy_names(("statik", "sweep", "best", "sweep"), "--policies")

    assert 3 == len(caught.value.problems)
    assert "'statik'" in str(caught.value)
    assert "'best'" in str(caught.value)
    assert "each policy once" in str(caught.value)
    assert ", ".join(POLICIES) in str(caught.value)


def test_no_policy_is_refused_and_one_is_enough() -> None:
    """An empty comparison is a mistake at the keyboard."""
    check_policy_names(("static",), "--policies")
    with pytest.raises(ConfigError, match="at least one"):
        check_policy_names((), "--policies")


def test_days_that_judge_choose_and_train_never_meet() -> None:
    """A model is never judged on a day it learned from, nor a baseline on one that chose it."""
    tasks = days_to_run(POLICIES, MAX_SEEDS - 1, 3)
    judged = {task.seed for task in tasks if task.seed < BASELINE_SEED}
    choosing = {task.seed for task in tasks} - judged

    assert set(range(1, MAX_SEEDS)) == judged
    assert {BASELINE_SEED, BASELINE_SEED + 1, BASELINE_SEED + 2} == choosing
    assert max(choosing) < TRAINING_SEED
    assert set(BASELINES) == {task.policy for task in tasks if task.seed in choosing}


def test_a_single_baseline_needs_no_choice() -> None:
    """No day is spent on finding the best of one."""
    tasks = days_to_run(("static", "supervised"), 2, 4)

    assert [1, 1, 2, 2] == [task.seed for task in tasks]
    assert [True, True, False, False] == [task.is_journaled for task in tasks]


def test_seeds_that_would_meet_another_use_are_a_mistake_of_ours() -> None:
    """The command line allows fewer."""
    with pytest.raises(AssertionError, match="another use"):
        days_to_run(("static",), MAX_SEEDS, 0)
