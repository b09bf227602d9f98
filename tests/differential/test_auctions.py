"""Calls, auctions and price bands: the kernels do as the slow reference does."""

from __future__ import annotations

import numpy as np
import pytest

from penstock.sim.matching.check import problems_of
from penstock.sim.matching.commands import run_stream
from penstock.sim.matching.engine import MatchingEngine
from penstock.sim.matching.memory import CommandArray, FillArray, empty_fills, empty_results
from tests.differential.test_matching import content_of, pegs_of
from tests.support import naive_auction
from tests.support.matching_streams import INCREMENT_TICKS, Stream, random_stream
from tests.support.naive_matching import NaiveAnswer, NaiveFill, NaiveMarket, Row

N_COMMANDS = 100_000
MID_TICKS = 1_000 * INCREMENT_TICKS


class Pair:
    """Both engines, the answers so far, and the name of each order by its handle."""

    def __init__(self, stream: Stream, *, capacity: int, band_levels: int) -> None:
        self.commands: CommandArray = random_stream(stream)
        self.engine = MatchingEngine(
            increment_ticks=INCREMENT_TICKS, n_venues=stream.n_venues, capacity=capacity,
            band_levels=band_levels,
        )  # fmt: skip
        self.naive = NaiveMarket(
            n_venues=stream.n_venues, increment_ticks=INCREMENT_TICKS, capacity=capacity
        )
        self.results = empty_results(len(self.commands))
        self.fills = empty_fills(20 * capacity)
        self.row_of: dict[int, int] = {}
        self.n_auctions = 0
        self.n_done = 0

    def run(self, n_commands: int) -> None:
        """The next commands, on both sides."""
        while n_commands > 0 and self.n_done < len(self.commands):
            lo = self.n_done
            hi = min(lo + n_commands, len(self.commands))
            done, n_fills = run_stream(
                *self.engine.market, self.commands, lo, hi, self.results, self.fills, 0
            )
            assert done > lo, "room for the fills of at least one command"
            self._compare(lo, done, self.fills[:n_fills])
            self.n_done = done
            n_commands -= done - lo

    def _compare(self, lo: int, hi: int, fills: FillArray) -> None:
        for row in range(lo, hi):
            self.row_of.setdefault(int(self.results["handle"][row]), row)
        named = self.named(fills)
        for row in range(lo, hi):
            _, code, filled, resting, cancelled, first, n = self.results[row].tolist()
            found = NaiveAnswer(code, filled, resting, cancelled, tuple(named[first : first + n]))
            expected = self.naive.apply(row, Row._make(self.commands[row].tolist()))
            assert expected == found, f"row {row}: {self.commands[row]}"

    def named(self, fills: FillArray) -> list[NaiveFill]:
        """Fills with the row of the command that entered the order in place of its handle."""
        return [
            NaiveFill(self.row_of[handle], ticks, shares, leaves, owner, venue_idx, bool(is_hidden))
            for handle, ticks, shares, leaves, owner, venue_idx, is_hidden in fills.tolist()
        ]

    def open_call(self, venue_idx: int) -> None:
        """A call at one venue."""
        self.engine.open_call(venue_idx=venue_idx)
        self.naive.open_call(venue_idx)

    def uncross(self, venue_idx: int, reference_ticks: int) -> None:
        """An auction at one venue; price, shares and every fill must agree."""
        expected = naive_auction.uncross(self.naive, venue_idx, reference_ticks)
        auction = self.engine.uncross(reference_ticks, venue_idx=venue_idx)
        found = self.named(self.engine._fills[: len(auction.fills)])

        assert (expected.ticks, expected.shares) == (auction.ticks or 0, auction.shares)
        assert list(expected.fills) == found
        self.n_auctions += expected.shares > 0

    def set_band(self, venue_idx: int, low_ticks: int, high_ticks: int) -> None:
        """A price band at one venue."""
        self.engine.set_band(low_ticks, high_ticks, venue_idx=venue_idx)
        naive_auction.set_band(self.naive, venue_idx, low_ticks, high_ticks)

    def check_whole(self) -> None:
        """The same orders in the same order, in books that are whole."""
        assert self.naive.content() == content_of(self.engine)
        assert self.naive.peg_content() == pegs_of(self.engine)
        assert [] == problems_of(self.engine.market)


@pytest.mark.parametrize("seed", range(10))
def test_a_million_commands_with_phases_and_bands_switched_at_random(seed: int) -> None:
    """100,000 commands from each of ten seeds, cut up by calls, auctions and moving bands."""
    stream = Stream(
        n_commands=N_COMMANDS, seed=700 + seed, n_venues=1 + seed % 3,
        spread_of_prices=3.0 + 3 * (seed % 4), outlier_frac=0.01 * (seed % 2), hostile_frac=0.02,
        n_owners=2 + seed % 5, max_shares=5 + 20 * (seed % 3), iceberg_frac=0.15 * (seed % 3),
        peg_frac=0.1 * (seed % 4), reference_frac=0.01 * (seed % 4),
    )  # fmt: skip
    pair = Pair(stream, capacity=1_500, band_levels=16 << (seed % 3))
    rng = np.random.default_rng(seed)

    while pair.n_done < N_COMMANDS:
        pair.run(int(rng.integers(1, 120)))
        venue_idx = int(rng.integers(0, stream.n_venues))
        if venue_idx in pair.naive.in_call:
            away = int(rng.integers(-600, 601))
            pair.uncross(venue_idx, MID_TICKS + away)
        elif rng.random() < 0.5:
            pair.open_call(venue_idx)
        else:
            low, high = (int(rng.choice([0, 250, 650, 1_500])) for _ in range(2))
            pair.set_band(venue_idx, low and MID_TICKS - low, high and MID_TICKS + high)
        if rng.random() < 0.05:
            pair.check_whole()
    pair.check_whole()

    assert pair.n_auctions > 100
