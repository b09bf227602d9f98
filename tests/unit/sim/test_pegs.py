"""Pegs in a lit book: where they stand, who trades with them first, and when they sleep."""

from __future__ import annotations

import pytest

from penstock.domain import Side
from penstock.sim.matching.engine import Answer, MatchingEngine
from penstock.sim.matching.memory import OrderFlag, OrderTif, Outcome
from tests.support.matching_orders import fills_of

BID, ASK, MID = 10_000, 10_300, 10_150
STEP = 100
IOC, FOK = OrderTif.IOC, OrderTif.FOK
PLAIN = OrderFlag(0)


def a_book(bid: int = BID, ask: int = ASK) -> MatchingEngine:
    """An empty one that was told a quote three increments wide: its midpoint is between two."""
    engine = MatchingEngine(increment_ticks=STEP, n_venues=2)
    engine.set_reference(bid_ticks=bid, ask_ticks=ask)
    return engine


def peg(
    engine: MatchingEngine, side: Side, shares: int, limit: int | None = None,
    flags: OrderFlag = OrderFlag.MIDPOINT, min_shares: int = 0, owner: int = 0,
) -> int:  # fmt: skip
    """Rest a peg whole; its handle. Without a limit it goes as far as the far quote."""
    ticks = limit if limit is not None else (ASK if side is Side.BUY else BID)
    answer = engine.submit(
        side=side, shares=shares, ticks=ticks, flags=flags, min_shares=min_shares, owner=owner
    )
    assert shares == answer.resting_shares, answer
    assert [] == engine.problems()
    return answer.handle


def sell(
    engine: MatchingEngine, shares: int, at: int = BID, tif: OrderTif = IOC, owner: int = 0,
    min_shares: int = 0, flags: OrderFlag = PLAIN,
) -> Answer:  # fmt: skip
    """Sell into the book."""
    answer = engine.submit(
        side=Side.SELL, shares=shares, ticks=at, tif=tif, owner=owner, min_shares=min_shares,
        flags=flags,
    )  # fmt: skip
    assert [] == engine.problems()
    return answer


def bid(engine: MatchingEngine, shares: int, at: int, flags: OrderFlag = PLAIN) -> int:
    """Rest a limit order to buy; its handle."""
    return engine.submit(side=Side.BUY, shares=shares, ticks=at, flags=flags).handle


def test_a_midpoint_peg_trades_halfway_between_the_quotes() -> None:
    """At a price that no limit order can have, and it is not displayed."""
    engine = a_book()
    handle = peg(engine, Side.BUY, 100)

    assert engine.touch_ticks(Side.BUY) is None
    assert [(handle, MID, 60)] == fills_of(sell(engine, 60))
    assert 40 == engine.resting_shares(handle)


def test_a_better_price_comes_first() -> None:
    """The midpoint before the bid, and a hidden bid above the midpoint before both."""
    engine = a_book()
    at_bid, hidden = bid(engine, 10, BID), bid(engine, 10, BID + 200, OrderFlag.HIDDEN)
    pegged = peg(engine, Side.BUY, 10)

    expected = [(hidden, BID + 200, 10), (pegged, MID, 10), (at_bid, BID, 10)]
    assert expected == fills_of(sell(engine, 30))


def test_an_order_that_does_not_reach_the_midpoint_leaves_pegs_alone() -> None:
    """It rests one increment above it."""
    engine = a_book()
    peg(engine, Side.BUY, 100)

    answer = sell(engine, 50, at=BID + 200, tif=OrderTif.DAY)

    assert (0, 50) == (answer.filled_shares, answer.resting_shares)


def test_a_primary_peg_stands_at_the_quote_of_its_side_behind_all_that_rests_there() -> None:
    """Displayed, reserve, hidden, then pegs, whoever came first."""
    engine = a_book()
    pegged = peg(engine, Side.BUY, 10, flags=OrderFlag.PRIMARY)
    hidden = bid(engine, 10, BID, OrderFlag.HIDDEN)
    shown = bid(engine, 10, BID)

    assert [(shown, BID, 10), (hidden, BID, 10), (pegged, BID, 10)] == fills_of(sell(engine, 30))


