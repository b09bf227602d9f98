"""What a client's message leads to: an event for the engine, a reply, or a note for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from penstock.domain import CancelParent, Event, NewParent, ReplaceParent, Universe
from penstock.wire.fix import tags
from penstock.wire.fix.messages import FixMessage, Incoming, Outgoing
from penstock.wire.fix.oms_book import Named, OmsBook, OmsOrder
from penstock.wire.fix.oms_reports import OmsReports
from penstock.wire.fix.oms_requests import OrderDefaults, Requests
from penstock.wire.fix.reading import FieldReader, Flaw, listed, said_at_ns
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
)
from penstock.wire.fix.values import plain_text, shown

_REASON_OF_TAG: Final[Mapping[int, str]] = MappingProxyType(
    {
        tags.SYMBOL: OrdRejReason.UNKNOWN_SYMBOL,
        tags.ORDER_QTY: OrdRejReason.INCORRECT_QUANTITY,
        tags.ORD_TYPE: OrdRejReason.UNSUPPORTED,
        tags.TIME_IN_FORCE: OrdRejReason.UNSUPPORTED,
    }
)
_RESPONSE_TO: Final[Mapping[str, str]] = MappingProxyType(
    {
        MsgType.ORDER_CANCEL_REQUEST: tags.TO_CANCEL,
        MsgType.ORDER_CANCEL_REPLACE_REQUEST: tags.TO_REPLACE,
    }
)


class DeskAnswer(NamedTuple):
    """What a client's message leads to; `notes` are for a person, not for the client."""

    events: tuple[Event, ...] = ()
    replies: tuple[Outgoing, ...] = ()
    notes: tuple[str, ...] = ()


