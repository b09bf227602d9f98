"""The router's reports, read by an OMS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from penstock.domain import Liquidity, ParentState, Shares, Ticks, UsdMicros
from penstock.wire.fix import tags
from penstock.wire.fix.messages import Incoming
from penstock.wire.fix.reading import FieldReader, listed
from penstock.wire.fix.tags import CxlRejReason, ExecType, MsgType, OrdRejReason, OrdStatus
from penstock.wire.fix.values import plain_text, shown, usd_micros


class ClientReportKind(StrEnum):
    """What a message of the router is about."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FILL = "fill"
    BUST = "bust"
    CORRECTION = "correction"
    PENDING_REPLACE = "pending_replace"
    REPLACED = "replaced"
    STOPPING = "stopping"
    ENDED = "ended"
    STATUS = "status"
    REPLACE_REFUSED = "replace_refused"
    CANCEL_REFUSED = "cancel_refused"
    REFUSED = "refused"  # a whole message of ours, with 35=3 or 35=j
    UNREADABLE = "unreadable"


class ClientReport(NamedTuple):
    """
    What the router says about an order.

    `is_known` False: the router has no such order. `order_id` is "NONE" where a report is not
    about an order that the router has taken: it then says nothing about another order with the
    same ClOrdID. `fee_usd_micros` negative is a rebate.
    """

    kind: ClientReportKind
    cl_ord_id: str
    orig_cl_ord_id: str = ""
    order_id: str = ""
    exec_id: str = ""
    exec_ref_id: str = ""
    state: ParentState | None = None
    is_known: bool = True
    size_shares: Shares | None = None
    cum_shares: Shares | None = None
    leaves_shares: Shares | None = None
    last_shares: Shares = Shares(0)
    last_price_ticks: Ticks | None = None
    mic: str = ""
    venue_exec_id: str = ""
    child_id: int | None = None
    liquidity: Liquidity | None = None
    fee_usd_micros: UsdMicros = UsdMicros(0)
    is_possible_resend: bool = False
    text: str = ""


_KINDS: Final[Mapping[str, ClientReportKind]] = MappingProxyType(
    {
        ExecType.NEW: ClientReportKind.ACCEPTED,
        ExecType.REJECTED: ClientReportKind.REJECTED,
        ExecType.TRADE: ClientReportKind.FILL,
        ExecType.TRADE_CANCEL: ClientReportKind.BUST,
        ExecType.TRADE_CORRECT: ClientReportKind.CORRECTION,
        ExecType.PENDING_REPLACE: ClientReportKind.PENDING_REPLACE,
        ExecType.REPLACED: ClientReportKind.REPLACED,
        ExecType.PENDING_CANCEL: ClientReportKind.STOPPING,
        ExecType.CANCELED: ClientReportKind.ENDED,
        ExecType.EXPIRED: ClientReportKind.ENDED,
        ExecType.ORDER_STATUS: ClientReportKind.STATUS,
    }
)
_STATES: Final[Mapping[str, ParentState]] = MappingProxyType(
    {
        OrdStatus.PENDING_NEW: ParentState.WORKING,
        OrdStatus.NEW: ParentState.WORKING,
        OrdStatus.PARTIALLY_FILLED: ParentState.WORKING,
        OrdStatus.PENDING_REPLACE: ParentState.WORKING,
        OrdStatus.PENDING_CANCEL: ParentState.CANCELLING,
        OrdStatus.FILLED: ParentState.FILLED,
        OrdStatus.CANCELED: ParentState.CANCELLED,
        OrdStatus.EXPIRED: ParentState.CANCELLED,
        OrdStatus.REJECTED: ParentState.REJECTED,
    }
)
_USD: Final = "USD"
_WITH_EXECUTION: Final = (ClientReportKind.FILL, ClientReportKind.CORRECTION)


def read_report(incoming: Incoming) -> ClientReport | None:
    """
    What a message of the router says; None if it is not about an order.

    Never raises: a report with a tag that cannot be used is `UNREADABLE`, and says why in `text`.
    """
    match incoming.msg_type:
        case MsgType.EXECUTION_REPORT:
            return _execution_report(incoming)
        case MsgType.ORDER_CANCEL_REJECT:
            return _cancel_reject(incoming)
        case MsgType.BUSINESS_MESSAGE_REJECT | MsgType.REJECT:
            fields = incoming.fields
            number = shown(fields.get(tags.REF_SEQ_NUM))
            return ClientReport(
                kind=ClientReportKind.REFUSED,
                cl_ord_id=fields.get(tags.BUSINESS_REJECT_REF_ID, ""),
                text=f"our message {number}: {plain_text(fields.get(tags.TEXT, ''))}",
            )
        case _:
            return None