def test_pegs_of_one_price_trade_in_order_of_arrival() -> None:
    """Whatever the reference did meanwhile."""
    engine = a_book()
    first, second = peg(engine, Side.BUY, 10), peg(engine, Side.BUY, 10)
    engine.set_reference(bid_ticks=BID + 200, ask_ticks=ASK + 200)
    third = peg(engine, Side.BUY, 10)
    engine.set_reference(bid_ticks=BID, ask_ticks=ASK)

    assert [(first, MID, 10), (second, MID, 10), (third, MID, 5)] == fills_of(sell(engine, 25))


@pytest.mark.parametrize("flags", [OrderFlag.MIDPOINT, OrderFlag.PRIMARY])
def test_no_peg_goes_beyond_its_limit(flags: OrderFlag) -> None:
    """It stays at its limit, behind pegs that may go on."""
    engine = a_book()
    capped = peg(engine, Side.BUY, 10, limit=BID, flags=flags)
    free = peg(engine, Side.BUY, 10, flags=flags)
    engine.set_reference(bid_ticks=BID + 500, ask_ticks=ASK + 500)

    found = fills_of(sell(engine, 20))

    assert [free, capped] == [handle for handle, _, _ in found]
    assert BID == found[1][1] < found[0][1]


@pytest.mark.parametrize(
    ("bid_ticks", "ask_ticks"), [(0, ASK), (BID, 0), (0, 0), (ASK, ASK), (ASK, BID)]
)
def test_pegs_sleep_while_the_reference_is_one_sided_locked_or_crossed(
    bid_ticks: int, ask_ticks: int
) -> None:
    """They keep their place and wake with the next quote."""
    engine = a_book()
    handle = peg(engine, Side.BUY, 10)
    engine.set_reference(bid_ticks=bid_ticks, ask_ticks=ask_ticks)

    assert 0 == sell(engine, 10).filled_shares
    later = peg(engine, Side.BUY, 10)
    engine.set_reference(bid_ticks=BID, ask_ticks=ASK)
    assert [(handle, MID, 10), (later, MID, 10)] == fills_of(sell(engine, 20))


def test_each_venue_has_a_reference_of_its_own() -> None:
    """The other venue was told nothing: its pegs sleep."""
    engine = a_book()
    answer = engine.submit(
        side=Side.BUY, shares=10, ticks=ASK, flags=OrderFlag.MIDPOINT, venue_idx=1
    )

    assert 10 == answer.resting_shares
    taken = engine.submit(side=Side.SELL, shares=10, ticks=BID, tif=IOC, venue_idx=1)
    assert 0 == taken.filled_shares


def test_two_midpoint_pegs_meet_at_the_midpoint() -> None:
    """The one that comes takes the one that rests."""
    engine = a_book()
    handle = peg(engine, Side.BUY, 30)

    answer = sell(engine, 50, flags=OrderFlag.MIDPOINT, tif=OrderTif.DAY)

    assert [(handle, MID, 30)] == fills_of(answer)
    assert 20 == answer.resting_shares


def test_an_incoming_peg_takes_a_better_price_that_rests() -> None:
    """A hidden offer below the midpoint sells to it at its own price."""
    engine = a_book()
    hidden = engine.submit(side=Side.SELL, shares=10, ticks=BID + 100, flags=OrderFlag.HIDDEN)

    answer = engine.submit(side=Side.BUY, shares=10, ticks=ASK, flags=OrderFlag.MIDPOINT, tif=IOC)

    assert [(hidden.handle, BID + 100, 10)] == fills_of(answer)


