"""The router's desk for its clients: requests in, events out; reports of the engine in, FIX out."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.domain import (
    CancelParent,
    ChildFill,
    Command,
    Event,
    OrderRefused,
    ParentState,
    ParentTif,
    ReplaceParent,
    ReportKind,
    ReportParent,
    Timer,
    Universe,
)
from penstock.wire.fix import tags
from penstock.wire.fix.messages import FixMessage, Incoming, Outgoing
from penstock.wire.fix.oms_answers import OmsAnswers
from penstock.wire.fix.oms_book import OmsBook, OmsOrder
from penstock.wire.fix.oms_refusals import DeskAnswer
from penstock.wire.fix.oms_reports import OmsReports, refusal_reason
from penstock.wire.fix.oms_requests import OrderDefaults
from penstock.wire.fix.oms_rules import DeskRules
from penstock.wire.fix.tags import CxlRejReason, MsgType


class OmsDesk:
    """
    Translates for the clients of the router. Pure: no session, no clock, no thread.

    Promises, each a test:
        no message raises; a request becomes an event (a mass cancel one for each order), and
            otherwise is answered;
        a refusal names everything that is wrong: tag, expected, found;
        `on_step` over the recorded steps of a journal makes a desk that goes on as the first would.

    A draft event takes its number and its ClOrdID: give it to the engine, and its step to
    `on_step`. What `on_message` replies is not repeated after a restart; the client's message
    comes again and is answered again.

    A session that receives copies gets each execution report of its clients once more, and the
    refusals of their orders; it may send no request.

    A client is known by its comp id. 41 OrigClOrdID may be any ClOrdID of the order's chain.
    """

    def __init__(
        self,
        universe: Universe,
        defaults: OrderDefaults,
        run: str,
        rules: DeskRules | None = None,
    ) -> None:
        self._book = OmsBook()
        self.n_reports: dict[str, int] = {}  # that steps have caused, by session
        self._rules = rules or DeskRules()
        self._reports = OmsReports(universe, run, self._rules)
        self._answers = OmsAnswers(universe, defaults, self._book, self._reports, self._rules)

    def on_message(self, incoming: Incoming) -> DeskAnswer:
        """Take a client's message."""
        answer = self._answers.answer(incoming)
        for event in answer.events:
            self._book.enter(event)
        return answer

    def refuse(self, incoming: Incoming, text: str) -> DeskAnswer:
        """Refuse a client's message unread: the router is closing, or has too much to do."""
        return self._answers.refuse(incoming, text)

    def working_orders(self, client: str) -> list[int]:
        """Numbers of the orders of a client that a cancel would stop."""
        return [o.order.parent_id for o in self._book.open_orders(client) if o.is_working]

    def on_step(self, event: Event, commands: Sequence[Command]) -> list[Outgoing]:
        """Reports for what `event` has caused, in order; the same for the same step, always."""
        self._book.enter(event)
        self._note_waiting(event, commands)
        outgoing: list[Outgoing] = []
        if isinstance(event, OrderRefused) and event.msg_type == MsgType.NEW_ORDER_SINGLE:
            outgoing += self._copies(event.client, self._reports.copy_of_refusal(event))
        for idx, command in enumerate(commands):
            if not isinstance(command, ReportParent):
                continue
            order = self._book.order(command.parent_id)
            if order is not None:
                messages = self._tell(order, event, command, self._reports.step_id(event.seq, idx))
                for message in messages:
                    outgoing.append(Outgoing(order.order.client, message))
                    outgoing += self._copies(order.order.client, message)
        for told in outgoing:
            self.n_reports[told.counterparty] = self.n_reports.get(told.counterparty, 0) + 1
        return outgoing

    def has_named(self, incoming: Incoming) -> bool:
        """True if the client has an order or a request of this ClOrdID already."""
        name = incoming.fields.get(tags.CL_ORD_ID, "")
        return self._book.find(incoming.counterparty, name) is not None

    def _copies(self, client: str, message: FixMessage) -> list[Outgoing]:
        """The same for sessions that receive copies: 115 and 797 say whose it is, and what."""
        if message.msg_type != MsgType.EXECUTION_REPORT:
            return []
        whose = (tags.ON_BEHALF_OF_COMP_ID, client)
        copy = FixMessage(
            message.msg_type, (whose, *message.fields, (tags.COPY_MSG_INDICATOR, "Y"))
        )
        return [Outgoing(session, copy) for session in self._rules.copies_of(client)]

    def _note_waiting(self, event: Event, commands: Sequence[Command]) -> None:
        """A replace that is pending waits for the venues."""
        if not isinstance(event, ReplaceParent):
            return
        order = self._book.order(event.parent_id)
        waits = any(
            isinstance(c, ReportParent) and c.kind is ReportKind.PENDING_REPLACE for c in commands
        )
        if order is not None and waits:
            order.replace_id = event.client_order_id

    def client_of(self, parent_id: int) -> str:
        """Whose order it is; empty for one that no client has sent."""
        order = self._book.order(parent_id)
        return "" if order is None else order.order.client

    def packed(self) -> dict[int, bytes]:
        """Every order with its names, by number, for an `OrderCarried`."""
        return self._book.packed()

    def state_hash(self) -> str:
        """Hash of everything that can influence a later answer."""
        return self._book.state_hash()

    def _tell(
        self, order: OmsOrder, event: Event, command: ReportParent, own_id: str
    ) -> list[FixMessage]:
        order.has_expired |= _is_expiry(order, event, command)
        self._book.note_report(order, command)
        if command.kind in (ReportKind.REPLACE_REFUSED, ReportKind.CANCEL_REFUSED):
            return [self._refused(order, event, command)]
        cl_ord_ids = _names(order, event, command)
        at_ns = event.event_ns if isinstance(event, ChildFill) else command.at_ns
        told = [self._reports.report(order, command, own_id, cl_ord_ids, at_ns)]
        if order.cancel_id and command.state is ParentState.FILLED:
            told.append(self._came_too_late(order, command, tags.TO_CANCEL, order.cancel_id))
        if order.replace_id and command.state is ParentState.CANCELLED:
            told.append(self._came_too_late(order, command, tags.TO_REPLACE, order.replace_id))
        if command.state.is_terminal:
            order.cancel_id = ""
        if command.state is ParentState.CANCELLED:
            order.replace_id = ""
        return told

    def _refused(self, order: OmsOrder, event: Event, command: ReportParent) -> FixMessage:
        is_replace = command.kind is ReportKind.REPLACE_REFUSED
        asked = event.client_order_id if isinstance(event, ReplaceParent | CancelParent) else ""
        if is_replace and not asked:  # one that waited, until the order was filled
            asked, order.replace_id = order.replace_id, ""
        return self._reports.refusal(
            order,
            tags.TO_REPLACE if is_replace else tags.TO_CANCEL,
            asked or order.cl_ord_id,
            reason=refusal_reason(command),
            at_ns=command.at_ns,
            text=command.text,
        )

    def _came_too_late(
        self, order: OmsOrder, command: ReportParent, response_to: str, name: str
    ) -> FixMessage:
        """The order has ended first: the client's request, pending until now, is refused."""
        what = "cancel" if response_to == tags.TO_CANCEL else "replace"
        return self._reports.refusal(
            order,
            response_to,
            name,
            reason=CxlRejReason.TOO_LATE,
            at_ns=command.at_ns,
            text=f"too late to {what}: {command.state}",
        )


