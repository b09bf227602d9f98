"""The search of a baseline's parameters, and the files that it writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from penstock.domain import Bps, ConfigError, Ns
from penstock.routing import (
    SEARCHED,
    BaselineConfig,
    Pace,
    Regime,
    RoutingConfig,
    Step,
    check_routing,
    make_policy,
)
from penstock.trials import (
    MAX_SEEDS,
    TRAINING_SEED,
    TUNING_SEED,
    UNTUNED_NOTE,
    Bench,
    KeptDays,
    Market,
    Provenance,
    Search,
    TunedBaselines,
    Tuner,
    known_of,
    read_tuned,
    settings_of,
    start_of,
    tuned_for,
    tuned_text,
)
from penstock.trials.tuned import scenario_sha256
from penstock.trials.tuning_space import (
    changed,
    coordinates_of,
    drawn_start,
    is_overridden,
    lists_of,
    mutated,
    shorter_lists,
    value_at,
)
from tests.support.small_days import SMALL, small_scenario

SCENARIO = small_scenario()
MARKET = Market(SMALL, SCENARIO, None, ())
TUNED = RoutingConfig(
    mid_rest_ns=Ns(0),
    waterfall=(Step(venue="PINT", tactic="mid"), Step(venue="PNYA", tactic="post")),
    baseline=BaselineConfig(
        tactics=("post",),
        pace=Pace(take_share_frac=0.05, take_gap_ns=Ns(5)),
        regimes=(Regime(below_rv_bps=2.5), Regime(tactics=("take", "mid"))),
    ),
)


def provenance(scenario_hash: str) -> Provenance:
    """Of a search that nobody made."""
    return Provenance(
        scenario=SMALL,
        scenario_sha256=scenario_hash,
        command='penstock tune "a b".toml',
        seeds=(TUNING_SEED, TUNING_SEED + 1),
        cost_bps=1.25,
        ci95_bps=(1.0, 1.5),
        untuned_cost_bps=1.5,
        gain_ci95_bps=(),
        n_candidates=7,
        searched=("baseline.tactics",),
    )


def written(folder: Path, name: str, scenario_hash: str = "") -> Path:
    """A file of tuned parameters of one policy."""
    tuned = TunedBaselines(
        policies={"best_static": TUNED}, provenance={"best_static": provenance(scenario_hash)}
    )
    path = folder / f"{name}.toml"
    path.write_text(tuned_text(tuned), encoding="utf-8")
    return path


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    """Lists, regimes, quotes in a command, and empty intervals included."""
    found = read_tuned(written(tmp_path, SMALL, "ab"), SCENARIO.universe())

    assert {"best_static": TUNED} == found.policies
    assert {"best_static": provenance("ab")} == found.provenance


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("policies.best_static", "policies.static", "policies.static"),
        ('venue = "PINT"', 'venue = "XXXX"', "policies.best_static.waterfall[0].venue"),
        ("take_share_frac = 0.05", "take_share_frac = 5.0", "baseline.pace.take_share_frac"),
        ("mid_rest_ns = 0", "mid_rest = 0", "mid_rest"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(
    tmp_path: Path, before: str, after: str, where: str
) -> None:
    """A baseline with wrong settings would be a weak one, without a word."""
    path = written(tmp_path, SMALL)
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")

    with pytest.raises(ConfigError, match="expected") as caught:
        read_tuned(path, SCENARIO.universe())

    assert where in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    """With the command that makes one."""
    with pytest.raises(ConfigError, match="found no such file or directory") as caught:
        read_tuned(tmp_path / "nowhere.toml", SCENARIO.universe())

    assert "penstock tune" in str(caught.value)


def test_a_scenario_has_its_own_file_before_the_generic_one(tmp_path: Path) -> None:
    """And the notes say which it was, and whether the scenario is still the same."""
    none, notes = tuned_for(SMALL, SCENARIO, tmp_path)
    assert ({}, (UNTUNED_NOTE,)) == (none, notes)

    written(tmp_path, "generic")
    generic, notes = tuned_for(SMALL, SCENARIO, tmp_path)
    assert {"best_static": TUNED} == generic
    assert "are generic" in notes[0]

    written(tmp_path, SMALL, scenario_sha256(SCENARIO))
    _, notes = tuned_for(SMALL, SCENARIO, tmp_path)
    assert "tuned on this scenario" in notes[0]
    assert "has changed" not in notes[0]

    _, notes = tuned_for(SMALL, SCENARIO, tmp_path, compared=("static", "venue_insider"))
    assert "tuned on this scenario: venue_insider (those of best_static)." in notes[0]
    _, notes = tuned_for(SMALL, SCENARIO, tmp_path, compared=("static", "scorecard"))
    assert "tuned on this scenario: nobody compared here." in notes[0]
    assert notes[0].endswith("as configured: scorecard.")

    written(tmp_path, SMALL, "of another")
    _, notes = tuned_for(SMALL, SCENARIO, tmp_path)
    assert "has changed" in notes[0]


def test_only_its_own_policy_gets_tuned_settings() -> None:
    """Figures of the others do not depend on what was tuned."""
    bench = Bench(MARKET, RoutingConfig(), None, tuned={"best_static": TUNED})

    assert TUNED == bench.routing_for("best_static")
    assert RoutingConfig() == bench.routing_for("static") == bench.routing_for("kaplan_meier")


def test_days_with_other_settings_are_other_days(tmp_path: Path) -> None:
    """A kept day of the untuned policy must not stand in for one of the tuned."""
    plain = KeptDays(tmp_path, MARKET, RoutingConfig())
    tuned = KeptDays(tmp_path, MARKET, RoutingConfig(), tuned={"best_static": TUNED})

    assert plain.path("best_static", 1, None) != tuned.path("best_static", 1, None)
    assert plain.path("static", 1, None) == tuned.path("static", 1, None)


def test_a_key_is_changed_and_nothing_else() -> None:
    """Dotted, with positions in lists."""
    found = changed(TUNED, "baseline.regimes.0.pace.take_gap_ns", 9)

    assert 9 == found.baseline.regimes[0].pace.take_gap_ns
    assert TUNED == changed(found, "baseline.regimes.0.pace.take_gap_ns", 0)


@pytest.mark.parametrize("policy", SEARCHED)
def test_every_value_that_is_searched_makes_a_policy(policy: str) -> None:
    """A search must not stop at a value that is refused."""
    universe, start = SCENARIO.universe(), start_of(policy)
    for coordinate in coordinates_of(policy):
        assert len(coordinate.values) == len(set(coordinate.values)) > 1, coordinate.key
        for value in coordinate.values:
            config = changed(start, coordinate.key, value)
            check_routing(config)
            make_policy(policy, universe, config, None)


def test_lists_to_try_leave_out_or_move_one_step() -> None:
    """From two steps: either alone, or the other one first."""
    first, second = TUNED.waterfall

    assert ((second,), (first,), (second, first)) == shorter_lists(TUNED, MARKET, "waterfall")


def test_regimes_start_from_the_plan_that_holds_always() -> None:
    """Both have its list, pace and rests; either list may be searched, its tactics then not."""
    start = start_of("regime_static", {"best_static": TUNED})
    calm, nervous = start.baseline.regimes
    lists = lists_of("regime_static")

    assert TUNED.waterfall == calm.waterfall == nervous.waterfall
    assert TUNED.baseline.pace == calm.pace == nervous.pace
    assert TUNED.post_rest_ns == start.post_rest_ns
    assert calm.below_rv_bps < nervous.below_rv_bps
    assert {calm.waterfall, nervous.waterfall} == {value_at(start, key) for key in lists}
    assert is_overridden(start, "baseline.regimes.0.tactics")
    assert not is_overridden(changed(start, lists[1], ()), "baseline.regimes.0.tactics")
    assert not is_overridden(start, "baseline.tactics")
    assert shorter_lists(TUNED, MARKET, "waterfall") == shorter_lists(start, MARKET, lists[0])


@pytest.mark.parametrize("policy", SEARCHED)
def test_every_draw_makes_a_policy_and_is_the_same_again(policy: str) -> None:
    """A race starts from many."""
    universe, start = SCENARIO.universe(), start_of(policy)

    def drawn(seed: int) -> list[RoutingConfig]:
        generator = np.random.default_rng(seed)
        starts = [drawn_start(policy, start, MARKET, generator) for _ in range(40)]
        return starts + [mutated(policy, config, MARKET, generator) for config in starts]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 40 < len(set(drawn(1)))
    for config in drawn(1):
        check_routing(config)
        make_policy(policy, universe, config, None)


def test_what_learns_has_the_settings_of_the_best_plan() -> None:
    """Or its own; insiders have the same."""
    plain, own = RoutingConfig(), RoutingConfig(margin_bps=Bps(0.3))
    tuned = {"best_static": TUNED}

    assert TUNED == settings_of("supervised", tuned, plain) == settings_of("insider", tuned, plain)
    assert plain == settings_of("static", tuned, plain) == settings_of("scorecard", tuned, plain)
    tuned["supervised"] = own
    assert own == settings_of("supervised", tuned, plain) == settings_of("insider", tuned, plain)


def test_a_search_never_ends_dearer_than_it_began_and_finds_the_same_again(tmp_path: Path) -> None:
    """On its own days, which nobody else uses; from kept days as from none."""
    search = Search(n_seeds=2, n_starts=4, n_generations=1, n_rounds=1, kept_dir=tmp_path)
    found = Tuner(MARKET, "fee_sweep", search).run(start_of("fee_sweep"), "tune")
    again = Tuner(MARKET, "fee_sweep", search).run(start_of("fee_sweep"), "tune")
    known = found.provenance

    assert found == again
    assert known.cost_bps <= known.untuned_cost_bps
    assert (TUNING_SEED, TUNING_SEED + 1) == known.seeds
    assert MAX_SEEDS < TRAINING_SEED < TUNING_SEED
    assert known.n_candidates > len(known.searched) > 2
    assert found.config == RoutingConfig() or known.cost_bps < known.untuned_cost_bps


def test_what_was_found_before_is_known_as_far_as_it_is_searched() -> None:
    """Its own settings and the plan of `best_static`, without what the search could not undo."""
    patient = changed(TUNED, "baseline.pace.patience_s", 20.0)
    tuned = {"best_static": patient, "fee_sweep": changed(TUNED, "baseline.pace.take_gap_ns", 7)}

    own, plan = known_of("fee_sweep", tuned)
    assert (7, 0.05) == (own.baseline.pace.take_gap_ns, own.baseline.pace.take_share_frac)
    assert (5, 20.0) == (plan.baseline.pace.take_gap_ns, plan.baseline.pace.patience_s)
    assert () == own.waterfall == plan.waterfall
    assert patient.waterfall == known_of("kaplan_meier", tuned)[0].waterfall
    assert 0.0 == known_of("scorecard", tuned)[0].baseline.pace.patience_s
    assert () == known_of("regime_static", tuned), "it starts from that plan"
    assert (TUNED,) == known_of("regime_static", {"regime_static": TUNED})
    assert () == known_of("scorecard", {})


@pytest.mark.parametrize("policy", SEARCHED)
def test_known_settings_may_be_changed_in_every_way(policy: str) -> None:
    """They become parents of a generation, and every coordinate is tried on them."""
    generator = np.random.default_rng(1)
    start = start_of(policy, {"best_static": TUNED})
    tuned = {"best_static": TUNED, policy: start}
    for config in (start, *known_of(policy, tuned)):
        for coordinate in coordinates_of(policy):
            for value in coordinate.values:
                check_routing(changed(config, coordinate.key, value))
        for _ in range(50):
            check_routing(mutated(policy, config, MARKET, generator))


def test_what_was_found_before_joins_the_race(tmp_path: Path) -> None:
    """The better of both is found where nothing is drawn, and the file says that it was known."""
    ruinous = RoutingConfig(baseline=BaselineConfig(pace=Pace(take_after_frac=1.0)))
    search = Search(n_seeds=2, n_starts=1, n_generations=0, n_rounds=0, kept_dir=tmp_path)
    found = Tuner(MARKET, "fee_sweep", search).run(ruinous, "tune", (RoutingConfig(),))

    assert RoutingConfig() == found.config
    assert (1, 2) == (found.provenance.n_known, found.provenance.n_candidates)
    assert found.provenance.cost_bps < found.provenance.untuned_cost_bps
