"""What each searched baseline does with the same rows."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.domain import NS_PER_S, Bps, ConfigError, Ns, Tactic
from penstock.features import FEATURE_NAMES, TAIL_DTYPE, record_tail, tail_prob
from penstock.routing import (
    BaselineConfig,
    BestStaticPolicy,
    ContKukanovPolicy,
    FeeSweepPolicy,
    KaplanMeierPolicy,
    Pace,
    Regime,
    RegimeStaticPolicy,
    RoutingConfig,
    ScorecardPolicy,
    Step,
    check_routing,
    default_waterfall,
    limit_shares,
    pace_array,
    resolve_waterfall,
    shares_to_take,
)
from tests.support import naive_baselines
from tests.support.routing_frames import NOW, Desk, ask, bid, lit, pool, row, universe

TAKE, MID, POST = Tactic.TAKE, Tactic.MID, Tactic.POST
FEES = universe(lit(0, take=3_000.0), lit(1, take=1_000.0))
QUOTES = [bid(0, 9_900, 400), ask(0, 10_000, 600), bid(1, 9_900, 200), ask(1, 10_000, 500)]
POOLS = universe(pool(0), pool(1), lit(2))
POOL_QUOTES = [bid(2, 9_900, 400), ask(2, 10_000, 500)]


def test_the_cheaper_fee_is_taken_first_at_one_price() -> None:
    """`sweep` would go by venue."""
    desk = Desk(FEES, QUOTES)
    desk.decide(route_shares=700)

    FeeSweepPolicy(Pace()).plan(desk.frame)

    assert {(1, TAKE): 500, (0, TAKE): 200} == desk.sent()


def test_a_fee_outweighs_a_better_price_that_is_smaller_than_it() -> None:
    """An unprotected quote may stand behind a protected one that costs more in all."""
    desk = Desk(
        universe(lit(0, take=3_000.0), lit(1, take=-1_000.0)),
        [bid(0, 9_900, 400), ask(0, 10_000, 600), bid(1, 9_900, 1), ask(1, 10_000, 500)],
    )
    desk.decide(route_shares=500)

    FeeSweepPolicy(Pace()).plan(desk.frame)

    assert {(1, TAKE): 500} == desk.sent()


def test_a_wave_of_takes_is_as_large_as_the_pace_allows() -> None:
    """A tenth of 3,000, over all venues together."""
    desk = Desk(FEES, QUOTES)
    desk.decide(route_shares=2_000, parent_shares=3_000)
    policy = BestStaticPolicy(np.array([row(0, TAKE), row(1, TAKE)]), Pace(take_share_frac=0.1))

    policy.plan(desk.frame)

    assert {(0, TAKE): 300} == desk.sent()


def test_while_takes_wait_the_list_goes_on_without_them() -> None:
    """A post behind them in the list is due."""
    desk = Desk(FEES, QUOTES)
    desk.decide(route_shares=1_000)
    pace = Pace(take_after_frac=0.5)
    policy = BestStaticPolicy(np.array([row(0, TAKE), row(1, POST)]), pace)

    policy.plan(desk.frame)

    assert {(1, POST): 200} == desk.sent()


@pytest.mark.parametrize(
    ("left_s", "sent"),
    [
        (600.0, {(1, POST): 200}),  # both takes are far above what ten minutes ask for
        (22.0, {(0, TAKE): 600}),  # one that is not the dearest shown
        (20.0, {(1, TAKE): 500, (0, TAKE): 500}),  # in the last twenty seconds all of them will do
    ],
)
def test_a_take_waits_until_the_time_left_asks_for_its_price(
    left_s: float, sent: dict[tuple[int, Tactic], int]
) -> None:
    """Half the spread is 50 bps, the fees add 20 and 80."""
    desk = Desk(universe(lit(0, take=2_000.0), lit(1, take=8_000.0)), QUOTES)
    desk.situate(route_shares=1_000)
    desk.frame.situation["deadline_ns"] = NOW + int(left_s * NS_PER_S)
    frame = desk.build()
    pace = Pace(patience_s=20.0, patient_bps=Bps(0.0))
    policy = BestStaticPolicy(np.array([row(1, TAKE), row(0, TAKE), row(1, POST)]), pace)

    policy.plan(frame)

    assert sent == desk.sent()


def test_venues_that_cost_the_same_are_taken_before_the_duty_to_complete() -> None:
    """However alike they are, patience ends before the deadline does."""
    desk = Desk(universe(lit(0), lit(1)), QUOTES)
    policy = BestStaticPolicy(
        np.array([row(0, TAKE), row(1, TAKE)]), Pace(patience_s=20.0, patient_bps=Bps(-1.0))
    )
    for left_s, n_shares in ((20.5, 0), (20.0, 1_000)):
        desk.situate(route_shares=1_000)
        desk.frame.situation["deadline_ns"] = NOW + int(left_s * NS_PER_S)
        policy.plan(desk.build())

        assert n_shares == sum(desk.sent().values()), left_s


@given(
    pace=st.builds(
        Pace,
        take_share_frac=st.floats(0.01, 1.0),
        take_gap_ns=st.sampled_from([Ns(0), Ns(2 * NS_PER_S)]),
        take_after_frac=st.sampled_from([0.0, 0.01, 0.1]),
    ),
    since_ns=st.one_of(st.none(), st.integers(1, 4 * NS_PER_S)),
    parent_shares=st.integers(1, 5_000),
    data=st.data(),
)
def test_the_pace_is_that_of_the_reference(
    pace: Pace, since_ns: int | None, parent_shares: int, data: st.DataObject
) -> None:
    """In lots, at least one, never more than is to place, and only when it is time."""
    route_shares = data.draw(st.integers(1, parent_shares))
    desk = Desk(FEES, QUOTES)
    desk.situate(route_shares=route_shares, parent_shares=parent_shares)
    desk.rows["last_sent_ns"][row(1, TAKE)] = 0 if since_ns is None else NOW - since_ns
    frame = desk.build()

    found = shares_to_take(frame.situation, frame.rows, frame.work, pace_array(pace), 0)

    assert (
        naive_baselines.shares_to_take(
            pace,
            elapsed_ns=NS_PER_S,
            horizon_ns=61 * NS_PER_S,
            since_takes_ns=[] if since_ns is None else [since_ns],
            parent_shares=parent_shares,
            route_shares=route_shares,
            lot_shares=100,
        )
        == found
    )


@pytest.mark.parametrize(("rv_bps", "venue"), [(0.5, 0), (3.0, 1), (50.0, 1)])
def test_the_regime_that_holds_gives_the_list(rv_bps: float, venue: int) -> None:
    """The last one holds whatever the market does."""
    desk = Desk(FEES, QUOTES)
    frame = desk.decide(route_shares=300)
    frame.features[:, FEATURE_NAMES.index("rv_60s_bps")] = rv_bps
    lists = [np.array([row(0, TAKE)]), np.array([row(1, TAKE)])]

    RegimeStaticPolicy(lists, [Pace(), Pace()], [2.0, 10.0]).plan(frame)

    assert {(venue, TAKE): 300} == desk.sent()


@pytest.mark.parametrize(("markout_bps", "first"), [(0.0, (0, MID)), (4.0, (1, MID))])
def test_a_pool_that_leaks_falls_behind(markout_bps: float, first: tuple[int, Tactic]) -> None:
    """Same fee, same fills: what follows a fill there decides."""
    desk = Desk(POOLS, POOL_QUOTES)
    frame = desk.decide(route_shares=200)
    for r in (row(0, MID), row(1, MID)):
        frame.features[r, FEATURE_NAMES.index("card_fill_frac")] = 0.5
    frame.features[row(0, MID), FEATURE_NAMES.index("card_markout_bps")] = markout_bps

    ScorecardPolicy(RoutingConfig(mid_rest_ns=Ns(0))).plan(frame)

    assert first == next(iter(desk.sent()))


def test_pools_share_by_what_they_held() -> None:
    """One was found with 300 at most, the other with all that was asked."""
    desk = Desk(POOLS, POOL_QUOTES, RoutingConfig(mid_share_frac=1.0))
    frame = desk.decide(route_shares=1_000)
    frame.tails = np.zeros(3, TAIL_DTYPE)
    for _ in range(20):
        record_tail(frame.tails, 0, 800, 300)
        record_tail(frame.tails, 1, 800, 800)
    policy = KaplanMeierPolicy(resolve_waterfall(default_waterfall(POOLS), POOLS), Pace())

    policy.plan(frame)

    assert {(0, MID): 300, (1, MID): 700} == desk.sent()


def test_untried_pools_share_evenly() -> None:
    """Optimism: each must be asked before it is believed to be empty."""
    desk = Desk(POOLS, POOL_QUOTES, RoutingConfig(mid_share_frac=1.0))
    desk.decide(route_shares=1_000)
    policy = KaplanMeierPolicy(resolve_waterfall(default_waterfall(POOLS), POOLS), Pace())

    policy.plan(desk.frame)

    assert {(0, MID): 500, (1, MID): 500} == desk.sent()


@given(
    outcomes=st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, 8), st.integers(0, 8)), max_size=25
    ),
    n_lots=st.integers(1, 6),
)
def test_no_other_division_fills_more(outcomes: list[tuple[int, int, int]], n_lots: int) -> None:
    """Lot by lot is best, because tails only fall: every division is tried."""
    desk = Desk(POOLS, POOL_QUOTES, RoutingConfig(mid_share_frac=1.0))
    frame = desk.decide(route_shares=100 * n_lots)
    frame.tails = np.zeros(3, TAIL_DTYPE)
    for venue_idx, sent_lots, held_lots in outcomes:
        record_tail(frame.tails, venue_idx, 100 * sent_lots, 100 * min(sent_lots, held_lots))
    KaplanMeierPolicy(resolve_waterfall(default_waterfall(POOLS), POOLS), Pace()).plan(frame)
    probs = [partial(tail_prob, frame.tails, v) for v in (0, 1)]

    found = sum(
        probs[v](100 * (k + 1))
        for (v, _), shares in desk.sent().items()
        for k in range(shares // 100)
    )

    assert pytest.approx(naive_baselines.best_division(probs, n_lots, 100, n_lots)) == found


def split_parts(**changes: float) -> dict[str, float]:
    """Case B4, one venue, of the paper's figures: 2 cents of half spread, fee .003, rebate .002."""
    parts = {"outflow": 1_500.0, "queue": 500.0, "gain": 0.022, "take": 0.023, "short": 0.06}
    return {**parts, **changes}


