"""Insiders: what they are told is the truth, and nobody else can be told it."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from penstock.domain import NS_PER_S, Bps, ConfigError, ModelFileError, Ns, Side
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import dump_model, load_model, synthetic_model
from penstock.routing import (
    BaselineConfig,
    Frame,
    Pace,
    Policy,
    RoutingConfig,
    make_policy,
    static_policy,
    without_patience,
)
from penstock.sim import Scenario, World
from penstock.trials import (
    GROUPS,
    HIDDEN_NAMES,
    INSIDER_VERSION,
    PRICE,
    Day,
    HiddenColumns,
    Market,
    Setting,
    WitnessPolicy,
    blind_name,
    check_has_hidden_state,
    columns_of,
    known_to,
    load_insider,
    make_insider,
    run_day,
)
from penstock.trials.insider import insider_of
from penstock.trials.insider_columns import hidden_matrix
from tests.support.small_days import small_scenario
from tests.support.worlds import plain_day

_PDRK = 1
_PECN = 2


def model_knowing(names: tuple[str, ...]) -> bytes:
    """An insider's model that means nothing."""
    columns = columns_of(names)
    return dump_model(synthetic_model(feature_names=columns, features_version=INSIDER_VERSION))


def a_frame(side: Side, world: World, size_shares: int = 1000) -> Frame:
    """A decision of a router that believes the true midpoint, and would send as much everywhere."""
    frame = Frame(len(world.universe.venues))
    frame.situation["side"] = int(side)
    frame.situation["mid_ticks_x2"] = 2 * 850_000
    frame.rows["venue_idx"] = np.arange(len(frame.rows)) // 3
    frame.rows["size_shares"] = size_shares
    return frame


