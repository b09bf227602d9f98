"""Execution reports, cancel rejects and business rejects: the same layout for OMS and exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from penstock.domain import Ns, Shares, Ticks
from penstock.wire.fix import tags
from penstock.wire.fix.messages import FixMessage, Incoming, Outgoing
from penstock.wire.fix.tags import MsgType
from penstock.wire.fix.values import average_price_text, is_identifier, plain_text, price_text
from penstock.wire.fix.values import time_text as utc

Fields = tuple[tuple[int, str], ...]
"""Tags and values in the order of the wire."""


class Standing(NamedTuple):
    """Where an order stands: what every execution report about it says."""

    order_id: str
    cl_ord_id: str
    orig_cl_ord_id: str  # empty unless the report answers a cancel or a replace
    symbol: str
    side: str
    size_shares: Shares
    limit_ticks: Ticks | None
    ord_type: str
    tif: str
    ord_status: str
    filled_shares: Shares
    leaves_shares: Shares
    paid_ticks_shares: int
    paid_rest_femtos: int = 0


def execution_report(
    standing: Standing, exec_id: str, exec_type: str, *, at_ns: Ns, more: Fields = (), text: str
) -> FixMessage:
    """35=8 about an order; `more` are the tags of this kind of report."""
    s = standing
    fields = [
        (tags.ORDER_ID, s.order_id),
        (tags.CL_ORD_ID, s.cl_ord_id),
        (tags.ORIG_CL_ORD_ID, s.orig_cl_ord_id),
        (tags.EXEC_ID, exec_id),
        (tags.EXEC_TYPE, exec_type),
        (tags.ORD_STATUS, s.ord_status),
        (tags.SYMBOL, s.symbol),
        (tags.SIDE, s.side),
        (tags.ORDER_QTY, str(s.size_shares)),
        (tags.ORD_TYPE, s.ord_type),
        (tags.PRICE, "" if s.limit_ticks is None else price_text(s.limit_ticks)),
        (tags.TIME_IN_FORCE, s.tif),
        *more,
        (tags.LEAVES_QTY, str(s.leaves_shares)),
        (tags.CUM_QTY, str(s.filled_shares)),
        (tags.AVG_PX, average_price_text(s.paid_ticks_shares, s.filled_shares, s.paid_rest_femtos)),
        (tags.TRANSACT_TIME, utc(at_ns)),
        (tags.TEXT, plain_text(text)),
    ]
    return _message(MsgType.EXECUTION_REPORT, fields)


def order_reject(
    incoming: Incoming, exec_id: str, *, reason: str, text: str, exec_type: str
) -> Outgoing:
    """
    35=8 with 39=8 about something that is no order of ours: refused, or never heard of.

    37 OrderID is NONE, so that nobody takes it for the state of an order with the same ClOrdID.
    What the other side wrote is given back only where it is well-formed.
    """
    fields = [
        (tags.ORDER_ID, tags.NO_ORDER),
        (tags.CL_ORD_ID, echoed(incoming, tags.CL_ORD_ID)),
        (tags.EXEC_ID, exec_id),
        (tags.EXEC_TYPE, exec_type),
        (tags.ORD_STATUS, tags.OrdStatus.REJECTED),
        (tags.ORD_REJ_REASON, reason),
        (tags.SYMBOL, echoed(incoming, tags.SYMBOL)),
        (tags.SIDE, side_of(incoming)),
        (tags.ORD_STATUS_REQ_ID, echoed(incoming, tags.ORD_STATUS_REQ_ID)),
        (tags.LEAVES_QTY, "0"),
        (tags.CUM_QTY, "0"),
        (tags.AVG_PX, "0"),
        (tags.TRANSACT_TIME, utc(incoming.recv_ns)),
        (tags.TEXT, plain_text(text)),
    ]
    return Outgoing(incoming.counterparty, _message(MsgType.EXECUTION_REPORT, fields))


class Refused(NamedTuple):
    """A cancel or replace that is not done: whose, of which order, and how that one stands."""

    response_to: str  # 434: tags.TO_CANCEL or tags.TO_REPLACE
    cl_ord_id: str
    orig_cl_ord_id: str
    order_id: str
    ord_status: str


def cancel_reject(refused: Refused, *, reason: str, at_ns: Ns, text: str) -> FixMessage:
    """35=9."""
    fields = [
        (tags.ORDER_ID, refused.order_id),
        (tags.CL_ORD_ID, refused.cl_ord_id),
        (tags.ORIG_CL_ORD_ID, refused.orig_cl_ord_id or tags.NO_ORDER),
        (tags.ORD_STATUS, refused.ord_status),
        (tags.CXL_REJ_RESPONSE_TO, refused.response_to),
        (tags.CXL_REJ_REASON, reason),
        (tags.TRANSACT_TIME, utc(at_ns)),
        (tags.TEXT, plain_text(text)),
    ]
    return _message(MsgType.ORDER_CANCEL_REJECT, fields)


def business_reject(incoming: Incoming, *, reason: str, text: str) -> Outgoing:
    """35=j: a message that can be answered in no better way."""
    fields = [
        (tags.REF_SEQ_NUM, str(incoming.seq_num)),
        (tags.REF_MSG_TYPE, plain_text(incoming.msg_type)),
        (tags.BUSINESS_REJECT_REF_ID, echoed(incoming, tags.CL_ORD_ID)),
        (tags.BUSINESS_REJECT_REASON, reason),
        (tags.TEXT, plain_text(text)),
    ]
    return Outgoing(incoming.counterparty, _message(MsgType.BUSINESS_MESSAGE_REJECT, fields))


def possible_resend(outgoing: Outgoing) -> Outgoing:
    """The same message, marked 97=Y: the receiver may have it already, under the same ExecID."""
    message = outgoing.message
    marked = message._replace(fields=((tags.POSS_RESEND, "Y"), *message.fields))
    return outgoing._replace(message=marked)


def _message(msg_type: str, fields: Sequence[tuple[int, str]]) -> FixMessage:
    """FIX has no empty fields: what has no text is left out."""
    return FixMessage(msg_type, tuple(field for field in fields if field[1]))


def side_of(incoming: Incoming) -> str:
    """54 as the other side wrote it, where FIX has such a side; else 7, undisclosed."""
    text = incoming.fields.get(tags.SIDE, "")
    return text if len(text) == 1 and text in "123456789ABCDEFG" else tags.UNDISCLOSED


def echoed(incoming: Incoming, tag: int) -> str:
    """What the other side wrote, if it may be given back; else empty."""
    text = incoming.fields.get(tag, "")
    return text if is_identifier(text) else ""