def test_one_venue_is_split_as_in_the_paper() -> None:
    """L* = F⁻¹((2h + f + r) / (λ + h + r)) − Q = 693.70."""
    parts = split_parts()

    found = limit_shares(
        parts["outflow"], parts["queue"], parts["gain"], parts["take"], parts["short"]
    )

    assert pytest.approx(693.70, abs=0.005) == found


@pytest.mark.parametrize(
    "changes", [{}, {"queue": 100.0}, {"outflow": 600.0, "queue": 50.0}, {"short": 0.03}]
)
def test_no_other_split_costs_less(changes: dict[str, float]) -> None:
    """Against the expected cost itself, over a grid of splits."""
    parts = split_parts(**changes)
    best = limit_shares(
        parts["outflow"], parts["queue"], parts["gain"], parts["take"], parts["short"]
    )

    def cost(posted_shares: float) -> float:
        return naive_baselines.split_cost(
            posted_shares,
            2_000.0,
            outflow_shares=parts["outflow"],
            queue_shares=parts["queue"],
            gain=parts["gain"],
            take=parts["take"],
            short=parts["short"],
        )

    grid = [cost(posted) for posted in np.linspace(0.0, 2_000.0, 21)]

    assert cost(best) <= min(grid) + 1e-3


def test_what_queues_will_serve_is_posted_and_the_rest_taken() -> None:
    """A short queue at a busy venue takes some; a quiet one none."""
    desk = Desk(FEES, QUOTES, RoutingConfig(post_share_frac=1.0))
    frame = desk.decide(route_shares=1_000)
    frame.features[:, FEATURE_NAMES.index("volume_60s_frac")] = 10.0
    frame.features[row(1, POST), FEATURE_NAMES.index("venue_volume_frac")] = 0.8

    ContKukanovPolicy(RoutingConfig(clean_up_bps=Bps(200.0))).plan(frame)
    sent = desk.sent()

    assert {(1, POST), (1, TAKE), (0, TAKE)} >= set(sent)
    assert 0 < sent[1, POST] < 1_000
    assert 1_000 == sum(sent.values())


def test_a_pace_that_means_nothing_is_refused() -> None:
    """All problems at once, each with its key."""
    config = RoutingConfig(
        baseline=BaselineConfig(
            pace=Pace(take_share_frac=0.0, take_gap_ns=Ns(-1)),
            tactics=("take", "take"),
            regimes=(Regime(pace=Pace(take_after_frac=2.0)),),
        )
    )

    with pytest.raises(ConfigError) as caught:
        check_routing(config)

    assert [
        "routing.baseline.pace.take_share_frac",
        "routing.baseline.pace.take_gap_ns",
        "routing.baseline.tactics",
        "routing.baseline.regimes[0].pace.take_after_frac",
    ] == [problem.where for problem in caught.value.problems]


def test_the_default_list_can_leave_a_tactic_out() -> None:
    """A baseline that never posts is one of those that a search tries."""
    assert (
        Step(venue="LIT2", tactic="take"),
        Step(venue="DRK0", tactic="mid"),
        Step(venue="DRK1", tactic="mid"),
    ) == default_waterfall(POOLS, ("take", "mid"))
