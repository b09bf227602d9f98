"""What each policy does with the same rows."""

import math

import numpy as np
import pytest

from penstock.domain import Bps, Exclusion, Tactic
from penstock.routing import (
    PRESETS,
    ProportionalPolicy,
    RoutingConfig,
    Step,
    SupervisedPolicy,
    SweepPolicy,
    resolve_waterfall,
)
from tests.support.routing_frames import Desk, EchoModel, ask, bid, expect, lit, pool, row, universe

TAKE, MID, POST = Tactic.TAKE, Tactic.MID, Tactic.POST
LIT = universe(lit(0), lit(1), lit(2, protected=False))
QUOTES = [bid(0, 9_900, 100), ask(0, 10_000, 300), ask(1, 10_000, 700), ask(2, 9_990, 200)]
MIXED = universe(pool(0), lit(1))
TOUCH = [bid(1, 999_900, 400), ask(1, 1_000_100, 500)]  # half the spread is 1 bps
TAKE_FIRST = (Step(venue="LIT1", tactic="take"), Step(venue="DRK0", tactic="mid"))


def test_sweep_takes_the_best_price_first_and_everything_at_the_touch() -> None:
    """Blind to fees: equal prices go by venue."""
    desk = Desk(LIT, QUOTES)
    desk.decide(route_shares=1_000)

    SweepPolicy().plan(desk.frame)

    assert {(2, TAKE): 200, (0, TAKE): 300, (1, TAKE): 500} == desk.sent()


def test_proportional_splits_by_displayed_size() -> None:
    """600 of 1,200 displayed: half of each, in lots, the rounding to the largest."""
    desk = Desk(LIT, QUOTES)
    desk.decide(route_shares=600)

    ProportionalPolicy().plan(desk.frame)

    assert {(1, TAKE): 400, (0, TAKE): 100, (2, TAKE): 100} == desk.sent()


def test_proportional_takes_all_that_is_displayed_when_more_is_wanted() -> None:
    """There is nothing to split."""
    desk = Desk(LIT, QUOTES)
    desk.decide(route_shares=5_000)

    ProportionalPolicy().plan(desk.frame)

    assert {(1, TAKE): 700, (0, TAKE): 300, (2, TAKE): 200} == desk.sent()


def test_a_share_below_what_the_venue_accepts_goes_to_the_others() -> None:
    """100 for a venue that takes no less than 200: the rows behind it get them."""
    desk = Desk(universe(lit(0, min_shares=200), lit(1), lit(2, protected=False)), QUOTES)
    desk.decide(route_shares=600)

    ProportionalPolicy().plan(desk.frame)

    assert {(1, TAKE): 400, (2, TAKE): 200} == desk.sent()


@pytest.mark.parametrize("policy", [SweepPolicy(), ProportionalPolicy()], ids=lambda p: p.name)
@pytest.mark.parametrize("reason", [Exclusion.COOLING_DOWN, Exclusion.IN_USE])
def test_a_wave_waits_until_the_last_one_is_over(
    policy: SweepPolicy | ProportionalPolicy, reason: Exclusion
) -> None:
    """What the screen shows may be what we are just taking."""
    desk = Desk(LIT, QUOTES)
    desk.situate(route_shares=600)
    desk.mask(0, TAKE, reason)
    desk.build()

    policy.plan(desk.frame)

    assert {} == desk.sent()


def supervised(
    config: RoutingConfig | None = None, steps: tuple[Step, ...] = TAKE_FIRST
) -> SupervisedPolicy:
    """The learned policy over the pool and the lit venue."""
    waterfall = resolve_waterfall(steps, MIXED)
    return SupervisedPolicy(EchoModel(), waterfall, config or RoutingConfig())


def forecast(
    desk: Desk, *, mid: float, take: float, post: float = 9.0, leakage: float = 0.0
) -> None:
    """Slippage of each row; the pool fills half of what it gets, the rest everything."""
    expect(desk.frame, row(0, MID), slippage=mid, fill=0.5, leakage=leakage)
    expect(desk.frame, row(1, TAKE), slippage=take, fill=1.0)
    expect(desk.frame, row(1, POST), slippage=post, fill=0.5)


