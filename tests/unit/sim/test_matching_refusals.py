"""What the matching engine refuses, and that a refusal changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.domain import Side
from penstock.sim.matching.commands import run_stream, submit_order
from penstock.sim.matching.memory import (
    SLOT_MASK,
    CommandKind,
    OrderFlag,
    Outcome,
    empty_commands,
    empty_fills,
    empty_results,
    make_market,
)
from tests.support.matching_orders import GOOD, NOTHING, an_engine, buy, rest


@pytest.mark.parametrize(
    ("ticks", "shares", "outcome"),
    [
        (990, 0, Outcome.BAD_SIZE),
        (990, -5, Outcome.BAD_SIZE),
        (0, 10, Outcome.BAD_PRICE),
        (2**40, 10, Outcome.BAD_PRICE),
        (1000, 10, Outcome.WOULD_TAKE),
    ],
)
def test_a_refused_replacement_leaves_the_order_as_it_was(
    ticks: int, shares: int, outcome: Outcome
) -> None:
    """A trader who is told no still has his order, in its place."""
    engine = an_engine()
    rest(engine, Side.SELL, 10, at=1000)
    bid = rest(engine, Side.BUY, 10, at=990, flags=OrderFlag.POST_ONLY)
    before = engine.state_hash()

    answer = engine.replace(bid, ticks=ticks, shares=shares)

    assert outcome == answer.outcome
    assert before == engine.state_hash()
    assert 10 == engine.resting_shares(bid)


def test_only_the_owner_or_the_venue_may_touch_an_order() -> None:
    """A handle can be guessed; an owner is checked."""
    engine = an_engine()
    handle = rest(engine, Side.BUY, 10, at=990, owner=3)

    assert Outcome.NOT_OWNER == engine.cancel(handle, owner=4).outcome
    assert Outcome.NOT_OWNER == engine.cancel(handle, owner=0).outcome
    assert Outcome.NOT_OWNER == engine.replace(handle, ticks=990, shares=5, owner=4).outcome
    assert 10 == engine.cancel(handle, owner=3).cancelled_shares
    assert 10 == engine.cancel(rest(engine, Side.BUY, 10, at=990, owner=3)).cancelled_shares


def test_a_handle_dies_with_its_order() -> None:
    """Its row is used again; a late cancel must not hit the next order that lives there."""
    engine = an_engine()
    cancelled = rest(engine, Side.BUY, 10, at=990)
    engine.cancel(cancelled)
    filled = rest(engine, Side.BUY, 10, at=990)
    engine.submit(side=Side.SELL, shares=10, ticks=990)
    alive = rest(engine, Side.BUY, 10, at=990)

    assert 1 == len({handle & SLOT_MASK for handle in (cancelled, filled, alive)})
    assert Outcome.UNKNOWN_ORDER == engine.cancel(cancelled).outcome
    assert Outcome.UNKNOWN_ORDER == engine.replace(filled, ticks=990, shares=5).outcome
    assert 10 == engine.resting_shares(alive)


@pytest.mark.parametrize(
    "handle",
    [0, 1, 2, 3, -1, 2**31, 2**32, 2**32 + 2, 2**33 + 1, 2**33 + 2, -(2**32) + 1, 2**62, -(2**63)],
)
def test_no_made_up_handle_finds_an_order(handle: int) -> None:
    """One order rests, generation 1 of row 1; row 2 was used and freed; row 3 never was."""
    engine = an_engine()
    assert 2**32 + 1 == rest(engine, Side.BUY, 10, at=990)
    engine.cancel(rest(engine, Side.BUY, 10, at=990))

    assert Outcome.UNKNOWN_ORDER == engine.cancel(handle).outcome
    assert engine.queue_ahead_shares(handle) is None
    assert [] == engine.problems()


@pytest.mark.parametrize("target", [-1, 1, 2, 10**12])
def test_a_stream_can_only_cancel_what_it_made_before(target: int) -> None:
    """Row 1 cancels itself or the future, where an earlier run has left its answers."""
    market = make_market(1, 1, 8, 16)
    commands, results = empty_commands(3), empty_results(3)
    commands["side"], commands["ticks"], commands["shares"] = 1, 1000, 10
    commands["kind"][1] = CommandKind.CANCEL
    commands["target"][1] = target
    results["handle"] = 2**32 + 1  # the handle that row 0 will get

    run_stream(*market, commands, 0, 3, results, empty_fills(8), 0)

    assert [Outcome.ACCEPTED, Outcome.UNKNOWN_ORDER, Outcome.ACCEPTED] == results["code"].tolist()
    assert 2 == market.head["n_live"][0]


REFUSED = [
    ({"venue_idx": -1}, Outcome.BAD_VENUE),
    ({"venue_idx": 1}, Outcome.BAD_VENUE),
    ({"venue_idx": 2**62}, Outcome.BAD_VENUE),
    ({"side": 0}, Outcome.BAD_SIDE),
    ({"side": -(2**63)}, Outcome.BAD_SIDE),
    ({"shares": 0}, Outcome.BAD_SIZE),
    ({"shares": -10}, Outcome.BAD_SIZE),
    ({"shares": 100_000_001}, Outcome.BAD_SIZE),
    ({"shares": 2**63 - 1}, Outcome.BAD_SIZE),
    ({"owner": -1}, Outcome.BAD_OWNER),
    ({"owner": 32_768}, Outcome.BAD_OWNER),
    ({"min_shares": -1, "tif": 1}, Outcome.BAD_MIN_SHARES),
    ({"min_shares": 11, "tif": 1}, Outcome.BAD_MIN_SHARES),
    ({"min_shares": 5}, Outcome.BAD_TERMS),
    ({"tif": 3}, Outcome.BAD_TERMS),
    ({"tif": -1}, Outcome.BAD_TERMS),
    ({"flags": 32}, Outcome.BAD_TERMS),
    ({"flags": -1}, Outcome.BAD_TERMS),
    ({"flags": OrderFlag.POST_ONLY, "tif": 1}, Outcome.BAD_TERMS),
    ({"flags": OrderFlag.POST_ONLY | OrderFlag.MARKET}, Outcome.BAD_TERMS),
    ({"ticks": 0}, Outcome.BAD_PRICE),
    ({"ticks": -1000}, Outcome.BAD_PRICE),
    ({"ticks": 2**31}, Outcome.BAD_PRICE),
    ({"ticks": 2**40}, Outcome.BAD_PRICE),
    ({"ticks": -(2**63)}, Outcome.BAD_PRICE),
    ({"ticks": 1001}, Outcome.BAD_PRICE),
]


@pytest.mark.parametrize(("change", "outcome"), REFUSED)
def test_an_order_that_cannot_be_is_refused_and_changes_nothing(
    change: dict[str, Any], outcome: Outcome
) -> None:
    """Clients send anything. The price step here is two ticks, so 1001 is between two prices."""
    engine = an_engine(increment_ticks=2)
    rest(engine, Side.SELL, 10, at=1000)
    before = engine.state_hash()

    answer = engine.submit(**{**GOOD, **change})

    assert NOTHING._replace(outcome=outcome) == answer
    assert answer.outcome.is_reject
    assert before == engine.state_hash()


def test_a_full_market_refuses_orders_that_would_rest_and_serves_the_others() -> None:
    """The flood stops at the capacity; trading and cancelling go on and make room."""
    engine = an_engine(capacity=3)
    handles = [rest(engine, Side.SELL, 10, at=1000) for _ in range(3)]

    refused = engine.submit(side=Side.SELL, shares=10, ticks=1000)
    taken = buy(engine, 15, at=1000)
    room_again = buy(engine, 10, at=900)
    full_again = buy(engine, 10, at=900)

    assert Outcome.MARKET_FULL == refused.outcome
    assert handles[:2] == [fill.handle for fill in taken.fills]
    assert 10 == room_again.resting_shares
    assert Outcome.MARKET_FULL == full_again.outcome
    assert [] == engine.problems()


def test_a_taker_that_empties_a_row_of_a_full_market_may_rest() -> None:
    """With shares left after a trade there is always a free row."""
    engine = an_engine(capacity=2)
    rest(engine, Side.SELL, 10, at=1000)
    rest(engine, Side.SELL, 10, at=1001)

    assert 5 == buy(engine, 15, at=1000).resting_shares


def test_an_order_whose_fills_might_not_fit_is_refused_before_it_trades() -> None:
    """Half a trade, or a write past the end, would both be worse."""
    market = make_market(1, 1, 8, 16)
    results = empty_results(1)
    for _ in range(3):
        submit_order(*market, 0, -1, 1000, 10, 0, 0, 0, 0, 0, empty_fills(8), 0, results, 0)

    n_fills = submit_order(*market, 0, 1, 1000, 30, 0, 0, 0, 0, 0, empty_fills(4), 2, results, 0)

    assert (2, Outcome.NO_ROOM) == (n_fills, results["code"][0])
    assert 3 == market.head["n_live"][0]
