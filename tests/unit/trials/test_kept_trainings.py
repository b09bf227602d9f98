"""Trainings of an ablation that are finished are not done again."""

from __future__ import annotations

from pathlib import Path

import msgspec

from penstock.learning import KeptTrainings, Rounds, TrainSettings
from penstock.routing import RoutingConfig
from penstock.trials import Market
from tests.support.small_days import SMALL, small_scenario

MARKET = Market(SMALL, small_scenario(), None, ())
ROUTING, ROUNDS, SETTINGS = RoutingConfig(), Rounds(4, 2), TrainSettings()
MODELS = {"venue_insider": b"seeing", "venue_insider-blind-to-pools": b"blind"}


def kept(
    folder: Path,
    *,
    market: Market = MARKET,
    routing: RoutingConfig = ROUTING,
    rounds: Rounds = ROUNDS,
    settings: TrainSettings = SETTINGS,
    is_fresh: bool = False,
) -> KeptTrainings:
    """Where the trainings of one run are."""
    return KeptTrainings(folder, market, routing, rounds, settings, is_fresh=is_fresh)


def test_a_finished_training_is_found_whatever_the_number_of_threads(tmp_path: Path) -> None:
    """Another interrupted run goes on from it; `--fresh` does not."""
    kept(tmp_path).keep(2_000_000, MODELS)
    many = TrainSettings(n_threads=8)

    assert MODELS == kept(tmp_path, settings=many).find(2_000_000)
    assert kept(tmp_path).find(2_000_008) is None
    assert kept(tmp_path, is_fresh=True).find(2_000_000) is None


def test_a_training_under_other_settings_is_another_one(tmp_path: Path) -> None:
    """Market, settings of routing and of training, rounds: each is in the name."""
    kept(tmp_path).keep(2_000_000, MODELS)
    about = msgspec.structs.replace(MARKET.scenario.scenario, duration_s=601.0)
    scenario = msgspec.structs.replace(MARKET.scenario, scenario=about)
    others = (
        kept(tmp_path, market=Market(SMALL, scenario, None, ())),
        kept(tmp_path, routing=RoutingConfig(patience_s=1.0)),
        kept(tmp_path, rounds=Rounds(8, 1)),
        kept(tmp_path, settings=TrainSettings(n_trees=81)),
    )

    assert [None] * 4 == [other.find(2_000_000) for other in others]


def test_a_damaged_training_is_done_again(tmp_path: Path) -> None:
    """It is removed, so that the next one takes its place."""
    kept(tmp_path).keep(2_000_000, MODELS)
    (path,) = tmp_path.rglob("*.training")
    path.write_bytes(path.read_bytes()[:-1])

    assert kept(tmp_path).find(2_000_000) is None
    assert not path.exists()
