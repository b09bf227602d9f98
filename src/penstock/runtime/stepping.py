"""
One step of the core and everything that follows from it, in the order that makes it safe.

    stamp      the event gets its number and its time of receipt; neither ever goes back
    journal    the event is written, the core takes it, its commands are written
    remember   desks, timers and standing note the step
    act        venue commands, then reports to clients, are handed to the FIX engine; of a large
               step the first ones, and the rest piece by piece, between the next items

Nothing acts before the journal has returned, so whatever a venue or a client may have seen is in
the journal. What a kill between any two of these lines costs is said in `recovery`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

from penstock.domain import (
    NS_PER_S,
    Alert,
    AlertLevel,
    CancelChild,
    Command,
    Event,
    LatencyObserved,
    NewParent,
    Ns,
    QueryChild,
    Record,
    ReplaceChild,
    SendChild,
    TapeArray,
    VenueCommand,
)
from penstock.runtime.inbox import Side
from penstock.runtime.latencies import Latencies
from penstock.runtime.outbox import Outbox
from penstock.runtime.parts import RouterParts, draft_stamps, session_name
from penstock.runtime.reply_watch import ReplyWatch
from penstock.runtime.undelivered import Undelivered
from penstock.wire.fix import Outgoing

_N_ALERTS_KEPT: Final = 10
_LARGE: Final = 200  # commands: some milliseconds of reports


class Stepper:
    """
    Drives the core.

    Args:
        last_recv_ns: stamp of the journal's last event or row, for a router that was restarted.
    """

    def __init__(self, parts: RouterParts, last_recv_ns: Ns = Ns(0)) -> None:
        self._parts = parts
        self._last_recv_ns = last_recv_ns
        self._popped_ns: Ns | None = None
        self.decision_times = Latencies()
        self.wire_times = Latencies()
        self.watch = ReplyWatch()
        self.undelivered = Undelivered()
        self.alerts: deque[str] = deque(maxlen=_N_ALERTS_KEPT)
        self._outbox = Outbox(self._to_venue, self._tell)
        self._unreported: list[tuple[Event, list[Command]]] = []  # large steps, at most one mostly
        self._has_gap: set[str] = set()  # sessions that were not told something
        self.n_unsent = 0  # reports that came when the FIX engine was closed already

    def begin(self) -> None:
        """An item has left the queue: the next decision is timed from here."""
        self._report_large_steps()
        self._popped_ns = self._parts.clock()

    def market(self, tape: TapeArray) -> None:
        """Take rows of the tape; they cause nothing by themselves."""
        if len(tape) == 0:
            return
        # Rows and events come from several threads: their stamps may be a little out of order.
        stamps = tape["recv_ns"]
        stamps.clip(self._last_recv_ns, None, out=stamps)
        self._last_recv_ns = Ns(int(stamps[-1]))
        self._parts.taker.on_market(tape, 0, len(tape))

    def step(self, draft: Event) -> list[Command]:
        """
        Take one event and carry out what it causes; return that.

        The reports of a large step are made before the next item: a kill of thousands of orders is
        answered without waiting for them.
        """
        self._report_large_steps()
        parts = self._parts
        started_ns, self._popped_ns = self._popped_ns or parts.clock(), None
        self._last_recv_ns = max(self._last_recv_ns, draft.recv_ns)
        event: Event = msgspec.structs.replace(
            draft, seq=parts.sequencer.next_seq(), recv_ns=self._last_recv_ns
        )
        commands = parts.taker.on_event(event)
        decided_ns = parts.clock()
        parts.venue_desk.note(event, commands)
        self._act(draft, commands)
        if len(commands) > _LARGE:
            self._unreported.append((event, commands))
        else:
            self._report(parts.oms_desk.on_step(event, commands))
        parts.timers.on_step(event, commands)
        parts.standing.on_step(event, commands)
        if any(isinstance(command, Record) for command in commands):
            self._note_decision(Ns(decided_ns - started_ns))
        return commands

    def send_some(self) -> bool:
        """Hand over some of what a large step left to be sent; False if there is nothing left."""
        has_reported = self._report_large_steps()
        return self._outbox.send_some(self._is_live) or has_reported

    def report_again(self, reports: Iterable[Outgoing]) -> None:
        """Send what a killed router may not have sent; each says that it may be a repetition."""
        self._report(reports)

    def tell_again(self, client: str) -> None:
        """Send what a reset of the client's session has lost, marked as possibly sent before."""
        for report in self.undelivered.take(client):
            if self._parts.wires.to_client(report):  # no mark: the journal's reports count once
                self.undelivered.note(report, self._parts.clock())

    def notice(self, level: AlertLevel, code: str, text: str) -> None:
        """Tell a person something that decides nothing."""
        line = f"{utc_text(self._parts.clock())} {level:8} {code}: {text}"
        self._parts.say(line)
        if level is not AlertLevel.INFO:
            self.alerts.append(line)

    def _act(self, draft: Event, commands: list[Command]) -> None:
        is_timed = not isinstance(draft, NewParent)
        self._outbox.begin_step()
        for command in commands:
            if isinstance(command, SendChild | CancelChild | ReplaceChild | QueryChild):
                self._outbox.venue(command)
                if not is_timed:
                    self.wire_times.add(self._parts.clock() - draft.recv_ns)
                    is_timed = True
            elif isinstance(command, Alert):
                self.notice(command.level, command.code, command.text)

    def _to_venue(self, command: VenueCommand | QueryChild) -> None:
        parts, now_ns = self._parts, self._parts.clock()
        named = command.order if isinstance(command, SendChild) else command
        # Without a session it waits for nothing: at the next logon the venue is asked where the
        # child stands, and the core says again what it still wants.
        if parts.links[named.venue_idx].is_logged_on:
            parts.wires.to_venue(parts.venue_desk.on_command(command, now_ns))
            if not isinstance(command, QueryChild):  # the core asks again by itself
                is_cancel = not isinstance(command, SendChild)
                self.watch.note(named.child_id, now_ns, is_cancel=is_cancel)
        elif isinstance(command, SendChild):
            mic = parts.universe.venues[named.venue_idx].mic
            self.notice(AlertLevel.CRITICAL, "not_sent", f"{mic} has no session: {command}")

    def _report(self, reports: Iterable[Outgoing]) -> None:
        for report in reports:
            self._outbox.report(report)

    def _report_large_steps(self) -> bool:
        steps, self._unreported = self._unreported, []
        for event, commands in steps:
            self._report(self._parts.oms_desk.on_step(event, commands))
        return bool(steps)

    def _tell(self, report: Outgoing) -> None:
        marks = self._parts.marks
        session = session_name(Side.OMS, report.counterparty)
        if not self._parts.wires.to_client(report):
            self.n_unsent += 1
            self._has_gap.add(session)
            return
        self.undelivered.note(report, self._parts.clock())
        if session not in self._has_gap:
            # A count, so it stops before the first that is missing: all from there on are told
            # again by the next start, some of them twice, none never.
            marks.set_reported(session, marks.reported(session) + 1)

    def _is_live(self, child_id: int) -> bool:
        child = self._parts.engine.children.get(child_id)
        return child is not None and not child.state.is_terminal

    def _note_decision(self, took_ns: Ns) -> None:
        self.decision_times.add(took_ns)
        stamps = draft_stamps(self._parts.clock())
        self.step(LatencyObserved(**stamps, decision_ns=took_ns))


def utc_text(at_ns: int) -> str:
    """A moment as log lines show it."""
    moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{at_ns % NS_PER_S // 1_000_000:03d}Z"
