"""Whole days in a small market: the same twice, replayable, conserved, and over when they end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from penstock.domain import ChildFill, ConfigError, JournalError, ModelFileError, SendChild
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.journal import Entry, RecordKind, read_context, read_journal, replay
from penstock.learning import Rounds, TrainSettings, train_in_markets
from penstock.models import ForestModel, dump_model, load_model, synthetic_model
from penstock.routing import BASELINES, RoutingConfig, make_policy, static_policy
from penstock.trials import (
    Bench,
    Day,
    Market,
    Setting,
    engine_again,
    evaluate_market,
    load_markets,
    parents_of_day,
    run_day,
    run_tasks,
)
from penstock.trials.evaluation import DayTask, journal_context
from tests.support.small_days import N_PARENTS, SMALL, replay_file, small_scenario, tape_file

SCENARIO = small_scenario()
MARKET = Market(SMALL, SCENARIO, None, ())
SEED = 1
ROUTED = (*BASELINES, "supervised")
# Trees that know nothing, of the features there are: the learned policy runs, untaught.
UNTAUGHT = dump_model(
    synthetic_model(
        feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION, n_trees=2, n_leaves=4
    )
)
BENCH = Bench(MARKET, RoutingConfig(), UNTAUGHT)


class Recorded(NamedTuple):
    """A day and its journal."""

    day: Day
    path: Path
    entries: list[Entry]

    @property
    def parent_of_child(self) -> dict[int, int]:
        """By the commands that were sent."""
        return {
            command.order.child_id: command.order.parent_id
            for entry in self.entries
            if entry.kind is RecordKind.COMMANDS
            for command in entry.commands
            if isinstance(command, SendChild)
        }

    @property
    def fills(self) -> list[ChildFill]:
        """Executions that the engine was told of."""
        events = [entry.event for entry in self.entries if entry.kind is RecordKind.EVENT]
        return [event for event in events if isinstance(event, ChildFill)]


def fresh_day(policy: str, seed: int = SEED, journal: Path | None = None) -> Day:
    """A day, run now."""
    universe = SCENARIO.universe()
    chosen = make_policy(policy, universe, RoutingConfig(), UNTAUGHT)
    return run_day(
        Setting(SCENARIO),
        seed,
        chosen,
        static_policy(universe, RoutingConfig()),
        journal=journal,
        journal_context=journal_context(BENCH, DayTask(seed, policy), chosen.model_sha256),
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Recorded]:
    """The day under a policy, run and journalled once."""
    folder = tmp_path_factory.mktemp("journals")

    @cache
    def find(policy: str) -> Recorded:
        path = folder / f"{policy}.journal"
        return Recorded(fresh_day(policy, journal=path), path, list(read_journal(path)))

    return find


Days = Callable[[str], Recorded]


@pytest.mark.parametrize("policy", ["static", "supervised"])
def test_the_same_seed_gives_the_same_day(recorded: Days, policy: str) -> None:
    """To the bit, engine and market, journalled or not: else nobody could check a figure."""
    day, again = recorded(policy).day, fresh_day(policy)

    assert day.state_hash == again.state_hash
    assert day.costs == again.costs
    assert day.audit.tobytes() == again.audit.tobytes()
    assert day.mid_ticks_x2.tobytes() == again.mid_ticks_x2.tobytes()


def test_another_seed_gives_another_day(recorded: Days) -> None:
    """The control of the test above."""
    day, other = recorded("static").day, fresh_day("static", SEED + 1)

    assert day.state_hash != other.state_hash
    assert day.costs != other.costs


def test_another_policy_gives_another_day(recorded: Days) -> None:
    """Else the comparison would compare nothing."""
    assert len(ROUTED) == len({recorded(policy).day.state_hash for policy in ROUTED})


@pytest.mark.parametrize("policy", ROUTED)
def test_every_parent_of_the_day_ends_and_is_counted_once(recorded: Days, policy: str) -> None:
    """The same orders whoever routes them; one that is lost would look like a cheap one."""
    orders, costs = parents_of_day(SCENARIO, SEED), recorded(policy).day.costs

    assert N_PARENTS == len(costs)
    for order, cost in zip(orders, costs, strict=True):
        assert order.parent_id == cost.parent_id
        # Cancels are asked for at the horizon, and their answers take milliseconds.
        assert 0.0 < cost.duration_s < order.horizon_ns / 1e9 + 1.0


@pytest.mark.parametrize("policy", ROUTED)
def test_shares_are_conserved_over_the_day(recorded: Days, policy: str) -> None:
    """What a parent says that it filled is what the market executed for it, and no more."""
    found = recorded(policy)
    parent_of_child, executed = found.parent_of_child, Counter[int]()
    for row in found.day.audit:
        executed[parent_of_child[int(row["child_id"])]] += int(row["size_shares"])
    for order, cost in zip(parents_of_day(SCENARIO, SEED), found.day.costs, strict=True):
        assert executed[order.parent_id] == round(cost.filled_frac * order.size_shares)
        assert executed[order.parent_id] <= order.size_shares
    assert executed.total() > 0


@pytest.mark.parametrize("policy", ROUTED)
def test_reports_and_the_truth_are_the_same_executions(recorded: Days, policy: str) -> None:
    """The audit is what costs are measured with; it must be about what happened."""
    found = recorded(policy)
    told = Counter(
        (fill.child_id, fill.venue_idx, fill.price_ticks, fill.size_shares) for fill in found.fills
    )
    true = Counter(
        (int(row["child_id"]), int(row["venue_idx"]), int(row["price_ticks"]),
         int(row["size_shares"]))
        for row in found.day.audit
    )  # fmt: skip

    assert true == told


@pytest.mark.parametrize("policy", ROUTED)
def test_a_journal_replays_to_the_same_commands_and_state(recorded: Days, policy: str) -> None:
    """From the file alone, and the model that it names."""
    found = recorded(policy)
    model = UNTAUGHT if policy == "supervised" else None
    report = replay(found.path, engine_again(read_context(found.path), model))

    assert report.difference is None
    assert report.n_commands > 0
    assert found.day.state_hash[:32] == report.state_hash[:32]


def test_another_policy_does_not_replay(recorded: Days) -> None:
    """The control of the test above: the comparison can fail."""
    context = read_context(recorded("static").path) | {"policy": "sweep"}
    report = replay(recorded("static").path, engine_again(context, None))

    assert report.difference is not None


def test_a_context_of_another_kind_is_one_error(recorded: Days) -> None:
    """A journal of another release, or of another program, may say other things about itself."""
    context = read_context(recorded("static").path)
    older = context | {"scenario": context["scenario"] | {"moon_phase": 0.5}}
    with pytest.raises(JournalError, match="moon_phase"):
        engine_again(older, None)
    with pytest.raises(JournalError, match="routing"):
        engine_again({name: context[name] for name in context if name != "routing"}, None)


def test_routing_settings_reach_the_engine() -> None:
    """The settings in the journal's context are those that the day was run with."""
    patient = msgspec.structs.replace(RoutingConfig(), post_share_frac=1.0, mid_share_frac=1.0)
    universe = SCENARIO.universe()
    policy = static_policy(universe, patient)
    usual = run_day(Setting(SCENARIO), SEED, policy, policy)
    other = run_day(Setting(SCENARIO), SEED, policy, policy, routing=patient)

    assert usual.state_hash != other.state_hash


