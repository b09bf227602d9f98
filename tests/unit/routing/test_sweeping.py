"""The sweep at the horizon: everything displayed, best prices first, all venues at once."""

import pytest

from penstock.domain import Exclusion, Side, Tactic, Universe
from penstock.routing import (
    Policy,
    ProportionalPolicy,
    RoutingConfig,
    StaticPolicy,
    SupervisedPolicy,
    SweepPolicy,
    resolve_waterfall,
)
from tests.support.routing_frames import Desk, EchoModel, Quote, ask, bid, lit, pool, row, universe

TAKE = Tactic.TAKE
VENUES = universe(lit(0, take=3_000.0), lit(1, take=1_000.0), lit(2, take=2_000.0))
LADDER = [
    bid(0, 9_900, 100),
    ask(0, 10_000, 300),
    ask(0, 10_200, 300),
    ask(1, 10_100, 200),
    ask(2, 10_100, 500),
]


def swept(universe: Universe, quotes: list[Quote], **situation: object) -> Desk:
    """A desk that must complete, with the sweep planned."""
    desk = Desk(universe, quotes)
    desk.decide(must_complete=True, **situation)
    SweepPolicy().plan(desk.frame)
    return desk


def test_better_prices_are_taken_whole_before_worse_ones() -> None:
    """300 at the best price, then what is missing one level on, cheapest fee first."""
    desk = swept(VENUES, LADDER, route_shares=600)

    assert {(0, TAKE): 300, (1, TAKE): 200, (2, TAKE): 100} == desk.sent()


def test_one_limit_serves_the_whole_sweep() -> None:
    """The worst price that is paid: an order may find more there than was shown."""
    desk = swept(VENUES, LADDER, route_shares=600)

    assert {10_100} == set(desk.rows["limit_ticks"][desk.rows["alloc_shares"] > 0].tolist())


def test_equal_prices_go_by_fee_then_venue() -> None:
    """The plan reads from the cheapest on."""
    desk = swept(VENUES, LADDER, route_shares=2_000)

    assert [1, 2, 0] == [venue for venue, _ in desk.sent()]
    assert 1_300 == sum(desk.sent().values())


def test_the_sweep_ends_at_the_worst_price() -> None:
    """The duty to complete ends where the client's limit begins."""
    desk = swept(VENUES, LADDER, route_shares=2_000, worst_ticks=10_000)

    assert {(0, TAKE): 300} == desk.sent()
    assert Exclusion.OUTSIDE_LIMIT is desk.reason(1, TAKE)


def test_a_seller_sweeps_bids_downwards() -> None:
    """The same, mirrored."""
    quotes = [bid(0, 10_000, 300), bid(1, 9_900, 200), bid(2, 9_800, 500), ask(0, 10_100, 1)]

    desk = swept(VENUES, quotes, side=Side.SELL, route_shares=400)

    assert {(0, TAKE): 300, (1, TAKE): 100} == desk.sent()


def test_a_protected_quote_that_we_may_not_take_ends_the_sweep() -> None:
    """An intermarket sweep may pass a better quote only by taking it at the same time."""
    desk = Desk(VENUES, LADDER)
    desk.situate(must_complete=True, route_shares=2_000)
    desk.mask(0, TAKE, Exclusion.THROTTLE)

    desk.build()
    SweepPolicy().plan(desk.frame)

    assert {} == desk.sent()
    assert Exclusion.WOULD_TRADE_THROUGH is desk.reason(1, TAKE)
    assert Exclusion.WOULD_TRADE_THROUGH is desk.reason(2, TAKE)


def test_a_venue_out_of_reach_is_passed() -> None:
    """Self-help: its quote does not bind those who cannot reach it."""
    desk = Desk(VENUES, LADDER)
    desk.situate(must_complete=True, route_shares=2_000)
    desk.mask(0, TAKE, Exclusion.VENUE_DOWN)

    desk.build()
    SweepPolicy().plan(desk.frame)

    assert {(1, TAKE): 200, (2, TAKE): 500} == desk.sent()


def test_a_share_below_what_the_venue_accepts_goes_elsewhere() -> None:
    """Fifty shares at a price that another venue has too are not worth a reject."""
    venues = universe(lit(0), lit(1, min_shares=100), lit(2))
    quotes = [bid(0, 9_900, 1), ask(0, 10_000, 150), ask(1, 10_100, 500), ask(2, 10_100, 500)]

    desk = swept(venues, quotes, route_shares=200)

    assert {(0, TAKE): 150, (2, TAKE): 50} == desk.sent()
    assert Exclusion.BELOW_MIN_SIZE is desk.reason(1, TAKE)


def test_a_protected_quote_too_small_to_take_ends_the_sweep() -> None:
    """Leaving it out and paying more behind it would be a trade-through."""
    venues = universe(lit(0), lit(1, min_shares=100), lit(2))
    quotes = [bid(0, 9_900, 1), ask(0, 9_990, 150), ask(1, 10_000, 50), ask(2, 10_100, 500)]

    desk = swept(venues, quotes, route_shares=600)

    assert {(0, TAKE): 150} == desk.sent()
    assert Exclusion.WOULD_TRADE_THROUGH is desk.reason(2, TAKE)


def test_every_policy_completes_in_the_same_way() -> None:
    """Comparisons are about routing, not about who gives up first."""
    waterfall = resolve_waterfall((), VENUES)
    policies: list[Policy] = [
        StaticPolicy(waterfall),
        SweepPolicy(),
        ProportionalPolicy(),
        SupervisedPolicy(EchoModel(), waterfall, RoutingConfig()),
    ]
    desk = Desk(VENUES, LADDER)
    desk.decide(must_complete=True, route_shares=700)
    plans = []
    for policy in policies:
        policy.plan(desk.frame)
        plans.append((desk.sent(), desk.rows["rank"].tolist()))

    assert [plans[0]] * 4 == plans


def test_nothing_displayed_means_nothing_sent() -> None:
    """The engine looks again; the row says why."""
    desk = swept(universe(pool(0), lit(1)), [bid(1, 9_900, 100)], route_shares=100)

    assert {} == desk.sent()
    assert Exclusion.NO_QUOTE is desk.reason(1, TAKE)
    assert 0 == desk.rows["size_shares"][row(1, TAKE)]


@pytest.mark.parametrize("route_shares", [1, 99, 1_300, 5_000])
def test_the_sweep_never_takes_more_than_there_is_to_place(route_shares: int) -> None:
    """Nor more than is displayed."""
    desk = swept(VENUES, LADDER, route_shares=route_shares)

    assert min(route_shares, 1_300) == desk.frame.planned_shares()
