"""The clients' side of the router: their messages become steps, what is too much is refused."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from penstock.domain import AlertLevel, CancelParent, Event
from penstock.runtime.inbox import Message, Refused, Side
from penstock.runtime.parts import RouterParts, draft_stamps, session_name
from penstock.runtime.shedding import Shed
from penstock.runtime.stepping import Stepper, utc_text
from penstock.wire.fix import DeskAnswer, Incoming

_STEPS_AT_ONCE: Final = 8
NEW_ORDER: Final = "D"


class ClientSide:
    """
    Deals with what clients send.

    A message with many steps, such as a mass cancel, leaves most of them to `go_on`: control is
    looked at in between, and nothing else is taken before they are done.
    """

    def __init__(self, parts: RouterParts, stepper: Stepper) -> None:
        self._parts, self._stepper = parts, stepper
        self._later: deque[Callable[[], object]] = deque()
        self.shed = Shed()

    def message(self, item: Message) -> None:
        """Take a message of a client; a client's reject is for a person."""
        incoming, desk = item.incoming, self._parts.oms_desk
        closed = self._why_closed(incoming)
        answer = desk.refuse(incoming, closed) if closed else desk.on_message(incoming)
        self._answer(incoming, answer)
        self._mark_after(item.incoming)

    def refused(self, item: Refused) -> None:
        """Answer what is not worked; an order that is known already gets its usual answer."""
        incoming, desk = item.incoming, self._parts.oms_desk
        if not item.reason:
            self.shed.drop(incoming.counterparty)
        elif desk.has_named(incoming):
            self._answer(incoming, desk.on_message(incoming))
        else:
            self.shed.refuse(incoming.counterparty)
            self._answer(incoming, desk.refuse(incoming, item.reason))
        self._mark_after(incoming)

    def logged_out(self, client: str) -> None:
        """Stop the orders of a client that has agreed to it when its session ends."""
        if not self._parts.conf.cancels_on_disconnect(client):
            return
        stamps = draft_stamps(self._parts.clock())
        reason = "the client's session is lost: cancel on disconnect"
        self._step_all(
            [
                CancelParent(**stamps, parent_id=parent_id, reason=reason)
                for parent_id in self._parts.oms_desk.working_orders(client)
            ]
        )

    def go_on(self) -> bool:
        """Take another step of a message that has many; False if none is left."""
        if not self._later:
            return False
        self._later.popleft()()
        return True

    def _why_closed(self, incoming: Incoming) -> str:
        """Why a new order comes outside the hours of the trading day; empty if it does not."""
        hours = self._parts.hours
        if hours is None or incoming.msg_type != NEW_ORDER:
            return ""
        if self._parts.oms_desk.has_named(incoming):
            return ""  # the same order once more: it gets its state
        if incoming.recv_ns < hours.open_ns:
            return f"the market opens at {utc_text(hours.open_ns)}"
        if incoming.recv_ns >= hours.close_ns:
            return f"the market closed at {utc_text(hours.close_ns)}"
        return ""

    def _answer(self, incoming: Incoming, answer: DeskAnswer) -> None:
        self._step_all(answer.events)
        for reply in answer.replies:
            if self._parts.wires.to_client(reply):
                self._stepper.undelivered.note(reply, self._parts.clock())
        for refused in answer.refused:
            self._stepper.step(refused)
        for note in answer.notes:
            text = f"{incoming.counterparty}: {note}"
            self._stepper.notice(AlertLevel.WARNING, "message", text)

    def _step_all(self, drafts: Iterable[Event]) -> None:
        for n, draft in enumerate(drafts):
            if n < _STEPS_AT_ONCE:
                self._stepper.step(draft)
            else:
                self._later.append(partial(self._stepper.step, draft))

    def _mark_after(self, incoming: Incoming) -> None:
        """Once all steps are taken, the message need not come again after a restart."""
        session = session_name(Side.OMS, incoming.counterparty)
        mark = partial(self._parts.marks.dealt, session, incoming)
        if self._later:
            self._later.append(mark)
        else:
            mark()
