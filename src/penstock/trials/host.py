"""The loop that joins one engine to one market: timers and parents merged in, time passed in."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypedDict

from penstock.domain import (
    Alert,
    CancelChild,
    Command,
    Event,
    NewParent,
    Ns,
    ParentOrder,
    Record,
    ReplaceChild,
    ReportParent,
    SendChild,
    SetTimer,
    TapeArray,
    Timer,
    VenueCommand,
    VenueUp,
)
from penstock.engine import Sequencer, VenuePort


class Stamps(TypedDict):
    """When an event happened and in which order: what every event starts with."""

    seq: int
    event_ns: Ns
    recv_ns: Ns


class EventTaker(Protocol):
    """What the host drives: an `Engine`, or one that journals on the way."""

    def on_market(self, tape: TapeArray, lo: int, hi: int) -> None:
        """Take a batch of market data."""

    def on_event(self, event: Event) -> list[Command]:
        """Take one event; return the commands it causes."""


class Listener(Protocol):
    """Sees every event and command of a run, in order; must not change anything."""

    def on_step(self, event: Event, commands: Sequence[Command]) -> None:
        """One event and what it caused."""


class Appointment(NamedTuple):
    """Something due at a time of our own choosing; ties break by the order of booking."""

    due_ns: int
    order: int
    timer_id: int  # 0 for a parent
    parent: ParentOrder | None


class Host:
    """
    Runs one day: the market decides when reports arrive, the agenda when timers and parents do.

    The same loop with a real clock and real sockets is `penstock.runtime`.
    """

    def __init__(
        self,
        port: VenuePort,
        engine: EventTaker,
        sequencer: Sequencer,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._port = port
        self._engine = engine
        self._sequencer = sequencer
        self._listeners = listeners
        self._agenda: list[Appointment] = []
        self._n_booked = 0
        self._outgoing: list[VenueCommand] = []

    def book_parent(self, order: ParentOrder) -> None:
        """Deliver a parent at its arrival time."""
        self._book(order.arrival_ns, 0, order)

    def connect(self, n_venues: int) -> None:
        """Tell the engine that every venue is up."""
        for venue_idx in range(n_venues):
            self._give(VenueUp(**self._stamps(), venue_idx=venue_idx))

    def run(self, until_ns: int) -> None:
        """Advance market and engine to `until_ns`."""
        while self._port.now_ns < until_ns:
            due_ns = min(self._agenda[0].due_ns, until_ns) if self._agenda else until_ns
            outgoing, self._outgoing = self._outgoing, []
            batch, events = self._port.advance(Ns(max(due_ns, self._port.now_ns)), outgoing)
            self._engine.on_market(batch.tape, batch.lo, batch.hi)
            for event in events:
                self._give(event)
            while self._agenda and self._agenda[0].due_ns <= self._port.now_ns:
                self._keep(heapq.heappop(self._agenda))

    def _keep(self, appointment: Appointment) -> None:
        stamps = self._stamps()
        if appointment.parent is not None:
            self._give(NewParent(**stamps, order=appointment.parent))
        else:
            self._give(Timer(**stamps, timer_id=appointment.timer_id))

    def _give(self, event: Event) -> None:
        commands = self._engine.on_event(event)
        for command in commands:
            if isinstance(command, SendChild | CancelChild | ReplaceChild):
                self._outgoing.append(command)
            elif isinstance(command, SetTimer):
                self._book(command.due_ns, command.timer_id, None)
            else:
                assert isinstance(command, ReportParent | Record | Alert)
        for listener in self._listeners:
            listener.on_step(event, commands)

    def _book(self, due_ns: int, timer_id: int, parent: ParentOrder | None) -> None:
        self._n_booked += 1
        heapq.heappush(self._agenda, Appointment(due_ns, self._n_booked, timer_id, parent))

    def _stamps(self) -> Stamps:
        now_ns = self._port.now_ns
        return {"seq": self._sequencer.next_seq(), "event_ns": now_ns, "recv_ns": now_ns}
