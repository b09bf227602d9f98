"""What is known of the running day from its steps alone; a restart rebuilds it from the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from penstock.domain import (
    ChildFill,
    Command,
    Control,
    ControlAction,
    EpochStarted,
    Event,
    FeedGap,
    FeedRecovered,
    FeedStale,
    NewParent,
    OrderCarried,
    Record,
    ReportKind,
    ReportParent,
    SendChild,
    VenueDown,
    VenueUp,
)

_SET: Final[Mapping[ControlAction, str]] = MappingProxyType(
    {
        ControlAction.KILL: "kill",
        ControlAction.VENUE_OFF: "venue",
        ControlAction.RESTRICT: "restricted",
        ControlAction.UNRESTRICT: "restricted",  # it may lift what the settings say
        ControlAction.KILL_CLIENT: "client",
        ControlAction.KILL_SYMBOL: "symbol",
    }
)
_LIFTED: Final[Mapping[ControlAction, str]] = MappingProxyType(
    {
        ControlAction.RESUME: "kill",
        ControlAction.VENUE_ON: "venue",
        ControlAction.RESUME_CLIENT: "client",
        ControlAction.RESUME_SYMBOL: "symbol",
    }
)


class Standing:
    """
    Switches, venues and counts, as of the last step.

    Follows the core from outside, because the core shows no more than it must.
    """

    def __init__(self, n_venues: int) -> None:
        self.is_up = [False] * n_venues
        self.is_fed = [True] * n_venues  # as the core starts: nothing is known against it
        self.is_off = [False] * n_venues
        self.is_killed = False  # by a person, or by a fatal error
        self.is_drained = False
        self._controls: dict[tuple[str, int | None, str], Control] = {}
        self.working: set[int] = set()
        self.clients: set[str] = set()
        self.epoch = 0
        self.n_parents = 0
        self.n_children = 0
        self.n_fills = 0
        self.n_decisions = 0
        self.policy = ""  # of the last decision
        self.fallback = ""
        self.model_sha256 = ""
        self._on_event: Mapping[type, Callable[[Any], None]] = {
            NewParent: self._new_parent,
            EpochStarted: self._epoch_started,
            OrderCarried: self._order_carried,
            ChildFill: self._fill,
            Control: self._control,
            VenueUp: self._venue_up,
            VenueDown: self._venue_down,
            FeedGap: self._feed_lost,
            FeedStale: self._feed_lost,
            FeedRecovered: self._feed_recovered,
        }

    def on_step(self, event: Event, commands: Sequence[Command]) -> None:
        """Take note of one event and what it caused."""
        note = self._on_event.get(type(event))
        if note is not None:
            note(event)
        for command in commands:
            if isinstance(command, SendChild):
                self.n_children += 1
            elif isinstance(command, ReportParent):
                self._report(command)
            elif isinstance(command, Record):
                decision = command.decision
                self.n_decisions += 1
                self.policy, self.fallback = decision.policy, decision.fallback
                self.model_sha256 = decision.versions.model_sha256

    @property
    def controls(self) -> list[Control]:
        """Operators' orders that are in force, in the order in which they were given."""
        return list(self._controls.values())

    @property
    def n_done(self) -> int:
        """Parents that are terminal."""
        return self.n_parents - len(self.working)

    def _venue_up(self, event: VenueUp) -> None:
        self.is_up[event.venue_idx] = True

    def _venue_down(self, event: VenueDown) -> None:
        self.is_up[event.venue_idx] = False

    def _feed_lost(self, event: FeedGap | FeedStale) -> None:
        self.is_fed[event.venue_idx] = False

    def _feed_recovered(self, event: FeedRecovered) -> None:
        self.is_fed[event.venue_idx] = True

    def _epoch_started(self, event: EpochStarted) -> None:
        self.epoch = event.epoch

    def _new_parent(self, event: NewParent) -> None:
        self.n_parents += 1
        self.working.add(event.order.parent_id)
        self.clients.add(event.order.client)

    def _order_carried(self, event: OrderCarried) -> None:
        self.n_parents += 1
        self.clients.add(event.client)

    def _fill(self, _: ChildFill) -> None:
        self.n_fills += 1

    def _report(self, report: ReportParent) -> None:
        if report.kind in (ReportKind.REPLACE_REFUSED, ReportKind.CANCEL_REFUSED):
            return
        if report.state.is_terminal:
            self.working.discard(report.parent_id)
        else:
            self.working.add(report.parent_id)  # a bust may set a filled one to work again

    def _keep(self, event: Control) -> None:
        """Remember an order for as long as no other one takes it back."""
        if event.action in _SET:
            key = (_SET[event.action], event.target_idx, event.client)
            self._controls.pop(key, None)
            self._controls[key] = event
        elif event.action in _LIFTED:
            self._controls.pop((_LIFTED[event.action], event.target_idx, event.client), None)

    def _control(self, event: Control) -> None:
        self._keep(event)
        match event.action:
            case ControlAction.KILL:
                self.is_killed = True
            case ControlAction.DRAIN:
                self.is_drained = True
            case ControlAction.RESUME:
                self.is_killed = self.is_drained = False
            case ControlAction.VENUE_ON | ControlAction.VENUE_OFF:
                venue_idx = event.target_idx
                if venue_idx is not None and 0 <= venue_idx < len(self.is_off):
                    self.is_off[venue_idx] = event.action is ControlAction.VENUE_OFF
            case _:
                pass
