"""Inside the matching engine: bands, far prices, room, the hash and the check."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from penstock.domain import Side, Tif
from penstock.sim.matching.check import problems_of
from penstock.sim.matching.memory import (
    FILL_DTYPE,
    LEVEL_DTYPE,
    ORDER_DTYPE,
    CommandKind,
    OrderFlag,
    OrderTif,
    Outcome,
    empty_commands,
)
from tests.support.matching_orders import GOOD, an_engine, fills_of, rest


@pytest.mark.parametrize("band_levels", [4, 64, 1_024])
@pytest.mark.parametrize("side", Side)
def test_prices_of_any_distance_trade_in_order(side: Side, band_levels: int) -> None:
    """Stub quotes at a cent and at 200,000 dollars sit in the book with everybody else."""
    prices = [1, 2, 5_000, 5_003, 5_004, 5_100, 18_000, 2_000_000, 19_999_999, 2**31 - 1]
    order_of_entry = [4, 0, 9, 5, 2, 8, 6, 1, 7, 3]
    engine = an_engine(band_levels=band_levels)
    handle_at = {prices[i]: rest(engine, side, 10, at=prices[i]) for i in order_of_entry}
    assert [] == engine.problems()

    answer = engine.submit(side=side.opposite, shares=1_000, flags=OrderFlag.MARKET)

    best_first = sorted(prices, reverse=side is Side.BUY)
    assert [(handle_at[at], at, 10) for at in best_first] == fills_of(answer)
    assert [] == engine.problems()


def test_a_drifting_market_keeps_its_orders() -> None:
    """The band follows the touch down and up again; orders leave it and come back to it."""
    engine = an_engine(band_levels=8)
    anchors = [rest(engine, Side.BUY, 10, at=at) for at in (50, 150, 250)]
    for at in [*range(300, 30, -7), *range(30, 300, 7)]:
        engine.cancel(rest(engine, Side.BUY, 10, at=at))
        assert [] == engine.problems()

    assert [10, 10, 10] == [engine.resting_shares(handle) for handle in anchors]
    assert [250, 150, 50] == [
        fill.ticks for fill in engine.submit(side=Side.SELL, shares=30, ticks=1).fills
    ]


def test_the_band_follows_a_falling_touch() -> None:
    """Were it to stay behind, every order of a long decline would go through the hash table."""
    engine = an_engine(band_levels=16)
    handle = rest(engine, Side.BUY, 10, at=1_000)
    for at in range(999, 900, -1):
        next_handle = rest(engine, Side.BUY, 10, at=at)
        engine.cancel(handle)
        handle = next_handle

        assert 0 == engine.market.books["n_far_levels"][0]


def test_the_touch_is_found_outside_the_band_too() -> None:
    """All that is near may be hidden, and the only displayed order far away."""
    engine = an_engine(band_levels=4)
    for at in (1000, 999, 40):
        rest(engine, Side.BUY, 10, at=at, flags=OrderFlag.HIDDEN)
    rest(engine, Side.BUY, 10, at=20)
    rest(engine, Side.BUY, 10, at=30)

    assert 30 == engine.touch_ticks(Side.BUY)


@pytest.mark.parametrize(("own_at", "available"), [(2_500, 10), (1_500, 20), (1, 30)])
def test_fill_or_kill_counts_far_levels_down_to_the_first_own_order(
    own_at: int, available: int
) -> None:
    """Levels outside the band are kept unsorted; priority must hold there too."""
    engine = an_engine(band_levels=4)
    for at in (3_000, 2_000, 1_000):
        rest(engine, Side.BUY, 10, at=at)
    rest(engine, Side.BUY, 10, at=own_at, owner=3)
    terms: dict[str, Any] = {"side": Side.SELL, "ticks": 1, "owner": 3, "tif": OrderTif.FOK}

    assert Outcome.KILLED == engine.submit(shares=available + 1, **terms).outcome
    assert available == engine.submit(shares=available, **terms).filled_shares


def test_a_level_may_hold_more_than_two_billion_shares() -> None:
    """Sizes are 32 bits, their sum is not."""
    engine = an_engine()
    for _ in range(30):
        rest(engine, Side.BUY, 100_000_000, at=1000)

    assert 3_000_000_000 == engine.displayed_shares(Side.BUY, 1000)


def test_a_stream_stops_for_room_and_goes_on() -> None:
    """Fills of a long stream may outgrow their array; none is lost and none comes twice."""
    commands = empty_commands(400)
    commands["kind"] = CommandKind.SUBMIT
    commands["side"] = np.where(np.arange(400) % 20 == 19, 1, -1)
    commands["ticks"] = 1000
    commands["shares"] = np.where(commands["side"] == 1, 19, 1)
    engine = an_engine(capacity=32)

    results, fills = engine.run(commands)

    assert 380 == len(fills) == fills["shares"].sum()
    assert 380 == results["filled_shares"].sum()
    assert np.all(results["code"] == Outcome.ACCEPTED)


def test_rows_are_as_wide_as_promised() -> None:
    """Two orders to a cache line is what the speed rests on."""
    assert [32, 48, 32] == [dtype.itemsize for dtype in (ORDER_DTYPE, LEVEL_DTYPE, FILL_DTYPE)]


def test_times_in_force_are_those_of_the_house() -> None:
    """A child's Tif goes to the kernel as it is."""
    assert [(tif.name, tif.value) for tif in Tif] == [
        (OrderTif(tif.value).name, tif.value) for tif in Tif
    ]


