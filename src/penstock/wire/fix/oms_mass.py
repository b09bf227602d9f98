"""Requests about many orders at once: mass cancel (35=q) and mass status (35=AF)."""

from __future__ import annotations

from typing import Final

from penstock.domain import CancelParent, Universe
from penstock.wire.fix import tags
from penstock.wire.fix.messages import FixMessage, Incoming, Outgoing
from penstock.wire.fix.oms_book import OmsBook, OmsOrder
from penstock.wire.fix.oms_refusals import DeskAnswer, nameless, reply
from penstock.wire.fix.oms_reports import OmsReports
from penstock.wire.fix.reading import FieldReader, listed, said_at_ns
from penstock.wire.fix.reports import echoed, side_of
from penstock.wire.fix.tags import ExecType, MsgType, OrdStatus
from penstock.wire.fix.values import SIDE_TEXT, plain_text, time_text

_REJECTED: Final = "0"  # 531 MassCancelResponse
_NOT_SUPPORTED: Final = "0"  # 532 MassCancelRejectReason
_UNKNOWN_SECURITY: Final = "1"
_OTHER: Final = "99"
_KINDS: Final = "1234567"
_FILTERS: Final = "1 (one security, in 55) or 7 (all orders)"


class MassRequests:
    """
    Finds the orders of a client that a request means: all, or of a symbol; 54 Side and 1 Account
    narrow it further.
    """

    def __init__(self, universe: Universe, book: OmsBook, reports: OmsReports) -> None:
        self._symbols = [instrument.symbol for instrument in universe.instruments]
        self._book = book
        self._reports = reports

    def cancel(self, incoming: Incoming) -> DeskAnswer:
        """One cancel for each order that works, and 35=r with their number."""
        reader = FieldReader(incoming.fields)
        cl_ord_id = reader.identifier(tags.CL_ORD_ID, "send an identifier of the request")
        if cl_ord_id is None:
            return nameless(incoming, f"mass cancel not accepted: {listed(reader.flaws)}")
        self._check(reader, tags.MASS_CANCEL_REQUEST_TYPE)
        if reader.flaws:
            text = f"mass cancel not accepted: {listed(reader.flaws)}"
            return reply(incoming, self._cancel_report(incoming, text, _reason(reader), 0))
        orders = [order for order in self._meant(incoming, reader) if order.is_working]
        said_ns = said_at_ns(incoming.fields, incoming.recv_ns)
        events = tuple(
            CancelParent(
                seq=0,
                event_ns=said_ns,
                recv_ns=incoming.recv_ns,
                parent_id=order.order.parent_id,
                reason=f"mass cancel {cl_ord_id}",
            )
            for order in orders
        )
        report = self._cancel_report(incoming, f"{len(orders)} orders", "", len(orders))
        return DeskAnswer(events, (Outgoing(incoming.counterparty, report),))

    def status(self, incoming: Incoming) -> DeskAnswer:
        """One execution report for each open order; one that says so if there is none."""
        reader = FieldReader(incoming.fields)
        name = reader.identifier(tags.MASS_STATUS_REQ_ID, "send an identifier of the request")
        if name is None:
            return nameless(incoming, f"mass status not accepted: {listed(reader.flaws)}")
        self._check(reader, tags.MASS_STATUS_REQ_TYPE)
        if reader.flaws:
            text = f"mass status not accepted: {listed(reader.flaws)}"
            return reply(incoming, self._no_order(incoming, text))
        orders = self._meant(incoming, reader)
        if not orders:
            return reply(incoming, self._no_order(incoming, "no open orders"))
        about = _echo(incoming, tags.MASS_STATUS_REQ_ID)
        replies = []
        for idx, order in enumerate(orders):
            more = (
                *about,
                (tags.TOT_NUM_REPORTS, str(len(orders))),
                (tags.LAST_RPT_REQUESTED, "Y" if idx == len(orders) - 1 else "N"),
            )
            message = self._reports.status_in_list(order, incoming, idx, more)
            replies.append(Outgoing(incoming.counterparty, message))
        return DeskAnswer(replies=tuple(replies))

    def _check(self, reader: FieldReader, type_tag: int) -> None:
        allowed = (tags.ONE_SECURITY, tags.ALL_ORDERS)
        kind = reader.choice(type_tag, allowed, _FILTERS, "other groups are not supported")
        symbol = reader.raw(tags.SYMBOL)
        if kind == tags.ONE_SECURITY and symbol not in self._symbols:
            reader.complain(tags.SYMBOL, "a symbol traded here", "check the symbol")
        elif kind == tags.ALL_ORDERS and symbol not in (None, tags.NO_SYMBOL, *self._symbols):
            fix = f"leave 55 out, or send {type_tag}=1"
            reader.complain(tags.SYMBOL, f"nothing, or {tags.NO_SYMBOL}", fix)
        if reader.raw(tags.SIDE) is not None:
            reader.side()

    def _meant(self, incoming: Incoming, reader: FieldReader) -> list[OmsOrder]:
        symbol, side = reader.raw(tags.SYMBOL), reader.raw(tags.SIDE)
        account = reader.raw(tags.ACCOUNT)
        return [
            order
            for order in self._book.open_orders(incoming.counterparty)
            if symbol in (None, tags.NO_SYMBOL, self._symbols[order.order.instrument_idx])
            and side in (None, SIDE_TEXT[order.order.side])
            and account in (None, order.order.identity.account)
        ]

    def _cancel_report(
        self, incoming: Incoming, text: str, reason: str, n_orders: int
    ) -> FixMessage:
        kind = echoed(incoming, tags.MASS_CANCEL_REQUEST_TYPE) or tags.ALL_ORDERS
        fields = (
            (tags.ORDER_ID, self._reports.answer_id(incoming)),
            *_echo(incoming, tags.CL_ORD_ID),
            (tags.MASS_CANCEL_REQUEST_TYPE, kind if kind in _KINDS else tags.ALL_ORDERS),
            (tags.MASS_CANCEL_RESPONSE, _REJECTED if reason else kind),
            (tags.MASS_CANCEL_REJECT_REASON, reason),
            (tags.TOTAL_AFFECTED_ORDERS, str(n_orders)),
            *_echo(incoming, tags.SYMBOL),
            (tags.SIDE, "" if tags.SIDE not in incoming.fields else side_of(incoming)),
            (tags.TRANSACT_TIME, time_text(incoming.recv_ns)),
            (tags.TEXT, plain_text(text)),
        )
        return _message(MsgType.ORDER_MASS_CANCEL_REPORT, fields)

    def _no_order(self, incoming: Incoming, text: str) -> FixMessage:
        fields = (
            (tags.ORDER_ID, tags.NO_ORDER),
            (tags.EXEC_ID, self._reports.answer_id(incoming)),
            (tags.EXEC_TYPE, ExecType.ORDER_STATUS),
            (tags.ORD_STATUS, OrdStatus.REJECTED),
            (tags.SYMBOL, echoed(incoming, tags.SYMBOL) or tags.NO_SYMBOL),
            (tags.SIDE, side_of(incoming)),
            *_echo(incoming, tags.MASS_STATUS_REQ_ID),
            (tags.TOT_NUM_REPORTS, "0"),
            (tags.LAST_RPT_REQUESTED, "Y"),
            (tags.LEAVES_QTY, "0"),
            (tags.CUM_QTY, "0"),
            (tags.AVG_PX, "0"),
            (tags.TRANSACT_TIME, time_text(incoming.recv_ns)),
            (tags.TEXT, plain_text(text)),
        )
        return _message(MsgType.EXECUTION_REPORT, fields)


def _reason(reader: FieldReader) -> str:
    """532 of what is wrong, if it is one thing."""
    codes = {
        tags.MASS_CANCEL_REQUEST_TYPE: _NOT_SUPPORTED,
        tags.SYMBOL: _UNKNOWN_SECURITY,
    }
    wrong = {flaw.tag for flaw in reader.flaws}
    return codes.get(wrong.pop(), _OTHER) if len(wrong) == 1 else _OTHER


def _echo(incoming: Incoming, *names: int) -> tuple[tuple[int, str], ...]:
    return tuple((tag, echoed(incoming, tag)) for tag in names)


def _message(msg_type: str, fields: tuple[tuple[int, str], ...]) -> FixMessage:
    return FixMessage(msg_type, tuple(field for field in fields if field[1]))
