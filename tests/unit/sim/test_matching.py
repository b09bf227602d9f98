"""The rules of matching, one at a time."""

from __future__ import annotations

import pytest

from penstock.domain import Side
from penstock.sim.matching.memory import (
    OrderFlag,
    OrderTif,
    Outcome,
)
from penstock.sim.matching.views import next_ticks
from tests.support.matching_orders import an_engine, buy, fills_of, rest


def test_better_price_first_then_earlier_order() -> None:
    """
    Price-time priority: the third has the best price; the first two tie and the first came first.
    The buyer pays each resting price, not its own limit.
    """
    engine = an_engine()
    first = rest(engine, Side.SELL, 100, at=1001)
    second = rest(engine, Side.SELL, 100, at=1001)
    third = rest(engine, Side.SELL, 100, at=1000)

    answer = buy(engine, 250, at=1001)

    assert [(third, 1000, 100), (first, 1001, 100), (second, 1001, 50)] == fills_of(answer)
    assert (250, 0, 0) == (
        answer.filled_shares,
        answer.resting_shares,
        answer.cancelled_shares,
    )
    assert 50 == engine.resting_shares(second)
    assert [0, 0, 50] == [fill.leaves_shares for fill in answer.fills]


def test_what_does_not_trade_rests_at_its_own_limit() -> None:
    """A day order is both: taker of what is there, maker of what is left."""
    engine = an_engine()
    rest(engine, Side.SELL, 30, at=1000)

    answer = buy(engine, 100, at=1002)

    assert (30, 70, 0) == (answer.filled_shares, answer.resting_shares, answer.cancelled_shares)
    assert 1002 == engine.best_ticks(Side.BUY)
    assert engine.best_ticks(Side.SELL) is None


def test_a_seller_gets_the_highest_bid_first() -> None:
    """The mirror image: for a seller better means higher."""
    engine = an_engine()
    low = rest(engine, Side.BUY, 10, at=999)
    high = rest(engine, Side.BUY, 10, at=1000)

    answer = engine.submit(side=Side.SELL, shares=20, ticks=999)

    assert [(high, 1000, 10), (low, 999, 10)] == fills_of(answer)


def test_hidden_orders_stand_behind_displayed_ones_at_the_same_price_only() -> None:
    """Being seen earns priority over time, but never over price."""
    engine = an_engine()
    hidden = rest(engine, Side.SELL, 10, at=1001, flags=OrderFlag.HIDDEN)
    shown = rest(engine, Side.SELL, 10, at=1001)
    better = rest(engine, Side.SELL, 10, at=1000, flags=OrderFlag.HIDDEN)

    answer = buy(engine, 30, at=1001)

    assert [better, shown, hidden] == [fill.handle for fill in answer.fills]
    assert [True, False, True] == [fill.is_hidden for fill in answer.fills]


def test_the_touch_shows_displayed_orders_only() -> None:
    """A quote that gave hidden orders away would make hiding pointless."""
    engine = an_engine()
    rest(engine, Side.SELL, 10, at=1000, flags=OrderFlag.HIDDEN)
    rest(engine, Side.SELL, 20, at=1003, flags=OrderFlag.HIDDEN)
    rest(engine, Side.SELL, 30, at=1003)

    assert 1003 == engine.touch_ticks(Side.SELL)
    assert 1000 == engine.best_ticks(Side.SELL)
    assert [0, 30] == [engine.displayed_shares(Side.SELL, at) for at in (1000, 1003)]
    assert engine.touch_ticks(Side.BUY) is None


@pytest.mark.parametrize(
    ("side", "displayed", "asked", "answers"),
    [
        (Side.BUY, (1000, 990, 900), (1010, 1001, 1000, 995, 900, 1), (1000, 1000, 990, 990, 0, 0)),
        (Side.SELL, (1000, 1010), (1, 999, 1000, 1005, 1010, 2000), (1000, 1000, 1010, 1010, 0, 0)),
    ],
)
def test_the_next_quote_is_the_nearest_worse_displayed_price(
    side: Side, displayed: tuple[int, ...], asked: tuple[int, ...], answers: tuple[int, ...]
) -> None:
    """How a caller walks down a book, from any price, on the increment of ten ticks or between."""
    engine = an_engine(increment_ticks=10)
    for at in displayed:
        rest(engine, side, 10, at=at)
        rest(engine, side, 10, at=at - 10 * side, flags=OrderFlag.HIDDEN)

    assert list(answers) == [
        int(next_ticks(*engine.market, 0, int(side), ticks)) for ticks in asked
    ]


