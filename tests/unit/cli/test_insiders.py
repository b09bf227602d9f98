"""Insiders on the command line: their models are found by scenario, or the error says how to."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from penstock.cli.evaluating import find_insiders, insider_model_name
from penstock.domain import ConfigError, ModelFileError
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import dump_model, synthetic_model
from penstock.store import Registry
from penstock.trials import INSIDER_VERSION, Market, columns_of, known_to
from tests.support.small_days import SMALL, small_scenario


def a_market() -> Market:
    """A generated one."""
    return Market(SMALL, small_scenario(), None, ())


def test_an_insiders_model_is_found_under_the_scenarios_and_its_own_name(tmp_path: Path) -> None:
    """Two insiders of one scenario know different things."""
    columns = columns_of(known_to("venue_insider"))
    model = dump_model(
        synthetic_model(feature_names=columns, features_version=INSIDER_VERSION, n_trees=1)
    )
    Registry(tmp_path).add(model, insider_model_name(SMALL, "venue_insider"))

    found = find_insiders([a_market()], ("static", "venue_insider"), tmp_path)

    assert {SMALL: {"venue_insider": model}} == found
    assert {} == find_insiders([a_market()], ("static", "supervised"), tmp_path)


@pytest.mark.parametrize(
    ("insider", "fix"),
    [("venue_insider", "--privileged venue`"), ("insider", "--privileged all`")],
)
def test_an_insider_without_a_model_is_told_how_to_get_one(
    tmp_path: Path, insider: str, fix: str
) -> None:
    """The fix is a command."""
    with pytest.raises(ConfigError, match=fix):
        find_insiders([a_market()], (insider,), tmp_path)


def test_a_routers_model_under_an_insiders_name_is_refused(tmp_path: Path) -> None:
    """It knows nothing, and would be called a bound."""
    ours = synthetic_model(
        feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION, n_trees=1
    )
    Registry(tmp_path).add(dump_model(ours), insider_model_name(SMALL, "insider"))

    with pytest.raises(ModelFileError, match="features_version"):
        find_insiders([a_market()], ("insider",), tmp_path)


def test_insiders_of_a_replay_are_refused(tmp_path: Path) -> None:
    """Who else was there on a recorded day is not known."""
    market = a_market()
    about = msgspec.structs.replace(market.scenario.scenario, mode="replay")
    replay = market._replace(scenario=msgspec.structs.replace(market.scenario, scenario=about))

    with pytest.raises(ConfigError, match="generated market"):
        find_insiders([replay], ("insider",), tmp_path)