def test_the_state_hash_is_about_what_rests_and_not_about_how_it_came() -> None:
    """Other rows, other handles, another band: the same book trades the same."""
    straight, roundabout = an_engine(), an_engine(band_levels=64)
    for engine in (straight, roundabout):
        if engine is roundabout:
            engine.cancel(rest(engine, Side.BUY, 5, at=1))
            gone = rest(engine, Side.BUY, 5, at=999)
        rest(engine, Side.BUY, 10, at=999, owner=2)
        if engine is roundabout:
            engine.cancel(gone)
        rest(engine, Side.BUY, 20, at=999)
        rest(engine, Side.SELL, 30, at=1001, flags=OrderFlag.HIDDEN)

    assert straight.state_hash() == roundabout.state_hash()


@pytest.mark.parametrize(
    "change",
    [
        {"ticks": 998},
        {"shares": 11},
        {"owner": 1},
        {"flags": OrderFlag.HIDDEN},
        {"side": Side.SELL},
        {"venue_idx": 1},
    ],
)
def test_the_state_hash_notices_every_field_of_an_order(change: dict[str, Any]) -> None:
    """A hash that forgets a field calls two different runs the same."""
    one, other = an_engine(n_venues=2), an_engine(n_venues=2)
    one.submit(**GOOD)
    other.submit(**{**GOOD, **change})

    assert one.state_hash() != other.state_hash()


def test_the_state_hash_notices_the_order_in_the_queue() -> None:
    """Same orders, other priority: other fills."""
    one, other = an_engine(), an_engine()
    for engine, sizes in ((one, (10, 20)), (other, (20, 10))):
        for shares in sizes:
            rest(engine, Side.BUY, shares, at=999)

    assert one.state_hash() != other.state_hash()


@pytest.mark.parametrize(
    ("array", "field", "row", "value"),
    [
        ("levels", "displayed_shares", 999 % 16, 21),
        ("levels", "tail", 999 % 16, 1),
        ("levels", "hidden_shares", -1, 7),
        ("orders", "prev", 2, 3),
        ("orders", "next", 2, 3),
        ("orders", "generation", 1, 2),
        ("orders", "key", 1, 1_000),
        ("orders", "key", 3, 991),
        ("orders", "flags", 1, OrderFlag.HIDDEN),
        ("orders", "shares", 3, 0),
        ("orders", "book", 3, 1),
        ("books", "best_key", 0, 998),
        ("books", "best_key", 1, -500),
        ("books", "low_key", 0, 1_000),
        ("books", "n_orders", 0, 2),
        ("books", "n_band_levels", 0, 3),
        ("books", "n_far_levels", 1, 1),
        ("head", "free_slot", 0, 0),
        ("head", "n_live", 0, 4),
        ("head", "n_used", 0, 5),
    ],
)
def test_the_check_sees_damage(array: str, field: str, row: int, value: int) -> None:
    """A check that never fails proves nothing about the streams that pass it."""
    engine = an_engine()
    for at in (999, 999, 990):  # rows 1, 2, 3
        rest(engine, Side.BUY, 10, at=at)
    engine.cancel(rest(engine, Side.BUY, 10, at=998))
    assert [] == engine.problems()

    getattr(engine.market, array)[field][row] = value

    assert problems_of(engine.market)