def test_the_model_may_depart_from_the_list_when_it_pays() -> None:
    """The pool saves half a spread on half of its share: worth more than the margin."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=0.0, take=1.3)

    supervised().plan(desk.frame)

    assert {(0, MID): 200} == desk.sent()
    assert [row(0, MID), row(1, TAKE)] == desk.ranked()


def test_the_list_stands_when_the_gain_is_within_the_margin() -> None:
    """A difference that small is the model's noise; scores are written all the same."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=1.25, take=1.3)

    supervised().plan(desk.frame)

    assert {(1, TAKE): 400} == desk.sent()
    assert desk.rows["score"][row(0, MID)] < desk.rows["score"][row(1, TAKE)]


def test_a_wider_margin_keeps_closer_to_the_list() -> None:
    """The same forecast as above, where it did depart."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=0.0, take=1.3)

    supervised(RoutingConfig(margin_bps=Bps(5.0))).plan(desk.frame)

    assert {(1, TAKE): 400} == desk.sent()


def test_rows_dearer_than_the_clean_up_are_left_out() -> None:
    """Posting would cost nine bps; cleaning up costs 1 + 0.3 + 0.5."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=0.0, take=1.3)

    supervised().plan(desk.frame)

    assert -1 == desk.rows["rank"][row(1, POST)]
    assert 9.0 < desk.rows["score"][row(1, POST)]


def test_when_nothing_beats_the_clean_up_the_list_stands() -> None:
    """Better the list than a plan without a step."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=8.0, take=3.0)

    supervised().plan(desk.frame)

    assert {(1, TAKE): 400} == desk.sent()


def test_a_row_leaves_the_list_only_for_more_than_the_margin() -> None:
    """Cleaning up costs 1.8; the take of the list is dearer by 0.1, the pool beside it cheap."""
    desk = Desk(MIXED, TOUCH)
    ranked = []
    for margin_bps in (0.05, 0.2):
        desk.decide(route_shares=400)
        forecast(desk, mid=0.5, take=1.9)
        supervised(RoutingConfig(margin_bps=Bps(margin_bps))).plan(desk.frame)
        ranked.append(desk.ranked())

    assert [[row(0, MID)], [row(0, MID), row(1, TAKE)]] == ranked


def test_without_a_single_score_the_list_stands_however_patient() -> None:
    """A model that knows nothing must not stop the order."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=math.nan, take=math.nan, post=math.nan)

    supervised(RoutingConfig(patience_s=5.0, patient_bps=Bps(0.1))).plan(desk.frame)

    assert {(1, TAKE): 400} == desk.sent()


def test_with_patience_nothing_is_sent_that_costs_more_than_waiting() -> None:
    """A minute is left, and shares left over cost next to nothing until its last seconds."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=8.0, take=1.3)

    supervised(RoutingConfig(patience_s=5.0, patient_bps=Bps(0.1))).plan(desk.frame)

    assert {} == desk.sent()


def test_patience_ends_with_the_horizon() -> None:
    """The same forecast; with a patience of many minutes the last resort is near, and dearer."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=8.0, take=1.3)

    supervised(RoutingConfig(patience_s=600.0, patient_bps=Bps(0.1))).plan(desk.frame)

    assert {(1, TAKE): 400} == desk.sent()


def test_a_rest_in_vain_costs_the_time_that_it_took() -> None:
    """
    V(60 s) = 0, V(60 s - 2 s) = 1.8 e^(-58 / 40) - 1.8 e^(-60 / 40) more: waiting in the pool.

    1.8 = half a spread of 2 bps, 0.3 of fees, 0.5.
    """
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=0.0, take=1.3)
    config = RoutingConfig(patience_s=40.0, patient_bps=Bps(0.0), wait_bps_per_s=Bps(0.0))

    supervised(config).plan(desk.frame)

    expected = 1.8 * (math.exp(-58.0 / 40.0) - math.exp(-60.0 / 40.0))
    assert expected == pytest.approx(float(desk.rows["wait_bps"][row(0, MID)]), rel=1e-3)


def test_leakage_decides_between_rows_that_cost_the_same() -> None:
    """And weighs more for a client who asked for stealth."""
    desk = Desk(MIXED, TOUCH)
    ranked = {}
    for preset in ("cost", "stealth"):
        weights = PRESETS[preset]
        desk.decide(
            route_shares=400,
            weights=(weights.slippage, weights.speed, weights.certainty, weights.leakage),
        )
        forecast(desk, mid=0.5, take=1.3, leakage=0.3)
        supervised(RoutingConfig(margin_bps=Bps(0.0))).plan(desk.frame)
        ranked[preset] = desk.ranked()[0]

    assert {"cost": row(0, MID), "stealth": row(1, TAKE)} == ranked