def test_results_do_not_depend_on_the_number_of_workers() -> None:
    """Each day has its own random streams; workers only decide who runs it."""
    alone, together = (
        evaluate_market(
            BENCH, ("static", "sweep"), n_seeds=2, n_baseline_seeds=1, n_workers=n_workers
        )
        for n_workers in (1, 2)
    )

    assert alone == together
    assert (1, 2) == alone.seeds
    assert N_PARENTS * 2 == alone.policies["static"].n_parents
    assert alone.best_baseline in ("static", "sweep")


def refuse(where: str, found: str) -> None:
    """A task that cannot be done; found again by name in a worker."""
    raise ConfigError.one(where=where, expected="something else", found=found, fix="change it")


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_workers_refusal_reads_the_same(n_workers: int) -> None:
    """An error is carried between processes whole: where, expected, found and fix."""
    with pytest.raises(ConfigError) as caught:
        run_tasks(refuse, "here", ["this", "this"], n_workers=n_workers)

    assert "here: expected something else; found this.\n  Fix: change it" == str(caught.value)
    assert "change it" == caught.value.problems[0].fix


def test_a_replayed_day_runs_and_has_no_reference_price(tmp_path: Path) -> None:
    """Recorded midpoints are not M*: what is not known is not shown as a number."""
    tape_file(tmp_path)
    (market,) = load_markets(replay_file(tmp_path), depth="matched")
    result = evaluate_market(
        Bench(market, RoutingConfig(), None), ("static",), n_seeds=2, n_baseline_seeds=0,
        n_workers=1,
    )  # fmt: skip

    assert "replay" == result.mode
    assert result.policies["static"].reference_cost_bps is None
    assert result.policies["static"].leakage_bps is None
    assert 6 == result.policies["static"].n_parents


@pytest.fixture(scope="module")
def trained() -> ForestModel:
    """A model of few days: two rounds, the second with the first one's model."""
    return train()


def train(n_workers: int = 1) -> ForestModel:
    """Few trees of few rows, but enough of them in each of the three sets."""
    parents = msgspec.structs.replace(SCENARIO.parents, n_per_day=40)
    busy = MARKET._replace(scenario=msgspec.structs.replace(SCENARIO, parents=parents))
    settings = TrainSettings(name=SMALL, n_trees=3, min_rows_per_leaf=5)
    return train_in_markets([busy], Rounds(n_days=5, n_rounds=2), settings, n_workers=n_workers)


def test_a_model_trained_twice_is_the_same_file(trained: ForestModel) -> None:
    """Bit for bit, and whoever collected the experience."""
    assert dump_model(trained) == dump_model(train(n_workers=2))


def test_a_trained_model_can_route(trained: ForestModel) -> None:
    """The file that training made is one that evaluation takes."""
    again = load_model(
        dump_model(trained), feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION
    )
    bench = Bench(MARKET, RoutingConfig(), dump_model(again))
    result = evaluate_market(
        bench, ("static", "supervised"), n_seeds=1, n_baseline_seeds=0, n_workers=1
    )

    assert N_PARENTS == result.policies["supervised"].n_parents
    assert "static" == result.best_baseline
    assert {"supervised": None} == result.gap_closed_frac
    assert result.policies["supervised"].versus["static"].ci95 is None


def test_a_model_for_other_features_stops_the_run_before_a_day(trained: ForestModel) -> None:
    """In a worker too: the error says which, and no figure comes out."""
    other = dump_model(
        synthetic_model(feature_names=("a", "b"), features_version="?", n_trees=1, n_leaves=2)
    )
    bench = Bench(MARKET, RoutingConfig(), other)
    with pytest.raises(ModelFileError, match="features"):
        evaluate_market(bench, ("static", "supervised"), n_seeds=2, n_baseline_seeds=0, n_workers=1)
