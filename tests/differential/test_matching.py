"""The matching kernels answer every command as the slow reference does."""

from __future__ import annotations

import pytest

from penstock.sim.matching.check import problems_of, resting_orders, resting_pegs
from penstock.sim.matching.engine import MatchingEngine
from penstock.sim.matching.memory import HIDDEN, FillArray, ResultArray
from penstock.sim.matching.views import displayed_shares, next_ticks, touch_ticks
from tests.support.matching_streams import INCREMENT_TICKS, Stream, random_stream
from tests.support.naive_matching import NaiveAnswer, NaiveFill, NaiveMarket

NEAR = Stream(n_commands=60_000, seed=1, n_venues=3, hostile_frac=0.05)
STREAMS = {
    "near the touch": NEAR,
    "one deep book": Stream(n_commands=30_000, seed=2, submit_frac=0.62, spread_of_prices=20.0),
    "a band that must move": Stream(
        n_commands=40_000, seed=3, drift=1.5, mid=200_000, spread_of_prices=12.0, outlier_frac=0.002
    ),
    "prices from everywhere": Stream(
        n_commands=15_000, seed=4, spread_of_prices=40.0, outlier_frac=0.4, hostile_frac=0.05
    ),
    "far prices shared by all venues": Stream(
        n_commands=30_000, seed=8, n_venues=4, spread_of_prices=60.0, drift=0.5
    ),
    "one owner who keeps meeting himself": Stream(n_commands=20_000, seed=5, n_owners=2),
    "more orders than rows": Stream(n_commands=20_000, seed=6, submit_frac=0.8, n_venues=2),
    "nothing but nonsense": Stream(n_commands=15_000, seed=7, hostile_frac=1.0),
    "icebergs everywhere": Stream(
        n_commands=40_000, seed=9, iceberg_frac=0.7, spread_of_prices=3.0, max_shares=40
    ),
    "icebergs of few owners": Stream(
        n_commands=30_000, seed=10, iceberg_frac=0.5, n_owners=2, spread_of_prices=2.0
    ),
}
PEGGED = {
    "pegs among everything": Stream(
        n_commands=40_000, seed=11, n_venues=2, peg_frac=0.3, reference_frac=0.04, iceberg_frac=0.2,
        spread_of_prices=4.0, hostile_frac=0.03,
    ),
    "nothing but pegs": Stream(
        n_commands=20_000, seed=12, peg_frac=1.0, reference_frac=0.1, max_shares=30
    ),
    "pegs of few owners": Stream(
        n_commands=20_000, seed=13, peg_frac=0.4, reference_frac=0.05, n_owners=2,
        spread_of_prices=3.0,
    ),
    "pegs that outnumber the rows": Stream(
        n_commands=15_000, seed=14, peg_frac=0.6, reference_frac=0.02, submit_frac=0.8
    ),
    "pegs under absurd commands": Stream(
        n_commands=15_000, seed=15, peg_frac=0.4, reference_frac=0.05, hostile_frac=1.0
    ),
}  # fmt: skip
STREAMS |= PEGGED
BANDS = {
    "a band that must move": 16,
    "prices from everywhere": 8,
    "far prices shared by all venues": 4,
}
CAPACITIES = {
    "more orders than rows": 60,
    "nothing but nonsense": 500,
    "far prices shared by all venues": 150,
    "pegs that outnumber the rows": 60,
}


@pytest.mark.parametrize("name", STREAMS)
def test_kernels_answer_every_command_as_the_reference_does(name: str) -> None:
    """Codes, shares and fills of every command; in the end the same orders in the same order."""
    agree(STREAMS[name], band_levels=BANDS.get(name, 64), capacity=CAPACITIES.get(name, 4_096))


@pytest.mark.parametrize("seed", range(100, 110))
def test_a_million_commands(seed: int) -> None:
    """Rare turns of the code need long streams: 100,000 commands from each of ten seeds."""
    stream = Stream(
        n_commands=100_000,
        seed=seed,
        n_venues=1 + seed % 4,
        drift=0.3 * (seed % 3),
        mid=50_000,
        spread_of_prices=4.0 + 3 * (seed % 4),
        outlier_frac=0.01 * (seed % 2),
        hostile_frac=0.02,
        n_owners=2 + seed % 5,
        max_shares=5 + 3 * (seed % 6),
        iceberg_frac=0.15 * (seed % 3),
    )

    agree(stream, band_levels=32 << (seed % 3), capacity=2_000)


