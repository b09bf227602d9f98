"""A client that floods, crosses itself and sends nonsense: the market stays whole."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import msgspec
import numpy as np
import pytest

from penstock.domain import (
    ChildAck,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildOrder,
    ChildReject,
    ChildReplaced,
    Side,
    TapeFlag,
    TapeKind,
    Tif,
)
from penstock.sim import Scenario, World
from penstock.sim.codes import LIVE, OURS
from penstock.sim.scenario.phases import Auctions, Bands
from penstock.sim.scenario.tables import Halt
from tests.support.worlds import Client, child, plain_day

POOLS, LITS = (0, 1), (2, 3, 4)
SEEDS = range(11, 17)
ABSURD_TICKS = (0, -1, -(2**40), 7, 2**31, 2**40, 2**62)
ABSURD_SHARES = (0, -1, -(2**40), 10**8 + 1, 2**31, 2**40, 2**62)


def a_day(has_phases: bool) -> Scenario:
    """Minutes of the reference venues: pegs, icebergs, two halts; auctions and narrow bands."""
    day = plain_day(600.0)
    change = msgspec.structs.replace
    venues = tuple(
        venue
        if venue.lit is None
        else change(
            venue,
            lit=change(
                venue.lit, midpoint_frac=0.1, primary_frac=0.05, iceberg_frac=0.2,
                nbbo_delay_us=50.0 * place,
            ),
        )
        for place, venue in enumerate(day.venues)
    )  # fmt: skip
    halts = (Halt(at_s=15.0, duration_s=3.0), Halt(at_s=40.0, duration_s=0.5))
    day = change(day, venues=venues, halts=halts)
    if not has_phases:
        return day
    return change(
        day,
        auctions=Auctions(venue="PNYA", opening_s=1.0, reopening_s=2.0),
        bands=Bands(width_frac=0.0004, limit_state_s=1.0, pause_s=2.0),
    )


class Flooder(Client):
    """Bursts of up to some hundreds of commands at one moment, sensible or not, from a seed."""

    def __init__(self, seed: int) -> None:
        super().__init__(World(a_day(has_phases=seed % 2 == 0), seed))
        self.orders: dict[int, ChildOrder] = {}
        self.n_sent: Counter[int] = Counter()  # by child: more than once is a duplicate
        self._luck = np.random.default_rng(seed)

    def flood(self, n_bursts: int) -> Flooder:
        """So many bursts, microseconds to seconds apart; the books are looked at after each."""
        for _ in range(n_bursts):
            for _ in range(int(self._luck.choice([1, 5, 40, 300], p=[0.3, 0.4, 0.25, 0.05]))):
                self._command()
            self.wait(float(self._luck.choice([1e-6, 1e-4, 0.003, 0.1, 2.0])))
            assert [] == self.world.problems()
        return self

    def _command(self) -> None:
        luck = self._luck.random()
        if luck < 0.5 or not self.orders:
            self._new()
        elif luck < 0.55:
            self._again(self.orders[self._some_child()])
        elif luck < 0.78:
            child_id = self._some_child()
            self.cancel(child_id, self._venue_of(child_id))
        elif luck < 0.82:
            self.cancel(int(self._luck.integers(10**6, 10**7)), self._venue())
        else:
            child_id = self._some_child()
            self.replace(child_id, self._venue_of(child_id), self._shares(), self._ticks())

    def _new(self) -> None:
        venue_idx = self._venue()
        is_midpoint = self._luck.random() < (0.95 if venue_idx in POOLS else 0.35)
        side = Side.BUY if self._luck.random() < 0.5 else Side.SELL
        order = child(
            len(self.orders) + 1, venue_idx, side, self._shares(), self._ticks(),
            tif=Tif.IOC if self._luck.random() < 0.3 else Tif.DAY, is_midpoint=is_midpoint,
            min_shares=int(self._luck.choice([0, 0, 0, 50, 500, -3, 2**40])),
        )  # fmt: skip
        self._again(order)

    def _again(self, order: ChildOrder) -> None:
        self.orders.setdefault(order.child_id, order)
        self.n_sent[order.child_id] += 1
        self.send(order)

    def _some_child(self) -> int:
        """Mostly a recent one, at times one that was over long ago."""
        back = 40 if self._luck.random() < 0.8 else len(self.orders)
        return len(self.orders) - int(self._luck.integers(0, min(back, len(self.orders))))

    def _venue_of(self, child_id: int) -> int:
        is_right = self._luck.random() < 0.95
        return self.orders[child_id].venue_idx if is_right else self._venue()

    def _venue(self) -> int:
        return int(self._luck.integers(0, 5))

    def _ticks(self) -> int:
        if self._luck.random() < 0.04:
            return int(self._luck.choice(ABSURD_TICKS))
        mid = int(self.world.state.touches["ticks"][-2:].mean())
        return mid // 100 * 100 + 100 * int(self._luck.integers(-4, 5))

    def _shares(self) -> int:
        if self._luck.random() < 0.04:
            return int(self._luck.choice(ABSURD_SHARES))
        return int(self._luck.choice([1, 70, 100, 300, 2_000, 50_000]))


@pytest.fixture(scope="module", params=SEEDS)
def flooder(request: pytest.FixtureRequest) -> Flooder:
    """One flood, from the seed in the test's name."""
    return Flooder(request.param).flood(300)