def _is_expiry(order: OmsOrder, event: Event, command: ReportParent) -> bool:
    """True where the horizon stops an order: no other timer does, and none that has stopped."""
    is_stop = order.is_working and command.kind in (ReportKind.STOPPING, ReportKind.ENDED)
    is_late = isinstance(event, Timer) and order.order.tif is not ParentTif.IOC
    return is_stop and is_late and command.state is not ParentState.FILLED


def _names(order: OmsOrder, event: Event, command: ReportParent) -> tuple[str, str]:
    """
    11 ClOrdID and 41 OrigClOrdID of a report, by the rules of FIX 4.4.

    A report that answers a request carries the request's name, and the order's in 41; an accepted
    replace gives the order its new name. All others carry the order's name.
    """
    old = order.cl_ord_id
    if command.kind is ReportKind.REPLACED:
        asked = event.client_order_id if isinstance(event, ReplaceParent) else order.replace_id
        order.replace_id = ""
        if asked:
            order.cl_ord_id = asked
            return order.cl_ord_id, old
    elif command.kind is ReportKind.PENDING_REPLACE:
        if isinstance(event, ReplaceParent):
            order.replace_id = event.client_order_id
        if order.replace_id:
            return order.replace_id, old
    elif command.kind in (ReportKind.STOPPING, ReportKind.ENDED):
        if isinstance(event, CancelParent):
            order.cancel_id = event.client_order_id
        if order.cancel_id and command.state is not ParentState.FILLED:
            return order.cancel_id, old
    return old, ""
