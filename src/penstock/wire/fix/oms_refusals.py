"""How a client's request is refused: the reply, and what the journal keeps of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from penstock.domain import Event, OrderRefused
from penstock.wire.fix import tags
from penstock.wire.fix.messages import FixMessage, Incoming, Outgoing
from penstock.wire.fix.oms_book import Named, OmsOrder
from penstock.wire.fix.oms_reports import OmsReports
from penstock.wire.fix.reading import Flaw, listed, said_at_ns
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
from penstock.wire.fix.values import MAX_ID_CHARACTERS, SIDE_OF_TEXT, plain_text, shown

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
_TRACED: Final = (MsgType.NEW_ORDER_SINGLE, *_RESPONSE_TO)


class DeskAnswer(NamedTuple):
    """
    What a client's message leads to; `notes` are for a person, not for the client.

    `refused` are drafts for the journal alone: the reply to the client is in `replies`.
    """

    events: tuple[Event, ...] = ()
    replies: tuple[Outgoing, ...] = ()
    notes: tuple[str, ...] = ()
    refused: tuple[OrderRefused, ...] = ()


class Refusals:
    """Builds refusals of whole messages; nothing in the book is changed by one."""

    def __init__(self, reports: OmsReports) -> None:
        self._reports = reports

    def order(self, incoming: Incoming, flaws: Sequence[Flaw]) -> DeskAnswer:
        """A NewOrderSingle that cannot be taken."""
        text = f"order not accepted: {listed(flaws)}"
        if any(flaw.tag == tags.CL_ORD_ID for flaw in flaws):
            return nameless(incoming, text)
        reasons = {_REASON_OF_TAG.get(flaw.tag, OrdRejReason.OTHER) for flaw in flaws}
        reason = min(reasons) if len(reasons) == 1 else OrdRejReason.OTHER
        return self.order_with(incoming, reason, text)

    def order_with(self, incoming: Incoming, reason: str, text: str) -> DeskAnswer:
        """The same with a reason of one's own: 150=8 about no order."""
        exec_id = self._reports.answer_id(incoming)
        rejected = order_reject(
            incoming, exec_id, reason=reason, text=text, exec_type=ExecType.REJECTED
        )
        return DeskAnswer(replies=(rejected,), refused=trace(incoming, text))

    def unknown_order(self, incoming: Incoming) -> DeskAnswer:
        """A status request about no order of the client."""
        exec_id = self._reports.answer_id(incoming)
        reply = order_reject(
            incoming,
            exec_id,
            reason=OrdRejReason.UNKNOWN_ORDER,
            text="unknown order",
            exec_type=ExecType.ORDER_STATUS,
        )
        return DeskAnswer(replies=(reply,))

    def change(
        self, incoming: Incoming, order: OmsOrder | None, reason: str, flaws: Sequence[Flaw]
    ) -> DeskAnswer:
        """A cancel or replace that cannot be taken."""
        text = f"request not accepted: {listed(flaws)}"
        if any(flaw.tag == tags.CL_ORD_ID for flaw in flaws):
            return nameless(incoming, text)
        return self.change_with(incoming, order, reason, text)

    def change_with(
        self, incoming: Incoming, order: OmsOrder | None, reason: str, text: str
    ) -> DeskAnswer:
        """The same with a reason of one's own: 35=9."""
        about = self._reports.about(order)
        refused = Refused(
            response_to=_RESPONSE_TO[incoming.msg_type],
            cl_ord_id=incoming.fields[tags.CL_ORD_ID],
            orig_cl_ord_id=echoed(incoming, tags.ORIG_CL_ORD_ID),
            order_id=about.order_id,
            ord_status=about.ord_status,
        )
        message = cancel_reject(refused, reason=reason, at_ns=incoming.recv_ns, text=text)
        return DeskAnswer(
            replies=(Outgoing(incoming.counterparty, message),), refused=trace(incoming, text)
        )

    def whole(self, incoming: Incoming, order: OmsOrder | None, text: str) -> DeskAnswer:
        """Any request, for a reason that lies outside the message: overload, say."""
        if not echoed(incoming, tags.CL_ORD_ID):
            return nameless(incoming, text)
        if incoming.msg_type == MsgType.NEW_ORDER_SINGLE:
            return self.order_with(incoming, OrdRejReason.OTHER, text)
        if incoming.msg_type in _RESPONSE_TO:
            return self.change_with(incoming, order, CxlRejReason.OTHER, text)
        return not_allowed(incoming, text)

    def taken(self, incoming: Incoming, named: Named, differences: Sequence[str]) -> str:
        """Why a second message with a ClOrdID is refused."""
        order_id = self._reports.order_id(named.order)
        text = (
            "11 ClOrdID: expected one that you have not used before; found "
            f"{shown(incoming.fields.get(tags.CL_ORD_ID))}, which belongs to order {order_id} "
            "(that order is not touched by this reject)"
        )
        if not differences:
            return text
        return f"{text}; not the same message once more, it differs in: {', '.join(differences)}"


