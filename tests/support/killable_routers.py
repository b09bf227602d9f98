"""
A router in a small world that outlives it: venues, a client, session stores, all in memory.

Everything that the router does to the outside is an *effect*: half a record in the journal, the
other half, a message handed to the FIX engine, a mark. A fuse kills the router before a chosen
effect, as `kill -9` would; the world stays, and another router is started on the same files.

The sessions behave as ours do: what was handed over is kept and delivered later, except orders,
which are delivered now or never; what was received above the mark is asked for again, and clients
do not repeat requests.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from penstock.domain import (
    NS_PER_MS,
    NS_PER_S,
    CancelChild,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildOrder,
    Event,
    FeedRecovered,
    Liquidity,
    Ns,
    ParentState,
    ReplaceChild,
    SendChild,
    Shares,
    Side,
    TapeArray,
    Ticks,
    Tif,
    UsdMicros,
    VenueCommand,
)
from penstock.runtime.config import RouterConf
from penstock.runtime.config_check import parse_router_conf
from penstock.runtime.inbox import Feed, LoggedOn, Market, Message, Stop
from penstock.runtime.inbox import Side as Facing
from penstock.runtime.loop import take_one
from penstock.runtime.marks import Marks
from penstock.runtime.opened import Opened
from penstock.runtime.opening import Opener, session_names
from penstock.runtime.ranked_inbox import Inbox
from penstock.runtime.router import Router
from penstock.runtime.snapshots import SnapshotTimes
from penstock.runtime.status import NO_SURROUNDINGS
from penstock.runtime.trading_days import TradingDays
from penstock.wire.fix import (
    ClientReport,
    ClientReportKind,
    ExchangeDesk,
    FixMessage,
    Incoming,
    Outgoing,
    cancel_order,
    new_order,
    read_report,
    replace_order,
    status_request,
)
from tests.support.engines import ASK, BID, quote
from tests.support.tapes import tape

TICK_NS = 50 * NS_PER_MS
START: Ns = Ns(1_772_460_000 * NS_PER_S)  # 2026-03-02 14:00 UTC
MAX_ROUNDS = 1_200

CONF = """
[router]
day = 20260302
run_dir = "{run_dir}"
drain_s = 2.0
max_wait_s = 600.0
[oms]
clients = ["OMS"]
default_horizon_s = 8.0
[feed]
[store]
path = ""
[engine]
markout_ns = 200_000_000
completion_window_ns = 1_000_000_000
[routing]
mid_rest_ns = 400_000_000
post_rest_ns = 600_000_000
[[instruments]]
symbol = "TEST"
increment_usd = 0.01
adv_shares = 2_000_000
[[venues]]
mic = "DRKA"
name = "pool"
kind = "dark"
fix = "127.0.0.1:1"
fees = {{ take_usd = 0.0, make_usd = 0.0, midpoint_usd = 0.001 }}
[[venues]]
mic = "LITA"
name = "exchange"
kind = "exchange"
protected = true
fix = "127.0.0.1:1"
fees = {{ take_usd = 0.003, make_usd = -0.002, midpoint_usd = 0.0 }}
[[venues]]
mic = "LITB"
name = "other exchange"
kind = "exchange"
protected = true
fix = "127.0.0.1:1"
fees = {{ take_usd = 0.003, make_usd = -0.002, midpoint_usd = 0.0 }}
"""


class Killed(BaseException):
    """The process is gone. No code of ours can catch this."""


def small_conf(run_dir: Path, *changes: tuple[str, str]) -> RouterConf:
    """Three venues, one instrument, one client; pieces of the text replaced."""
    text = CONF.format(run_dir=run_dir)
    for old, new in changes:
        assert old in text, f"nothing to replace: {old}"
        text = text.replace(old, new)
    return parse_router_conf(text, file="test.toml")


@dataclass
class Fuse:
    """Counts effects, and kills before the `at`-th."""

    at: int = 0  # 0: never
    n: int = 0

    def effect(self) -> None:
        """One more is about to happen."""
        self.n += 1
        if self.n == self.at:
            raise Killed


class FusedMarks(Marks):
    """Marks whose every store is an effect."""

    def __init__(self, path: Path, sessions: list[str], fuse: Fuse) -> None:
        super().__init__(path, sessions)
        self._fuse = fuse

    def set_consumed(self, session: str, seq_num: int) -> None:
        self._fuse.effect()
        super().set_consumed(session, seq_num)

    def set_reported(self, session: str, n_reports: int) -> None:
        self._fuse.effect()
        super().set_reported(session, n_reports)

    def start_run(self, run: str) -> None:
        self._fuse.effect()
        super().start_run(run)

    def end_run(self) -> None:
        self._fuse.effect()
        super().end_run()


@dataclass
class WorldClock:
    """Moves when the world says so, and a microsecond whenever it is read."""

    now_ns: int

    def __call__(self) -> Ns:
        self.now_ns += 1_000
        return Ns(self.now_ns)


@dataclass
class Execution:
    """What a venue's own log says of one fill."""

    mic: str
    cl_ord_id: str
    exec_id: str
    shares: int


