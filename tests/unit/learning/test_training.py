"""Experience from a replay: one recorded day whatever the seed, and a split that knows it."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from penstock.domain import NS_PER_S
from penstock.learning import (
    Dataset,
    Rounds,
    TrainSettings,
    concat_datasets,
    split_rows,
    train_in_markets,
)
from penstock.learning.training import (
    CollectSetup,
    CollectTask,
    collect_day,
    day_number,
    origin_of,
)
from penstock.routing import RoutingConfig
from penstock.trials import Market, RecordedDay, load_markets
from penstock.wire import write_tape
from tests.support.consolidated_files import ingested, random_day
from tests.support.small_days import RECORDED, replay_file, small_scenario

GENERATED = Market("small", small_scenario(), None, ())
TAPE = RecordedDay("TEST", 20131008, "0123456789abcdef")
ORIGIN = "recorded day TEST 20131008, tape 0123456789ab"


@pytest.fixture(scope="module", name="markets")
def _markets(tmp_path_factory: pytest.TempPathFactory) -> list[Market]:
    """Ten minutes of a recorded day with twenty parents, under two assumptions about depth."""
    folder = tmp_path_factory.mktemp("replay")
    write_tape(folder / "test.tape", ingested(*random_day(seed=1, n_changes=3_000)).file)
    path = replay_file(
        folder, ("duration_s = 60.0", "duration_s = 600.0"), ("n_per_day = 3", "n_per_day = 20")
    )
    return [market for depth in ("thin", "deep") for market in load_markets(path, depth=depth)]


@pytest.fixture(scope="module", name="collected")
def _collected(markets: list[Market]) -> list[Dataset]:
    """Two seeds in each of the two."""
    setup = CollectSetup(tuple(markets), RoutingConfig(), None)
    return [collect_day(setup, CollectTask(idx, seed)) for idx in (0, 1) for seed in (11, 12)]


def test_every_seed_of_a_generated_market_is_a_day_of_its_own() -> None:
    """It draws its own prices."""
    assert [11, 12] == [day_number(GENERATED, seed) for seed in (11, 12)]


def test_all_runs_of_a_recorded_day_are_one_day(collected: list[Dataset]) -> None:
    """
    Whatever the seed and the depth: they share every price, so a split by runs would fit the trees
    to the very prices that judge them.
    """
    assert [[20131008]] * 4 == [np.unique(rows.day).tolist() for rows in collected]


def test_the_outcomes_of_a_replay_are_known_after_label_rest_and_latency(
    collected: list[Dataset],
) -> None:
    """30 s, 5 s of rest and some milliseconds: the purge must wait for all of it."""
    assert [36 * NS_PER_S] * 4 == [rows.horizon_ns for rows in collected]


def test_runs_of_a_recorded_day_are_split_by_time_and_purged(collected: list[Dataset]) -> None:
    """No row is fitted to whose outcome saw the market that stops or measures, in any run."""
    rows = concat_datasets(collected)
    split = split_rows(rows, TrainSettings())
    fit, stop, measure = (rows.at_ns[found] for found in (split.fit, split.stop, split.measure))

    assert fit.max() + rows.horizon_ns < stop.min()
    assert stop.max() + rows.horizon_ns < measure.min()
    # Every run is on both sides of the cut: it goes through all of them.
    runs = np.repeat(np.arange(4), [len(run) for run in collected])
    assert {0, 1, 2, 3} == set(runs[split.fit]) == set(runs[split.measure])


def test_the_card_names_the_recorded_day_and_its_tape(markets: list[Market]) -> None:
    """A model must not be judged on the day that it learned from without anybody noticing."""
    settings = TrainSettings(n_trees=2, min_rows_per_leaf=5, holdout_frac=0.4)
    card = train_in_markets(markets, Rounds(3, 1), settings, n_workers=1).card
    recorded = markets[0].recorded

    assert recorded is not None
    assert card.trained_on.startswith(
        f"{RECORDED}[thin], {RECORDED}[deep]; recorded day TEST 20131008, "
        f"tape {recorded.tape_sha256[:12]}, seeds 2000000 to 2000002; "
        "one day, 20131008, cut by time; "
    )
    assert 36 * NS_PER_S == card.horizon_ns
    assert recorded.is_named_in(card.trained_on)


def test_the_origin_of_generated_days_is_the_market_alone() -> None:
    """Its days are the seeds, and the card lists them by themselves."""
    assert "small, small" == origin_of([GENERATED, GENERATED], range(5))


def test_the_origin_of_a_replay_says_day_tape_and_seeds_once() -> None:
    """However many assumptions about depth share them."""
    replays = [GENERATED._replace(name=name, recorded=TAPE) for name in ("a[thin]", "a[deep]")]

    assert f"a[thin], a[deep]; {ORIGIN}, seeds 7 to 9" == origin_of(replays, range(7, 10))


def test_another_tape_of_the_scenario_is_another_day() -> None:
    """`--tape` moves the scenario to the day of the tape, and the numbers with it."""
    about = msgspec.structs.replace(GENERATED.scenario.scenario, mode="replay", day=20131007)
    moved = GENERATED._replace(scenario=msgspec.structs.replace(GENERATED.scenario, scenario=about))

    assert 20131007 == day_number(moved, 2_000_000)
