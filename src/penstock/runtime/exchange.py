"""The simulated market behind FIX and a feed: one world, moved along by a clock that is given."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
import numpy as np

from penstock.domain import (
    NS_PER_MS,
    ChildFill,
    Event,
    Liquidity,
    Ns,
    SendChild,
    VenueCommand,
    seconds,
)
from penstock.engine import MarketSlice
from penstock.runtime.clock import in_base_36
from penstock.runtime.lines_log import LinesLog
from penstock.runtime.venues_config import VenuesConf
from penstock.sim import Scenario, World
from penstock.wire.feed import FeedPublisher
from penstock.wire.fix import ExchangeDesk, Incoming, Outgoing


class Wire(Protocol):
    """What the market says leaves here."""

    def send(self, mic: str, outgoing: Outgoing) -> None:
        """A FIX message of a venue."""

    def publish(self, datagrams: list[bytes]) -> None:
        """Market data for every subscriber."""


class Exchange:
    """
    All venues of a scenario in wall time.

    An execution is in the log before its report is sent. Orders of a router that has lost its
    session go on working: these venues do not cancel on disconnect.

    Args:
        now_ns: wall time at which the market opens; its first moment is the scenario's start.
    """

    def __init__(
        self, scenario: Scenario, conf: VenuesConf, log: LinesLog, wire: Wire, now_ns: Ns
    ) -> None:
        self._world = World(scenario, conf.venues.seed)
        self._end_ns = scenario.end_ns
        self._speed = conf.venues.speed
        self._opened_ns = now_ns
        self._start_ns = scenario.start_ns
        self._log = log
        self._wire = wire
        self._desk = ExchangeDesk(self._world.universe)
        self._feed = FeedPublisher(self._world.universe, started_ns=now_ns)
        self._heartbeat_ns = conf.heartbeat_ns
        self._next_heartbeat_ns = int(now_ns)
        # The world numbers executions from 1 each time; no program lives for less than this.
        self._run = in_base_36(now_ns // NS_PER_MS)
        self.n_orders = 0
        self.n_fills = 0

    @property
    def mics(self) -> tuple[str, ...]:
        """Names of the venues."""
        return tuple(venue.mic for venue in self._world.universe.venues)

    @property
    def is_over(self) -> bool:
        """True at the end of the session."""
        return self._world.now_ns >= self._end_ns

    def take(self, incoming: Incoming, now_ns: Ns) -> None:
        """A message of a router for one of the venues (`incoming.our_comp_id`)."""
        mic = incoming.our_comp_id
        self.tick(now_ns)
        answer = self._desk.on_message(mic, incoming)
        for command in answer.commands:
            self._note_order(mic, incoming, command)
        self._advance(self._world.now_ns, answer.commands)
        for reply in answer.replies:
            self._wire.send(mic, reply)

    def tick(self, now_ns: Ns) -> None:
        """Bring the market up to now."""
        market_ns = self._start_ns + int((now_ns - self._opened_ns) * self._speed)
        self._advance(Ns(min(max(market_ns, self._world.now_ns), self._end_ns)), ())
        if now_ns >= self._next_heartbeat_ns:
            self._next_heartbeat_ns = now_ns + self._heartbeat_ns
            self._wire.publish(self._feed.heartbeat())

    def snapshot(self, request: bytes) -> list[bytes]:
        """Datagrams that answer a request for a snapshot; none for anything else."""
        return self._feed.snapshot(request)

    def close(self) -> None:
        """Say that no more market data comes."""
        self._wire.publish(self._feed.end_of_session())

    def _advance(self, until_ns: Ns, commands: tuple[VenueCommand, ...]) -> None:
        while True:
            batch, events = self._world.advance(until_ns, commands)
            commands = ()
            self._publish(batch)
            for event in events:
                self._report(event)
            if not events and self._world.now_ns >= until_ns:
                return

    def _publish(self, batch: MarketSlice) -> None:
        if batch.hi == batch.lo:
            return
        rows = batch.tape[batch.lo : batch.hi].copy()
        rows["event_ns"] = self._opened_ns + (
            (rows["event_ns"] - self._start_ns) / self._speed
        ).astype(np.int64)
        self._wire.publish(self._feed.publish(rows, 0, len(rows)))

    def _report(self, event: Event) -> None:
        at_ns = Ns(self._opened_ns + int((event.event_ns - self._start_ns) / self._speed))
        if isinstance(event, ChildFill):
            exec_id = f"{self._run}-{event.exec_id.rpartition('-')[2]}"
            event = msgspec.structs.replace(event, exec_id=exec_id)
        reply = self._desk.on_event(event, at_ns)
        if isinstance(event, ChildFill):
            self.n_fills += 1
            self._log.add(_fill_line(reply.mic, reply.cl_ord_id, event, at_ns))
        self._wire.send(reply.mic, Outgoing(reply.counterparty, reply.message))

    def _note_order(self, mic: str, incoming: Incoming, command: VenueCommand) -> None:
        if not isinstance(command, SendChild):
            return
        self.n_orders += 1
        self._log.add(
            {
                "what": "order",
                "mic": mic,
                "router": incoming.counterparty,
                "cl_ord_id": self._desk.order(command.order.child_id).cl_ord_id,
                "side": int(command.order.side),
                "shares": command.order.size_shares,
                "at_ns": command.at_ns,
            }
        )

    def elapsed_s(self) -> float:
        """Market time since the opening."""
        return seconds(self._world.now_ns - self._start_ns)


def _fill_line(mic: str, cl_ord_id: str, fill: ChildFill, at_ns: Ns) -> dict[str, Any]:
    return {
        "what": "fill",
        "mic": mic,
        "cl_ord_id": cl_ord_id,
        "exec_id": fill.exec_id,
        "shares": fill.size_shares,
        "price_ticks": fill.price_ticks,
        "fee_usd_micros": fill.fee_usd_micros,
        "liquidity": Liquidity(fill.liquidity).name.lower(),
        "at_ns": at_ns,
    }