def words_on(flooder: Flooder) -> dict[int, list[Any]]:
    """What was said about each child, refusals of its duplicates and of requests left out."""
    said: defaultdict[int, list[Any]] = defaultdict(list)
    for event in flooder.events:
        is_duplicate = isinstance(event, ChildReject) and event.reason == "duplicate"
        if not is_duplicate and not isinstance(event, ChildCancelReject):
            said[event.child_id].append(event)  # type: ignore[union-attr]
    return said


def test_every_order_gets_one_first_word_and_one_last(flooder: Flooder) -> None:
    """Whatever was asked of it, how often, and in which halt: the last word ends it."""
    for order in flooder.orders.values():
        for _ in range(2):  # a halt may be over by the second
            flooder.cancel(order.child_id, order.venue_idx)
    flooder.wait(5.0)
    said = words_on(flooder)

    assert set(flooder.orders) == set(said)
    for child_id, words in said.items():
        names = [type(word).__name__ for word in words]
        assert 1 == names.count("ChildAck") + names.count("ChildReject"), f"{child_id}: {names}"
        assert names[0] in {"ChildAck", "ChildReject"}
        size_shares = flooder.orders[child_id].size_shares
        for word in words:
            size_shares = word.size_shares if isinstance(word, ChildReplaced) else size_shares
        filled = sum(word.size_shares for word in words if isinstance(word, ChildFill))
        n_ends = names.count("ChildReject") + names.count("ChildCancelled")
        assert (0 if filled == size_shares > 0 else 1) == n_ends, f"child {child_id}: {names}"
        assert 0 <= filled <= max(size_shares, 0)
        if n_ends:
            assert names[-1] in {"ChildReject", "ChildCancelled"}
    assert [] == flooder.world.problems()


def test_the_flood_reaches_what_it_is_about(flooder: Flooder) -> None:
    """A guard for the laws here: every kind of answer came, and fills in lit books and pools."""
    kinds = Counter(type(event).__name__ for event in flooder.events)
    filled_at = {event.venue_idx for event in flooder.events if isinstance(event, ChildFill)}
    reasons = {
        event.reason
        for event in flooder.events
        if isinstance(event, ChildReject | ChildCancelReject)
    }

    assert len(flooder.orders) > 300
    for kind in (ChildAck, ChildFill, ChildReplaced, ChildCancelled, ChildCancelReject):
        assert kinds[kind.__name__] > 10
    assert filled_at >= set(LITS)
    assert reasons >= {"duplicate", "never_seen", "too_late", "bad_size", "bad_price", "halted"}


def test_bands_and_auctions_take_part() -> None:
    """A guard for the even seeds: more stops than the two halts, and a call after each."""
    tape = Flooder(12).flood(300).tape
    status = tape[(tape["kind"] == TapeKind.STATUS) & (tape["venue_idx"] == LITS[0])]
    n_stops = int(((status["flags"] & TapeFlag.HALTED) != 0).sum())
    auctions = tape[(tape["kind"] == TapeKind.TRADE) & ((tape["flags"] & TapeFlag.AUCTION) != 0)]

    assert n_stops > 2 * 2
    assert len(auctions) > 1


def test_what_rests_for_us_is_what_our_reports_leave_open(flooder: Flooder) -> None:
    """
    The books' rows of ours against sizes less fills. A trade between two of our own orders would be
    reported on one of them only, and show here.
    """
    state = flooder.world.state
    children = state.children[: len(flooder.orders)]
    live = children[children["state"] == LIVE]
    is_lit = state.venues["is_lit"][live["venue_idx"]] == 1
    due_shares = int((live["size_shares"] - live["filled_shares"])[is_lit].sum())
    rests = (state.orders["generation"] & 1) == 1
    ours = state.orders[rests & (state.orders["owner"] == OURS)]

    assert due_shares == int(ours["shares"].sum() + ours["reserve_shares"].sum())
    assert int(is_lit.sum()) == len(ours)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_flood_leaves_the_same_market(seed: int) -> None:
    """To the bit, reports included."""
    one, other = Flooder(seed).flood(80), Flooder(seed).flood(80)

    assert one.world.state_hash() == other.world.state_hash()
    assert [str(event) for event in one.events] == [str(event) for event in other.events]
