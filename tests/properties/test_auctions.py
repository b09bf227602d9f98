"""Laws of the auction and of price bands, for any book."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.domain import Side
from penstock.sim.matching.engine import MatchingEngine
from penstock.sim.matching.memory import OrderFlag, OrderTif, Outcome

LAWS = settings(deadline=None, derandomize=True, max_examples=300)
OFFERED = range(90, 131)


class Order(NamedTuple):
    """A DAY order in a call."""

    side: Side
    ticks: int
    shares: int
    display_shares: int
    flags: OrderFlag
    owner: int


orders = st.builds(
    Order,
    side=st.sampled_from(Side),
    ticks=st.integers(95, 125),
    shares=st.integers(1, 30),
    display_shares=st.just(0),
    flags=st.sampled_from([OrderFlag(0), OrderFlag.HIDDEN, OrderFlag.POST_ONLY]),
    owner=st.integers(0, 2),
)
icebergs = st.builds(
    Order,
    side=st.sampled_from(Side),
    ticks=st.integers(95, 125),
    shares=st.integers(2, 30),
    display_shares=st.integers(1, 5),
    flags=st.just(OrderFlag(0)),
    owner=st.integers(0, 2),
)
calls = st.lists(st.one_of(orders, icebergs), max_size=40)
references = st.integers(80, 140)


def in_call(call: list[Order]) -> tuple[MatchingEngine, dict[int, Order]]:
    """An engine in a call where all these rest, and the orders by handle."""
    engine = MatchingEngine(increment_ticks=1, capacity=64, band_levels=8)
    engine.open_call()
    entered = {engine.submit(**order._asdict()).handle: order for order in call}
    assert len(call) == len(entered)
    return engine, entered


def shares_at(call: list[Order], ticks: int) -> tuple[int, int]:
    """What would be bought and sold at a price."""
    bought, sold = (
        sum(o.shares for o in call if o.side is side and side * (o.ticks - ticks) >= 0)
        for side in (Side.BUY, Side.SELL)
    )
    return bought, sold


@LAWS
@given(calls, references)
def test_no_price_trades_more_or_leaves_less_over_or_is_nearer(
    call: list[Order], reference: int
) -> None:
    """Brute force over every price: volume, then imbalance, then distance, then the lower."""
    engine, _ = in_call(call)
    ranked = []
    for ticks in OFFERED:
        bought, sold = shares_at(call, ticks)
        rank = (-min(bought, sold), abs(bought - sold), abs(ticks - reference), ticks)
        ranked.append(rank)

    auction = engine.uncross(reference)

    expected = min(ranked)
    assert -expected[0] == auction.shares
    if auction.shares:
        assert expected[3] == auction.ticks


@LAWS
@given(calls, references)
def test_an_auction_has_one_price_that_no_limit_forbids_and_both_sides_trade_the_same(
    call: list[Order], reference: int
) -> None:
    """Conservation: bought = sold = the auction's shares, and each order keeps the rest."""
    engine, entered = in_call(call)
    auction = engine.uncross(reference)
    left = {handle: order.shares for handle, order in entered.items()}
    traded = {Side.BUY: 0, Side.SELL: 0}

    for fill in auction.fills:
        order = entered[fill.handle]
        assert auction.ticks == fill.ticks
        assert order.side * (order.ticks - fill.ticks) >= 0
        left[fill.handle] -= fill.shares
        traded[order.side] += fill.shares

    assert {Side.BUY: auction.shares, Side.SELL: auction.shares} == traded
    assert left == {handle: engine.resting_shares(handle) for handle in entered}


@LAWS
@given(calls, references)
def test_after_an_auction_the_book_is_whole_and_not_crossed(
    call: list[Order], reference: int
) -> None:
    """And continuous: an order that meets the best one trades."""
    engine, _ = in_call(call)
    engine.uncross(reference)

    assert [] == engine.problems()
    best = engine.best_ticks(Side.SELL)
    if best is not None:
        answer = engine.submit(side=Side.BUY, shares=1, ticks=best, tif=OrderTif.IOC)
        assert 1 == answer.filled_shares


@LAWS
@given(calls)
def test_a_better_limit_is_never_left_while_a_worse_one_trades(call: list[Order]) -> None:
    """Price priority: whoever has anything left has a limit no better than anybody who traded."""
    engine, entered = in_call(call)
    filled = {fill.handle for fill in engine.uncross(110).fills}

    for side in Side:
        traded = [side * entered[h].ticks for h in filled if entered[h].side is side]
        waiting = [
            side * order.ticks
            for handle, order in entered.items()
            if order.side is side and engine.resting_shares(handle) > 0
        ]
        assert max(waiting, default=-999) <= min(traded, default=999)


@LAWS
@given(calls, st.integers(100, 110), st.integers(110, 120))
def test_nothing_trades_outside_a_band(call: list[Order], low: int, high: int) -> None:
    """Continuous trading: each price paid is inside, and what is left stands at the edge."""
    engine = MatchingEngine(increment_ticks=1, capacity=64, band_levels=8)
    engine.set_band(low, high)

    for order in call:
        answer = engine.submit(**order._asdict())
        assert all(low <= fill.ticks <= high for fill in answer.fills)
        assert (engine.best_ticks(Side.BUY) or low) <= high
        assert (engine.best_ticks(Side.SELL) or high) >= low
        assert [] == engine.problems()


@LAWS
@given(calls, st.integers(100, 110), st.integers(110, 120))
def test_a_band_that_moves_over_orders_keeps_them_all(
    call: list[Order], low: int, high: int
) -> None:
    """Their handles and their shares; only their prices are the band's edge."""
    engine = MatchingEngine(increment_ticks=1, capacity=64, band_levels=8)
    handles = [engine.submit(**order._asdict()).handle for order in call]
    before = {handle: engine.resting_shares(handle) for handle in handles}
    engine.set_band(low, high)

    assert before == {handle: engine.resting_shares(handle) for handle in handles}
    assert [] == engine.problems()


def test_a_call_takes_day_orders_only() -> None:
    """Nothing can be had at once, so who wants that is told; post-only has nothing to fear."""
    engine = MatchingEngine(increment_ticks=1, capacity=8, band_levels=8)
    engine.open_call()
    engine.submit(side=Side.SELL, shares=5, ticks=100)
    by_tif = [
        engine.submit(side=Side.BUY, shares=5, ticks=101, tif=tif).outcome
        for tif in (OrderTif.IOC, OrderTif.FOK)
    ]
    market = engine.submit(side=Side.BUY, shares=5, flags=OrderFlag.MARKET)
    post_only = engine.submit(side=Side.BUY, shares=5, ticks=101, flags=OrderFlag.POST_ONLY)

    assert [Outcome.IN_CALL] * 3 == [*by_tif, market.outcome]
    assert (Outcome.ACCEPTED, 5) == (post_only.outcome, post_only.resting_shares)
    assert engine.touch_ticks(Side.BUY) is None


def test_two_orders_of_one_owner_may_meet_in_an_auction() -> None:
    """Shares go to the auction, not to a counterparty: nothing to prevent, as on exchanges."""
    engine = MatchingEngine(increment_ticks=1, capacity=8, band_levels=8)
    engine.open_call()
    for side, ticks in ((Side.SELL, 100), (Side.BUY, 104)):
        engine.submit(side=side, shares=5, ticks=ticks, owner=1)
    auction = engine.uncross(102)

    assert (102, 5, 2) == (auction.ticks, auction.shares, len(auction.fills))