def test_an_immediate_order_never_rests() -> None:
    """Immediate or cancel."""
    engine = an_engine()
    rest(engine, Side.SELL, 30, at=1000)

    answer = buy(engine, 100, at=1000, tif=OrderTif.IOC)

    assert (30, 0, 70) == (answer.filled_shares, answer.resting_shares, answer.cancelled_shares)
    assert engine.best_ticks(Side.BUY) is None


def test_fill_or_kill_takes_all_or_touches_nothing() -> None:
    """Over several levels and hidden orders, and not a share beyond its limit."""
    engine = an_engine()
    rest(engine, Side.SELL, 30, at=1000)
    rest(engine, Side.SELL, 30, at=1001, flags=OrderFlag.HIDDEN)
    rest(engine, Side.SELL, 30, at=1002)
    before = engine.state_hash()

    too_large = buy(engine, 61, at=1001, tif=OrderTif.FOK)

    assert (Outcome.KILLED, 0, 61) == (
        too_large.outcome,
        too_large.filled_shares,
        too_large.cancelled_shares,
    )
    assert before == engine.state_hash()
    assert 60 == buy(engine, 60, at=1001, tif=OrderTif.FOK).filled_shares


def test_a_minimum_quantity_is_met_by_all_fills_together_or_not_at_all() -> None:
    """What is above the minimum may still go unfilled."""
    engine = an_engine()
    rest(engine, Side.SELL, 30, at=1000)
    rest(engine, Side.SELL, 30, at=1001)

    short = buy(engine, 100, at=1001, tif=OrderTif.IOC, min_shares=61)
    enough = buy(engine, 100, at=1001, tif=OrderTif.IOC, min_shares=60)

    assert (Outcome.KILLED, 0) == (short.outcome, short.filled_shares)
    assert (Outcome.ACCEPTED, 60, 40) == (
        enough.outcome,
        enough.filled_shares,
        enough.cancelled_shares,
    )


def test_a_market_order_takes_any_price_and_never_rests() -> None:
    """It has no limit to rest at."""
    engine = an_engine()
    rest(engine, Side.SELL, 10, at=1000)
    rest(engine, Side.SELL, 10, at=2**31 - 1)

    answer = buy(engine, 50, at=0, flags=OrderFlag.MARKET)

    assert [1000, 2**31 - 1] == [fill.ticks for fill in answer.fills]
    assert (20, 0, 30) == (answer.filled_shares, answer.resting_shares, answer.cancelled_shares)


def test_a_post_only_order_rests_or_is_refused() -> None:
    """It pays no taker fee, whatever happens; a hidden order in the way counts."""
    engine = an_engine()
    rest(engine, Side.SELL, 10, at=1000, flags=OrderFlag.HIDDEN)

    crossing = buy(engine, 10, at=1000, flags=OrderFlag.POST_ONLY)
    passive = buy(engine, 10, at=999, flags=OrderFlag.POST_ONLY)

    assert Outcome.WOULD_TAKE == crossing.outcome
    assert 0 == crossing.cancelled_shares
    assert 10 == passive.resting_shares


def test_the_newest_order_of_an_owner_gives_way_to_his_resting_one() -> None:
    """
    Self-match prevention, cancel newest: fills before the own order stand, the rest of the
    incoming order goes, and the resting order keeps its place.
    """
    engine = an_engine()
    stranger = rest(engine, Side.SELL, 10, at=1000, owner=7)
    own = rest(engine, Side.SELL, 10, at=1000, owner=3)
    rest(engine, Side.SELL, 10, at=1001, owner=7)

    answer = buy(engine, 25, at=1001, owner=3)

    assert [stranger] == [fill.handle for fill in answer.fills]
    assert (Outcome.SELF_MATCH, 10, 0, 15) == (
        answer.outcome,
        answer.filled_shares,
        answer.resting_shares,
        answer.cancelled_shares,
    )
    assert 10 == engine.resting_shares(own)