class Venues:
    """Three exchanges: some orders fill whole, some half, some never; the rest waits for a tick."""

    def __init__(self, conf: RouterConf, clock: WorldClock) -> None:
        self._clock = clock
        self.universe = conf.universe()
        self.desk = ExchangeDesk(self.universe)
        self.executions: list[Execution] = []
        self.busted: list[str] = []
        self.n_received: Counter[str] = Counter()
        self.said: dict[str, list[FixMessage]] = {v.mic: [] for v in self.universe.venues}
        self._resting: dict[int, tuple[ChildOrder, int]] = {}
        self._n_ticks = 0

    def take(self, outgoing: Outgoing) -> None:
        """One message of the router."""
        mic, message = outgoing
        fields = dict(message.fields)
        self.n_received[f"{message.msg_type} {fields[11]}"] += 1
        incoming = Incoming("PENSTOCK", message.msg_type, 0, False, fields, self._clock(), mic)
        answer = self.desk.on_message(mic, incoming)
        for reply in answer.replies:
            self.said[mic].append(reply.message)
        for command in answer.commands:
            self._carry_out(command)

    def tick(self) -> None:
        """Time passes: every other tick, half of what rests trades; once, a trade is taken back."""
        self._n_ticks += 1
        if self._n_ticks % 3 == 0:
            for order, left in list(self._resting.values()):
                self._trade(order, max(1, left // 2))
        if self.executions and not self.busted and self._n_ticks > 20:
            self._bust(self.executions[0])

    @property
    def is_empty(self) -> bool:
        """Nothing rests anywhere."""
        return not self._resting

    def _carry_out(self, command: VenueCommand) -> None:
        if isinstance(command, SendChild):
            self._open(command.order)
        elif command.child_id not in self._resting:
            self._say(ChildCancelReject, command.child_id, command.venue_idx, reason="too late")
        elif isinstance(command, CancelChild):
            del self._resting[command.child_id]
            self._say(ChildCancelled, command.child_id, command.venue_idx)
        else:
            assert isinstance(command, ReplaceChild)

    def _open(self, order: ChildOrder) -> None:
        self._say(ChildAck, order.child_id, order.venue_idx)
        self._resting[order.child_id] = (order, int(order.size_shares))
        if order.tif is Tif.IOC:
            if order.child_id % 3 != 2:
                self._trade(order, max(1, int(order.size_shares) // (1 + order.child_id % 3)))
            if order.child_id in self._resting:
                del self._resting[order.child_id]
                self._say(ChildCancelled, order.child_id, order.venue_idx)

    def _trade(self, order: ChildOrder, shares: int) -> None:
        left = self._resting.pop(order.child_id)[1] - shares
        if left > 0:
            self._resting[order.child_id] = (order, left)
        mic = self.universe.venues[order.venue_idx].mic
        exec_id = f"{mic}-{len(self.executions) + 1}"
        known = self.desk.order(order.child_id)
        self.executions.append(Execution(mic, known.cl_ord_id, exec_id, shares))
        self._say(
            ChildFill,
            order.child_id,
            order.venue_idx,
            exec_id=exec_id,
            price_ticks=order.limit_ticks,
            size_shares=Shares(shares),
            liquidity=Liquidity.TAKE,
            fee_usd_micros=UsdMicros(0),
        )

    def _bust(self, execution: Execution) -> None:
        self.busted.append(execution.exec_id)
        child_id, venue_idx = self._child_of(execution)
        self._say(
            ChildBust,
            child_id,
            venue_idx,
            exec_id=execution.exec_id,
            corrected_shares=Shares(0),
            corrected_price_ticks=Ticks(0),
        )

    def _child_of(self, execution: Execution) -> tuple[int, int]:
        for child_id in range(1, 10_000):
            order = self.desk.order(child_id)
            if (order.mic, order.cl_ord_id) == (execution.mic, execution.cl_ord_id):
                venue_idx = [v.mic for v in self.universe.venues].index(order.mic)
                return child_id, venue_idx
        raise AssertionError(execution)

    def _say(
        self, kind: Callable[..., Event], child_id: int, venue_idx: int, **fields: Any
    ) -> None:
        now = self._clock()
        stamps = {"seq": 0, "event_ns": now, "recv_ns": now}
        event = kind(**stamps, child_id=child_id, venue_idx=venue_idx, **fields)
        reply = self.desk.on_event(event, now)
        self.said[reply.mic].append(reply.message)


@dataclass
class Ordered:
    """An order as the client knows it."""

    side: Side
    size_shares: int
    names: list[str]
    state: ParentState | None = None
    filled_shares: int = 0

    @property
    def is_over(self) -> bool:
        """Whether the client expects nothing more."""
        return self.state is not None and self.state.is_terminal


class Client:
    """An OMS: it believes reports, counts each ExecID once, and asks after a reconnect."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self.said: list[FixMessage] = []
        self.fills: dict[str, tuple[str, int]] = {}  # by ExecID: order, shares
        self.n_repeated = 0
        self.busted: set[str] = set()
        self.orders: dict[str, Ordered] = {}
        self.unreadable: list[ClientReport] = []

    def order(self, name: str, side: Side, shares: int, **more: Any) -> None:
        """A new order."""
        self.orders[name] = Ordered(side, shares, [name])
        self.said.append(
            new_order(
                cl_ord_id=name,
                symbol="TEST",
                side=side,
                size_shares=Shares(shares),
                now_ns=self._clock(),
                **more,
            )
        )

    def cancel(self, name: str) -> None:
        """The rest of an order back."""
        order = self.orders[name]
        self.said.append(
            cancel_order(
                cl_ord_id=f"{name}-cancel",
                orig_cl_ord_id=name,
                symbol="TEST",
                side=order.side,
                now_ns=self._clock(),
            )
        )

    def replace(self, name: str, shares: int) -> None:
        """Another size."""
        order = self.orders[name]
        order.size_shares = max(order.size_shares, shares)
        order.names.append(f"{name}-more")
        self.said.append(
            replace_order(
                cl_ord_id=f"{name}-more",
                orig_cl_ord_id=name,
                symbol="TEST",
                side=order.side,
                size_shares=Shares(shares),
                now_ns=self._clock(),
            )
        )

    def ask(self) -> None:
        """After a reconnect: where does everything stand that is not over?"""
        for name, order in self.orders.items():
            if not order.is_over:
                self.said.append(
                    status_request(
                        cl_ord_id=name, symbol="TEST", side=order.side, now_ns=self._clock()
                    )
                )

    def take(self, message: FixMessage) -> None:
        """A report."""
        fields = dict(message.fields)
        report = read_report(Incoming("PENSTOCK", message.msg_type, 0, False, fields, Ns(0)))
        assert report is not None
        if report.kind in (ClientReportKind.UNREADABLE, ClientReportKind.REFUSED):
            self.unreadable.append(report)
        name = report.cl_ord_id
        order = self.orders.get(name.removesuffix("-cancel").removesuffix("-more"))
        if order is None:
            return
        if report.kind is ClientReportKind.STATUS and not report.is_known:
            order.state = ParentState.REJECTED  # it never arrived; a person would send it again
        elif report.state is not None:
            is_news = not report.is_possible_resend or report.state.is_terminal
            order.state = report.state if is_news else order.state
        if report.kind is ClientReportKind.FILL:
            self._fill(report, name)
        elif report.kind is ClientReportKind.BUST:
            self.busted.add(report.exec_ref_id)

    def _fill(self, report: ClientReport, name: str) -> None:
        if report.exec_id in self.fills:
            self.n_repeated += 1
            assert self.fills[report.exec_id][1] == report.last_shares
            return
        base = name.removesuffix("-cancel").removesuffix("-more")
        self.fills[report.exec_id] = (base, int(report.last_shares))


@dataclass
class RouterProcess:
    """One router between its start and its end."""

    router: Router
    opened: Opened
    marks: Marks
    heard: dict[str, int]  # by MIC: how many of the venue's messages were delivered
    n_heard_of_client: int


class SmallWorld:
    """
    Venues, client and files; routers come and go.

    Args:
        loses_in_flight: orders that were handed over and not yet received are lost with the
            process, as bytes in a socket's buffer are.
        dead_ticks: for how long nobody restarts it; orders at venues go on trading.
        is_queued: messages pass through the ranked inbox, a whole batch before the first is taken.
    """

    def __init__(
        self,
        run_dir: Path,
        *,
        loses_in_flight: bool = False,
        dead_ticks: int = 0,
        is_queued: bool = False,
    ) -> None:
        self.conf = small_conf(run_dir)
        self.clock = WorldClock(START)
        self.venues = Venues(self.conf, self.clock)
        self.client = Client(self.clock)
        self.fuse = Fuse()
        self.process: RouterProcess | None = None
        self.snapshot_times = SnapshotTimes()
        self.days: TradingDays | None = None
        self.opener: Opener | None = None
        self.to_client: list[FixMessage] = []
        self.said_lines: list[str] = []
        self.descriptors: set[int] = set()  # of journals; a killed process leaves none open
        self._n_told = 0
        self._to_venues: deque[Outgoing] = deque()
        self._loses_in_flight = loses_in_flight
        self._dead_ticks = dead_ticks
        self._is_queued = is_queued
        self._inbox = Inbox()
        self._n_rounds = 0

    def hand_over(self, outgoing: Outgoing, box: Any) -> bool:
        """The FIX engine takes a message over."""
        self.fuse.effect()
        box.append(outgoing if box is self._to_venues else outgoing.message)
        return True

    def start(self, kill_at: int = 0, *, is_fresh: bool = False) -> None:
        """A router on our files, to be killed before its `kill_at`-th effect."""
        self.fuse = Fuse(kill_at)
        marks = FusedMarks(self.conf.paths.marks, session_names(self.conf), self.fuse)
        try:
            self._open(marks, is_fresh=is_fresh)
        except Killed:
            if self.process is None:
                marks.close()
            raise

    def _open(self, marks: Marks, *, is_fresh: bool) -> None:
        opener = self.opener = Opener(
            conf=self.conf,
            marks=marks,
            wires=_Wires(self, self._to_venues, self.to_client),
            say=self.said_lines.append,
            clock_from=self._clock_from,
            snapshot_times=self.snapshot_times,
            days=self.days,
        )
        opened = opener.open(is_fresh=is_fresh)
        router = opened.router(NO_SURROUNDINGS)
        router.roll_ns = opener.roll_ns(opened)
        self._inbox = Inbox(on_message=marks.arrived)  # what waited in the dead one is gone
        self.process = RouterProcess(
            router=router,
            opened=opened,
            marks=marks,
            heard={mic: marks.consumed(f"venue/{mic}") for mic in self.venues.said},
            # What the client sent to the dead is gone: requests are not sent again.
            n_heard_of_client=len(self.client.said),
        )
        self._show_market()
        for mic in self.venues.said:
            self.process.router.take(LoggedOn(Facing.VENUE, mic))
        self.process.router.take(LoggedOn(Facing.OMS, "OMS"))

    def roll(self) -> None:
        """The host's part of a roll, once the router's is over: the same process goes on."""
        process, opener = self.process, self.opener
        assert process is not None
        assert opener is not None
        assert process.router.is_rolling
        before, process.opened = process.router, opener.roll(process.opened)
        process.router = process.opened.router(NO_SURROUNDINGS)
        process.router.roll_ns = opener.roll_ns(process.opened)
        for item in before.logged_on:
            process.router.take(item)
        self._show_market()

    def _show_market(self) -> None:
        assert self.process is not None
        self.process.router.take(Market(self._quotes()))
        for venue in self.venues.universe.venues:
            if not venue.has_feed:
                continue
            now = self.clock()
            event = FeedRecovered(seq=0, event_ns=now, recv_ns=now, venue_idx=venue.venue_idx)
            self.process.router.take(Feed(event))

    def round(self) -> None:
        """A tick of everything: 50 ms."""
        assert self.process is not None
        self._n_rounds += 1
        assert self._n_rounds < MAX_ROUNDS, "something hangs"
        self.clock.now_ns += TICK_NS
        self.venues.tick()
        self._deliver()
        self.process.router.wake()
        self._deliver()

    def kill(self) -> None:
        """What `kill -9` leaves: files and other processes."""
        process, self.process = self.process, None
        if process is not None:
            process.marks.close()
            self.descriptors.add(process.opened.writer._fd)
        self._close_files()
        if self._loses_in_flight:
            self._to_venues.clear()
        while self._to_venues:
            self.venues.take(self._to_venues.popleft())
        self._tell_client()
        for _ in range(self._dead_ticks):
            self.clock.now_ns += TICK_NS
            self.venues.tick()

    def stop(self) -> None:
        """SIGTERM, the wait, and a clean end."""
        process = self.process
        assert process is not None
        process.router.take(Stop("the test"))
        while not process.router.is_over:
            self.round()
        if process.router.is_idle and process.router.is_told:
            process.marks.end_run()
        self.process = None
        process.marks.close()
        self.descriptors.add(process.opened.writer._fd)
        self._close_files()

    @property
    def n_rounds(self) -> int:
        """How many ticks have passed."""
        return self._n_rounds

    def _close_files(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors.clear()

    def _deliver(self) -> None:
        """Messages go to and fro until nobody has anything to say."""
        process = self.process
        assert process is not None
        while True:
            while self._to_venues:
                self.venues.take(self._to_venues.popleft())
            items = list(self._news(process))
            if self._is_queued:
                for item in items:
                    self._inbox.put(item)
                while take_one(process.router, self._inbox, self.clock):
                    pass
            else:
                for item in items:
                    process.router.take(item)
            while process.router.go_on() or process.router.send_some():
                pass
            self._tell_client()
            if not items and not self._to_venues:
                return

    def _news(self, process: RouterProcess) -> Iterator[Message]:
        for mic, said in self.venues.said.items():
            for seq_num in range(process.heard[mic] + 1, len(said) + 1):
                process.heard[mic] = seq_num
                yield self._message(Facing.VENUE, mic, said[seq_num - 1], seq_num)
        for k in range(process.n_heard_of_client, len(self.client.said)):
            process.n_heard_of_client = k + 1
            yield self._message(Facing.OMS, "OMS", self.client.said[k], k + 1)

    def _message(self, facing: Facing, who: str, message: FixMessage, seq_num: int) -> Message:
        fields = dict(message.fields)
        incoming = Incoming(who, message.msg_type, seq_num, False, fields, self.clock())
        return Message(facing, incoming)

    def _tell_client(self) -> None:
        while self._n_told < len(self.to_client):
            self._n_told += 1
            self.client.take(self.to_client[self._n_told - 1])

    def _clock_from(self, not_before_ns: int) -> WorldClock:
        self.clock.now_ns = max(self.clock.now_ns, not_before_ns)
        return self.clock

    def _quotes(self) -> TapeArray:
        now = self.clock()
        rows: list[dict[str, Any]] = []
        for venue in self.venues.universe.venues:
            if venue.kind.is_lit:
                for side, at in ((Side.BUY, BID), (Side.SELL, ASK)):
                    rows.append(dict(quote(venue.venue_idx, side, at, 5_000, now=now)))
        return tape(rows)


@dataclass(frozen=True)
class _Wires:
    world: SmallWorld
    to_venues: deque[Outgoing]
    to_clients: list[FixMessage]

    def to_client(self, outgoing: Outgoing) -> bool:
        return self.world.hand_over(outgoing, self.to_clients)

    def to_venue(self, outgoing: Outgoing) -> bool:
        return self.world.hand_over(outgoing, self.to_venues)


def fuse_journals(world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each record of a journal burn the world's fuse: before, within and after its write."""

    def write(file_descriptor: int, data: bytes) -> None:
        world.fuse.effect()
        half = len(data) // 2
        os.write(file_descriptor, data[:half])
        world.fuse.effect()
        os.write(file_descriptor, data[half:])

    def lock(file_descriptor: int, path: Path) -> None:
        world.descriptors.add(file_descriptor)
        world.fuse.effect()

    monkeypatch.setattr("penstock.journal.writer._write", write)
    monkeypatch.setattr("penstock.journal.writer._lock", lock)
