"""What a comparison owns up to: a model judged on its own training day, parents not measured."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from penstock.domain import ConfigError
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import ForestModel, dump_model, synthetic_model
from penstock.routing import RoutingConfig
from penstock.trials import (
    Bench,
    Market,
    RecordedDay,
    ScenarioResult,
    comparison_page,
    comparison_tables,
    evaluate_market,
    load_markets,
)
from penstock.trials.compare import policy_results
from penstock.trials.evaluation import _training_day
from tests.support import comparisons
from tests.support.small_days import day_costs, replay_file, small_scenario, tape_file
from tests.support.worlds import quiet_market

TEST_DAY = RecordedDay("TEST", 20131008, 64 * "a")
OTHER_TAPE = TEST_DAY._replace(tape_sha256=64 * "b")
LEARNED = ("static", "supervised")


def model_of(trained_on: str) -> bytes:
    """A model file with these words on its card, of trees that know nothing."""
    model = synthetic_model(
        feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION, n_trees=1, n_leaves=2
    )
    card = msgspec.structs.replace(model.card, trained_on=trained_on)
    return dump_model(ForestModel(card, model.forest))


def bench_of(recorded: RecordedDay | None, trained_on: str | None) -> Bench:
    """A market that replays this day, and a model that was trained there."""
    market = Market("market", small_scenario(), None, (), recorded)
    return Bench(market, RoutingConfig(), None if trained_on is None else model_of(trained_on))


def shown(scenario: ScenarioResult) -> tuple[str, str]:
    """On the terminal, in one line, and on the page."""
    comparison = comparisons.comparison(scenarios={"market": scenario})
    console = Console(file=io.StringIO(), width=120, color_system=None)
    for table in comparison_tables(comparison):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    printed = " ".join(console.file.getvalue().split())
    return printed, comparison_page(comparison, {})


@pytest.mark.parametrize("recorded", [TEST_DAY, OTHER_TAPE], ids=["same tape", "other tape"])
def test_a_model_on_its_training_day_is_noticed(recorded: RecordedDay) -> None:
    """By stock and day: the same prices cleaned in another way are still the same prices."""
    trained_on = f"m[thin]; {TEST_DAY.origin}, seeds 1 to 4; one day, 20131008, cut by time"
    is_training_day, notes = _training_day(bench_of(recorded, trained_on), LEARNED)

    assert is_training_day is True
    assert "this very recorded day" in " ".join(notes)


@pytest.mark.parametrize(
    "other", [TEST_DAY._replace(day=20131007), TEST_DAY._replace(symbol="TES")], ids=str
)
def test_a_model_of_another_day_or_stock_is_no_cause_for_a_note(other: RecordedDay) -> None:
    """That is how it should be."""
    assert (False, ()) == _training_day(bench_of(TEST_DAY, f"m; {other.origin}, seeds"), LEARNED)


def test_a_card_that_names_no_recorded_day_leaves_it_open() -> None:
    """A card of an earlier release, or of a generated market."""
    is_training_day, notes = _training_day(bench_of(TEST_DAY, "m; 8 days, 1 to 8"), LEARNED)

    assert is_training_day is None
    assert "names no recorded day" in " ".join(notes)


@pytest.mark.parametrize(
    ("recorded", "trained_on", "policies"),
    [
        (None, TEST_DAY.origin + ",", LEARNED),
        (TEST_DAY, None, ("static",)),
        (TEST_DAY, TEST_DAY.origin + ",", ("static", "sweep")),
    ],
    ids=["generated market", "no model", "nothing learned is compared"],
)
def test_elsewhere_there_is_nothing_to_own_up_to(
    recorded: RecordedDay | None, trained_on: str | None, policies: tuple[str, ...]
) -> None:
    """A warning that is always there is not read."""
    assert (None, ()) == _training_day(bench_of(recorded, trained_on), policies)


def test_evaluating_on_the_training_day_says_so_everywhere(tmp_path: Path) -> None:
    """From the tape file to JSON, notes, table and page."""
    tape_file(tmp_path)
    (market,) = load_markets(replay_file(tmp_path), depth="thin")
    assert market.recorded is not None
    bench = Bench(market, RoutingConfig(), model_of(f"x; {market.recorded.origin}, seeds 1 to 2"))
    result = evaluate_market(bench, LEARNED, n_seeds=2, n_baseline_seeds=0, n_workers=1)
    as_json = msgspec.json.decode(msgspec.json.encode(result))
    printed, page = shown(result)

    assert market.recorded.origin == as_json["recorded_day"]
    assert as_json["is_training_day"] is True
    assert "this very recorded day" in as_json["notes"][0]
    assert "trained on this very recorded day, so this is no test of it." in printed
    assert 2 == page.count("this very recorded day")  # in short, and among the caveats
    assert market.recorded.origin in page


def test_a_usual_comparison_says_nothing_of_the_kind() -> None:
    """The control of the test above."""
    printed, page = shown(comparisons.scenario())

    assert "recorded day," not in printed
    assert "very recorded day" not in page
    assert "in no figure" not in printed
    assert "in no figure" not in page


def test_parents_that_were_not_measured_are_counted_and_shown() -> None:
    """By policy: a policy that loses its worst parents would look like a good one."""
    days = [
        day_costs(seed, policy, [1.0] * 10)._replace(n_unmeasured=n_unmeasured)
        for policy, n_unmeasured in (("static", 0), ("sweep", 2))
        for seed in (1, 2)
    ]
    results = policy_results(days, "static")
    scenario = comparisons.scenario(n_days=2, policies=("static", "sweep"))
    printed, page = shown(
        msgspec.structs.replace(scenario, policies=results, best_baseline="static")
    )

    assert [0, 4] == [results[policy].n_unmeasured for policy in ("static", "sweep")]
    assert [20, 20] == [results[policy].n_parents for policy in ("static", "sweep")]
    assert "Parents in no figure here: 4 of 24 (sweep); they had no midpoint" in printed
    assert "Parents in no figure here: 4 of 24 (sweep); they had no midpoint" in page


def test_a_day_without_a_single_cost_is_one_clear_error() -> None:
    """A mean over nothing is no figure; with the market, the seed and what to change."""
    market = Market("quiet", quiet_market(), None, ())
    with pytest.raises(ConfigError, match="quiet, seed 1, policy static") as caught:
        evaluate_market(
            Bench(market, RoutingConfig(), None), ("static",), n_seeds=1, n_baseline_seeds=0,
            n_workers=1,
        )  # fmt: skip

    assert "60 without a midpoint" in str(caught.value)