def trace(incoming: Incoming, text: str) -> tuple[OrderRefused, ...]:
    """What the journal keeps of a refused order, cancel or replace."""
    if incoming.msg_type not in _TRACED:
        return ()
    fields = incoming.fields
    side = fields.get(tags.SIDE, "")
    return (
        OrderRefused(
            seq=0,
            event_ns=said_at_ns(fields, incoming.recv_ns),
            recv_ns=incoming.recv_ns,
            client=incoming.counterparty,
            msg_type=incoming.msg_type,
            client_order_id=plain_text(fields.get(tags.CL_ORD_ID, ""))[:MAX_ID_CHARACTERS],
            symbol=plain_text(fields.get(tags.SYMBOL, ""))[:MAX_ID_CHARACTERS],
            reason=plain_text(text),
            side=side if side in SIDE_OF_TEXT else "",
        ),
    )


def nameless(incoming: Incoming, text: str) -> DeskAnswer:
    """Without a usable ClOrdID there is nothing that a report could be about."""
    reason = BusinessRejectReason.FIELD_MISSING
    reply = business_reject(incoming, reason=reason, text=text)
    return DeskAnswer(replies=(reply,), refused=trace(incoming, text))


def not_allowed(incoming: Incoming, text: str) -> DeskAnswer:
    """A message that this session may not send, or not now."""
    reason = BusinessRejectReason.NOT_AUTHORIZED
    reply = business_reject(incoming, reason=reason, text=text)
    return DeskAnswer(replies=(reply,), refused=trace(incoming, text))


def unsupported(incoming: Incoming) -> DeskAnswer:
    """A message of a type that the router does not take."""
    text = (
        "35 MsgType: expected D (order), G (replace), F (cancel), H (status), q (mass cancel) or "
        f"AF (mass status); found {shown(incoming.msg_type)}"
    )
    reason = BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE
    return DeskAnswer(replies=(business_reject(incoming, reason=reason, text=text),))


def note(incoming: Incoming) -> DeskAnswer:
    """A client refuses what we said: for a person, because no reply could mend it."""
    fields = incoming.fields
    if incoming.msg_type == MsgType.DONT_KNOW_TRADE:
        told = f"does not know our execution {shown(fields.get(tags.EXEC_ID))}"
    else:
        told = f"rejects our message {shown(fields.get(tags.REF_SEQ_NUM))}"
    text = plain_text(fields.get(tags.TEXT, "no text"))
    return DeskAnswer(notes=(f"{incoming.counterparty} {told}: {text}",))


def reply(incoming: Incoming, message: FixMessage) -> DeskAnswer:
    """One message back to where this one came from."""
    return DeskAnswer(replies=(Outgoing(incoming.counterparty, message),))
