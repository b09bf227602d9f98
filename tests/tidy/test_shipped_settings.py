"""Tuned settings that are shipped are those of the scenarios that are shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.runtime import read_router_conf
from penstock.trials import read_scenario
from penstock.trials.tuned import read_tuned, scenario_sha256
from tests.tidy.rules import ROOT

TUNED = sorted((ROOT / "conf" / "baselines").glob("*.toml"))


@pytest.mark.parametrize(
    "path", [path for path in TUNED if path.stem != "generic"], ids=lambda path: path.stem
)
def test_shipped_settings_were_tuned_on_the_shipped_scenario(path: Path) -> None:
    """Else every comparison begins with the advice to tune again."""
    scenario = read_scenario(ROOT / "scenarios" / path.name)
    tuned = read_tuned(path, scenario.universe())

    assert tuned.provenance
    assert {scenario_sha256(scenario)} == {
        found.scenario_sha256 for found in tuned.provenance.values()
    }


def test_the_router_that_is_shipped_has_the_settings_its_model_is_taught_with() -> None:
    """The demo trains with the tuned ones: a router that rests otherwise asks about other rows."""
    router = read_router_conf(ROOT / "conf" / "router.toml")
    universe = read_scenario(ROOT / "scenarios" / "reference-day.toml").universe()
    tuned = read_tuned(ROOT / "conf" / "baselines" / "reference-day.toml", universe)

    assert tuned.policies["supervised"] == router.routing
