"""Worlds to test in: the plain day, a quiet market driven by a script, a client for both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from penstock.domain import (
    NS_PER_S,
    NS_PER_US,
    CancelChild,
    ChildAck,
    ChildCancelled,
    ChildFill,
    ChildOrder,
    ChildReject,
    Event,
    Ns,
    PegKind,
    ReplaceChild,
    SendChild,
    Shares,
    Side,
    Tactic,
    TapeArray,
    TapeKind,
    Ticks,
    Tif,
    VenueCommand,
    parse_toml,
)
from penstock.sim import SCRIPT_DTYPE, Scenario, ScriptArray, ScriptOp, World

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PLAIN_DAY = Path(__file__).parent / "plain-day.toml"

# Venues of the quiet market.
POOL, OTHER_POOL, LIT, OTHER_LIT = 0, 1, 2, 3
ORDER_IN_US, ACK_US, FEED_US, POOL_DELAY_US = 100, 50, 200, 30

_QUIET = """
[scenario]
name = "quiet"
description = "two pools and two exchanges where nothing happens that the script does not say"
mode = "replay"
day = 20260302
duration_s = 600.0
decision_latency_us = {decision_latency_us}

[instrument]
symbol = "PNSK"
price_usd = 100.0
increment_usd = 0.01
adv_shares = 1_000_000
"""

_QUIET_VENUE = """
[[venues]]
mic = "{mic}"
name = "{mic}"
kind = "{kind}"
protected = {protected}
min_shares = {min_shares}
fees = {{ take_usd = 0.0030, make_usd = -0.0020, midpoint_usd = 0.0010 }}
latency = {{ order_in_us = {order_in_us}.0, ack_us = {ack_us}.0, market_data_us = {feed_us}.0 }}
"""

_QUIET_POOL = """
[venues.pool]
nbbo_delay_us = {delay_us}.0
interest_per_s = 0.0
interest_shares = 1.0
interest_life_s = 1e9
contra_per_s = 0.0
contra_shares = 1.0
"""


def plain_text() -> str:
    """The plain scenario, as written."""
    return PLAIN_DAY.read_text(encoding="utf-8")


def plain_day(duration_s: float = 600.0) -> Scenario:
    """The plain scenario, shortened."""
    scenario = parse_toml(plain_text(), Scenario, file=PLAIN_DAY.name)
    about = msgspec.structs.replace(scenario.scenario, duration_s=duration_s)
    return msgspec.structs.replace(scenario, scenario=about)


def quiet_market(
    order_in_us: int = ORDER_IN_US, min_shares: int = 1, decision_latency_us: float = 0.0
) -> Scenario:
    """Two pools and two exchanges, delays without jitter, and nobody there."""
    text = _QUIET.format(decision_latency_us=decision_latency_us)
    for mic, kind in (
        ("TINT", "internal"),
        ("TDRK", "dark"),
        ("TNYA", "exchange"),
        ("TNYB", "exchange"),
    ):
        text += _QUIET_VENUE.format(
            mic=mic, kind=kind, protected=str(kind == "exchange").lower(), min_shares=min_shares,
            order_in_us=order_in_us, ack_us=ACK_US, feed_us=FEED_US,
        )  # fmt: skip
        if kind != "exchange":
            text += _QUIET_POOL.format(delay_us=POOL_DELAY_US)
    return parse_toml(text, Scenario, file="quiet.toml")


Row = tuple[float, ScriptOp, int, int, int, int, int]
"""Seconds from the start, operation, venue, side, ticks, shares, id."""


def script(scenario: Scenario, rows: Sequence[Row]) -> ScriptArray:
    """Scripted commands, in order of time."""
    commands = np.zeros(len(rows), dtype=SCRIPT_DTYPE)
    for i, (at_s, op, venue_idx, side, ticks, shares, script_id) in enumerate(
        sorted(rows, key=lambda row: row[0])
    ):
        commands[i]["time_ns"] = scenario.start_ns + round(at_s * NS_PER_S)
        commands[i]["op"] = op
        commands[i]["venue_idx"] = venue_idx
        commands[i]["side"] = side
        commands[i]["price_ticks"] = ticks
        commands[i]["shares"] = shares
        commands[i]["script_id"] = script_id
    return commands


def quotes(bid: int = 1_000_000, ask: int = 1_000_100, shares: int = 500) -> list[Row]:
    """Both exchanges quote the same from the start; ids from 1,000 up."""
    return [
        (-1.0, ScriptOp.ADD, venue_idx, side, ticks, shares, 1_000 + 10 * venue_idx + side)
        for venue_idx in (LIT, OTHER_LIT)
        for side, ticks in ((1, bid), (-1, ask))
    ]


def child(
    child_id: int, venue_idx: int, side: Side, shares: int, limit: int, *,
    tif: Tif = Tif.IOC, is_midpoint: bool = False, min_shares: int = 0,
) -> ChildOrder:  # fmt: skip
    """One child; the tactic follows from its terms."""
    tactic = Tactic.MID if is_midpoint else Tactic.TAKE if tif is Tif.IOC else Tactic.POST
    return ChildOrder(
        child_id=child_id, parent_id=1, venue_idx=venue_idx, instrument_idx=0, side=side,
        size_shares=Shares(shares), limit_ticks=Ticks(limit), tactic=tactic, tif=tif,
        peg=PegKind.MIDPOINT if is_midpoint else PegKind.NONE, min_shares=Shares(min_shares),
    )  # fmt: skip


class Client:
    """Drives a world, and keeps everything that came back."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.start_ns = world.now_ns
        self.events: list[Event] = []
        self.pieces: list[TapeArray] = []
        self._outgoing: list[VenueCommand] = []

    def send(self, order: ChildOrder) -> None:
        """Send with the next call of `wait`."""
        self._outgoing.append(SendChild(at_ns=self.world.now_ns, order=order))

    def take(self, child_id: int, venue_idx: int, side: Side, shares: int, limit: int) -> None:
        """Immediate or cancel."""
        self.send(child(child_id, venue_idx, side, shares, limit))

    def post(self, child_id: int, venue_idx: int, side: Side, shares: int, limit: int) -> None:
        """Rest at a limit."""
        self.send(child(child_id, venue_idx, side, shares, limit, tif=Tif.DAY))

    def peg(
        self, child_id: int, venue_idx: int, side: Side, shares: int, limit: int, *,
        tif: Tif = Tif.DAY, min_shares: int = 0,
    ) -> None:  # fmt: skip
        """Midpoint peg."""
        self.send(
            child(
                child_id, venue_idx, side, shares, limit,
                tif=tif, is_midpoint=True, min_shares=min_shares,
            )
        )  # fmt: skip

    def cancel(self, child_id: int, venue_idx: int) -> None:
        """Ask for a cancel."""
        self._outgoing.append(
            CancelChild(at_ns=self.world.now_ns, child_id=child_id, venue_idx=venue_idx)
        )

    def replace(self, child_id: int, venue_idx: int, shares: int, limit: int) -> None:
        """Ask for a new total size and limit."""
        self._outgoing.append(
            ReplaceChild(
                at_ns=self.world.now_ns, child_id=child_id, venue_idx=venue_idx,
                size_shares=Shares(shares), limit_ticks=Ticks(limit),
            )
        )  # fmt: skip

    def wait(self, for_s: float) -> list[Event]:
        """Let time pass, whatever is reported; returns what was."""
        return self.wait_until(self.world.now_ns + round(for_s * NS_PER_S))

    def wait_until(self, until_ns: int) -> list[Event]:
        """The same until a moment."""
        n_before = len(self.events)
        while True:
            outgoing, self._outgoing = self._outgoing, []
            batch, events = self.world.advance(Ns(until_ns), outgoing)
            self.pieces.append(batch.tape[batch.lo : batch.hi].copy())
            self.events.extend(events)
            if self.world.now_ns >= until_ns and not events:
                return self.events[n_before:]

    @property
    def tape(self) -> TapeArray:
        """All market data so far."""
        return np.concatenate(self.pieces)

    def trades(self) -> list[tuple[int, int, int]]:
        """Venue, price and size of each print."""
        rows = self.tape[self.tape["kind"] == TapeKind.TRADE]
        return [(int(r["venue_idx"]), int(r["price_ticks"]), int(r["shares"])) for r in rows]

    def of(self, child_id: int) -> list[str]:
        """What was reported about a child, kinds only."""
        return [
            type(event).__name__
            for event in self.events
            if getattr(event, "child_id", None) == child_id
        ]

    def fills(self, child_id: int) -> list[ChildFill]:
        """Its executions."""
        return [
            event
            for event in self.events
            if isinstance(event, ChildFill) and event.child_id == child_id
        ]


def outcome(events: Sequence[Event], order: ChildOrder) -> dict[str, Any]:
    """Filled shares of an order, and whether it is over, by its reports alone."""
    mine = [event for event in events if getattr(event, "child_id", None) == order.child_id]
    filled = sum(event.size_shares for event in mine if isinstance(event, ChildFill))
    return {
        "filled": filled,
        "acked": any(isinstance(event, ChildAck) for event in mine),
        "cancelled": any(isinstance(event, ChildCancelled) for event in mine),
        "rejected": any(isinstance(event, ChildReject) for event in mine),
    }


def us(n: float) -> int:
    """Microseconds in nanoseconds."""
    return round(n * NS_PER_US)