def test_a_moved_midpoint_lets_pegs_trade_with_what_they_now_reach() -> None:
    """The offer was above the midpoint; now the midpoint is above the offer. It sets the price."""
    engine = a_book()
    buyer = peg(engine, Side.BUY, 30, limit=ASK + 300)
    offer = engine.submit(side=Side.SELL, shares=20, ticks=BID + 200, flags=OrderFlag.HIDDEN)

    told, tried = engine.set_reference(bid_ticks=BID + 200, ask_ticks=ASK + 200)

    assert Outcome.ACCEPTED == told.outcome
    assert [(offer.handle, BID + 200, 20)] == fills_of(tried)
    assert (buyer, 10) == (tried.handle, tried.resting_shares)
    assert [] == engine.problems()


def test_pegs_of_both_sides_meet_when_a_limit_comes_within_reach() -> None:
    """The buyer is the one who tries, because buyers try first."""
    engine = a_book()
    seller = peg(engine, Side.SELL, 20, limit=BID + 300)
    buyer = peg(engine, Side.BUY, 20, limit=ASK + 900)

    _, tried = engine.set_reference(bid_ticks=BID + 300, ask_ticks=ASK + 300)

    assert [(seller, MID + 300, 20)] == fills_of(tried)
    assert 0 == engine.resting_shares(buyer)


def test_who_comes_with_less_than_a_pegs_minimum_passes_it_by() -> None:
    """Unless the peg itself has less left than that."""
    engine = a_book()
    picky, other = peg(engine, Side.BUY, 250, min_shares=200), peg(engine, Side.BUY, 100)

    assert [(other, MID, 50)] == fills_of(sell(engine, 50))
    assert [(picky, MID, 200)] == fills_of(sell(engine, 200))
    assert [(picky, MID, 50), (other, MID, 10)] == fills_of(sell(engine, 60))


def test_a_peg_that_finds_less_than_its_minimum_rests_without_trading() -> None:
    """All fills together must reach it; an immediate one is killed instead."""
    engine = a_book()
    handles = [peg(engine, Side.BUY, 60), peg(engine, Side.BUY, 60)]
    midpoint = OrderFlag.MIDPOINT

    assert Outcome.KILLED == sell(engine, 200, flags=midpoint, min_shares=150).outcome
    resting = sell(engine, 200, flags=midpoint, min_shares=150, tif=OrderTif.DAY)
    assert (0, 200) == (resting.filled_shares, resting.resting_shares)
    answer = sell(engine, 200, flags=midpoint, min_shares=120)
    assert handles == [handle for handle, _, _ in fills_of(answer)]


def test_fill_or_kill_and_minimum_quantity_count_pegs_that_would_trade() -> None:
    """Those at the midpoint and those further down, but none whose own minimum forbids it."""
    engine = a_book()
    peg(engine, Side.BUY, 50)
    peg(engine, Side.BUY, 50, min_shares=50, flags=OrderFlag.PRIMARY)
    bid(engine, 10, BID)

    assert Outcome.KILLED == sell(engine, 111, tif=FOK).outcome
    assert Outcome.KILLED == sell(engine, 70, tif=FOK).outcome  # 10 are left for the minimum of 50
    assert 110 == sell(engine, 110, tif=FOK).filled_shares


def test_an_owners_order_stops_at_his_own_peg() -> None:
    """The incoming rest is cancelled and the peg stays, as with any other order."""
    engine = a_book()
    other, own = peg(engine, Side.BUY, 10, owner=7), peg(engine, Side.BUY, 10, owner=5)

    answer = sell(engine, 30, owner=5)

    assert (Outcome.SELF_MATCH, [(other, MID, 10)]) == (answer.outcome, fills_of(answer))
    assert 10 == engine.resting_shares(own)


def test_a_peg_that_tries_again_and_meets_its_owner_stays() -> None:
    """Nobody sent anything: nothing is cancelled."""
    engine = a_book()
    engine.submit(side=Side.SELL, shares=20, ticks=BID + 200, flags=OrderFlag.HIDDEN, owner=5)
    buyer = peg(engine, Side.BUY, 30, limit=ASK + 300, owner=5)

    _, tried = engine.set_reference(bid_ticks=BID + 200, ask_ticks=ASK + 200)

    assert () == tried.fills
    assert 30 == engine.resting_shares(buyer)


