"""The router: takes one item after another, keeps its links and timers, and ends in good order."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from penstock.domain import (
    AlertLevel,
    ChildState,
    ChildStatus,
    Control,
    ControlAction,
    DoubtChild,
    FeedGap,
    FeedRecovered,
    Ns,
    StatusRefused,
    VenueDown,
    VenueReachable,
    VenueUp,
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
from penstock.runtime.reply_watch import Unanswered
from penstock.runtime.status import NO_SURROUNDINGS, RouterStatus, Surroundings, build_status
from penstock.runtime.stepping import Stepper
from penstock.runtime.venue_links import LinkStep, VenueLink

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
        self._links = {venue.mic: parts.links[venue.venue_idx] for venue in parts.universe.venues}
        self._logged_on: dict[str, bool] = dict.fromkeys(parts.conf.oms_sessions, False)
        self._started_ns = parts.clock()
        self._drain_until_ns: Ns | None = None
        self._unfinished: list[int] = []
        self._clients = ClientSide(parts, stepper)
        self._operators = OperatorDesk(
            parts, stepper, self.status, self._force_up, reset_session=surroundings.reset_session
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
        for link in self._parts.links:
            self._follow(link, link.wake(now_ns))
        for unanswered in self._stepper.watch.overdue(now_ns):
            self._ask_about(unanswered)
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
        self._venue_message(item)
        session = session_name(item.side, item.incoming.counterparty)
        # The journal has what it caused: after a restart it need not come again.
        self._parts.marks.dealt(session, item.incoming)

    def _venue_message(self, item: Message) -> None:
        mic = item.incoming.counterparty
        link = self._links[mic]
        answer = self._parts.venue_desk.on_message(item.incoming)
        for draft in answer.events:
            self._stepper.step(draft)
            if isinstance(draft, ChildStatus):
                self._follow(link, link.on_answer(draft.child_id))
        self._follow(link, link.on_reports(self._is_live))
        self._notes(mic, answer.notes)
        if answer.refuses_questions:
            self._questions_refused(link)
        if answer.asks_pending:
            for child_id in self._pending_at(link.venue_idx):
                self._doubt(child_id, link.venue_idx, "the venue rejects a message about an order")

    def _questions_refused(self, link: VenueLink) -> None:
        """A venue that takes no 35=H is asked by cancels, about what it owes an answer for, too."""
        stamps = draft_stamps(self._parts.clock())
        self._stepper.step(StatusRefused(**stamps, venue_idx=link.venue_idx))
        for child_id in link.unanswered:
            self._doubt(child_id, link.venue_idx, "the venue does not answer questions")

    def _doubt(self, child_id: int, venue_idx: int, reason: str) -> None:
        stamps = draft_stamps(self._parts.clock())
        self._stepper.step(
            DoubtChild(**stamps, child_id=child_id, venue_idx=venue_idx, reason=reason)
        )

    def _notes(self, counterparty: str, notes: tuple[str, ...]) -> None:
        for note in notes:
            self._stepper.notice(AlertLevel.WARNING, "message", f"{counterparty}: {note}")

    def _logged_on_again(self, item: LoggedOn) -> None:
        self._stepper.notice(AlertLevel.INFO, "logon", f"{item.counterparty} is logged on")
        if item.side is Side.OMS:
            self._logged_on[item.counterparty] = True
            self._stepper.undelivered.logged_on(item.counterparty)
            if item.was_reset:  # what the session held for the client is gone
                self._stepper.tell_again(item.counterparty)
            return
        link = self._links[item.counterparty]
        live = self._live_at(link.venue_idx)
        step = link.on_logon(live, self._parts.clock())
        stamps = draft_stamps(self._parts.clock())
        self._stepper.step(VenueReachable(**stamps, venue_idx=link.venue_idx))
        self._follow(link, step)

    def _logged_out(self, item: LoggedOut) -> None:
        text = f"{item.counterparty} is logged out: {item.reason}"
        self._stepper.notice(AlertLevel.WARNING, "logout", text)
        if item.side is Side.OMS:
            self._logged_on[item.counterparty] = False
            self._stepper.undelivered.logged_out(item.counterparty)
            self._clients.logged_out(item.counterparty)
            return
        link = self._links[item.counterparty]
        self._follow(link, link.on_logout(item.reason))

    def _unread(self, item: Unread) -> None:
        self._stepper.notice(AlertLevel.CRITICAL, "message_unread", item.alert)
        # It may have been an execution: the totals show what is missing.
        if item.side is Side.VENUE:
            link = self._links[item.counterparty]
            live = self._live_at(link.venue_idx)
            reason = "a report was not read: waiting for the state of open orders"
            self._follow(link, link.on_loss(reason, live, self._parts.clock()))

    def _stuck(self, item: Stuck) -> None:
        self._stepper.notice(AlertLevel.CRITICAL, "session_stuck", item.alert)

    def _follow(self, link: VenueLink, step: LinkStep) -> None:
        """Do what a link has decided."""
        parts, now_ns, venue_idx = self._parts, self._parts.clock(), link.venue_idx
        stamps = draft_stamps(now_ns)
        mic = parts.universe.venues[venue_idx].mic
        if step.is_late:
            text = f"{mic} has not stated where children {list(step.ask_about)} stand; asked again"
            self._stepper.notice(AlertLevel.WARNING, "no_answer", text)
        if step.is_stuck:
            text = (
                f"{mic} does not state where children {list(link.unanswered)} stand and gets no "
                "order. Call the venue, close them with penstock child close, or: "
                f"penstock venue force-up {mic}"
            )
            self._stepper.notice(AlertLevel.CRITICAL, "no_answer", text)
        self._ask(link, step.ask_about)
        if step.comes_up:
            self._stepper.step(VenueUp(**stamps, venue_idx=venue_idx))
            self._stepper.notice(AlertLevel.INFO, "venue_up", f"{mic} takes orders")
        if step.goes_down:
            self._stepper.step(VenueDown(**stamps, venue_idx=venue_idx, reason=link.reason))

    def _ask(self, link: VenueLink, child_ids: Sequence[int]) -> None:
        """Ask a venue where children stand: by questions, or by cancels where it takes none."""
        parts, venue_idx = self._parts, link.venue_idx
        if not parts.engine.answers_status(venue_idx):
            for child_id in child_ids:
                self._doubt(child_id, venue_idx, "the session was lost")
            return
        for child_id in child_ids:
            parts.wires.to_venue(parts.venue_desk.status_request(child_id, parts.clock()))

    def _ask_about(self, unanswered: Unanswered) -> None:
        """The venue should have answered; if it has not, ask."""
        child_id = unanswered.child_id
        child = self._parts.engine.children.get(child_id)
        if child is None:
            return  # over for so long that it is forgotten
        # A refused cancel is no sign of life: an order that never arrived cannot be cancelled.
        is_waiting = child.state is ChildState.CANCELLING
        is_silent = is_waiting if unanswered.is_cancel else not child.is_acked
        venue_idx = child.order.venue_idx
        is_asked = child.needs_answer or child_id in self._parts.links[venue_idx].unanswered
        if child.state.is_terminal or not is_silent or is_asked:
            return
        if self._parts.links[venue_idx].is_logged_on:
            reason = f"not acknowledged (state: {child.state})"
            self._doubt(child_id, venue_idx, reason)

    def _asked(self, item: Asked) -> None:
        if item.request.do is Do.STOP:
            self._stop(item.request.operator or "stop")
            item.answer({"ok": True, "text": "cancels what is open, then ends"})
        else:
            self._operators.answer(item, is_closing=self._drain_until_ns is not None)

    def _force_up(self, venue_idx: int) -> None:
        link = self._parts.links[venue_idx]
        self._follow(link, link.force_up())

    def _fatal(self, item: Fatal) -> None:
        text = f"{item.where}: {type(item.error).__name__}: {item.error}"
        self._stepper.notice(AlertLevel.CRITICAL, "fatal", text)
        self.exit_status = EXIT_FATAL
        self.is_rolling = False
        self._drain(ControlAction.KILL, f"fatal: {text}")

    @property
    def logged_on(self) -> list[LoggedOn]:
        """Sessions that are up, for the router of the next day: its first items."""
        venues = [mic for mic, link in self._links.items() if link.is_logged_on]
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

    def _is_live(self, child_id: int) -> bool:
        child = self._parts.engine.children.get(child_id)
        return child is not None and not child.state.is_terminal

    def _pending_at(self, venue_idx: int) -> list[int]:
        """Children whose message may be the one that was refused: those that wait for an answer."""
        children, live = self._parts.engine.children, self._live_at(venue_idx)
        waiting = [
            child_id
            for child_id in live
            if not children[child_id].is_acked or children[child_id].is_cancel_asked
        ]
        return waiting or live

    def _live_at(self, venue_idx: int) -> list[int]:
        return [
            child_id
            for child_id, child in self._parts.engine.children.items()
            if child.order.venue_idx == venue_idx and not child.state.is_terminal
        ]