def test_own_shares_do_not_count_towards_fill_or_kill() -> None:
    """Counting them would start a trade that self-match prevention then cuts short."""
    engine = an_engine()
    rest(engine, Side.SELL, 10, at=1000, owner=7)
    rest(engine, Side.SELL, 10, at=1000, owner=3)

    assert Outcome.KILLED == buy(engine, 20, at=1000, owner=3, tif=OrderTif.FOK).outcome
    assert 20 == buy(engine, 20, at=1000, owner=4, tif=OrderTif.FOK).filled_shares


def test_anonymous_orders_may_trade_with_each_other() -> None:
    """Owner 0 is the crowd, not one person."""
    engine = an_engine()
    rest(engine, Side.SELL, 10, at=1000)

    assert 10 == buy(engine, 10, at=1000).filled_shares


def test_size_down_at_the_same_price_keeps_the_place() -> None:
    """The one change that harms nobody behind."""
    engine = an_engine()
    first = rest(engine, Side.SELL, 50, at=1000)
    second = rest(engine, Side.SELL, 50, at=1000)

    answer = engine.replace(first, ticks=1000, shares=20)

    assert (first, 20, 30) == (answer.handle, answer.resting_shares, answer.cancelled_shares)
    assert 70 == engine.displayed_shares(Side.SELL, 1000)
    assert [first, second] == [fill.handle for fill in buy(engine, 30, at=1000).fills]


@pytest.mark.parametrize(("ticks", "shares"), [(1000, 51), (1001, 50), (1001, 10)])
def test_any_other_replacement_goes_to_the_end(ticks: int, shares: int) -> None:
    """Larger, or elsewhere: it is a new order that takes its turn, under a new handle."""
    engine = an_engine()
    first = rest(engine, Side.SELL, 50, at=1000)
    rest(engine, Side.SELL, 50, at=ticks)

    answer = engine.replace(first, ticks=ticks, shares=shares)

    assert first != answer.handle
    assert 0 == engine.resting_shares(first)
    assert shares == engine.resting_shares(answer.handle)
    assert 50 == engine.queue_ahead_shares(answer.handle)


def test_a_replaced_order_may_trade_and_meet_its_owner() -> None:
    """At its new price it is an incoming order like any other."""
    engine = an_engine()
    stranger = rest(engine, Side.SELL, 10, at=1000, owner=7)
    own = rest(engine, Side.SELL, 10, at=1001, owner=3)
    bid = rest(engine, Side.BUY, 30, at=990, owner=3)

    answer = engine.replace(bid, ticks=1001, shares=30)

    assert [stranger] == [fill.handle for fill in answer.fills]
    assert (Outcome.SELF_MATCH, 20) == (answer.outcome, answer.cancelled_shares)
    assert [0, 10] == [engine.resting_shares(bid), engine.resting_shares(own)]


def test_venues_do_not_trade_with_each_other() -> None:
    """They share memory, not books."""
    engine = an_engine(n_venues=3)
    rest(engine, Side.SELL, 10, at=1000, venue_idx=1)

    assert 10 == buy(engine, 10, at=1005, venue_idx=2).resting_shares
    assert 10 == buy(engine, 10, at=1000, venue_idx=1).filled_shares


def test_queue_position_counts_what_trades_before() -> None:
    """Displayed orders in front; for a hidden order all displayed ones too."""
    engine = an_engine()
    hidden = [rest(engine, Side.BUY, shares, at=1000, flags=OrderFlag.HIDDEN) for shares in (1, 2)]
    shown = [rest(engine, Side.BUY, shares, at=1000) for shares in (10, 20, 30)]

    assert [0, 10, 30] == [engine.queue_ahead_shares(handle) for handle in shown]
    assert [60, 61] == [engine.queue_ahead_shares(handle) for handle in hidden]
    engine.cancel(shown[0])
    assert [0, 20, 50, 51] == [engine.queue_ahead_shares(h) for h in (*shown[1:], *hidden)]
