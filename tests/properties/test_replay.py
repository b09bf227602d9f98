"""Laws of a replay, whatever we do in it: our orders meet the script, and may spoil its plans."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.domain import TapeArray, TapeFlag, TapeKind, parse_toml
from penstock.sim import Scenario, ScriptArray, ScriptOp, check_script
from penstock.sim.replay.day import compile_replay
from tests.support.consolidated_files import ingested, random_day

FILE = Path(__file__).parents[2] / "scenarios" / "ibm-2013-replay.toml"
DEPTHS = ["thin", "matched", "deep"]
OURS = -1


def the_scenario() -> Scenario:
    """The scenario that ships with the project, from the open on, two minutes."""
    scenario = parse_toml(FILE.read_text(), Scenario, file=FILE.name)
    about = msgspec.structs.replace(scenario.scenario, start_s=34_200.0, duration_s=120.0)
    return msgspec.structs.replace(scenario, scenario=about)


SCENARIO = the_scenario()
LIT = [venue_idx for venue_idx, venue in enumerate(SCENARIO.venues) if venue.is_lit]


class Day(NamedTuple):
    """A small day, and the letters of its venues."""

    tape: TapeArray
    codes: tuple[str, ...]


def a_day(seed: int, n_changes: int = 60) -> Day:
    """From files, as a recorded one would come."""
    tape, context = ingested(*random_day(seed, n_changes))
    return Day(tape, context.codes)


def script_of(day: Day, depth: str, tape: TapeArray | None = None) -> ScriptArray:
    """Its replay, with the same luck each time."""
    tape = day.tape if tape is None else tape
    generator = np.random.default_rng(5)
    return compile_replay(tape, day.codes, SCENARIO, generator, depth=depth).script


class Resting(NamedTuple):
    """An order in a book; `order_id` is OURS for all of ours."""

    order_id: int
    venue_idx: int
    side: int
    ticks: int


class Market:
    """Price-time books of all lit venues, slow and obvious; orders in order of arrival."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[Resting, int]] = {}  # by arrival: order, shares left
        self.arrivals = 0
        self.traded_shares = 0

    def enter(self, order: Resting, shares: int, *, rests: bool) -> None:
        """Trade with what is there, best price first, then the oldest; then rest, or not."""
        against = [
            arrival
            for arrival, (other, _) in self.orders.items()
            if other.venue_idx == order.venue_idx
            and other.side == -order.side
            and order.side * (order.ticks - other.ticks) >= 0
        ]
        for arrival in sorted(against, key=lambda a: (order.side * self.orders[a][0].ticks, a)):
            other, left = self.orders[arrival]
            if shares == 0:
                break
            if rests:
                assert OURS in {order.order_id, other.order_id}, (
                    f"the script trades: {order}, {other}"
                )
            taken = min(shares, left)
            shares -= taken
            self.traded_shares += taken
            self.orders[arrival] = (other, left - taken)
            if left == taken:
                del self.orders[arrival]
        if rests and shares > 0:
            self.arrivals += 1
            self.orders[self.arrivals] = (order, shares)

    def cancel(self, order_id: int, shares: int) -> None:
        """Take shares off a scripted order, 0 is all; nothing if it is gone."""
        for arrival, (order, before) in list(self.orders.items()):
            if order.order_id == order_id:
                left = before - shares if shares else 0
                self.orders[arrival] = (order, left)
                if left <= 0:
                    del self.orders[arrival]

    def follow(self, row: Any) -> None:
        """Carry out a scripted command."""
        order = Resting(
            int(row["script_id"]), int(row["venue_idx"]), int(row["side"]), int(row["price_ticks"])
        )
        match ScriptOp(int(row["op"])):
            case ScriptOp.ADD:
                self.enter(order, int(row["shares"]), rests=True)
            case ScriptOp.MARKET:
                self.enter(order, int(row["shares"]), rests=False)
            case ScriptOp.CANCEL:
                self.cancel(order.order_id, int(row["shares"]))

    def best_scripted(self, side: int) -> int:
        """Best price of a side among scripted orders, over all venues."""
        prices = [
            side * order.ticks
            for order, _ in self.orders.values()
            if order.order_id != OURS and order.side == side
        ]
        return side * max(prices) if prices else 0


