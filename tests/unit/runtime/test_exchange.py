"""The simulated market behind FIX and a feed, moved along by a clock that the test holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from penstock.domain import (
    NS_PER_MS,
    NS_PER_S,
    Liquidity,
    Ns,
    Shares,
    TapeArray,
    fee_usd_micros,
    fees_on,
)
from penstock.runtime import VenuesConf, read_lines, read_venues_conf
from penstock.runtime.exchange import Exchange
from penstock.runtime.lines_log import LinesLog
from penstock.sim import Scenario
from penstock.wire.feed import FeedReceiver
from penstock.wire.fix import Incoming, Outgoing
from tests.support.worlds import plain_day
from tests.tidy.rules import ROOT

OPENED = Ns(1_800_000_000 * NS_PER_S)  # wall time; the scenario's own day is another
CONF = read_venues_conf(ROOT / "conf" / "venues.toml")
SCENARIO = plain_day()
MIC = "PNYA"


class Wire:
    """Keeps what leaves, and what the log said at that moment."""

    def __init__(self, log: Path) -> None:
        self.sent: list[tuple[str, Outgoing]] = []
        self.logged_when_sent: list[str] = []
        self.datagrams: list[bytes] = []
        self._log = log

    def send(self, mic: str, outgoing: Outgoing) -> None:
        self.sent.append((mic, outgoing))
        self.logged_when_sent.append(self._log.read_text())

    def publish(self, datagrams: list[bytes]) -> None:
        self.datagrams += datagrams

    def fields(self) -> list[dict[int, str]]:
        """Tags of every message, in order."""
        return [dict(outgoing.message.fields) for _, outgoing in self.sent]


class Venues:
    """An exchange with its wire, its log and its clock."""

    def __init__(
        self,
        folder: Path,
        *,
        scenario: Scenario = SCENARIO,
        conf: VenuesConf = CONF,
        now_ns: int = OPENED,
    ) -> None:
        self.log = folder / "fills.jsonl"
        self._lines = LinesLog(self.log)
        self.wire = Wire(self.log)
        self.now_ns = now_ns
        self.exchange = Exchange(scenario, conf, self._lines, self.wire, Ns(now_ns))

    def wait(self, duration_ns: int, step_ns: int = 2 * NS_PER_MS) -> None:
        """Let wall time pass, tick by tick."""
        until_ns = self.now_ns + duration_ns
        while self.now_ns < until_ns:
            self.now_ns = min(self.now_ns + step_ns, until_ns)
            self.exchange.tick(Ns(self.now_ns))

    def order(self, name: str, **tags: str) -> None:
        """A buy of 500 to take what is there, IOC; tags may be changed: `t38="100"`."""
        changed = {int(key[1:]): value for key, value in tags.items()}
        self.say("D", {11: name, 40: "2", 44: "99.0000", 38: "500", 59: "3"} | changed)

    def say(self, msg_type: str, fields: dict[int, str], mic: str = MIC) -> None:
        """A message of the router for a venue."""
        everything = {55: "PNSK", 54: "1", 60: "20270115-08:00:00.000000"} | fields
        incoming = Incoming(
            "PENSTOCK", msg_type, 1, False, everything, Ns(self.now_ns), our_comp_id=mic
        )
        self.exchange.take(incoming, Ns(self.now_ns))

    def lines(self, what: str) -> list[dict[str, Any]]:
        """Lines of a kind in the log."""
        return [line for line in read_lines(self.log) if line["what"] == what]

    def close(self) -> None:
        self._lines.close()


@pytest.fixture
def venues(tmp_path: Path) -> Iterator[Venues]:
    """A market that has been open for a tenth of a second."""
    one = Venues(tmp_path)
    one.wait(100 * NS_PER_MS)
    yield one
    one.close()


def test_an_order_is_acknowledged_then_filled_then_ended(venues: Venues) -> None:
    """Reports come in the order of what happened, and add up."""
    venues.order("a1")
    venues.wait(10 * NS_PER_MS)
    reports = venues.wire.fields()
    kinds = [report[150] for report in reports]
    fills = [report for report in reports if report[150] == "F"]

    assert {MIC} == {mic for mic, _ in venues.wire.sent}
    assert {"PENSTOCK"} == {outgoing.counterparty for _, outgoing in venues.wire.sent}
    assert "0" == kinds[0]
    assert fills, "the touch of a thick exchange holds something"
    assert {"F"} == set(kinds[1 : 1 + len(fills)])
    shares = np.cumsum([int(fill[32]) for fill in fills])
    assert shares.tolist() == [int(fill[14]) for fill in fills]
    assert reports[-1][39] == ("2" if shares[-1] == 500 else "4")


def test_an_order_of_the_log_is_what_came(venues: Venues) -> None:
    """The integrity check counts what the venue was asked for, not what the router says."""
    venues.order("a1")
    (line,) = venues.lines("order")

    assert (MIC, "PENSTOCK", "a1", 500) == (
        line["mic"],
        line["router"],
        line["cl_ord_id"],
        line["shares"],
    )
    assert 1 == venues.exchange.n_orders


def test_a_fill_is_in_the_log_before_its_report_leaves(venues: Venues) -> None:
    """A kill between the two may leave a fill that nobody heard of, never the opposite."""
    venues.order("a1")
    venues.wait(10 * NS_PER_MS)
    reported = [
        (report[17], logged)
        for report, logged in zip(venues.wire.fields(), venues.wire.logged_when_sent, strict=True)
        if report[150] == "F"
    ]

    assert reported
    for exec_id, logged in reported:
        assert f'"exec_id":"{exec_id}"' in logged
    assert [exec_id for exec_id, _ in reported] == [f["exec_id"] for f in venues.lines("fill")]
    assert len(reported) == venues.exchange.n_fills


def test_a_fill_of_the_log_is_what_its_report_says(venues: Venues) -> None:
    """Price, shares and side of the book; and the fee that the venue's schedule asks."""
    venues.order("a1")
    venues.wait(10 * NS_PER_MS)
    fills = [report for report in venues.wire.fields() if report[150] == "F"]
    universe = SCENARIO.universe()
    (venue,) = [venue for venue in universe.venues if venue.mic == MIC]
    schedule = fees_on(venue.fees, universe.day)

    for line, report in zip(venues.lines("fill"), fills, strict=True):
        assert (line["shares"], line["cl_ord_id"]) == (int(report[32]), report[11])
        assert f"{line['price_ticks'] / 10_000:.4f}" == report[31]
        assert ("take", "2") == (line["liquidity"], report[851])
        fee = fee_usd_micros(schedule, Liquidity.TAKE, Shares(line["shares"]))
        assert fee == line["fee_usd_micros"]
        assert OPENED < line["at_ns"] <= venues.now_ns


