"""Policies by name: what is offered can be made, and what is not is refused, all at once."""

from __future__ import annotations

import pytest

from penstock.domain import ConfigError, ModelFileError
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import dump_model, synthetic_model
from penstock.routing import (
    LEARNED,
    POLICIES,
    RoutingConfig,
    check_policy_names,
    make_policy,
)
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
    assert policy.needs_features or name not in LEARNED


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


def test_a_name_that_is_nearly_right_gets_a_suggestion() -> None:
    """Names that are made elsewhere count; where none is near, the form of the list is said."""
    with pytest.raises(ConfigError) as caught:
        check_policy_names(("statik", "insidr", "xyz"), "--policies", also=("insider",))

    assert [
        "did you mean static?",
        "did you mean insider?",
        "name the policies with commas between them, no spaces",
    ] == [problem.fix for problem in caught.value.problems]


def test_no_policy_is_refused_and_one_is_enough() -> None:
    """An empty comparison is a mistake at the keyboard."""
    check_policy_names(("static",), "--policies")
    with pytest.raises(ConfigError, match="at least one"):
        check_policy_names((), "--policies")
