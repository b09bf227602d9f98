"""The deterministic core: events in, commands out, the same to the bit every time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from penstock.domain import (
    BookChild,
    CancelParent,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildReject,
    ChildReplaced,
    ChildStated,
    ChildStatus,
    CloseChild,
    Command,
    Control,
    DayCarried,
    DoubtChild,
    EpochStarted,
    Event,
    FeedGap,
    FeedRecovered,
    FeedStale,
    LatencyObserved,
    ModelSwap,
    NewParent,
    Ns,
    OrderCarried,
    OrderRefused,
    ReplaceParent,
    StatusRefused,
    TapeArray,
    Timer,
    UnknownReport,
    VenueDown,
    VenueReachable,
    VenueUp,
)
from penstock.engine import by_hand, on_control, on_day, on_parent, on_report
from penstock.engine.child import Child
from penstock.engine.core import Core
from penstock.engine.parent import Parent
from penstock.features import MarketView
from penstock.risk import RiskGate
from penstock.routing import Frame

HANDLERS: Mapping[type, Callable[[Core, Any], None]] = {
    NewParent: on_parent.new_parent,
    ReplaceParent: on_parent.replace_parent,
    CancelParent: on_parent.cancel_parent,
    OrderRefused: on_parent.order_refused,
    Timer: on_parent.timer,
    ChildAck: on_report.ack,
    ChildReject: on_report.reject,
    ChildFill: on_report.fill,
    ChildCancelled: on_report.cancelled,
    ChildCancelReject: on_report.cancel_reject,
    ChildReplaced: on_report.replaced,
    ChildBust: on_report.bust,
    ChildStatus: on_report.status,
    OrderCarried: on_day.order_carried,
    DayCarried: on_day.day_carried,
    ChildStated: on_report.stated,
    DoubtChild: on_report.doubted,
    UnknownReport: on_report.unknown,
    BookChild: by_hand.book,
    CloseChild: by_hand.close,
    EpochStarted: on_control.epoch_started,
    VenueReachable: on_control.venue_reachable,
    StatusRefused: on_control.status_refused,
    VenueUp: on_control.venue_up,
    VenueDown: on_control.venue_down,
    FeedGap: on_control.feed_lost,
    FeedStale: on_control.feed_lost,
    FeedRecovered: on_control.feed_recovered,
    LatencyObserved: on_control.latency_observed,
    ModelSwap: on_control.model_swap,
    Control: on_control.control,
}


class Engine:
    """
    The router's core. It does no I/O, reads no clock and draws no random number.

    Promises, each a test:
        same calls in, same commands out, to the bit;
        never more live quantity than a parent has left, whatever the order of reports; shares that
            a venue states, or may state, as filled are never sent again before they are settled;
        an execution counts once; a report for an unknown child raises an alert and changes nothing;
        nothing is sent after a kill.

    Market data comes in batches and never causes a command by itself; orders, reports, timers and
    control come one by one, in `recv_ns` order.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def on_market(self, tape: TapeArray, lo: int, hi: int) -> None:
        """Take rows lo..hi of the tape into books and features: one compiled call."""
        self._core.view.apply(tape, lo, hi)

    def on_event(self, event: Event) -> list[Command]:
        """Take one event; return what must now be journalled, then done, in this order."""
        core = self._core
        assert event.recv_ns >= core.now_ns, f"{event} is older than the last event"
        core.now_ns = event.recv_ns
        core.out = []
        core.past.before(core, event)
        HANDLERS[type(event)](core, event)
        core.past.after(core)
        return core.out

    @property
    def view(self) -> MarketView:
        """The market as the engine has heard it; read only."""
        return self._core.view

    @property
    def frame(self) -> Frame:
        """The last decision's workspace; read only."""
        return self._core.decider.frame

    @property
    def now_ns(self) -> Ns:
        """`recv_ns` of the last event."""
        return self._core.now_ns

    @property
    def parents(self) -> Mapping[int, Parent]:
        """Parents by number, but for those that ended long ago; read only."""
        return self._core.ledger.parents

    @property
    def children(self) -> Mapping[int, Child]:
        """Children by number, but for those of such parents; read only."""
        return self._core.ledger.children

    @property
    def risk(self) -> RiskGate:
        """What is used up of the limits; read only."""
        return self._core.risk

    @property
    def n_forgotten(self) -> int:
        """Parents that ended so long ago that they are packed away."""
        return len(self._core.past)

    def packed_orders(self) -> Iterator[tuple[int, bytes]]:
        """Every order by number, packed, for an `OrderCarried`; call when all of them are over."""
        return self._core.past.all_packed(self._core)

    def traded(self) -> list[tuple[str, str, int, int]]:
        """What has traded, for a `DayCarried`."""
        return self._core.risk.traded()

    @property
    def throttled(self) -> list[bool]:
        """Which venues are throttled until a person switches them on."""
        return self._core.risk.throttled

    def answers_status(self, venue_idx: int) -> bool:
        """Whether the venue takes questions about orders (35=H)."""
        return self._core.answers_status[venue_idx]

    def refusal(self, event: BookChild | CloseChild) -> str | None:
        """Why a person's booking or closing cannot be done; None if it can."""
        return by_hand.refusal(self.children.get(event.child_id), event)

    def state_hash(self) -> str:
        """Hash of everything that can influence a later command."""
        core = self._core
        decider = core.decider
        facts = (
            core.now_ns,
            core.n_slow_decisions,
            (core.is_reachable, core.answers_status, list(core.exec_owners.items())),
            core.timers.facts(),
            core.past.facts(),
            decider.reach.is_up,
            decider.reach.is_fed,
            decider.too_slow,
            decider.policy.state_hash() if decider.policy else None,
            decider.policy.model_sha256 if decider.policy else None,
            decider.fallback.state_hash(),
            core.ledger.state_hash(),
            core.view.state_hash(),
            core.scorecards.state_hash(),
            core.footprint.state_hash(),
            core.risk.state_hash(),
        )
        return hashlib.sha256(msgspec.msgpack.encode(facts)).hexdigest()
