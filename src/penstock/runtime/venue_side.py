"""The venues' side of the router: their messages and sessions become steps, questions are asked."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.domain import (
    AlertLevel,
    ChildState,
    ChildStatus,
    DoubtChild,
    Ns,
    StatusRefused,
    VenueDown,
    VenueReachable,
    VenueUp,
)
from penstock.runtime.parts import RouterParts, draft_stamps
from penstock.runtime.reply_watch import Unanswered
from penstock.runtime.stepping import Stepper
from penstock.runtime.venue_links import LinkStep, VenueLink
from penstock.wire.fix import Incoming


class VenueSide:
    """
    What the router does with venues' messages, logons, losses and silence.

    Promise: a venue is sent nothing new before each child that was live there is accounted for.
    """

    def __init__(self, parts: RouterParts, stepper: Stepper) -> None:
        self._parts, self._stepper = parts, stepper
        self._links = {venue.mic: parts.links[venue.venue_idx] for venue in parts.universe.venues}

    @property
    def logged_on_mics(self) -> list[str]:
        """Venues whose session is up."""
        return [mic for mic, link in self._links.items() if link.is_logged_on]

    def wake(self, now_ns: Ns) -> None:
        """Ask again what is overdue."""
        for link in self._parts.links:
            self._follow(link, link.wake(now_ns))
        for unanswered in self._stepper.watch.overdue(now_ns):
            self._ask_about(unanswered)

    def message(self, incoming: Incoming) -> None:
        """Take a message of a venue: its events become steps, what it leaves open is asked."""
        mic = incoming.counterparty
        link = self._links[mic]
        answer = self._parts.venue_desk.on_message(incoming)
        for draft in answer.events:
            self._stepper.step(draft)
            if isinstance(draft, ChildStatus):
                self._follow(link, link.on_answer(draft.child_id))
        self._follow(link, link.on_reports(self._is_live))
        for note in answer.notes:
            self._stepper.notice(AlertLevel.WARNING, "message", f"{mic}: {note}")
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

    def logged_on(self, mic: str) -> None:
        """The session is up: due cancels leave first, then the venue is asked about open orders."""
        link = self._links[mic]
        step = link.on_logon(self._live_at(link.venue_idx), self._parts.clock())
        self._reach(link)
        self._follow(link, step)

    def logged_out(self, mic: str, reason: str) -> None:
        """The session is gone."""
        link = self._links[mic]
        self._follow(link, link.on_logout(reason))

    def unread(self, mic: str) -> None:
        """
        Reconcile with a venue whose message was not read.

        It may have been an execution: the totals in the venue's answers show what is missing.
        """
        link = self._links[mic]
        reason = "a report was not read: waiting for the state of open orders"
        self._follow(link, link.on_loss(reason, self._live_at(link.venue_idx), self._parts.clock()))
        if link.is_logged_on:
            self._reach(link)  # what is in doubt there is asked about, too

    def force_up(self, venue_idx: int) -> None:
        """A person takes the venue as reconciled."""
        link = self._parts.links[venue_idx]
        self._follow(link, link.force_up())

    def _reach(self, link: VenueLink) -> None:
        stamps = draft_stamps(self._parts.clock())
        self._stepper.step(VenueReachable(**stamps, venue_idx=link.venue_idx))

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
