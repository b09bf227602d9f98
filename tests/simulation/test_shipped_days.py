"""Laws of every shipped generated market: whatever its mechanisms, its books stay right."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from penstock.domain import NS_PER_S, Ns, Side, TapeFlag, TapeKind
from penstock.sim import Scenario, World
from penstock.trials import read_scenario
from tests.support.worlds import SCENARIOS, Client

GENERATED = [path for path in sorted(SCENARIOS.glob("*.toml")) if "replay" not in path.stem]


def shipped(path: Path, duration_s: float) -> Scenario:
    """A shipped scenario, shorter."""
    scenario = read_scenario(path)
    about = msgspec.structs.replace(scenario.scenario, duration_s=duration_s)
    return msgspec.structs.replace(scenario, scenario=about, regimes=(), halts=())


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.stem)
def test_books_of_a_shipped_market_stay_right_and_a_client_draws_nothing(path: Path) -> None:
    """Five minutes with orders of ours at every venue, and the same five minutes without."""
    scenario = shipped(path, 300.0)
    alone, busy = World(scenario, 5), World(scenario, 5)
    client = Client(busy)
    for step in range(30):
        for venue_idx, venue in enumerate(scenario.venues):
            touch = busy.hidden().touch_ticks[venue_idx, step % 2]
            if venue.is_lit and touch > 0:
                side = Side.BUY if step % 4 < 2 else Side.SELL
                client.post(1 + step * 16 + venue_idx, venue_idx, side, 300, int(touch))
        client.wait(10.0)
    while alone.now_ns < busy.now_ns:
        alone.advance(busy.now_ns)

    assert [] == alone.problems()
    assert [] == busy.problems()
    assert alone.state_hash() != busy.state_hash()
    assert np.array_equal(alone.state.spells, busy.state.spells)
    assert np.array_equal(alone.state.streams, busy.state.streams)


def test_the_volatile_day_has_its_auction_and_its_halt() -> None:
    """An opening and a reopening auction, and every lit venue says when it is halted."""
    scenario = read_scenario(SCENARIOS / "volatile-halt.toml")
    world = World(scenario, 1)
    halt = scenario.halts[0]
    over_s = halt.at_s + halt.duration_s + scenario.auctions.reopening_s + 10.0
    until_ns = Ns(scenario.start_ns + round(over_s * NS_PER_S))
    prints = halted = 0
    while world.now_ns < until_ns:
        batch, _ = world.advance(until_ns)
        tape = batch.tape[batch.lo : batch.hi]
        flags = tape["flags"].astype(np.int64)
        is_trade = tape["kind"] == TapeKind.TRADE
        prints += int((is_trade & (flags & TapeFlag.AUCTION > 0)).sum())
        halted += int(((tape["kind"] == TapeKind.STATUS) & (flags & TapeFlag.HALTED > 0)).sum())

    n_lit = sum(venue.is_lit for venue in scenario.venues)
    assert 2 == prints
    assert halted >= n_lit
