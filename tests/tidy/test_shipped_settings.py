"""Tuned settings that are shipped are those of the scenarios that are shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

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
