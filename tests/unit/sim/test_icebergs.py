"""Icebergs: what they show, what they give, and where they stand after each slice."""

from __future__ import annotations

import pytest

from penstock.domain import Side
from penstock.sim.matching.engine import Answer, MatchingEngine
from penstock.sim.matching.memory import OrderFlag, OrderTif, Outcome

TICKS = 10_000


def book() -> MatchingEngine:
    """An empty one."""
    return MatchingEngine(increment_ticks=100)


def offer(engine: MatchingEngine, shares: int, display_shares: int = 0, **terms: int) -> int:
    """Rest an offer; its handle."""
    answer = engine.submit(
        side=Side.SELL, shares=shares, ticks=TICKS, display_shares=display_shares,
        flags=OrderFlag(terms.get("flags", 0)), owner=terms.get("owner", 0),
    )  # fmt: skip
    assert Outcome.ACCEPTED == answer.outcome
    assert shares == answer.resting_shares
    return answer.handle


def buy(engine: MatchingEngine, shares: int, **terms: int) -> Answer:
    """Take what is offered."""
    answer = engine.submit(
        side=Side.BUY, shares=shares, ticks=TICKS, tif=OrderTif(terms.get("tif", OrderTif.IOC)),
        owner=terms.get("owner", 0), min_shares=terms.get("min_shares", 0),
    )  # fmt: skip
    assert [] == engine.problems()
    return answer


def fills(answer: Answer) -> list[tuple[int, int, int]]:
    """Whose, how much, what is left of it."""
    return [(fill.handle, fill.shares, fill.leaves_shares) for fill in answer.fills]


def test_only_a_slice_is_displayed() -> None:
    """The venue quotes 100 of 1,000; the order itself has them all."""
    engine = book()
    iceberg = offer(engine, 1_000, 100)

    assert 100 == engine.displayed_shares(Side.SELL, TICKS)
    assert 1_000 == engine.resting_shares(iceberg)


def test_a_slice_that_is_gone_comes_back_behind_the_others() -> None:
    """Hidden shares have no place in the queue before they are shown."""
    engine = book()
    iceberg, other = offer(engine, 250, 100), offer(engine, 100)

    assert [(iceberg, 100, 150)] == fills(buy(engine, 100))
    assert 200 == engine.displayed_shares(Side.SELL, TICKS)
    assert 100 == engine.queue_ahead_shares(iceberg)
    assert [(other, 100, 0), (iceberg, 100, 50)] == fills(buy(engine, 200))
    assert 50 == engine.displayed_shares(Side.SELL, TICKS)


def test_a_slice_that_is_touched_keeps_its_place() -> None:
    """It still stands where it was shown first."""
    engine = book()
    iceberg, other = offer(engine, 250, 100), offer(engine, 100)
    buy(engine, 60)

    assert 0 == engine.queue_ahead_shares(iceberg)
    assert [(iceberg, 40, 150), (other, 30, 70)] == fills(buy(engine, 70))


def test_at_one_price_displayed_shares_trade_first_then_reserves_then_hidden_orders() -> None:
    """One order of 600 meets all of them; each gives at most two fills."""
    engine = book()
    hidden = offer(engine, 100, flags=OrderFlag.HIDDEN)
    first, plain, second = offer(engine, 200, 50), offer(engine, 100), offer(engine, 150, 70)

    assert [
        (first, 50, 150),
        (plain, 100, 0),
        (second, 70, 80),
        (first, 150, 0),
        (second, 80, 0),
        (hidden, 100, 0),
    ] == fills(buy(engine, 600))
    assert 0 == engine.displayed_shares(Side.SELL, TICKS)


def test_whoever_is_left_in_the_second_round_shows_a_slice_again() -> None:
    """And keeps its place, because it was met there."""
    engine = book()
    iceberg, other = offer(engine, 500, 100), offer(engine, 50)

    assert [(iceberg, 100, 400), (other, 50, 0), (iceberg, 150, 250)] == fills(buy(engine, 300))
    assert 100 == engine.displayed_shares(Side.SELL, TICKS)
    assert 250 == engine.resting_shares(iceberg)


def test_fill_or_kill_and_minimum_quantity_count_what_is_hidden() -> None:
    """They ask what would trade, not what is shown."""
    engine = book()
    offer(engine, 500, 100)

    assert Outcome.KILLED == buy(engine, 501, tif=OrderTif.FOK).outcome
    assert Outcome.KILLED == buy(engine, 600, min_shares=501).outcome
    assert 500 == buy(engine, 500, tif=OrderTif.FOK).filled_shares


def test_a_smaller_iceberg_loses_its_reserve_first() -> None:
    """And its place only if it asks for more."""
    engine = book()
    iceberg, other = offer(engine, 300, 100), offer(engine, 100)
    smaller = engine.replace(iceberg, ticks=TICKS, shares=150)

    assert (iceberg, 150, 150) == (
        smaller.handle, smaller.resting_shares, smaller.cancelled_shares,
    )  # fmt: skip
    assert 200 == engine.displayed_shares(Side.SELL, TICKS)
    assert 0 == engine.queue_ahead_shares(iceberg)
    larger = engine.replace(iceberg, ticks=TICKS, shares=400)
    assert 100 == engine.queue_ahead_shares(larger.handle)
    assert 200 == engine.displayed_shares(Side.SELL, TICKS)
    assert 400 == engine.cancel(larger.handle).cancelled_shares
    assert [(other, 100, 0)] == fills(buy(engine, 500))


@pytest.mark.parametrize(
    "terms",
    [
        {"display_shares": -1},
        {"display_shares": 10, "tif": OrderTif.IOC},
        {"display_shares": 10, "tif": OrderTif.FOK},
        {"display_shares": 10, "flags": OrderFlag.HIDDEN},
        {"display_shares": 10, "flags": OrderFlag.MARKET},
    ],
)
def test_terms_that_do_not_go_with_an_iceberg_are_refused(terms: dict[str, int]) -> None:
    """What never rests displays nothing, and neither does what is hidden."""
    answer = book().submit(
        side=Side.BUY, shares=100, ticks=TICKS,
        display_shares=terms["display_shares"], tif=OrderTif(terms.get("tif", OrderTif.DAY)),
        flags=OrderFlag(terms.get("flags", 0)),
    )  # fmt: skip

    assert Outcome.BAD_TERMS == answer.outcome


def test_an_iceberg_that_shows_all_of_itself_is_a_plain_order() -> None:
    """Nothing is hidden, so nothing comes back."""
    engine = book()
    plain = offer(engine, 100, 100)

    assert [(plain, 100, 0)] == fills(buy(engine, 200))