def column(matrix: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """One column of a matrix of hidden columns."""
    return matrix[:, HIDDEN_NAMES.index(name)]


def a_day(policy_name: str, truth: HiddenColumns | None, scenario: Scenario) -> Day:
    """A small day of a policy that follows the static plan, watched or not, or of an insider."""
    universe, routing = scenario.universe(), RoutingConfig()
    static = static_policy(universe, routing)
    policy: Policy = static if truth is None else WitnessPolicy(static, truth)
    if policy_name != "static":
        assert truth is not None
        policy = make_insider(
            policy_name, universe, routing, model_knowing(known_to(policy_name)), truth
        )
    return run_day(Setting(scenario), 1, policy, static, routing=routing, truth=truth)


@pytest.mark.parametrize("side", Side)
def test_hidden_columns_are_the_truth_from_the_side_of_the_parent(side: Side) -> None:
    """A buyer meets sellers: their column of the pool, their touch, a price that runs away up."""
    world = World(plain_day(), 3)
    hidden = world.hidden()
    matrix = hidden_matrix(hidden, a_frame(side, world))
    far = 1 if side is Side.BUY else 0
    ahead_bps = int(side) * (world.reference_price_ticks() - 850_000) / 85.0

    assert matrix.shape == (15, len(HIDDEN_NAMES))
    assert np.isfinite(matrix).all()
    assert pytest.approx([ahead_bps] * 15) == column(matrix, PRICE[0])
    contra_frac = min(20.0, hidden.pool_shares[_PDRK, far] / 1000)
    assert [contra_frac] * 3 == list(column(matrix, "pool_contra_frac")[3 * _PDRK : 3 * _PDRK + 3])
    far_bps = int(side) * (hidden.touch_ticks[_PECN, far] - 850_000) / 85.0
    assert pytest.approx([far_bps] * 3) == column(matrix, "true_far_bps")[3 * _PECN : 3 * _PECN + 3]


def test_true_touches_of_a_world_enclose_no_negative_spread_and_pools_have_none() -> None:
    """What is read off the arrays is a lit book's best bid below its best offer."""
    hidden = World(plain_day(), 3).hidden()
    bids, asks = hidden.touch_ticks[_PECN:, 0], hidden.touch_ticks[_PECN:, 1]

    assert (bids > 0).all()
    assert (bids < asks).all()
    assert 0 == hidden.touch_ticks[:_PECN].sum()
    assert (hidden.hidden_shares >= 0).all()


def test_makers_that_fled_from_a_print_are_known_to_be_away() -> None:
    """On a busy market somebody is away at some time, and comes back within the longest absence."""
    scenario = plain_day()
    world = World(scenario, 3)
    away_frac, away_s = [], []
    for second in range(1, 120):
        world.advance(Ns(scenario.start_ns + second * NS_PER_S))
        truth = world.hidden()
        away_frac.append(truth.away_frac.max())
        away_s.append(truth.away_s.max())

    assert 0.0 < max(away_frac) <= 1.0
    assert 0.0 < max(away_s) <= scenario.makers.refill_max_s


def test_looking_changes_nothing() -> None:
    """The day of a policy that is watched is the same day, to the bit."""
    scenario = small_scenario()
    truth = HiddenColumns(keeps_all=True)

    assert a_day("static", None, scenario).costs == a_day("static", truth, scenario).costs
    assert truth.kept


@pytest.mark.parametrize("insider", ["venue_insider", "insider"])
def test_an_insiders_day_is_the_same_every_time(insider: str) -> None:
    """Waiting included: it draws nothing."""
    scenario = small_scenario()

    first = a_day(insider, HiddenColumns(), scenario)

    assert first.state_hash == a_day(insider, HiddenColumns(), scenario).state_hash
    assert first.costs


def test_an_insider_departs_from_the_list_that_supervised_has() -> None:
    """Tactics count where no list of steps is named: a list of takes alone is another policy."""
    universe, data = small_scenario().universe(), model_knowing(known_to("insider"))
    plain, takes = RoutingConfig(), RoutingConfig(baseline=BaselineConfig(tactics=("take",)))
    hashes = {
        make_insider("insider", universe, config, data, HiddenColumns()).state_hash()
        for config in (plain, takes)
    }

    assert 2 == len(hashes)


def test_no_router_loads_an_insiders_model_and_no_insider_a_routers() -> None:
    """By construction: a router fills no hidden column."""
    scenario = small_scenario()
    ours = dump_model(
        synthetic_model(feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION)
    )

    with pytest.raises(ModelFileError, match="unknown ones: pool_contra_frac"):
        load_model(
            model_knowing(known_to("venue_insider")),
            feature_names=FEATURE_NAMES,
            features_version=FEATURES_VERSION,
        )
    with pytest.raises(ModelFileError, match="features_version"):
        load_insider(ours)
    with pytest.raises(AssertionError, match="no such policy"):
        make_policy("venue_insider", scenario.universe(), RoutingConfig(), ours)


def test_a_venue_insider_is_told_nothing_of_the_price_to_come() -> None:
    """And one that is blind to a mechanism none of its columns."""
    told = known_to("venue_insider")

    assert not set(PRICE) & set(told)
    assert set(PRICE) < set(known_to("insider"))
    for group, names in GROUPS.items():
        assert set(told) - set(names) == set(known_to("venue_insider", group))


def test_blind_insiders_are_insiders_and_nobody_else_is() -> None:
    """Names decide who is shown the truth."""
    assert insider_of(blind_name("venue_insider", "pools")) == "venue_insider"
    assert insider_of("insider") == "insider"
    assert insider_of("supervised") is None


def test_a_replay_has_nothing_to_know() -> None:
    """Who was there beyond the recorded quotes is an assumption."""
    scenario = small_scenario()
    about = msgspec.structs.replace(scenario.scenario, mode="replay")
    replayed = msgspec.structs.replace(scenario, scenario=about)

    with pytest.raises(ConfigError, match="generated market"):
        check_has_hidden_state(Market("small", replayed, None, ()))
    check_has_hidden_state(Market("small", scenario, None, ()))


def test_who_collects_experience_does_not_wait_in_score_or_plan() -> None:
    """Both patiences are off; nothing else changes."""
    paced = BaselineConfig(pace=Pace(take_share_frac=0.3, patience_s=5.0))
    patient = RoutingConfig(patience_s=40.0, patient_bps=Bps(-0.4), baseline=paced)
    found = without_patience(patient)

    assert (0.0, 0.0) == (found.patience_s, found.baseline.pace.patience_s)
    assert (0.3, -0.4) == (found.baseline.pace.take_share_frac, found.patient_bps)
