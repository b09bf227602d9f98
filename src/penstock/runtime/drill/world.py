"""The world of one drill day: venues, clients, links, the router's processes, simulated time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from penstock.domain import NS_PER_MS, FeedGap, FeedRecovered, JournalError, Ns, TapeArray
from penstock.runtime.drill.acts import START_NS, Plan
from penstock.runtime.drill.agenda import Agenda
from penstock.runtime.drill.audit import Auditor, Way, Wire
from penstock.runtime.drill.bytes_of import incoming_of
from penstock.runtime.drill.clients import ScriptedClient
from penstock.runtime.drill.links import Body, Link, Numbered
from penstock.runtime.drill.market import DrillMarket
from penstock.runtime.drill.process import Killed, Process, stop_item
from penstock.runtime.drill.settings import clients_of, conf_of, mics_of
from penstock.runtime.drill.turns import Turns
from penstock.runtime.drill.venues import ScriptedVenue
from penstock.runtime.inbox import Feed, Item, LoggedOn, LoggedOut, Market, Message, Side, Unread
from penstock.wire.fix import Outgoing

_LOGOUT_HEARD_US: Final = 700  # from a lost connection to the router's knowing of it
_MOST_TURNS: Final = 50_000


class World:
    """
    Everything around the router and the router's processes, one after another.

    `faults` counts what was done to it, by kind.
    """

    def __init__(self, plan: Plan, run_dir: Path, auditor: Auditor) -> None:
        self.auditor = auditor
        self.agenda = Agenda(START_NS)
        self.conf = conf_of(plan, run_dir)
        self.market = DrillMarket(self.conf.universe())
        self.faults: Counter[str] = Counter()
        self.n_events = 0
        self.n_starts = 0
        self.n_executions = 0
        self.wall_offset_ns = 0
        self.lines: list[str] = []
        # How the process dies next: see `Process.kill`, and for how long it is dead.
        self.torn = 0
        self.is_delivered = False
        self.down_ms = 300
        self.disk_bytes: int | None = None  # how long the journal may become; None is any length
        self._process: Process | None = None
        self._turns: Turns | None = None  # once the process has opened its run
        self._stalled_until_ns = 0
        self._restart_ms: int | None = None  # after a stop in good order
        self._latency_us = plan.latency_us
        self.venues = {mic: self._new_venue(mic) for mic in mics_of(plan)}
        self.clients = {name: self._new_client(name) for name in clients_of(plan)}
        self.links = self._new_links()

    # The router's process.

    @property
    def process(self) -> Process | None:
        """The router's process, if one is alive."""
        return self._process

    def start(self, kill_after: int = 0) -> None:
        """Start a router on the day's files, and log on everywhere a little later."""
        if self._process is not None:
            return
        self.n_starts += 1
        process = self._process = Process(self.conf, self.agenda, self, self._said)
        if not self._run(partial(process.start, self.wall_offset_ns, kill_after)):
            return
        assert process.marks is not None
        assert process.router is not None
        self._turns = Turns(process, self.auditor, self.agenda)
        for name, link in self.links.items():
            facing = Side.VENUE if name in self.venues else Side.OMS
            link.resume_from(process.marks.consumed(f"{facing}/{name}") + 1)
        for k, name in enumerate(self.links):
            self.agenda.after_us(200 * (k + 1), partial(self.connect, name))
        self.give(Market(self.market.snapshot(self._router_ns())))
        for venue in self.conf.universe().venues:
            self.feed(venue.venue_idx, is_whole=True)

    def arm_kill(self, n_effects: int, *, is_for_seen: bool) -> None:
        """Kill the router before the n-th effect from now, or the n-th that somebody sees."""
        if self._process is not None:
            self._process.fuse.is_for_seen = is_for_seen
            self._process.fuse.left = max(1, n_effects)

    def fill_disk(self, room_bytes: int) -> None:
        """Leave room for so many bytes of journal."""
        if self._process is not None and self._process.router is not None:
            self.disk_bytes = self._process.journal_bytes + room_bytes

    def stop(self, restart_ms: int | None) -> None:
        """SIGTERM; when the router has closed, another is started after so long."""
        self._restart_ms = restart_ms
        self.give(stop_item("the drill"))

    def kill(self, *, torn: int = 0, lost_bytes: int = 0, is_delivered: bool = False) -> None:
        """The process is dead at once."""
        process, self._process = self._process, None
        self._turns = None
        self._stalled_until_ns = 0
        if process is None:
            return
        n_lost = process.kill(torn=torn, lost_bytes=lost_bytes)
        self._after_the_end(is_delivered=is_delivered)
        if n_lost > 0:
            self.auditor.machine_stopped()

    def _after_the_end(self, *, is_delivered: bool) -> None:
        self.auditor.died()
        self.disk_bytes = None
        for name, link in self.links.items():
            link.drop(is_delivered=is_delivered)
            if name in self.venues:
                self.auditor.disconnected(name)

    def give(self, item: Item) -> None:
        """Put an item into the router's inbox; it is dealt with at once, unless it stalls."""
        if self._turns is not None:
            self._turns.inbox.put(item)
            self.wake()

    def seen(self) -> None:
        """Somebody outside has seen what the router has done: its journal has it for good."""
        if self._process is not None:
            self._process.fuse.effect(is_seen=True)

    def stall(self, wait_ms: int) -> None:
        """The router deals with nothing for so long; what comes waits."""
        self._stalled_until_ns = self.agenda.now_ns + wait_ms * NS_PER_MS
        self.later(wait_ms, self.wake)

    def wake(self) -> None:
        """Let the router do what there is to do, and end when it is over."""
        if self.agenda.now_ns < self._stalled_until_ns:
            return
        for _ in range(_MOST_TURNS):
            process, turns = self._process, self._turns
            if process is None or turns is None:
                return
            if self._is_over(process):
                self._close(process, turns)
                return
            did: list[bool] = []
            if self._process is not process or not self._run(lambda: did.append(turns.one())):  # noqa: B023  # run at once
                return
            if not did[0]:
                return
            self.n_events += 1
        self.auditor.raised(f"the router found something to do {_MOST_TURNS:,} times at once")
        self.kill()

    def _is_over(self, process: Process) -> bool:
        over: list[bool] = []
        self._run(lambda: over.append(process.router is not None and process.router.is_over))
        return over == [True]

    def _close(self, process: Process, turns: Turns) -> None:
        if not self._run(turns.rest):
            return
        process.stop()
        self._process = self._turns = None
        self._after_the_end(is_delivered=True)
        if self._restart_ms is not None:
            self.agenda.after_ms(self._restart_ms, self.start)
        self._restart_ms = None

    def _run(self, deed: Callable[[], None]) -> bool:
        """Do something in the router's process; False if that was its end."""
        process = self._process
        assert process is not None
        try:
            if self.disk_bytes is None or process.router is None:
                deed()
            else:
                with process.full_disk(self.disk_bytes):
                    deed()
        except Killed:
            self.faults["killed"] += 1
            self._died()
        except JournalError as error:
            if self.disk_bytes is None:
                self.auditor.raised(f"{type(error).__name__}: {error}")
            self.faults["disk_full"] += 1
            self._died()
        except Exception as error:  # noqa: BLE001  # any error of the router's is a finding
            self.auditor.raised(f"{type(error).__name__}: {error}")
            self._died()
        return self._process is process

    def _died(self) -> None:
        self.kill(torn=self.torn, is_delivered=self.is_delivered)
        self.agenda.after_ms(self.down_ms, self.start)

    # Wires, as the router sees them.

    def to_client(self, outgoing: Outgoing) -> bool:
        """As `Wires`."""
        return self._hand_over(Way.TO_CLIENT, outgoing)

    def to_venue(self, outgoing: Outgoing) -> bool:
        """As `Wires`."""
        return self._hand_over(Way.TO_VENUE, outgoing)

    def _hand_over(self, way: Way, outgoing: Outgoing) -> bool:
        name, message = outgoing
        body: Body = ((35, message.msg_type), *message.fields)
        self.n_events += 1
        self.auditor.on_wire(Wire(self.agenda.now_ns, way, name, dict(body)))
        link = self.links.get(name)
        if link is not None:
            link.hand_over(body)
        return True

    # Links.

    def connect(self, name: str) -> None:
        """A session is up, if the router lives."""
        link = self.links[name]
        if self._process is None or self._process.router is None or link.is_up:
            return
        link.connect()
        facing = Side.OMS
        if name in self.venues:
            facing = Side.VENUE
        self.give(LoggedOn(facing, name))

    def drop(self, name: str, down_ms: int, *, starts_over: bool = False) -> None:
        """A connection is lost, heard of a little later, and comes back."""
        link = self.links[name]
        if not link.is_up:
            return
        link.drop()
        if starts_over:
            link.start_over()
        self.agenda.after_us(_LOGOUT_HEARD_US, partial(self._logged_out, name))
        self.agenda.after_ms(max(2, down_ms), partial(self.connect, name))

    def _logged_out(self, name: str) -> None:
        facing = Side.VENUE if name in self.venues else Side.OMS
        self.give(LoggedOut(facing, name, "the connection is lost"))

    def _deliver(self, name: str, numbered: Numbered) -> None:
        if self._process is None or self._process.router is None:
            return
        is_venue = name in self.venues
        facing = Side.VENUE if is_venue else Side.OMS
        self.n_events += 1
        incoming = incoming_of(name, numbered, self._router_ns())
        if isinstance(incoming, str):
            self.give(Unread(facing, name, numbered.seq, numbered.body[0][1], incoming))
            return
        self.give(Message(facing, incoming))

    # Market data.

    def show(self, tape: TapeArray) -> None:
        """Rows reach the router."""
        self.n_events += 1
        tape["recv_ns"] = self._router_ns()
        self.give(Market(tape))

    def feed(self, venue_idx: int, *, is_whole: bool) -> None:
        """A venue's feed has a gap, or is whole again."""
        now = self._router_ns()
        kind = FeedRecovered if is_whole else FeedGap
        self.give(Feed(kind(seq=0, event_ns=now, recv_ns=now, venue_idx=venue_idx)))

    def _router_ns(self) -> Ns:
        process = self._process
        offset_ns = 0 if process is None else process.offset_ns
        return Ns(self.agenda.now_ns + offset_ns)

    # Time.

    def run_until(self, end_ns: int) -> None:
        """Do everything that is due before then."""
        while True:
            self.wake()
            if self.auditor.violations:
                return
            due = [self.agenda.due_ns]
            if self._turns is not None and self._process is not None:
                due.append(self._due_ns(self._process))
            next_ns = min((ns for ns in due if ns is not None), default=None)
            if next_ns is None or next_ns > end_ns:
                self.agenda.advance(end_ns)
                self.wake()
                return
            if next_ns == self.agenda.due_ns:
                self.agenda.do_next()
            else:
                self.agenda.advance(next_ns)

    def _due_ns(self, process: Process) -> int | None:
        due_ns = process.due_ns
        return None if due_ns is None else max(due_ns, self._stalled_until_ns)

    def later(self, wait_ms: int, deed: Callable[[], None]) -> None:
        """Plan something in so many milliseconds."""
        self.agenda.at(self.agenda.now_ns + wait_ms * NS_PER_MS, deed)

    def _said(self, line: str) -> None:
        self.lines.append(line)
        self.auditor.said(line)

    def _new_venue(self, mic: str) -> ScriptedVenue:
        def used(twist: str) -> None:
            self.faults[twist] += 1

        def next_uid() -> int:
            self.n_executions += 1
            return self.n_executions

        return ScriptedVenue(mic, self.auditor, lambda: self.agenda.now_ns, used, next_uid)

    def _new_client(self, name: str) -> ScriptedClient:
        return ScriptedClient(name, lambda: self.agenda.now_ns)

    def _new_links(self) -> dict[str, Link]:
        links: dict[str, Link] = {}
        ends: dict[str, ScriptedVenue | ScriptedClient] = {**self.venues, **self.clients}
        for (name, end), latency_us in zip(ends.items(), self._latency_us, strict=True):
            # A report is kept by our session and delivered later: a client misses none.
            lose = partial(self._lost, name) if name in self.venues else end.receive
            links[name] = end.link = Link(
                name,
                self.agenda,
                latency_us,
                deliver=partial(self._deliver, name),
                receive=end.receive,
                lose=lose,
                is_repeating=name in self.venues,
            )
        return links

    def _lost(self, mic: str, body: Body) -> None:
        fields = dict(body)
        if fields[35] == "D":
            self.auditor.lost(mic, fields[11])
