"""Calls, auctions and price bands of a simulated market."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from penstock.domain import (
    NS_PER_MS,
    NS_PER_S,
    ChildCancelled,
    ChildFill,
    ChildReject,
    ConfigError,
    Liquidity,
    Ns,
    Side,
    TapeArray,
    TapeFlag,
    TapeKind,
)
from penstock.sim import Scenario, World, check_scenario
from penstock.sim.codes import CALLING, STOPPED, TRADING
from penstock.sim.scenario.phases import Auctions, Bands
from penstock.sim.scenario.tables import Halt
from tests.support.worlds import SCENARIOS, Client, plain_day

LENGTH_S = 300.0
LISTING = "PNYA"
CALLS = Auctions(venue=LISTING, opening_s=20.0, closing_s=20.0, reopening_s=15.0)
HALT = Halt(at_s=100.0, duration_s=30.0)
REOPENS_S = 145.0
CLOSES_S = LENGTH_S - 1.0
NARROW = Bands(width_frac=0.0008, limit_state_s=1.0, pause_s=5.0)


def day(**changes: Any) -> Scenario:
    """A short reference day with changes."""
    return msgspec.structs.replace(plain_day(duration_s=LENGTH_S), **changes)


def auction_day() -> Scenario:
    """All three auctions, with one halt."""
    return day(auctions=CALLS, halts=(HALT,))


def nervous_day() -> Scenario:
    """A price that keeps running into its bands."""
    plain = day(bands=NARROW, auctions=msgspec.structs.replace(CALLS, closing_s=0.0))
    price = msgspec.structs.replace(plain.price, noise_bps_per_sqrt_s=2.5)
    return msgspec.structs.replace(plain, price=price)


class Step(NamedTuple):
    """Where the market stood at a step of the grid."""

    now_ns: int
    is_halted: int
    low_ticks: int
    high_ticks: int


class Seen(NamedTuple):
    """A whole day: its tape, and the state at each step of the grid."""

    scenario: Scenario
    tape: TapeArray
    steps: list[Step]
    end_hash: str

    @property
    def at_s(self) -> Any:
        return (self.tape["event_ns"] - self.scenario.start_ns) / NS_PER_S

    @property
    def is_trade(self) -> Any:
        return self.tape["kind"] == TapeKind.TRADE

    @property
    def is_auction(self) -> Any:
        return (self.tape["flags"] & TapeFlag.AUCTION) != 0


@cache
def seen(name: str, seed: int) -> Seen:
    """The day of that name, looked at from step to step; its books are whole at each."""
    scenario = {"auctions": auction_day, "nervous": nervous_day}[name]()
    world = World(scenario, seed)
    pieces, steps = [], []
    while world.now_ns < scenario.end_ns:
        step_ns = Ns(world.now_ns + 100 * NS_PER_MS)
        while world.now_ns < step_ns:
            batch, _ = world.advance(step_ns)
            pieces.append(batch.tape[batch.lo : batch.hi].copy())
        row = world.state.world[0]
        steps.append(
            Step(
                int(world.now_ns), int(row["is_halted"]), int(row["band_low_ticks"]),
                int(row["band_high_ticks"]),
            )
        )  # fmt: skip
        if len(steps) % 10 == 0:
            assert [] == world.problems()
    return Seen(scenario, np.concatenate(pieces), steps, world.state_hash())


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_trades_before_an_auction_and_each_is_one_print_of_the_listing_exchange(
    seed: int,
) -> None:
    """Opening, reopening, closing: at their moments, with the flag, without a side."""
    a_day = seen("auctions", seed)
    trades_s = a_day.at_s[a_day.is_trade & ~a_day.is_auction]
    prints = a_day.tape[a_day.is_auction]
    listing = [venue.mic for venue in a_day.scenario.venues].index(LISTING)

    for lo, hi in ((-1.0, 20.0), (100.0, REOPENS_S), (CLOSES_S - 20.0, LENGTH_S)):
        assert not np.any((trades_s > lo + 1e-6) & (trades_s <= hi))
    assert len(trades_s) > 200
    assert {listing} == set(prints["venue_idx"].tolist())
    assert {0} == set(prints["side"].tolist())
    assert [20.0, REOPENS_S, CLOSES_S] == a_day.at_s[a_day.is_auction].tolist()
    assert prints["shares"].min() >= 100


def test_every_lit_venue_says_when_it_stands_still() -> None:
    """Halted from the open, at the halt, at its call, at the close; open after each auction."""
    a_day = seen("auctions", 1)
    status = a_day.tape["kind"] == TapeKind.STATUS
    n_lit = sum(venue.is_lit for venue in a_day.scenario.venues)
    said = Counter(
        (float(at_s), int(flags))
        for at_s, flags in zip(a_day.at_s[status], a_day.tape["flags"][status], strict=True)
    )

    halted = int(TapeFlag.HALTED)
    moments = [(0.0, halted), (20.0, 0), (100.0, halted), (130.0, halted), (REOPENS_S, 0),
               (CLOSES_S - 20.0, halted)]  # fmt: skip
    assert dict.fromkeys(moments, n_lit) == dict(said)


def test_phases_follow_one_another() -> None:
    """A halt ends with a call, a call with trading; the last call with nothing more."""
    a_day = seen("auctions", 1)
    phases = [TRADING]
    for step in a_day.steps:
        if step.is_halted != phases[-1]:
            phases.append(step.is_halted)

    expected = [TRADING, CALLING, TRADING, STOPPED, CALLING, TRADING, CALLING, STOPPED]
    assert expected == phases


def test_a_day_with_auctions_is_the_same_day_again_however_time_is_cut() -> None:
    """Same scenario and seed, same hash: auctions draw nothing."""
    a_day = seen("auctions", 1)
    world = World(a_day.scenario, 1)
    while world.now_ns < a_day.scenario.end_ns:
        world.advance(a_day.scenario.end_ns)

    assert a_day.end_hash == world.state_hash()


def test_nothing_trades_outside_the_bands_and_a_limit_state_ends_in_a_pause() -> None:
    """Prints between two steps lie in the bands of either; auctions may find any price."""
    a_day = seen("nervous", 1)
    trades = a_day.tape[a_day.is_trade & ~a_day.is_auction]
    ends_ns = np.array([step.now_ns for step in a_day.steps])
    after = np.minimum(np.searchsorted(ends_ns, trades["event_ns"]), len(ends_ns) - 1)
    n_near_edge = 0
    for trade, k in zip(trades, after.tolist(), strict=True):
        steps = [step for step in a_day.steps[max(0, k - 1) : k + 1] if step.high_ticks > 0]
        assert steps, "no trade while trading stands still"
        low = min(step.low_ticks for step in steps)
        high = max(step.high_ticks for step in steps)
        assert low <= trade["price_ticks"] <= high
        n_near_edge += trade["price_ticks"] in (low, high)

    n_pauses = sum(
        one.is_halted == TRADING and other.is_halted == STOPPED
        for one, other in zip(a_day.steps, a_day.steps[1:], strict=False)
    )
    assert n_near_edge > 0
    assert n_pauses > 0
    assert n_pauses + 1 >= int(a_day.is_auction.sum()) > 1


def test_bands_that_nobody_reaches_change_nothing() -> None:
    """Whoever looks at the bands draws nothing: the tape is the same to the bit."""
    far = Bands(width_frac=0.9)
    tapes = []
    for scenario in (day(), day(bands=far)):
        world = World(scenario, 3)
        pieces = []
        while world.now_ns < scenario.end_ns:
            batch, _ = world.advance(scenario.end_ns)
            pieces.append(batch.tape[batch.lo : batch.hi].copy())
        tapes.append(np.concatenate(pieces))

    assert np.array_equal(tapes[0], tapes[1])


def test_our_resting_orders_may_fill_in_an_auction_and_every_share_is_told() -> None:
    """
    Orders of the day from before a halt stay, on both sides of the touch; those that the auction
    reaches fill at its one price, as making orders; the rest is taken back whole.
    """
    scenario = auction_day()
    listing = [venue.mic for venue in scenario.venues].index(LISTING)
    filled_in_auction = 0
    for seed in range(1, 6):
        client = Client(World(scenario, seed))
        client.wait(HALT.at_s - 0.5)
        bid, ask = (int(ticks) for ticks in client.world.state.touches["ticks"][-2:])
        sizes = {}
        for child_id in range(1, 9):
            side = Side.BUY if child_id % 2 else Side.SELL
            away = 100 * (child_id // 2)
            limit = ask - 100 - away if side is Side.BUY else bid + 100 + away
            client.post(child_id, listing, side, 200, limit)
            sizes[child_id] = 200
        client.wait_until(scenario.start_ns + round((HALT.at_s + 5.0) * NS_PER_S))
        client.post(99, listing, Side.BUY, 100, ask)
        client.wait_until(scenario.start_ns + round((REOPENS_S + 1.0) * NS_PER_S))
        for child_id in sizes:
            client.cancel(child_id, listing)
        client.wait(1.0)

        prints = client.tape[(client.tape["flags"] & TapeFlag.AUCTION) != 0]
        auction_ns, price = int(prints["event_ns"][-1]), int(prints["price_ticks"][-1])
        ended = {event.child_id for event in client.events if isinstance(event, ChildCancelled)}
        assert ["halted"] == [e.reason for e in client.events if isinstance(e, ChildReject)]
        for child_id, size in sizes.items():
            fills = client.fills(child_id)
            filled = sum(fill.size_shares for fill in fills)
            assert filled <= size
            assert (filled < size) == (child_id in ended)
            in_auction = [fill for fill in fills if fill.event_ns == auction_ns]
            assert all(fill.price_ticks == price for fill in in_auction)
            assert all(fill.liquidity is Liquidity.MAKE for fill in in_auction)
            filled_in_auction += sum(fill.size_shares for fill in in_auction)
        audited = int(client.world.audit()["size_shares"].sum())
        assert audited == sum(e.size_shares for e in client.events if isinstance(e, ChildFill))

    assert filled_in_auction > 0


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"auctions": Auctions(opening_s=5.0)}, "auctions.venue"),
        ({"auctions": Auctions(venue="PDRK", opening_s=5.0)}, "auctions.venue"),
        ({"auctions": Auctions(venue=LISTING, opening_s=LENGTH_S)}, "auctions.opening_s"),
    ],
)
def test_auctions_that_cannot_be_are_refused(changes: dict[str, Any], key: str) -> None:
    """With the key that is wrong."""
    with pytest.raises(ConfigError, match=key):
        check_scenario(day(**changes), "a.toml")


def test_a_replay_has_no_auctions_of_its_own() -> None:
    """The recorded day is as it was."""
    text = (SCENARIOS / "ibm-2013-replay.toml").read_text(encoding="utf-8")
    scenario = msgspec.toml.decode(text.encode(), type=Scenario)
    wrong = msgspec.structs.replace(scenario, bands=Bands(width_frac=0.05))

    with pytest.raises(ConfigError, match="none in a replay"):
        check_scenario(wrong, "a.toml")