class OmsAnswers:
    """Answers clients' messages out of the book; the book itself is changed by events alone."""

    def __init__(
        self, universe: Universe, defaults: OrderDefaults, book: OmsBook, reports: OmsReports
    ) -> None:
        self._book = book
        self._reports = reports
        self._requests = Requests(universe.instruments, defaults)
        self._by_type: dict[str, Callable[[Incoming], DeskAnswer]] = {
            MsgType.NEW_ORDER_SINGLE: self._new_order,
            MsgType.ORDER_CANCEL_REQUEST: self._change,
            MsgType.ORDER_CANCEL_REPLACE_REQUEST: self._change,
            MsgType.ORDER_STATUS_REQUEST: self._status,
            MsgType.REJECT: _note,
            MsgType.BUSINESS_MESSAGE_REJECT: _note,  # answering a reject could go on for ever
            MsgType.DONT_KNOW_TRADE: _note,
        }

    def answer(self, incoming: Incoming) -> DeskAnswer:
        """Take one message."""
        answer = self._by_type.get(incoming.msg_type)
        return _unsupported(incoming) if answer is None else answer(incoming)

    def refuse_unworked(self, incoming: Incoming, text: str) -> Outgoing:
        """The reject of a message that nothing has looked at: the router is overloaded, say."""
        if incoming.msg_type == MsgType.NEW_ORDER_SINGLE:
            return self._reject(incoming, OrdRejReason.OTHER, text).replies[0]
        if incoming.msg_type == MsgType.ORDER_CANCEL_REPLACE_REQUEST:
            orig = incoming.fields.get(tags.ORIG_CL_ORD_ID, "")
            meant = self._book.find(incoming.counterparty, orig)
            order = None if meant is None else meant.order
            if tags.CL_ORD_ID in incoming.fields:
                return self._refuse(incoming, order, CxlRejReason.OTHER, text).replies[0]
        reason = BusinessRejectReason.NOT_AVAILABLE
        return business_reject(incoming, reason=reason, text=text)

    def _new_order(self, incoming: Incoming) -> DeskAnswer:
        named = self._named(incoming)
        if named is not None:
            return self._order_again(incoming, named)
        reader = FieldReader(incoming.fields)
        order = self._requests.new_order(
            reader,
            client=incoming.counterparty,
            parent_id=self._book.next_parent_id,
            arrival_ns=incoming.recv_ns,
        )
        if order is None:
            return self._refuse_order(incoming, reader.flaws)
        said_ns = said_at_ns(incoming.fields, incoming.recv_ns)
        return DeskAnswer(
            events=(NewParent(seq=0, event_ns=said_ns, recv_ns=incoming.recv_ns, order=order),)
        )

    def _order_again(self, incoming: Incoming, named: Named) -> DeskAnswer:
        """The same order once more is answered with its status; another one is refused."""
        if _may_be_repeated(incoming) and self._is_repeated(incoming, named):
            return self._status_of(incoming, named.order)
        return self._reject(incoming, OrdRejReason.DUPLICATE_ORDER, self._taken(incoming, named))

    def _is_repeated(self, incoming: Incoming, named: Named) -> bool:
        if named.msg_type != incoming.msg_type:
            return False
        reader = FieldReader(incoming.fields)
        return incoming.msg_type != MsgType.NEW_ORDER_SINGLE or self._requests.is_same_order(
            reader, named.order.order
        )

    def _refuse_order(self, incoming: Incoming, flaws: Sequence[Flaw]) -> DeskAnswer:
        text = f"order not accepted: {listed(flaws)}"
        if any(flaw.tag == tags.CL_ORD_ID for flaw in flaws):
            return _nameless(incoming, text)
        reasons = {_REASON_OF_TAG.get(flaw.tag, OrdRejReason.OTHER) for flaw in flaws}
        return self._reject(
            incoming, min(reasons) if len(reasons) == 1 else OrdRejReason.OTHER, text
        )

    def _reject(self, incoming: Incoming, reason: str, text: str) -> DeskAnswer:
        exec_id = self._reports.answer_id(incoming)
        return DeskAnswer(
            replies=(
                order_reject(
                    incoming, exec_id, reason=reason, text=text, exec_type=ExecType.REJECTED
                ),
            )
        )

    def _change(self, incoming: Incoming) -> DeskAnswer:
        """A cancel or a replace: the way to the order is the same for both."""
        named = self._named(incoming)
        if named is not None:
            if _may_be_repeated(incoming) and self._is_repeated(incoming, named):
                return self._status_of(incoming, named.order)
            return self._refuse_name(incoming, named)
        reader = FieldReader(incoming.fields)
        reader.identifier(tags.CL_ORD_ID)
        orig = reader.identifier(tags.ORIG_CL_ORD_ID, "send the ClOrdID of the order")
        found = self._book.find(incoming.counterparty, orig or "")
        if orig is not None and found is None:
            reader.complain(
                tags.ORIG_CL_ORD_ID, "the ClOrdID of an order of yours", "unknown order"
            )
        if found is None:
            reason = CxlRejReason.OTHER if orig is None else CxlRejReason.UNKNOWN_ORDER
            return self._refuse_change(incoming, None, reason, reader.flaws)
        event = self._event(incoming, reader, found.order)
        if event is None:
            return self._refuse_change(incoming, found.order, CxlRejReason.OTHER, reader.flaws)
        return DeskAnswer(events=(event,))

    def _event(self, incoming: Incoming, reader: FieldReader, order: OmsOrder) -> Event | None:
        said_ns = said_at_ns(incoming.fields, incoming.recv_ns)
        parent_id = order.order.parent_id
        name = reader.raw(tags.CL_ORD_ID) or ""
        if incoming.msg_type == MsgType.ORDER_CANCEL_REPLACE_REQUEST:
            terms = self._requests.replace(reader, order.order)
            if terms is None:
                return None
            return ReplaceParent(
                seq=0, event_ns=said_ns, recv_ns=incoming.recv_ns, parent_id=parent_id,
                size_shares=terms.size_shares, limit_ticks=terms.limit_ticks, client_order_id=name,
            )  # fmt: skip
        self._requests.check_same_order(reader, order.order)
        if reader.flaws:
            return None
        return CancelParent(
            seq=0, event_ns=said_ns, recv_ns=incoming.recv_ns, parent_id=parent_id,
            client_order_id=name,
        )  # fmt: skip

    def _refuse_name(self, incoming: Incoming, named: Named) -> DeskAnswer:
        """A change under a ClOrdID that is taken; the order that it is about stands as it stood."""
        orig = incoming.fields.get(tags.ORIG_CL_ORD_ID, "")
        meant = self._book.find(incoming.counterparty, orig)
        order = None if meant is None else meant.order
        text = self._taken(incoming, named)
        return self._refuse(incoming, order, CxlRejReason.DUPLICATE_CL_ORD_ID, text)

    def _refuse_change(
        self, incoming: Incoming, order: OmsOrder | None, reason: str, flaws: Sequence[Flaw]
    ) -> DeskAnswer:
        text = f"request not accepted: {listed(flaws)}"
        if any(flaw.tag == tags.CL_ORD_ID for flaw in flaws):
            return _nameless(incoming, text)
        return self._refuse(incoming, order, reason, text)

    def _refuse(
        self, incoming: Incoming, order: OmsOrder | None, reason: str, text: str
    ) -> DeskAnswer:
        about = self._reports.about(order)
        refused = Refused(
            response_to=_RESPONSE_TO[incoming.msg_type],
            cl_ord_id=incoming.fields[tags.CL_ORD_ID],
            orig_cl_ord_id=echoed(incoming, tags.ORIG_CL_ORD_ID),
            order_id=about.order_id,
            ord_status=about.ord_status,
        )
        message = cancel_reject(refused, reason=reason, at_ns=incoming.recv_ns, text=text)
        return _reply(incoming, message)

    def _status(self, incoming: Incoming) -> DeskAnswer:
        named = self._named(incoming)
        if named is not None:
            return self._status_of(incoming, named.order)
        reader = FieldReader(incoming.fields)
        if reader.identifier(tags.CL_ORD_ID) is None:
            return _nameless(incoming, f"status not known: {listed(reader.flaws)}")
        exec_id = self._reports.answer_id(incoming)
        reply = order_reject(
            incoming,
            exec_id,
            reason=OrdRejReason.UNKNOWN_ORDER,
            text="unknown order",
            exec_type=ExecType.ORDER_STATUS,
        )
        return DeskAnswer(replies=(reply,))

    def _status_of(self, incoming: Incoming, order: OmsOrder) -> DeskAnswer:
        return _reply(incoming, self._reports.status(order, incoming))

    def _named(self, incoming: Incoming) -> Named | None:
        return self._book.find(incoming.counterparty, incoming.fields.get(tags.CL_ORD_ID, ""))

    def _taken(self, incoming: Incoming, named: Named) -> str:
        """Why a second message with a ClOrdID is refused."""
        order_id = self._reports.order_id(named.order)
        return (
            "11 ClOrdID: expected one that you have not used before; found "
            f"{shown(incoming.fields.get(tags.CL_ORD_ID))}, which belongs to order {order_id} "
            "(that order is not touched by this reject)"
        )