def we_send(market: Market, rng: np.random.Generator) -> None:
    """Anything that we might do: rest at, in or behind the quote, or take, any size, any venue."""
    side = int(rng.choice([1, -1]))
    touch = market.best_scripted(side)
    if touch:
        ticks = touch + 100 * int(rng.integers(-3, 6)) * side
        order = Resting(OURS, int(rng.choice(LIT)), side, ticks)
        market.enter(order, int(rng.integers(1, 2_000)), rests=bool(rng.random() < 0.6))


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(0, 2**32), st.sampled_from(DEPTHS))
def test_scripted_orders_never_meet_each_other_whatever_we_do(
    day_seed: int, our_seed: int, depth: str
) -> None:
    """
    An order that is left over, because ours had its print, would stand in the way of the day's
    next move and trade with another scripted one: a print that neither the tape nor we have made.
    """
    rng, market = np.random.default_rng(our_seed), Market()
    for row in script_of(a_day(day_seed), depth):
        if rng.random() < 0.05:
            we_send(market, rng)
        market.follow(row)

    assert market.traded_shares > 0


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(0, 2**32), st.sampled_from(DEPTHS))
def test_after_each_quote_nothing_scripted_is_better_than_the_tape(
    day_seed: int, our_seed: int, depth: str
) -> None:
    """What we took may be missing; what the tape has withdrawn may not be left, even if we act."""
    day = a_day(day_seed)
    script, rng, market = script_of(day, depth), np.random.default_rng(our_seed), Market()
    best, at = {1: 0, -1: 0}, 0
    quotes = day.tape[day.tape["kind"] == TapeKind.NBBO]
    for i, row in enumerate(quotes):
        best[int(row["side"])] = int(row["price_ticks"])
        time_ns = row["event_ns"]
        is_last = i + 1 == len(quotes) or quotes["event_ns"][i + 1] != time_ns
        if not is_last or time_ns < SCENARIO.start_ns or not 0 < best[1] < best[-1]:
            continue
        while at < len(script) and script["time_ns"][at] <= time_ns:
            market.follow(script[at])
            at += 1
            if rng.random() < 0.02:
                we_send(market, rng)

        assert market.best_scripted(1) in range(best[1] + 1)
        assert market.best_scripted(-1) >= best[-1] or not market.best_scripted(-1)


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from(DEPTHS), st.data())
def test_a_command_depends_on_the_tape_up_to_its_time(
    day_seed: int, depth: str, data: st.DataObject
) -> None:
    """The day cut anywhere between two times makes the same commands up to the cut."""
    day = a_day(day_seed)
    times = np.unique(day.tape["event_ns"])
    cut_ns = int(data.draw(st.sampled_from(times[times > SCENARIO.start_ns].tolist())))
    past = day.tape[day.tape["event_ns"] < cut_ns]
    if not (past["kind"] == TapeKind.NBBO).any():
        return

    whole, part = script_of(day, depth), script_of(day, depth, past)

    n_whole, n_part = (int(np.searchsorted(s["time_ns"], cut_ns)) for s in (whole, part))
    assert whole[:n_whole].tobytes() == part[:n_part].tobytes()


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from(DEPTHS))
def test_the_volume_of_the_day_is_the_volume_of_the_script(day_seed: int, depth: str) -> None:
    """With nobody else about, what trades and what is printed add up to the tape's prints."""
    day, market, printed_shares = a_day(day_seed), Market(), 0
    script = script_of(day, depth)
    check_script(script, SCENARIO)
    for row in script:
        market.follow(row)
        printed_shares += int(row["shares"]) if row["op"] == ScriptOp.PRINT else 0
    prints = day.tape[
        (day.tape["kind"] == TapeKind.TRADE)
        & (day.tape["event_ns"] >= SCENARIO.start_ns)
        & (day.tape["flags"] & int(TapeFlag.SUSPICIOUS) == 0)
    ]

    assert prints["shares"].sum() == market.traded_shares + printed_shares


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_days_of_these_laws_have_what_the_laws_are_about(depth: str) -> None:
    """A law about commands that never occur would hold by itself."""
    script = script_of(a_day(1), depth)
    seen = {ScriptOp(op) for op in np.unique(script["op"]).tolist()}

    assert set(ScriptOp) == seen