def test_urgency_prefers_what_is_quick() -> None:
    """Waiting two seconds in the pool costs the unfilled half; twice as much at urgency 1."""
    desk = Desk(MIXED, TOUCH)
    scores = []
    for urgency_frac in (0.0, 0.5, 1.0):
        desk.decide(route_shares=400, urgency_frac=urgency_frac)
        forecast(desk, mid=0.5, take=1.3)
        supervised().plan(desk.frame)
        scores.append(float(desk.rows["score"][row(0, MID)]))

    assert [0.5, 0.52, 0.54] == pytest.approx(scores)


def test_certainty_charges_what_is_sent_and_not_filled() -> None:
    """Half of what the pool gets does not fill: 0.5 bps on it, per share that does."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400, weights=(1.0, 0.0, 1.0, 1.0))
    forecast(desk, mid=0.5, take=1.3)

    supervised().plan(desk.frame)

    assert 1.0 == pytest.approx(desk.rows["score"][row(0, MID)])


def test_only_usable_rows_are_asked_about() -> None:
    """A forest costs the same for each row; what may not be used needs no forecast."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=0.0, take=1.3)
    model = EchoModel()

    policy = SupervisedPolicy(model, resolve_waterfall((), MIXED), RoutingConfig())
    policy.plan(desk.frame)

    assert 3 == model.n_asked
    assert np.isnan(desk.rows["slippage_bps"][row(1, MID)])
    assert 0.1 == desk.rows["fill_frac_sd"][row(0, MID)]


def test_a_part_that_is_not_finite_takes_the_row_out() -> None:
    """One broken forecast must not decide, and must not break the others."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=float("nan"), take=1.3)

    supervised().plan(desk.frame)

    assert {(1, TAKE): 400} == desk.sent()
    assert np.isnan(desk.rows["score"][row(0, MID)])


def test_without_an_nbbo_the_list_stands() -> None:
    """There is no midpoint that costs could be measured from."""
    desk = Desk(universe(pool(0), lit(1)), [ask(1, 10_000, 500)])
    desk.decide(route_shares=400)
    expect(desk.frame, row(1, TAKE), slippage=99.0, fill=0.1)

    supervised().plan(desk.frame)

    assert {(1, TAKE): 400} == desk.sent()
    assert np.isnan(desk.rows["score"]).all()


def test_an_earlier_decision_leaves_nothing_behind() -> None:
    """The frame is filled again and again: old parts and plans must not be read as new."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=400)
    forecast(desk, mid=0.0, take=1.3)
    supervised().plan(desk.frame)

    SweepPolicy().plan(desk.frame)

    for name in ("slippage_bps", "leakage_bps_sd", "wait_bps", "cost_bps", "score"):
        assert np.isnan(desk.rows[name]).all(), name
    assert [row(1, TAKE)] == desk.ranked()
    assert (desk.rows["propensity"] == 1.0).all()


def test_cost_of_a_row_is_that_of_the_plan_that_starts_with_it() -> None:
    """For the first row of the plan this is the cost of the plan."""
    desk = Desk(MIXED, TOUCH)
    desk.decide(route_shares=200, parent_shares=400, urgency_frac=0.0)
    forecast(desk, mid=0.0, take=1.3)

    supervised().plan(desk.frame)

    assert 0.5 * 0.0 + 0.5 * 1.3 == pytest.approx(desk.rows["cost_bps"][row(0, MID)])
    assert 1.3 == pytest.approx(desk.rows["cost_bps"][row(1, TAKE)])


def test_policies_say_who_they_are() -> None:
    """Names are those of the command line; records carry the model's hash."""
    learned = supervised()

    assert ("sweep", False, "") == (
        SweepPolicy().name,
        SweepPolicy().needs_features,
        SweepPolicy().model_sha256,
    )
    assert ("supervised", True, "0" * 64) == (
        learned.name,
        learned.needs_features,
        learned.model_sha256,
    )
    assert learned.state_hash() == supervised().state_hash()
    assert learned.state_hash() != supervised(RoutingConfig(margin_bps=Bps(1.0))).state_hash()
