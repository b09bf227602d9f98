"""What we tell a client about an order: `ReportParent` commands as FIX messages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from penstock.domain import (
    Liquidity,
    Ns,
    OrderRefused,
    ParentState,
    ParentTif,
    ReportKind,
    ReportParent,
    Shares,
    Universe,
)
from penstock.wire.fix import tags
from penstock.wire.fix.messages import FixMessage, Incoming
from penstock.wire.fix.oms_book import OmsOrder
from penstock.wire.fix.oms_identity import body_of, header_of
from penstock.wire.fix.oms_rules import DeskRules
from penstock.wire.fix.oms_times import TIF_TEXT
from penstock.wire.fix.reports import (
    Fields,
    Refused,
    Standing,
    cancel_reject,
    echoed,
    execution_report,
)
from penstock.wire.fix.tags import CxlRejReason, ExecType, MsgType, OrdRejReason, OrdStatus
from penstock.wire.fix.values import (
    SIDE_TEXT,
    exact_price_text,
    plain_text,
    time_text,
    usd_text,
)

EXEC_TYPES: Final[Mapping[ReportKind, str]] = MappingProxyType(
    {
        ReportKind.ACCEPTED: ExecType.NEW,
        ReportKind.REJECTED: ExecType.REJECTED,
        ReportKind.FILL: ExecType.TRADE,
        ReportKind.BUST: ExecType.TRADE_CANCEL,
        ReportKind.CORRECTION: ExecType.TRADE_CORRECT,
        ReportKind.PENDING_REPLACE: ExecType.PENDING_REPLACE,
        ReportKind.REPLACED: ExecType.REPLACED,
        ReportKind.STOPPING: ExecType.PENDING_CANCEL,
        ReportKind.ENDED: ExecType.CANCELED,
    }
)


class About(NamedTuple):
    """What a refusal says about the order."""

    order_id: str
    ord_status: str


class OmsReports:
    """
    Builds the messages. Every identifier comes from the run, the event and the order alone, so a
    report that is made again after a restart has the same ExecID.
    """

    def __init__(self, universe: Universe, run: str, rules: DeskRules) -> None:
        self._symbols = [instrument.symbol for instrument in universe.instruments]
        self._mics = [venue.mic for venue in universe.venues]
        self._run = run
        self._rules = rules

    def report(
        self, order: OmsOrder, command: ReportParent, own_id: str, cl_ord_ids: tuple[str, str],
        at_ns: Ns,
    ) -> FixMessage:  # fmt: skip
        """
        One execution report.

        Args:
            own_id: unique name of this report; a fill has the venue's ExecID instead.
            cl_ord_ids: 11 ClOrdID and 41 OrigClOrdID, the latter empty if there is none.
        """
        exec_type = EXEC_TYPES[command.kind]
        if command.kind is ReportKind.ENDED and command.state is ParentState.FILLED:
            exec_type = ExecType.ORDER_STATUS  # complete without a last fill: nothing is cancelled
        elif command.kind is ReportKind.ENDED and order.has_expired:
            exec_type = ExecType.EXPIRED
        exec_id, more = own_id, self._execution(command, order.order.client)
        venue_exec_id = self._venue_exec_id(command)
        if command.kind is ReportKind.FILL:
            exec_id = venue_exec_id or own_id
        elif command.kind in (ReportKind.BUST, ReportKind.CORRECTION):
            more = ((tags.EXEC_REF_ID, venue_exec_id), *more)
        more = (*self._expiry(order), *more)
        if command.kind is ReportKind.REJECTED:
            more = ((tags.ORD_REJ_REASON, OrdRejReason.OTHER), *more)
        standing = self.standing(order, cl_ord_ids, command)
        message = execution_report(
            standing, exec_id, exec_type, at_ns=at_ns, more=more, text=command.text
        )
        return _with_identity(message, order)

    def status(self, order: OmsOrder, incoming: Incoming) -> FixMessage:
        """The answer to a client who asks where the order stands: 150=I."""
        asked_as = incoming.fields.get(tags.CL_ORD_ID, "")
        more = ((tags.ORD_STATUS_REQ_ID, echoed(incoming, tags.ORD_STATUS_REQ_ID)),)
        return self._status(order, asked_as, self.answer_id(incoming), incoming.recv_ns, more)

    def status_in_list(
        self, order: OmsOrder, incoming: Incoming, idx: int, more: Fields
    ) -> FixMessage:
        """One of several such answers, under the latest ClOrdID of its order."""
        exec_id = f"{self.answer_id(incoming)}.{idx}"
        return self._status(order, order.cl_ord_id, exec_id, incoming.recv_ns, more)

    def copy_of_refusal(self, event: OrderRefused) -> FixMessage:
        """A refused order, as a session hears of it that receives copies."""
        fields = (
            (tags.ORDER_ID, tags.NO_ORDER),
            (tags.CL_ORD_ID, event.client_order_id),
            (tags.EXEC_ID, self.step_id(event.seq, 0)),
            (tags.EXEC_TYPE, ExecType.REJECTED),
            (tags.ORD_STATUS, OrdStatus.REJECTED),
            (tags.ORD_REJ_REASON, OrdRejReason.OTHER),
            (tags.SYMBOL, event.symbol or tags.NO_SYMBOL),
            (tags.SIDE, event.side or tags.UNDISCLOSED),
            (tags.LEAVES_QTY, "0"),
            (tags.CUM_QTY, "0"),
            (tags.AVG_PX, "0"),
            (tags.TRANSACT_TIME, time_text(event.recv_ns)),
            (tags.TEXT, plain_text(event.reason)),
        )
        return FixMessage(MsgType.EXECUTION_REPORT, tuple(field for field in fields if field[1]))

    def _status(
        self, order: OmsOrder, cl_ord_id: str, exec_id: str, at_ns: Ns, more: Fields
    ) -> FixMessage:
        message = execution_report(
            self.standing(order, (cl_ord_id, ""), order.last),
            exec_id,
            ExecType.ORDER_STATUS,
            at_ns=at_ns,
            more=(*self._expiry(order), *more),
            text="status",
        )
        return _with_identity(message, order)

    def refusal(
        self, order: OmsOrder, response_to: str, cl_ord_id: str, *, reason: str, at_ns: Ns,
        text: str,
    ) -> FixMessage:  # fmt: skip
        """A cancel or replace of this order that is not done."""
        about = self.about(order)
        refused = Refused(
            response_to=response_to,
            cl_ord_id=cl_ord_id,
            orig_cl_ord_id=order.cl_ord_id,
            order_id=about.order_id,
            ord_status=about.ord_status,
        )
        return cancel_reject(refused, reason=reason, at_ns=at_ns, text=text)

    def standing(
        self, order: OmsOrder, cl_ord_ids: tuple[str, str], last: ReportParent | None
    ) -> Standing:
        """Where the order stands by this report; as sent, if there is none yet."""
        sent = order.order
        limit_ticks = sent.limit_ticks if last is None else last.limit_ticks
        return Standing(
            order_id=self.order_id(order),
            cl_ord_id=cl_ord_ids[0],
            orig_cl_ord_id=cl_ord_ids[1],
            symbol=self._symbols[sent.instrument_idx],
            side=SIDE_TEXT[sent.side],
            size_shares=sent.size_shares if last is None else last.size_shares,
            limit_ticks=limit_ticks,
            ord_type=tags.MARKET if limit_ticks is None else tags.LIMIT,
            tif=TIF_TEXT[sent.tif],
            ord_status=ord_status(order, last),
            filled_shares=Shares(0) if last is None else last.filled_shares,
            leaves_shares=sent.size_shares if last is None else last.leaves_shares,
            paid_ticks_shares=0 if last is None else last.paid_ticks_shares,
            paid_rest_femtos=0 if last is None else last.paid_rest_femtos,
        )

    def about(self, order: OmsOrder | None) -> About:
        """37 OrderID and 39 OrdStatus of an order, or of none."""
        if order is None:
            return About(tags.NO_ORDER, OrdStatus.REJECTED)
        return About(self.order_id(order), ord_status(order, order.last))

    def order_id(self, order: OmsOrder) -> str:
        """Our name for an order, unique over runs."""
        return f"{self._run}-P{order.order.parent_id}"

    def step_id(self, seq: int, idx: int) -> str:
        """ExecID of the report for command `idx` of event `seq`: the same when made again."""
        return f"{self._run}-R{seq}.{idx}"

    def answer_id(self, incoming: Incoming) -> str:
        """ExecID of a direct answer to a message, which is made once."""
        return f"{self._run}-A{incoming.recv_ns}.{incoming.seq_num}"

    def _venue_exec_id(self, command: ReportParent) -> str:
        if command.last_venue_idx is None or command.last_exec_id is None:
            return ""
        return f"{self._mics[command.last_venue_idx]}/{command.last_exec_id}"

    @staticmethod
    def _expiry(order: OmsOrder) -> Fields:
        """126 ExpireTime of an order that was sent with 59=6."""
        if order.order.tif is not ParentTif.GTD:
            return ()
        return ((tags.EXPIRE_TIME, time_text(order.order.deadline_ns)),)

    def _execution(self, command: ReportParent, client: str) -> Fields:
        """Venue, size, price, liquidity and fee of the execution that is reported, if one is."""
        if command.last_venue_idx is None or command.last_price_ticks is None:
            return ()
        fields = [
            (tags.LAST_QTY, str(command.last_shares)),
            (
                tags.LAST_PX,
                exact_price_text(command.last_price_ticks, command.last_price_rest_femtos),
            ),
            (tags.LAST_MKT, self._mics[command.last_venue_idx]),
            (tags.SECONDARY_EXEC_ID, command.last_exec_id or ""),
            (tags.SECONDARY_ORDER_ID, str(command.last_child_id or "")),
            (tags.NO_MISC_FEES, "1"),
            (tags.MISC_FEE_AMT, usd_text(command.last_fee_usd_micros)),
            (tags.MISC_FEE_CURR, "USD"),
            (tags.MISC_FEE_TYPE, tags.EXCHANGE_FEE),
        ]
        if command.last_liquidity is not None:
            is_made = command.last_liquidity is Liquidity.MAKE
            fields.append((tags.LAST_LIQUIDITY_IND, tags.MADE if is_made else tags.TOOK))
        has_own_tags = self._rules.of(client).has_custom_tags
        if command.last_liquidity is Liquidity.MIDPOINT and has_own_tags:
            fields.append((tags.LIQUIDITY, Liquidity.MIDPOINT.name))
        return tuple(fields)


def ord_status(order: OmsOrder, last: ReportParent | None) -> str:
    """39 OrdStatus of an order after this report; a request that waits comes first."""
    if last is None:
        return OrdStatus.PENDING_NEW
    match last.state:
        case ParentState.WORKING if order.replace_id:
            return OrdStatus.PENDING_REPLACE
        case ParentState.WORKING:
            return OrdStatus.PARTIALLY_FILLED if last.filled_shares else OrdStatus.NEW
        case ParentState.CANCELLING:
            return OrdStatus.PENDING_CANCEL
        case ParentState.FILLED:
            return OrdStatus.FILLED
        case ParentState.CANCELLED:
            return OrdStatus.EXPIRED if order.has_expired else OrdStatus.CANCELED
        case ParentState.REJECTED:
            return OrdStatus.REJECTED


def _with_identity(message: FixMessage, order: OmsOrder) -> FixMessage:
    """On whose behalf, as the client wrote it."""
    identity = order.order.identity
    fields = (*header_of(identity), *message.fields, *body_of(identity))
    return message._replace(fields=fields)


def refusal_reason(last: ReportParent | None) -> str:
    """102 CxlRejReason for a request that the engine has refused."""
    if last is None or last.state is ParentState.WORKING:
        return CxlRejReason.OTHER
    is_stopping = last.state is ParentState.CANCELLING
    return CxlRejReason.ALREADY_PENDING if is_stopping else CxlRejReason.TOO_LATE