def _execution_report(incoming: Incoming) -> ClientReport:
    reader = FieldReader(incoming.fields)
    kind = _KINDS.get(reader.raw(tags.EXEC_TYPE) or "", ClientReportKind.UNREADABLE)
    if kind is ClientReportKind.UNREADABLE:
        reader.complain(tags.EXEC_TYPE, "an ExecType that this router sends", "ask the router")
    exec_id = reader.identifier(tags.EXEC_ID) or ""
    state = _state(reader)
    cum_shares = reader.shares(tags.CUM_QTY, least=0)
    leaves_shares = reader.shares(tags.LEAVES_QTY, least=0)
    size_shares = None
    if reader.raw(tags.ORDER_QTY) is not None:
        size_shares = reader.shares(tags.ORDER_QTY)
    has_execution = kind in _WITH_EXECUTION or reader.raw(tags.LAST_QTY) is not None
    last_shares = reader.shares(tags.LAST_QTY) if has_execution else None
    last_price_ticks = reader.price(tags.LAST_PX) if has_execution else None
    fee = _fee(reader, incoming.groups.get(tags.NO_MISC_FEES, ()))
    child_id = _child_id(reader)
    fields = incoming.fields
    report = ClientReport(
        kind=kind,
        cl_ord_id=fields.get(tags.CL_ORD_ID, ""),
        orig_cl_ord_id=fields.get(tags.ORIG_CL_ORD_ID, ""),
        order_id=fields.get(tags.ORDER_ID, ""),
        exec_id=exec_id,
        exec_ref_id=fields.get(tags.EXEC_REF_ID, ""),
        state=state,
        is_known=fields.get(tags.ORD_REJ_REASON) != OrdRejReason.UNKNOWN_ORDER,
        size_shares=size_shares,
        cum_shares=cum_shares,
        leaves_shares=leaves_shares,
        last_shares=last_shares or Shares(0),
        last_price_ticks=last_price_ticks,
        mic=fields.get(tags.LAST_MKT, ""),
        venue_exec_id=fields.get(tags.SECONDARY_EXEC_ID, ""),
        child_id=child_id,
        liquidity=_liquidity(reader),
        fee_usd_micros=fee,
        is_possible_resend=_is_resent(incoming),
        text=plain_text(fields.get(tags.TEXT, "")),
    )
    if not reader.flaws:
        return report
    return report._replace(kind=ClientReportKind.UNREADABLE, text=listed(reader.flaws))


def _cancel_reject(incoming: Incoming) -> ClientReport:
    fields = incoming.fields
    is_cancel = fields.get(tags.CXL_REJ_RESPONSE_TO) == tags.TO_CANCEL
    kind = ClientReportKind.CANCEL_REFUSED if is_cancel else ClientReportKind.REPLACE_REFUSED
    return ClientReport(
        kind=kind,
        cl_ord_id=fields.get(tags.CL_ORD_ID, ""),
        orig_cl_ord_id=fields.get(tags.ORIG_CL_ORD_ID, ""),
        order_id=fields.get(tags.ORDER_ID, ""),
        state=_STATES.get(fields.get(tags.ORD_STATUS, "")),
        is_known=fields.get(tags.CXL_REJ_REASON) != CxlRejReason.UNKNOWN_ORDER,
        is_possible_resend=_is_resent(incoming),
        text=plain_text(fields.get(tags.TEXT, "")),
    )


def _state(reader: FieldReader) -> ParentState | None:
    state = _STATES.get(reader.raw(tags.ORD_STATUS) or "")
    if state is None:
        reader.complain(tags.ORD_STATUS, "an OrdStatus that this router sends", "ask the router")
    return state


def _fee(reader: FieldReader, entries: Sequence[Mapping[int, str]]) -> UsdMicros:
    """The sum of the fees in dollars; one in another currency is not ours."""
    total = 0
    for entry in entries:
        if entry.get(tags.MISC_FEE_CURR, _USD) != _USD:
            continue
        text = entry.get(tags.MISC_FEE_AMT, "")
        fee = usd_micros(text)
        if fee is None:
            expected, fix = "an amount of dollars", "ask the router"
            reader.complain(tags.MISC_FEE_AMT, expected, fix, shown(text))
        total += fee or 0
    return UsdMicros(total)


def _child_id(reader: FieldReader) -> int | None:
    if reader.raw(tags.SECONDARY_ORDER_ID) is None:
        return None
    return reader.number(tags.SECONDARY_ORDER_ID, 1, 10**18 - 1, "the child", "ask the router")


def _liquidity(reader: FieldReader) -> Liquidity | None:
    if reader.raw(tags.LIQUIDITY) == Liquidity.MIDPOINT.name:
        return Liquidity.MIDPOINT
    made = {tags.MADE: Liquidity.MAKE, tags.TOOK: Liquidity.TAKE}
    return made.get(reader.raw(tags.LAST_LIQUIDITY_IND) or "")


def _is_resent(incoming: Incoming) -> bool:
    return incoming.is_possible_dup or incoming.fields.get(tags.POSS_RESEND) == "Y"
