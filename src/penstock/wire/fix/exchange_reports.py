"""What the simulated market says about orders of FIX sessions, booked as it is reported."""

from __future__ import annotations

from typing import NamedTuple

from penstock.domain import (
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildReject,
    ChildReplaced,
    Event,
    Liquidity,
    Ns,
    Side,
)
from penstock.wire.fix import tags
from penstock.wire.fix.exchange_orders import ExchangeBook, ExchangeOrder
from penstock.wire.fix.messages import FixMessage, Incoming
from penstock.wire.fix.reports import (
    Fields,
    Refused,
    cancel_reject,
    echoed,
    execution_report,
)
from penstock.wire.fix.tags import CxlRejReason, ExecType, OrdRejReason, OrdStatus
from penstock.wire.fix.values import price_text


class VenueReply(NamedTuple):
    """A report of a venue for the session (mic, counterparty), and the order it is about."""

    mic: str
    counterparty: str
    message: FixMessage
    cl_ord_id: str
    side: Side


class ExchangeReports:
    """Books what the market says on the orders, and words it."""

    def __init__(self, book: ExchangeBook) -> None:
        self._book = book
        self._n_reports = 0

    def of_event(self, event: Event, now_ns: Ns) -> VenueReply:
        """The report for an event about an order in the book."""
        match event:
            case ChildAck(child_id=child_id):
                order = self._book.order(child_id)
                message = self._acknowledged(order, now_ns)
            case ChildReject(child_id=child_id, reason=reason):
                order = self._book.order(child_id)
                message = self._rejected(order, reason, now_ns)
            case ChildFill(child_id=child_id):
                order = self._book.order(child_id)
                message = self._fill(order, event, now_ns)
            case ChildBust(child_id=child_id):
                order = self._book.order(child_id)
                message = self._bust(order, event, now_ns)
            case ChildCancelled(child_id=child_id):
                order = self._book.order(child_id)
                message = self._cancelled(order, now_ns)
            case ChildReplaced(child_id=child_id):
                order = self._book.order(child_id)
                message = self._replaced(order, event, now_ns)
            case ChildCancelReject(child_id=child_id, reason=reason):
                order = self._book.order(child_id)
                message = self._cancel_refused(order, reason, now_ns)
            case _:
                raise AssertionError(f"{event} is no report of a venue")
        return VenueReply(order.mic, order.counterparty, message, order.cl_ord_id, order.side)

    def status(self, order: ExchangeOrder, incoming: Incoming, asked_as: str) -> FixMessage:
        """The answer to a router that asks where an order stands."""
        question = echoed(incoming, tags.ORD_STATUS_REQ_ID)
        more = ((tags.ORD_STATUS_REQ_ID, question),)
        return self._report(
            order, ExecType.ORDER_STATUS, incoming.recv_ns, more, cl_ord_id=asked_as, text="status"
        )

    def next_id(self, mic: str) -> str:
        """17 ExecID of a report that is no execution."""
        self._n_reports += 1
        return f"{mic}-R{self._n_reports}"

    def _acknowledged(self, order: ExchangeOrder, now_ns: Ns) -> FixMessage:
        if order.ord_status == OrdStatus.PENDING_NEW:
            order.restate()
        return self._report(order, ExecType.NEW, now_ns)

    def _rejected(self, order: ExchangeOrder, reason: str, now_ns: Ns) -> FixMessage:
        order.ord_status = OrdStatus.REJECTED
        more = ((tags.ORD_REJ_REASON, OrdRejReason.OTHER),)
        return self._report(order, ExecType.REJECTED, now_ns, more, text=reason)

    def _fill(self, order: ExchangeOrder, fill: ChildFill, now_ns: Ns) -> FixMessage:
        order.execute(fill.exec_id, fill.size_shares, fill.price_ticks)
        is_made = fill.liquidity is Liquidity.MAKE
        more = (
            *_execution(order.mic, fill.size_shares, fill.price_ticks),
            (tags.LAST_LIQUIDITY_IND, tags.MADE if is_made else tags.TOOK),
        )
        return self._report(order, ExecType.TRADE, now_ns, more, exec_id=fill.exec_id)

    def _bust(self, order: ExchangeOrder, bust: ChildBust, now_ns: Ns) -> FixMessage:
        order.correct(bust.exec_id, bust.corrected_shares, bust.corrected_price_ticks)
        is_correction = bust.corrected_shares > 0
        more: Fields = ((tags.EXEC_REF_ID, bust.exec_id),)
        if is_correction:
            more += _execution(order.mic, bust.corrected_shares, bust.corrected_price_ticks)
        exec_type = ExecType.TRADE_CORRECT if is_correction else ExecType.TRADE_CANCEL
        return self._report(order, exec_type, now_ns, more)

    def _cancelled(self, order: ExchangeOrder, now_ns: Ns) -> FixMessage:
        """An immediate order ends by itself: a cancel that crosses this is answered on its own."""
        order.ord_status = OrdStatus.CANCELED
        asked = None if order.tif == tags.IOC else order.answered(tags.TO_CANCEL)
        if asked is None:
            return self._report(order, ExecType.CANCELED, now_ns)
        return self._report(
            order, ExecType.CANCELED, now_ns, cl_ord_id=asked.cl_ord_id, orig_cl_ord_id=order.name
        )

    def _replaced(self, order: ExchangeOrder, event: ChildReplaced, now_ns: Ns) -> FixMessage:
        order.size_shares, order.limit_ticks = event.size_shares, event.limit_ticks
        order.restate()
        old, asked = order.name, order.answered(tags.TO_REPLACE)
        if asked is None:
            return self._report(order, ExecType.RESTATED, now_ns)
        order.name = asked.cl_ord_id
        return self._report(order, ExecType.REPLACED, now_ns, orig_cl_ord_id=old)

    def _cancel_refused(self, order: ExchangeOrder, reason: str, now_ns: Ns) -> FixMessage:
        asked = order.answered() or order.last_asked
        assert asked is not None, f"order {order.child_id}: a refusal of what nobody asked for"
        refused = Refused(
            response_to=asked.response_to,
            cl_ord_id=asked.cl_ord_id,
            orig_cl_ord_id=order.name,
            order_id=order.standing().order_id,
            ord_status=order.ord_status,
        )
        code = CxlRejReason.TOO_LATE if order.has_ended else CxlRejReason.OTHER
        return cancel_reject(refused, reason=code, at_ns=now_ns, text=reason)

    def _report(
        self, order: ExchangeOrder, exec_type: str, now_ns: Ns, more: Fields = (), *,
        exec_id: str = "", cl_ord_id: str = "", orig_cl_ord_id: str = "", text: str = "",
    ) -> FixMessage:  # fmt: skip
        return execution_report(
            order.standing(cl_ord_id, orig_cl_ord_id),
            exec_id or self.next_id(order.mic),
            exec_type,
            at_ns=now_ns,
            more=more,
            text=text,
        )


def _execution(mic: str, size_shares: int, price_ticks: int) -> Fields:
    return (
        (tags.LAST_QTY, str(size_shares)),
        (tags.LAST_PX, price_text(price_ticks)),
        (tags.LAST_MKT, mic),
    )