def test_two_programs_never_use_the_same_exec_id(tmp_path: Path) -> None:
    """Their worlds count from 1 each; the router would take the second's for repetitions."""
    exec_ids = []
    for started_ns in (OPENED, OPENED + NS_PER_MS):
        one = Venues(tmp_path / str(started_ns), now_ns=started_ns)
        one.order("a1")
        one.wait(10 * NS_PER_MS)
        exec_ids += [line["exec_id"] for line in one.lines("fill")]
        one.close()

    assert len(exec_ids) > 1
    assert len(exec_ids) == len(set(exec_ids))


def test_the_same_seed_and_clock_give_the_same_market(tmp_path: Path) -> None:
    """A drill can be repeated."""
    said = []
    for name in ("first", "second"):
        one = Venues(tmp_path / name)
        one.wait(100 * NS_PER_MS)
        one.order("a1")
        one.wait(100 * NS_PER_MS)
        said.append((one.wire.sent, one.wire.datagrams, one.log.read_text()))
        one.close()

    assert said[0] == said[1]


def received(venues: Venues) -> TapeArray:
    """The tape as a subscriber sees it, snapshots included."""
    receiver = FeedReceiver(SCENARIO.universe(), stale_after_ns=Ns(10**18))
    receiver.tick(Ns(venues.now_ns))
    tapes = []
    for datagram in venues.wire.datagrams:
        receiver.receive(datagram, Ns(venues.now_ns))
        output = receiver.take()
        tapes.append(output.tape)
        for request in output.requests:
            for answer in venues.exchange.snapshot(request):
                receiver.receive(answer, Ns(venues.now_ns))
    tapes.append(receiver.take().tape)
    return np.concatenate(tapes)


@pytest.mark.parametrize("speed", [1.0, 10.0])
def test_market_data_carries_wall_time(tmp_path: Path, speed: float) -> None:
    """A router compares it with its own clock, whatever day the scenario plays on."""
    table = msgspec.structs.replace(CONF.venues, speed=speed)
    venues = Venues(tmp_path, conf=msgspec.structs.replace(CONF, venues=table))
    venues.wait(500 * NS_PER_MS)
    rows = received(venues)
    venues.close()
    stamps = rows["event_ns"][rows["event_ns"] != 0]  # a book that nobody spoke of has no stamp

    assert len(stamps) > 10
    assert OPENED <= stamps.min()
    assert stamps.max() <= venues.now_ns


