"""What a router's loop is made of, and what it needs from the world around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypedDict

from penstock.domain import Command, Event, Ns, TapeArray, Universe
from penstock.engine import Engine, Sequencer
from penstock.routing import Policy
from penstock.runtime.clock import Clock
from penstock.runtime.config import RouterConf
from penstock.runtime.inbox import Side
from penstock.runtime.marks import Marks
from penstock.runtime.recovery import Position
from penstock.runtime.standing import Standing
from penstock.runtime.timer_queue import TimerQueue
from penstock.runtime.trading_days import Session
from penstock.runtime.venue_links import VenueLink
from penstock.wire.fix import OmsDesk, Outgoing, VenueDesk

STATIC: Final = "static"
"""What USE_MODEL calls the policy without a model."""


class EventTaker(Protocol):
    """The core with a journal around it."""

    def on_market(self, tape: TapeArray, lo: int, hi: int) -> None:
        """Write down, then take, a batch of market data."""

    def on_event(self, event: Event) -> list[Command]:
        """Write down, take, write down what it causes, return that."""


class Snapshots(Protocol):
    """Who keeps the memory of the run beside its journal."""

    def look(self, now_ns: Ns) -> str:
        """Take a snapshot if one is due; what a person must know about it, empty if nothing."""
        ...

    def take(self) -> str:
        """Take one now; the same."""
        ...

    @property
    def position(self) -> Position:
        """Where the journal stands."""
        ...


class Wires(Protocol):
    """
    The FIX engine as the loop sees it.

    True means that the engine has stored the message and will deliver it, now or after the next
    logon (orders excepted: those it delivers now or never). False, that it is closed.
    """

    def to_client(self, outgoing: Outgoing) -> bool:
        """Hand over a report or an answer."""
        ...

    def to_venue(self, outgoing: Outgoing) -> bool:
        """Hand over an order, a cancel or a question."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterParts:
    """One router, put together."""

    conf: RouterConf
    run: str
    universe: Universe
    engine: Engine
    taker: EventTaker
    snapshots: Snapshots
    sequencer: Sequencer
    oms_desk: OmsDesk
    venue_desk: VenueDesk
    links: Sequence[VenueLink]
    timers: TimerQueue
    standing: Standing
    marks: Marks
    models: dict[str, Policy]  # what a ModelSwap may name: the engine looks into the same
    wires: Wires
    clock: Clock
    say: Callable[[str], None]
    hours: Session | None = None  # outside of which new orders are rejected


def session_name(side: Side, counterparty: str) -> str:
    """Name of a session in the marks."""
    return f"{side}/{counterparty}"


class Stamps(TypedDict):
    """What every event starts with; a draft's number is 0 until its step gives it one."""

    seq: int
    event_ns: Ns
    recv_ns: Ns


def draft_stamps(now_ns: Ns) -> Stamps:
    """Of an event that we make ourselves, now."""
    return {"seq": 0, "event_ns": now_ns, "recv_ns": now_ns}
