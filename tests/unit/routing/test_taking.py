"""TAKE rows: limit, size, and every reason not to take."""

import pytest

from penstock.domain import Exclusion, Side, Tactic
from penstock.routing import RoutingConfig
from tests.support.routing_frames import (
    NOW,
    Desk,
    ask,
    bid,
    halted,
    lit,
    lost,
    pool,
    row,
    universe,
)

TAKE = Tactic.TAKE
TWO = universe(lit(0), lit(1))


def field(desk: Desk, name: str, venue: int) -> int:
    """A column of a venue's TAKE row."""
    return int(desk.rows[name][row(venue, TAKE)])


def test_a_buyer_takes_what_the_venue_displays_at_its_best_ask() -> None:
    """Limit at the touch: what moves away is not chased."""
    desk = Desk(TWO, [bid(0, 9_900, 1), ask(0, 10_000, 300), ask(0, 10_100, 900)])

    desk.decide(route_shares=1_000)

    assert 10_000 == field(desk, "limit_ticks", 0)
    assert 300 == field(desk, "available_shares", 0) == field(desk, "size_shares", 0)
    assert 0 == field(desk, "rest_ns", 0)


def test_a_seller_takes_bids() -> None:
    """The same rule, mirrored."""
    desk = Desk(TWO, [bid(0, 9_900, 400), bid(0, 9_800, 50), ask(0, 10_000, 300)])

    desk.decide(side=Side.SELL, route_shares=100)

    assert 9_900 == field(desk, "limit_ticks", 0)
    assert 400 == field(desk, "available_shares", 0)
    assert 100 == field(desk, "size_shares", 0)


def test_deeper_levels_are_reached_where_configured() -> None:
    """Two levels of one venue are one order with the worse limit."""
    quotes = [bid(0, 9_900, 1), ask(0, 10_000, 300), ask(0, 10_100, 900), ask(0, 10_200, 1)]
    desk = Desk(TWO, quotes, RoutingConfig(max_take_levels=2))

    desk.decide(route_shares=5_000)

    assert 10_100 == field(desk, "limit_ticks", 0)
    assert 1_200 == field(desk, "size_shares", 0)


def test_depth_ends_at_the_worst_price() -> None:
    """A level beyond the client's limit is not displayed for us."""
    quotes = [bid(0, 9_900, 1), ask(0, 10_000, 300), ask(0, 10_100, 900)]
    desk = Desk(TWO, quotes, RoutingConfig(max_take_levels=2))

    desk.decide(worst_ticks=10_050)

    assert 10_000 == field(desk, "limit_ticks", 0)


def test_depth_ends_at_another_venues_protected_quote() -> None:
    """Going on past it would pay more than somebody displays elsewhere."""
    quotes = [bid(0, 9_900, 1), ask(0, 10_000, 300), ask(0, 10_200, 900), ask(1, 10_100, 1)]
    desk = Desk(TWO, quotes, RoutingConfig(max_take_levels=3))

    desk.decide()

    assert 10_000 == field(desk, "limit_ticks", 0)


def test_a_worse_quote_than_a_protected_one_elsewhere_is_not_taken() -> None:
    """Order protection: the better quote goes first."""
    desk = Desk(TWO, [bid(0, 9_900, 1), ask(0, 10_000, 100), ask(1, 10_100, 900)])

    desk.decide()

    assert Exclusion.USABLE is desk.reason(0, TAKE)
    assert Exclusion.WOULD_TRADE_THROUGH is desk.reason(1, TAKE)


def test_an_equal_quote_elsewhere_is_no_obstacle() -> None:
    """Paying the same is not trading through."""
    desk = Desk(TWO, [bid(0, 9_900, 1), ask(0, 10_000, 100), ask(1, 10_000, 900)])

    desk.decide()

    assert Exclusion.USABLE is desk.reason(0, TAKE)
    assert Exclusion.USABLE is desk.reason(1, TAKE)


def test_an_unprotected_quote_protects_nobody() -> None:
    """An ECN outside the rule may show better; one may take it, and need not."""
    desk = Desk(
        universe(lit(0, protected=False), lit(1)),
        [ask(0, 10_000, 100), bid(1, 9_900, 100), ask(1, 10_100, 900)],
    )

    desk.decide()

    assert Exclusion.USABLE is desk.reason(0, TAKE)
    assert Exclusion.USABLE is desk.reason(1, TAKE)


@pytest.mark.parametrize(
    "reason", [Exclusion.VENUE_DOWN, Exclusion.VENUE_OFF, Exclusion.FEED_STALE]
)
def test_a_venue_out_of_reach_does_not_stop_the_others(reason: Exclusion) -> None:
    """Self-help, Rule 611(b)(1): one broken session must not stop trading everywhere."""
    desk = Desk(TWO, [bid(0, 9_900, 1), ask(0, 10_000, 100), ask(1, 10_100, 900)])
    desk.mask(0, TAKE, reason)
    desk.situate()

    desk.build()

    assert reason is desk.reason(0, TAKE)
    assert Exclusion.USABLE is desk.reason(1, TAKE)