def _may_be_repeated(incoming: Incoming) -> bool:
    return incoming.is_possible_dup or incoming.fields.get(tags.POSS_RESEND) == "Y"


def _reply(incoming: Incoming, message: FixMessage) -> DeskAnswer:
    return DeskAnswer(replies=(Outgoing(incoming.counterparty, message),))


def _nameless(incoming: Incoming, text: str) -> DeskAnswer:
    """Without a usable ClOrdID there is nothing that a report could be about."""
    reason = BusinessRejectReason.FIELD_MISSING
    return DeskAnswer(replies=(business_reject(incoming, reason=reason, text=text),))


def _unsupported(incoming: Incoming) -> DeskAnswer:
    text = (
        "35 MsgType: expected D (order), G (replace), F (cancel) or H (status); "
        f"found {shown(incoming.msg_type)}"
    )
    reason = BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE
    return DeskAnswer(replies=(business_reject(incoming, reason=reason, text=text),))


def _note(incoming: Incoming) -> DeskAnswer:
    """A client refuses what we said: for a person, because no reply could mend it."""
    fields = incoming.fields
    if incoming.msg_type == MsgType.DONT_KNOW_TRADE:
        told = f"does not know our execution {shown(fields.get(tags.EXEC_ID))}"
    else:
        told = f"rejects our message {shown(fields.get(tags.REF_SEQ_NUM))}"
    text = plain_text(fields.get(tags.TEXT, "no text"))
    return DeskAnswer(notes=(f"{incoming.counterparty} {told}: {text}",))
