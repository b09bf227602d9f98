"""MID and POST rows: the midpoint in pools, the queue at lit venues."""

import pytest

from penstock.domain import Exclusion, Ns, Side, Tactic
from penstock.routing import RoutingConfig
from tests.support.routing_frames import Desk, Quote, ask, bid, halted, lit, pool, row, universe

MID, POST = Tactic.MID, Tactic.POST
VENUES = universe(pool(0), lit(1), lit(2))
TOUCH = [bid(1, 9_900, 400), bid(1, 9_800, 100), ask(1, 10_100, 500)]


def field(desk: Desk, name: str, venue: int, tactic: Tactic) -> int:
    """A column of a row."""
    return int(desk.rows[name][row(venue, tactic)])


def decided(
    quotes: list[Quote] | None = None, config: RoutingConfig | None = None, **situation: object
) -> Desk:
    """A desk over the three venues, rows built."""
    desk = Desk(VENUES, TOUCH if quotes is None else quotes, config)
    desk.decide(**situation)
    return desk


def test_a_peg_pays_at_most_what_taking_costs_now() -> None:
    """A midpoint that has run away is not followed: the next decision sees to that."""
    desk = decided()

    assert 10_100 == field(desk, "limit_ticks", 0, MID)


def test_a_tighter_limit_binds_the_peg() -> None:
    """The client's limit lies between midpoint and touch."""
    desk = decided(worst_ticks=10_050)

    assert 10_050 == field(desk, "limit_ticks", 0, MID)
    assert Exclusion.USABLE is desk.reason(0, MID)


@pytest.mark.parametrize(
    ("side", "worst_ticks", "expected"),
    [
        (Side.BUY, 10_001, Exclusion.USABLE),
        (Side.BUY, 10_000, Exclusion.OUTSIDE_LIMIT),
        (Side.SELL, 10_000, Exclusion.USABLE),
        (Side.SELL, 10_001, Exclusion.OUTSIDE_LIMIT),
    ],
)
def test_a_midpoint_between_two_ticks_must_be_within_the_limit(
    side: Side, worst_ticks: int, expected: Exclusion
) -> None:
    """9,900 and 10,101 meet at 10,000.5: a limit of 10,000 buys nothing there."""
    desk = decided([bid(1, 9_900, 1), ask(1, 10_101, 1)], side=side, worst_ticks=worst_ticks)

    assert expected is desk.reason(0, MID)


def test_a_pool_gets_its_share_of_the_order_in_whole_lots() -> None:
    """Half of 1,250 shares is 625: six lots."""
    desk = decided(route_shares=1_250)

    assert 600 == field(desk, "size_shares", 0, MID)
    assert 0 == field(desk, "available_shares", 0, MID)


def test_the_share_is_of_the_parent_but_never_more_than_there_is_to_place() -> None:
    """Late in the order the last 300 shares may go in one piece."""
    desk = decided(route_shares=300, parent_shares=10_000)

    assert 300 == field(desk, "size_shares", 0, MID)


def test_a_small_order_goes_as_one_lot() -> None:
    """A quarter of 150 shares is no lot: splitting it further helps nobody."""
    desk = decided(route_shares=150)

    assert 100 == field(desk, "size_shares", 1, POST)


def test_a_whole_share_leaves_no_odd_lot_behind() -> None:
    """Everything to one pool means everything."""
    desk = decided(config=RoutingConfig(mid_share_frac=1.0), route_shares=1_250)

    assert 1_250 == field(desk, "size_shares", 0, MID)


def test_rest_times_are_the_configured_ones() -> None:
    """Zero is immediate or cancel."""
    desk = decided(config=RoutingConfig(mid_rest_ns=Ns(0), post_rest_ns=Ns(7)))

    assert 0 == field(desk, "rest_ns", 0, MID)
    assert 7 == field(desk, "rest_ns", 1, POST)


def test_a_post_joins_the_best_protected_price() -> None:
    """At a venue that shows less it becomes the best: nobody is ahead."""
    desk = decided()

    assert 9_900 == field(desk, "limit_ticks", 1, POST) == field(desk, "limit_ticks", 2, POST)
    assert 400 == field(desk, "available_shares", 1, POST)


def test_a_post_improves_where_the_spread_has_room() -> None:
    """Two increments between bid and ask: one may be given."""
    desk = decided(config=RoutingConfig(post_improves=True))

    assert 10_000 == field(desk, "limit_ticks", 1, POST)
    assert 0 == field(desk, "available_shares", 1, POST)


def test_a_post_does_not_improve_into_the_other_side() -> None:
    """A spread of one increment has no room."""
    desk = decided([bid(1, 9_900, 1), ask(1, 10_000, 1)], config=RoutingConfig(post_improves=True))

    assert 9_900 == field(desk, "limit_ticks", 1, POST)


def test_a_post_does_not_improve_beyond_the_limit() -> None:
    """Joining is still allowed."""
    desk = decided(config=RoutingConfig(post_improves=True), worst_ticks=9_950)

    assert 9_900 == field(desk, "limit_ticks", 1, POST)
    assert Exclusion.USABLE is desk.reason(1, POST)


def test_a_touch_beyond_the_limit_is_not_joined() -> None:
    """The row's price is worse than the parent's limit."""
    desk = decided(worst_ticks=9_800)

    assert Exclusion.OUTSIDE_LIMIT is desk.reason(1, POST)


def test_a_venue_where_the_price_would_trade_has_no_queue_to_join() -> None:
    """An unprotected ask stands at the protected bid: posting there would be taking."""
    venues = universe(pool(0), lit(1), lit(2, protected=False))
    desk = Desk(venues, [*TOUCH, ask(2, 9_900, 100)])

    desk.decide()

    assert Exclusion.NO_QUOTE is desk.reason(2, POST)
    assert Exclusion.USABLE is desk.reason(1, POST)


def test_without_an_nbbo_there_is_nothing_to_peg_to_or_to_join() -> None:
    """A locked market has no midpoint that anybody agrees on."""
    desk = decided([bid(1, 10_000, 1), ask(2, 10_000, 1)])

    assert Exclusion.NO_QUOTE is desk.reason(0, MID)
    assert Exclusion.NO_QUOTE is desk.reason(1, POST)


def test_a_halted_pool_is_left_alone() -> None:
    """The reason comes from its own status."""
    desk = decided([*TOUCH, halted(0)])

    assert Exclusion.HALTED is desk.reason(0, MID)


def test_pools_have_midpoints_and_lit_venues_the_rest() -> None:
    """What is not offered stays in the table and says so."""
    desk = decided()

    assert Exclusion.NOT_OFFERED is desk.reason(0, POST)
    assert Exclusion.NOT_OFFERED is desk.reason(1, MID)


def test_less_than_the_pool_accepts_is_not_sent() -> None:
    """Pools with a minimum reject the rest."""
    desk = Desk(universe(pool(0, min_shares=500), lit(1)), TOUCH)

    desk.decide(route_shares=400)

    assert Exclusion.BELOW_MIN_SIZE is desk.reason(0, MID)
