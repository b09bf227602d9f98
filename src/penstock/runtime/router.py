"""The router: takes one item after another, keeps its links and timers, and ends in good order."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from penstock.domain import (
    AlertLevel,
    Control,
    ControlAction,
    FeedGap,
    FeedRecovered,
    Ns,
    VenueDown,
    from_seconds,
    seconds,
)
from penstock.runtime.client_side import ClientSide
from penstock.runtime.control import Do
from penstock.runtime.inbox import (
    Asked,
    Fatal,
    Feed,
    Item,
    LoggedOn,
    LoggedOut,
    Market,
    Message,
    Notice,
    Refused,
    Side,
    Stop,
    Stuck,
    Unread,
)
from penstock.runtime.operator_desk import OperatorDesk
from penstock.runtime.parts import RouterParts, draft_stamps, session_name
from penstock.runtime.status import NO_SURROUNDINGS, RouterStatus, Surroundings, build_status
from penstock.runtime.stepping import Stepper
from penstock.runtime.venue_side import VenueSide

EXIT_FINE: Final = 0
EXIT_FATAL: Final = 3


class Router:
    """
    The engine thread's object: `take` an item, `wake` when something is due, until `is_over`.

    It has no socket, no thread and no clock of its own, so a test drives it as the loop does.

    Promises:
        nothing reaches a venue or a client before the journal has what caused it;
        a venue is sent nothing new before each child that was live there is accounted for;
        after Stop or Fatal it is over when nothing is live any more, and after `drain_s` anyway.
    """

    def __init__(
        self,
        parts: RouterParts,
        stepper: Stepper,
        surroundings: Surroundings = NO_SURROUNDINGS,
    ) -> None:
        self._parts = parts
        self._stepper = stepper
        self._surroundings = surroundings
        self._logged_on: dict[str, bool] = dict.fromkeys(parts.conf.oms_sessions, False)
        self._started_ns = parts.clock()
        self._drain_until_ns: Ns | None = None
        self._unfinished: list[int] = []
        self._clients = ClientSide(parts, stepper)
        self._venues = VenueSide(parts, stepper)
        self._operators = OperatorDesk(
            parts,
            stepper,
            self.status,
            self._venues.force_up,
            reset_session=surroundings.reset_session,
        )
        self.exit_status = EXIT_FINE
        self.roll_ns: Ns | None = None  # when the trading day ends
        self.is_rolling = False
        self._take: Mapping[type, Callable[[Any], None]] = {
            Market: lambda item: stepper.market(item.tape),
            Feed: self._feed,
            Message: self._message,
            LoggedOn: self._logged_on_again,
            LoggedOut: self._logged_out,
            Refused: self._clients.refused,
            Unread: self._unread,
            Stuck: self._stuck,
            Asked: self._asked,
            Notice: lambda item: stepper.notice(item.level, item.code, item.text),
            Stop: lambda item: self._stop(item.why),
            Fatal: self._fatal,
        }

    def take(self, item: Item) -> None:
        """Deal with one item; if it has many steps, the loop takes the rest by `go_on`."""
        self._stepper.begin()
        self._take[type(item)](item)

    def wake(self) -> None:
        """Deliver the timers that are due, and ask venues again that owe an answer."""
        while self.wake_once():
            pass

    def wake_once(self) -> bool:
        """Do one thing that is due; False if nothing is."""
        now_ns = self._parts.clock()
        self._venues.wake(now_ns)
        if text := self._parts.snapshots.look(now_ns):
            self._stepper.notice(AlertLevel.WARNING, "snapshot", text)
        for text in self._clients.shed.news(now_ns):
            self._stepper.notice(AlertLevel.WARNING, "overload", text)
        if self.roll_ns is not None and now_ns >= self.roll_ns:
            self._roll()
        timer = self._parts.timers.next_due(now_ns)
        if timer is None:
            return False
        self._stepper.begin()
        self._stepper.step(timer)
        return True

    def go_on(self) -> bool:
        """Take another step of an item that has many; False if none is left."""
        return self._clients.go_on()

    def send_some(self) -> bool:
        """Send some of what a large step left to be sent; False if there is nothing left."""
        return self._stepper.send_some()

    @property
    def due_ns(self) -> Ns | None:
        """When `wake` must be called at the latest; None if nothing is planned."""
        dues = [
            self._parts.timers.due_ns,
            self._drain_until_ns,
            self.roll_ns,
            self._stepper.watch.due_ns,
            self._clients.shed.due_ns,
            *(link.due_ns for link in self._parts.links),
        ]
        return min((due for due in dues if due is not None), default=None)

    @property
    def is_over(self) -> bool:
        """Whether the process may end."""
        if self._drain_until_ns is None:
            return False
        return self.is_idle or self._parts.clock() >= self._drain_until_ns

    @property
    def is_idle(self) -> bool:
        """Whether nothing more can happen to any order; only meaningful while draining."""
        while self._unfinished and not self._is_open(self._unfinished[-1]):
            self._unfinished.pop()  # asked for after each item: as cheap as that
        return not self._unfinished

    @property
    def is_told(self) -> bool:
        """Whether the FIX engine has taken over every report."""
        return self._stepper.n_unsent == 0

    def start_after_restart(self) -> None:
        """
        The first steps of a router that was rebuilt from its journal.

        What the journal says of links and feeds was true of another process: nothing is up, and no
        book is to be believed, before this process has heard so itself. A drain ended with the
        process; a kill stays until a person resumes.
        """
        parts = self._parts
        stamps = draft_stamps(parts.clock())
        for venue in parts.universe.venues:
            if venue.has_feed:
                self._stepper.step(FeedGap(**stamps, venue_idx=venue.venue_idx))
            if parts.standing.is_up[venue.venue_idx]:
                reason = "the router was restarted"
                self._stepper.step(VenueDown(**stamps, venue_idx=venue.venue_idx, reason=reason))
        if parts.standing.is_drained and not parts.standing.is_killed:
            self._control(ControlAction.RESUME, "the restart after a drain")
        self._alert_doubts()

    def _alert_doubts(self) -> None:
        """The process that died may have been too late to alert of what is in doubt."""
        for child_id, child in self._parts.engine.children.items():
            if child.doubt_shares > 0:
                mic = self._parts.universe.venues[child.order.venue_idx].mic
                text = (
                    f"{mic}, child {child_id}: {child.doubt_shares} shares were in doubt when the "
                    "router stopped; the router asks the venue"
                )
                self._stepper.notice(AlertLevel.CRITICAL, "in_doubt", text)

    def status(self) -> RouterStatus:
        """The router as it stands."""
        return build_status(
            self._parts,
            self._stepper,
            self._surroundings,
            is_draining=self._drain_until_ns is not None,
            logged_on=self._logged_on,
            uptime_s=round(seconds(self._parts.clock() - self._started_ns), 3),
            pid=os.getpid(),
            n_shed=self._clients.shed.n_refused,
        )

    def _feed(self, item: Feed) -> None:
        self._stepper.step(item.event)
        if isinstance(item.event, FeedRecovered):  # of a loss the core itself tells
            mic = self._parts.universe.venues[item.event.venue_idx].mic
            self._stepper.notice(AlertLevel.INFO, "feed", f"{mic}'s market data is whole again")

    def _message(self, item: Message) -> None:
        if item.side is Side.OMS:
            self._clients.message(item)
            return
        self._venues.message(item.incoming)
        session = session_name(item.side, item.incoming.counterparty)
        # The journal has what it caused: after a restart it need not come again.
        self._parts.marks.dealt(session, item.incoming)

    def _logged_on_again(self, item: LoggedOn) -> None:
        self._stepper.notice(AlertLevel.INFO, "logon", f"{item.counterparty} is logged on")
        if item.side is Side.OMS:
            self._logged_on[item.counterparty] = True
            self._stepper.undelivered.logged_on(item.counterparty)
            if item.was_reset:  # what the session held for the client is gone
                self._stepper.tell_again(item.counterparty)
            return
        self._venues.logged_on(item.counterparty)

    def _logged_out(self, item: LoggedOut) -> None:
        text = f"{item.counterparty} is logged out: {item.reason}"
        self._stepper.notice(AlertLevel.WARNING, "logout", text)
        if item.side is Side.OMS:
            self._logged_on[item.counterparty] = False
            self._stepper.undelivered.logged_out(item.counterparty)
            self._clients.logged_out(item.counterparty)
            return
        self._venues.logged_out(item.counterparty, item.reason)

    def _unread(self, item: Unread) -> None:
        self._stepper.notice(AlertLevel.CRITICAL, "message_unread", item.alert)
        if item.side is Side.VENUE:
            self._venues.unread(item.counterparty)

    def _stuck(self, item: Stuck) -> None:
        self._stepper.notice(AlertLevel.CRITICAL, "session_stuck", item.alert)

    def _asked(self, item: Asked) -> None:
        if item.request.do is Do.STOP:
            self._stop(item.request.operator or "stop")
            item.answer({"ok": True, "text": "cancels what is open, then ends"})
        else:
            self._operators.answer(item, is_closing=self._drain_until_ns is not None)

    def _fatal(self, item: Fatal) -> None:
        text = f"{item.where}: {type(item.error).__name__}: {item.error}"
        self._stepper.notice(AlertLevel.CRITICAL, "fatal", text)
        self.exit_status = EXIT_FATAL
        self.is_rolling = False
        self._drain(ControlAction.KILL, f"fatal: {text}")

    @property
    def logged_on(self) -> list[LoggedOn]:
        """Sessions that are up, for the router of the next day: its first items."""
        venues = self._venues.logged_on_mics
        clients = [name for name, is_on in self._logged_on.items() if is_on]
        return [
            *(LoggedOn(Side.VENUE, mic) for mic in venues),
            *(LoggedOn(Side.OMS, name) for name in clients),
        ]

    def _roll(self) -> None:
        """The trading day is over: end what is open, by rule; the host then begins another run."""
        self.roll_ns = None
        if self._drain_until_ns is None:
            self.is_rolling = True
            self._stepper.notice(AlertLevel.INFO, "roll", "the trading day is over")
            self._drain(ControlAction.DRAIN, "the trading calendar", "end of the trading day")

    def _stop(self, why: str) -> None:
        """End the process; also if a roll is on: the next start goes on with that."""
        self.is_rolling = False
        self._drain(ControlAction.DRAIN, why)

    def _drain(self, action: ControlAction, operator: str, reason: str = "") -> None:
        """Cancel everything, once; from then on `is_over` is looked at."""
        if self._drain_until_ns is not None:
            return
        self._control(action, operator, reason)
        wait_ns = from_seconds(self._parts.conf.router.drain_s)
        self._drain_until_ns = Ns(self._parts.clock() + wait_ns)
        self._unfinished = list(self._parts.engine.parents)

    def _control(self, action: ControlAction, operator: str, reason: str = "") -> None:
        stamps = draft_stamps(self._parts.clock())
        self._stepper.step(
            Control(**stamps, action=action, target_idx=None, operator=operator, reason=reason)
        )

    def _is_open(self, parent_id: int) -> bool:
        parent = self._parts.engine.parents.get(parent_id)
        return parent is not None and (not parent.state.is_terminal or bool(parent.live_children))