def test_post_only_counts_pegs() -> None:
    """Refused at the midpoint's price, accepted above it."""
    engine = a_book(BID, BID + 200)
    peg(engine, Side.BUY, 10)
    post_only = OrderFlag.POST_ONLY

    refused = sell(engine, 10, at=BID + 100, tif=OrderTif.DAY, flags=post_only)

    assert Outcome.WOULD_TAKE == refused.outcome
    accepted = sell(engine, 10, at=BID + 200, tif=OrderTif.DAY, flags=post_only)
    assert 10 == accepted.resting_shares


def test_a_smaller_peg_keeps_its_place_and_a_new_limit_loses_it() -> None:
    """As with limit orders; the minimum shrinks with the size."""
    engine = a_book()
    first, second = peg(engine, Side.BUY, 50, min_shares=40), peg(engine, Side.BUY, 50)

    assert first == engine.replace(first, ticks=ASK, shares=20).handle
    assert [(first, MID, 20), (second, MID, 5)] == fills_of(sell(engine, 25))
    moved = engine.replace(second, ticks=ASK + 100, shares=45).handle
    assert second != moved
    assert 0 == engine.queue_ahead_shares(moved)


def test_a_cancelled_peg_is_gone() -> None:
    """Its handle names nothing any more."""
    engine = a_book()
    handle = peg(engine, Side.BUY, 50)

    assert 50 == engine.cancel(handle).cancelled_shares
    assert Outcome.UNKNOWN_ORDER == engine.cancel(handle).outcome
    assert 0 == sell(engine, 10).filled_shares


@pytest.mark.parametrize(
    "terms",
    [
        {"flags": OrderFlag.MIDPOINT | OrderFlag.PRIMARY},
        {"flags": OrderFlag.MIDPOINT | OrderFlag.HIDDEN},
        {"flags": OrderFlag.MIDPOINT | OrderFlag.POST_ONLY},
        {"flags": OrderFlag.PRIMARY | OrderFlag.MARKET},
        {"flags": OrderFlag.MIDPOINT, "display_shares": 5},
    ],
)
def test_terms_that_do_not_go_with_a_peg_are_refused(terms: dict[str, OrderFlag]) -> None:
    """Pegs are hidden limit orders, and nothing else besides."""
    answer = a_book().submit(side=Side.BUY, shares=10, ticks=ASK, **terms)  # type: ignore[arg-type]

    assert Outcome.BAD_TERMS == answer.outcome


@pytest.mark.parametrize(
    ("venue_idx", "bid_ticks", "outcome"),
    [(2, BID, Outcome.BAD_VENUE), (0, BID + 1, Outcome.BAD_PRICE), (0, -100, Outcome.BAD_PRICE)],
)
def test_a_reference_that_cannot_be_is_refused(
    venue_idx: int, bid_ticks: int, outcome: Outcome
) -> None:
    """And the one before it stays."""
    engine = a_book()
    handle = peg(engine, Side.BUY, 10)

    answers = engine.set_reference(venue_idx=venue_idx, bid_ticks=bid_ticks, ask_ticks=ASK)

    assert [outcome] == [answer.outcome for answer in answers]
    assert [(handle, MID, 10)] == fills_of(sell(engine, 10))


def test_a_peg_knows_what_trades_before_it_at_its_price() -> None:
    """The level, where there is one, and pegs in front that stand there too."""
    engine = a_book()
    bid(engine, 30, BID)
    peg(engine, Side.BUY, 10)
    peg(engine, Side.BUY, 20, flags=OrderFlag.PRIMARY)
    last = peg(engine, Side.BUY, 40, flags=OrderFlag.PRIMARY)

    assert 50 == engine.queue_ahead_shares(last)