def test_speed_ten_runs_ten_times_as_fast(tmp_path: Path) -> None:
    """Market seconds per wall second."""
    table = msgspec.structs.replace(CONF.venues, speed=10.0)
    venues = Venues(tmp_path, conf=msgspec.structs.replace(CONF, venues=table))
    venues.wait(NS_PER_S)
    venues.close()

    assert 10.0 == pytest.approx(venues.exchange.elapsed_s())


def test_a_clock_that_stands_still_or_goes_back_moves_nothing(venues: Venues) -> None:
    """Time in the market runs forward only."""
    before_s = venues.exchange.elapsed_s()
    venues.exchange.tick(Ns(venues.now_ns))
    venues.exchange.tick(Ns(venues.now_ns - NS_PER_S))

    assert before_s == venues.exchange.elapsed_s()


def test_every_venue_is_heard_of_at_every_heartbeat(tmp_path: Path) -> None:
    """Silence must mean that something is wrong."""
    venues = Venues(tmp_path)
    venues.exchange.tick(Ns(venues.now_ns))
    venues.wire.datagrams.clear()
    venues.wait(CONF.heartbeat_ns, step_ns=CONF.heartbeat_ns)
    venues.close()
    heartbeats = [one[:4] for one in venues.wire.datagrams if one[18:20] == b"\0\0"]

    assert sorted(mic.encode() for mic in venues.exchange.mics) == sorted(heartbeats)


def test_the_session_ends_at_its_end(tmp_path: Path) -> None:
    """And not before; an order after it does no harm; subscribers are told."""
    scenario = plain_day(duration_s=1.0)
    venues = Venues(tmp_path, scenario=scenario)
    venues.wait(NS_PER_S - 2 * NS_PER_MS)
    assert not venues.exchange.is_over
    venues.wait(4 * NS_PER_MS)
    assert bool(venues.exchange.is_over)
    venues.wait(NS_PER_S)
    venues.order("late")
    venues.wire.datagrams.clear()
    venues.exchange.close()
    venues.close()

    assert 1.0 == pytest.approx(venues.exchange.elapsed_s())
    assert not venues.lines("fill")
    assert {b"\xff\xff"} == {one[18:20] for one in venues.wire.datagrams}
    assert len(venues.exchange.mics) == len(venues.wire.datagrams)


@pytest.mark.parametrize("request_", [b"", b"\0REQ", b"GET / HTTP/1.1\r\n", bytes(2_000)])
def test_what_is_no_request_gets_no_snapshot(venues: Venues, request_: bytes) -> None:
    """A small question from a stranger must not cause a big answer."""
    assert [] == venues.exchange.snapshot(request_)


def test_an_order_that_is_none_is_refused_in_words(venues: Venues) -> None:
    """It never reaches the market, and is no order of the log."""
    venues.order("a1", t38="many")
    (report,) = venues.wire.fields()

    assert ("8", "8") == (report[150], report[39])
    assert "many" in report[58]
    assert not venues.lines("order")


def test_a_cancel_ends_a_resting_order(venues: Venues) -> None:
    """Far from the market it rests until somebody takes it back."""
    venues.order("a1", t44="80.0000", t59="0")
    venues.wait(10 * NS_PER_MS)
    venues.say("F", {11: "a1-c1", 41: "a1", 38: "500"})
    venues.wait(10 * NS_PER_MS)

    assert ["0", "4"] == [report[150] for report in venues.wire.fields()]
    assert 1 == len(venues.lines("order")), "a cancel asks for nothing new"


def test_a_status_request_is_answered_and_of_an_unknown_order_too(venues: Venues) -> None:
    """A router that comes back finds out what it has there."""
    venues.order("a1", t44="80.0000", t59="0")
    venues.wait(10 * NS_PER_MS)
    venues.say("H", {11: "a1"})
    venues.say("H", {11: "never"})
    known, unknown = venues.wire.fields()[-2:]

    assert ("I", "0", "500") == (known[150], known[39], known[151])
    assert ("I", "8", "5", "0") == (unknown[150], unknown[39], unknown[103], unknown[151])
