"""The simulated venues' side of FIX: the router's orders in, reports of the market out."""

from __future__ import annotations

from typing import NamedTuple

from penstock.domain import (
    CancelChild,
    Event,
    Ns,
    ReplaceChild,
    SendChild,
    Tif,
    Universe,
    Venue,
    VenueCommand,
)
from penstock.wire.fix import tags
from penstock.wire.fix.exchange_orders import Asked, ExchangeBook, ExchangeOrder, read_child
from penstock.wire.fix.exchange_reports import ExchangeReports, VenueReply
from penstock.wire.fix.messages import Incoming, Outgoing
from penstock.wire.fix.reading import FieldReader, listed
from penstock.wire.fix.reports import (
    Refused,
    business_reject,
    cancel_reject,
    echoed,
    order_reject,
)
from penstock.wire.fix.tags import (
    BusinessRejectReason,
    CxlRejReason,
    ExecType,
    MsgType,
    OrdRejReason,
    OrdStatus,
)
from penstock.wire.fix.values import shown


class ExchangeAnswer(NamedTuple):
    """What a router's message leads to: commands for the market, or replies at once."""

    commands: tuple[VenueCommand, ...] = ()
    replies: tuple[Outgoing, ...] = ()


class ExchangeDesk:
    """
    Translates for the simulated venues: one desk for all, pure.

    Orders are numbered 1, 2, 3, … in the order of their coming, over all venues. State follows
    the reports: what has happened in the market but is still on its way is not known here, so a
    status answer and the reports around it never contradict each other.
    """

    def __init__(self, universe: Universe) -> None:
        self._venues = {venue.mic: venue for venue in universe.venues}
        self._instruments = {i.symbol: i for i in universe.instruments}
        self._book = ExchangeBook()
        self._reports = ExchangeReports(self._book)

    def order(self, child_id: int) -> ExchangeOrder:
        """An order by the number that its SendChild had."""
        return self._book.order(child_id)

    def on_message(self, mic: str, incoming: Incoming) -> ExchangeAnswer:
        """Take a message addressed to one of the venues."""
        venue = self._venues.get(mic)
        types = (
            MsgType.NEW_ORDER_SINGLE,
            MsgType.ORDER_CANCEL_REQUEST,
            MsgType.ORDER_CANCEL_REPLACE_REQUEST,
            MsgType.ORDER_STATUS_REQUEST,
        )
        if incoming.msg_type in (MsgType.REJECT, MsgType.BUSINESS_MESSAGE_REJECT):
            return ExchangeAnswer()  # answering a reject could go on for ever
        if venue is None or incoming.msg_type not in types:
            return _refused_whole(incoming, mic)
        reader = FieldReader(incoming.fields)
        name = reader.identifier(tags.CL_ORD_ID)
        if name is None:
            text = listed(reader.flaws)
            reason = BusinessRejectReason.FIELD_MISSING
            return ExchangeAnswer(replies=(business_reject(incoming, reason=reason, text=text),))
        if incoming.msg_type == MsgType.ORDER_STATUS_REQUEST:
            return self._status(mic, incoming, name)
        is_known = self._book.find(mic, incoming.counterparty, name) is not None
        if is_known and incoming.is_possible_dup:
            return ExchangeAnswer()
        if incoming.msg_type == MsgType.NEW_ORDER_SINGLE:
            return self._new_order(venue, incoming, reader, name)
        return self._change(mic, incoming, reader, name)

    def on_event(self, event: Event, now_ns: Ns) -> VenueReply:
        """The report for what the market says about one of the orders, booked as it is reported."""
        return self._reports.of_event(event, now_ns)

    def _new_order(
        self, venue: Venue, incoming: Incoming, reader: FieldReader, name: str
    ) -> ExchangeAnswer:
        if self._book.find(venue.mic, incoming.counterparty, name) is not None:
            text = f"11 ClOrdID: expected one not used before; found {shown(name)}"
            return self._reject(venue.mic, incoming, OrdRejReason.DUPLICATE_ORDER, text)
        instrument = self._instruments.get(reader.raw(tags.SYMBOL) or "")
        child = read_child(reader, venue, instrument, self._book.next_child_id)
        if child is None:
            text = f"order not accepted: {listed(reader.flaws)}"
            return self._reject(venue.mic, incoming, OrdRejReason.OTHER, text)
        order = ExchangeOrder(
            child_id=child.child_id,
            mic=venue.mic,
            counterparty=incoming.counterparty,
            cl_ord_id=name,
            name=name,
            symbol=incoming.fields[tags.SYMBOL],
            side=child.side,
            size_shares=child.size_shares,
            limit_ticks=child.limit_ticks,
            ord_type=incoming.fields[tags.ORD_TYPE],
            tif=tags.IOC if child.tif is Tif.IOC else tags.DAY,
        )
        self._book.open(order)
        return ExchangeAnswer(commands=(SendChild(at_ns=incoming.recv_ns, order=child),))

    def _change(
        self, mic: str, incoming: Incoming, reader: FieldReader, name: str
    ) -> ExchangeAnswer:
        """A cancel or a replace, by any ClOrdID of the order's chain; the market answers."""
        is_cancel = incoming.msg_type == MsgType.ORDER_CANCEL_REQUEST
        asked = Asked(tags.TO_CANCEL if is_cancel else tags.TO_REPLACE, name)
        orig = reader.identifier(tags.ORIG_CL_ORD_ID) or ""
        order = self._book.find(mic, incoming.counterparty, orig)
        if order is None:
            return _refuse(incoming, asked, None, CxlRejReason.UNKNOWN_ORDER, "unknown order")
        if self._book.find(mic, incoming.counterparty, name) is not None:
            text = f"11 ClOrdID: expected one not used before; found {shown(name)}"
            return _refuse(incoming, asked, order, CxlRejReason.DUPLICATE_CL_ORD_ID, text)
        command: VenueCommand = CancelChild(
            at_ns=incoming.recv_ns,
            child_id=order.child_id,
            venue_idx=self._venues[mic].venue_idx,
        )
        if not is_cancel:
            size_shares = reader.shares(tags.ORDER_QTY)
            limit_ticks = reader.price(tags.PRICE)
            if size_shares is None or limit_ticks is None:
                text = f"not replaced: {listed(reader.flaws)}"
                return _refuse(incoming, asked, order, CxlRejReason.OTHER, text)
            command = ReplaceChild(
                at_ns=incoming.recv_ns,
                child_id=order.child_id,
                venue_idx=self._venues[mic].venue_idx,
                size_shares=size_shares,
                limit_ticks=limit_ticks,
            )
        self._book.ask(order, asked)
        return ExchangeAnswer(commands=(command,))

    def _status(self, mic: str, incoming: Incoming, name: str) -> ExchangeAnswer:
        order = self._book.find(mic, incoming.counterparty, name)
        if order is None:
            reply = order_reject(
                incoming,
                self._reports.next_id(mic),
                reason=OrdRejReason.UNKNOWN_ORDER,
                text="unknown order",
                exec_type=ExecType.ORDER_STATUS,
            )
            return ExchangeAnswer(replies=(reply,))
        message = self._reports.status(order, incoming, name)
        return ExchangeAnswer(replies=(Outgoing(incoming.counterparty, message),))

    def _reject(self, mic: str, incoming: Incoming, reason: str, text: str) -> ExchangeAnswer:
        exec_id = self._reports.next_id(mic)
        reply = order_reject(
            incoming, exec_id, reason=reason, text=text, exec_type=ExecType.REJECTED
        )
        return ExchangeAnswer(replies=(reply,))


def _refuse(
    incoming: Incoming, asked: Asked, order: ExchangeOrder | None, reason: str, text: str
) -> ExchangeAnswer:
    refused = Refused(
        response_to=asked.response_to,
        cl_ord_id=asked.cl_ord_id,
        orig_cl_ord_id=echoed(incoming, tags.ORIG_CL_ORD_ID),
        order_id=tags.NO_ORDER if order is None else order.standing().order_id,
        ord_status=OrdStatus.REJECTED if order is None else order.ord_status,
    )
    message = cancel_reject(refused, reason=reason, at_ns=incoming.recv_ns, text=text)
    return ExchangeAnswer(replies=(Outgoing(incoming.counterparty, message),))


def _refused_whole(incoming: Incoming, mic: str) -> ExchangeAnswer:
    text = (
        f"{mic}: expected 35 MsgType D (order), G (replace), F (cancel) or H (status) for a venue "
        f"that is simulated here; found {shown(incoming.msg_type)}"
    )
    reason = BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE
    return ExchangeAnswer(replies=(business_reject(incoming, reason=reason, text=text),))