@pytest.mark.parametrize("reason", [Exclusion.THROTTLE, Exclusion.IN_USE, Exclusion.LIMIT_BREACH])
def test_a_venue_that_we_merely_may_not_use_still_protects(reason: Exclusion) -> None:
    """Our own limits are no excuse to pay more than is displayed."""
    desk = Desk(TWO, [bid(0, 9_900, 1), ask(0, 10_000, 100), ask(1, 10_100, 900)])
    desk.mask(0, TAKE, reason)
    desk.situate()

    desk.build()

    assert Exclusion.WOULD_TRADE_THROUGH is desk.reason(1, TAKE)


def test_a_quote_beyond_the_limit_is_outside() -> None:
    """The row says what stands there, and that it is too dear."""
    desk = Desk(TWO, [bid(0, 9_900, 1), ask(0, 10_000, 100)])

    desk.decide(worst_ticks=9_999)

    assert Exclusion.OUTSIDE_LIMIT is desk.reason(0, TAKE)
    assert 10_000 == field(desk, "limit_ticks", 0)


def test_a_seller_without_any_limit_is_not_stopped_by_arithmetic() -> None:
    """The worst price may be the smallest integer: prices are compared, never subtracted."""
    desk = Desk(TWO, [bid(0, 9_900, 100), ask(0, 10_000, 100)])

    desk.decide(side=Side.SELL, worst_ticks=-(2**63))

    assert Exclusion.USABLE is desk.reason(0, TAKE)


def test_an_empty_side_is_no_quote() -> None:
    """Bids only: a buyer finds nothing."""
    desk = Desk(TWO, [bid(0, 9_900, 100), bid(1, 9_900, 1), ask(1, 10_000, 100)])

    desk.decide()

    assert Exclusion.NO_QUOTE is desk.reason(0, TAKE)
    assert 0 == field(desk, "size_shares", 0)


def test_a_book_with_a_gap_is_stale_and_protects_nobody() -> None:
    """What may be gone can neither be taken nor stand in the way."""
    desk = Desk(TWO, [ask(0, 10_000, 100), lost(0), bid(1, 9_900, 1), ask(1, 10_100, 900)])

    desk.decide()

    assert Exclusion.FEED_STALE is desk.reason(0, TAKE)
    assert Exclusion.USABLE is desk.reason(1, TAKE)


def test_a_halted_venue_is_left_alone() -> None:
    """Its quotes stand still until the auction."""
    desk = Desk(TWO, [ask(0, 10_000, 100), halted(0), bid(1, 9_900, 1), ask(1, 10_100, 900)])

    desk.decide()

    assert Exclusion.HALTED is desk.reason(0, TAKE)
    assert Exclusion.USABLE is desk.reason(1, TAKE)


def test_less_than_the_venue_accepts_is_not_sent() -> None:
    """It would only be rejected."""
    desk = Desk(universe(lit(0, min_shares=200), lit(1)), [bid(0, 9_900, 1), ask(0, 10_000, 100)])

    desk.decide()

    assert Exclusion.BELOW_MIN_SIZE is desk.reason(0, TAKE)


def test_a_row_tried_a_moment_ago_cools_down() -> None:
    """The quote on the screen may be the one that we have just taken."""
    desk = Desk(TWO, [bid(0, 9_900, 1), ask(0, 10_000, 100)], RoutingConfig())
    cool_down_ns = RoutingConfig().cool_down_ns
    at = row(0, TAKE)

    desk.rows["last_sent_ns"][at] = NOW - cool_down_ns + 1
    desk.decide()
    early = desk.reason(0, TAKE)
    desk.rows["last_sent_ns"][at] = NOW - cool_down_ns
    desk.decide()

    assert Exclusion.COOLING_DOWN is early
    assert Exclusion.USABLE is desk.reason(0, TAKE)


def test_pools_show_nothing_to_take() -> None:
    """And say so, instead of disappearing."""
    desk = Desk(universe(pool(0), lit(1)), [bid(1, 9_900, 1), ask(1, 10_000, 100)])

    desk.decide()

    assert Exclusion.NOT_OFFERED is desk.reason(0, TAKE)


def test_a_reason_of_the_engine_is_kept() -> None:
    """The first reason is the one to explain with."""
    desk = Desk(TWO, [])
    desk.mask(0, TAKE, Exclusion.KILL)
    desk.situate()

    desk.build()

    assert Exclusion.KILL is desk.reason(0, TAKE)


def test_fees_are_in_bps_of_the_midpoint() -> None:
    """0.3 cents a share of a dollar's stock is 30 bps."""
    desk = Desk(universe(lit(0, take=3_000.0), lit(1)), [bid(0, 9_900, 1), ask(0, 10_100, 1)])

    desk.decide()

    assert pytest.approx(30.0) == desk.rows["fee_bps"][row(0, TAKE)]