@pytest.mark.parametrize("seed", range(200, 210))
def test_a_million_commands_with_pegs(seed: int) -> None:
    """The same with pegs among them, references that move, and pegs that try again."""
    stream = Stream(
        n_commands=100_000,
        seed=seed,
        n_venues=1 + seed % 3,
        drift=0.05 * (seed % 3),
        mid=50_000,
        spread_of_prices=3.0 + 2 * (seed % 3),
        outlier_frac=0.005 * (seed % 2),
        hostile_frac=0.02,
        n_owners=2 + seed % 5,
        max_shares=5 + 5 * (seed % 6),
        iceberg_frac=0.15 * (seed % 3),
        peg_frac=0.05 + 0.1 * (seed % 4),
        reference_frac=0.01 + 0.02 * (seed % 3),
    )

    agree(stream, band_levels=32 << (seed % 3), capacity=2_000)


def agree(stream: Stream, *, band_levels: int, capacity: int) -> None:
    """Run both engines on the stream and compare all there is to compare."""
    commands = random_stream(stream)
    engine = MatchingEngine(
        increment_ticks=INCREMENT_TICKS,
        n_venues=stream.n_venues,
        capacity=capacity,
        band_levels=band_levels,
    )
    naive = NaiveMarket(
        n_venues=stream.n_venues, increment_ticks=INCREMENT_TICKS, capacity=capacity
    )

    expected = naive.run(commands)
    results, fills = engine.run(commands)
    found = named_by_row(results, fills)

    for row, (by_reference, by_kernel) in enumerate(zip(expected, found, strict=True)):
        assert by_reference == by_kernel, f"row {row} of {stream}: {commands[row]}"
    assert naive.content() == content_of(engine)
    assert naive.peg_content() == pegs_of(engine)
    assert [] == problems_of(engine.market)
    for number in naive.orders:
        expected_shares = naive.queue_ahead_shares(number)
        assert expected_shares == engine.queue_ahead_shares(int(results["handle"][number]))
    for venue_idx, side in naive.levels:
        assert naive.quotes(venue_idx, side) == quotes_of(engine, venue_idx, side)


def named_by_row(results: ResultArray, fills: FillArray) -> list[NaiveAnswer]:
    """The kernel's answers with each handle replaced by the row that first got it."""
    row_of: dict[int, int] = {}
    for row, handle in enumerate(results["handle"].tolist()):
        row_of.setdefault(handle, row)
    named = [
        NaiveFill(row_of[handle], ticks, shares, leaves, owner, venue_idx, bool(is_hidden))
        for handle, ticks, shares, leaves, owner, venue_idx, is_hidden in fills.tolist()
    ]
    return [
        NaiveAnswer(code, filled, resting, cancelled, tuple(named[first : first + n]))
        for _, code, filled, resting, cancelled, first, n in results.tolist()
    ]


def quotes_of(engine: MatchingEngine, venue_idx: int, side: int) -> list[tuple[int, int]]:
    """Displayed (ticks, shares), best first, found as a caller would find them."""
    quotes = []
    ticks = int(touch_ticks(*engine.market, venue_idx, side))
    while ticks:
        shares = int(displayed_shares(*engine.market, venue_idx, side, ticks))
        quotes.append((ticks, shares))
        ticks = int(next_ticks(*engine.market, venue_idx, side, ticks))
    return quotes


def content_of(engine: MatchingEngine) -> list[tuple[int, ...]]:
    """Resting orders in the terms of `NaiveMarket.content`."""
    return [
        (
            int(order["book"]) >> 1,
            1 - 2 * (int(order["book"]) & 1),
            abs(int(order["key"])) * INCREMENT_TICKS,
            bool(order["flags"] & HIDDEN),
            int(order["shares"]),
            int(order["reserve_shares"]),
            int(order["display_shares"]),
            int(order["owner"]),
        )
        for order in resting_orders(engine.market)
    ]


def pegs_of(engine: MatchingEngine) -> list[tuple[int, ...]]:
    """Resting pegs in the terms of `NaiveMarket.peg_content`."""
    return [
        (
            int(order["book"]) >> 1,
            1 - 2 * (int(order["book"]) & 1),
            abs(int(order["key"])) * INCREMENT_TICKS,
            int(order["flags"]) & ~HIDDEN,
            int(order["shares"]),
            int(order["display_shares"]),
            int(order["owner"]),
        )
        for order in resting_pegs(engine.market)
    ]
