"""A scripted OMS: sends parents, believes reports only, and writes both down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from penstock.domain import NS_PER_S, Ns, ParentState, Shares, Side, from_seconds, stream
from penstock.runtime.lines_log import LinesLog
from penstock.runtime.oms_config import OmsConf
from penstock.wire.fix import (
    ClientReport,
    ClientReportKind,
    FixMessage,
    Incoming,
    new_order,
    read_report,
    status_request,
)

LOT_SHARES: Final = 100
ASK_AGAIN_NS: Final = Ns(2 * NS_PER_S)  # a router answers in a millisecond, or something was lost
_SIDES = {
    "buy": (Side.BUY, Side.BUY),
    "sell": (Side.SELL, Side.SELL),
    "both": (Side.SELL, Side.BUY),
}


class Wish(NamedTuple):
    """An order of the script."""

    after_ns: Ns  # since the start
    side: Side
    size_shares: Shares


@dataclass(slots=True)
class Sent:
    """An order as this client knows it, from reports alone."""

    wish: Wish
    cl_ord_id: str
    ask_ns: Ns | None  # when to ask where it stands, unless the router says so before
    state: ParentState = ParentState.WORKING
    is_answered: bool = False
    is_asked: bool = False  # only a status will do
    filled_shares: int = 0

    @property
    def is_open(self) -> bool:
        """True while reports may come."""
        return not self.state.is_terminal


class OmsSummary(NamedTuple):
    """What came of the script."""

    sent: int
    open: int
    filled: int
    rejected: int
    asked_shares: int
    filled_shares: int
    fills: int
    repeated_reports: int


class OmsClient:
    """
    One client, without its session: messages in and out, a log, a clock that is given.

    Orders and reports are in the log before anything follows from them. A report whose ExecID is
    known is a repetition and counts nothing. Orders are never sent twice, so one that the router
    does not know was never taken: each open order is asked about after a logon, and each that
    nobody answers, again and again. (What is sent right after a logon may be skipped together with
    what was missed before; nobody says so.)

    Args:
        name: unique among the runs of this client: its ClOrdIDs begin with it.
    """

    def __init__(
        self, conf: OmsConf, name: str, log: LinesLog, send: Callable[[FixMessage], None]
    ) -> None:
        self._conf = conf.oms
        self._name = name
        self._log = log
        self._send = send
        self._script = script_of(conf)
        self._orders: dict[str, Sent] = {}
        self._seen: set[str] = set()
        self._n_fills = 0
        self._n_repeated = 0

    @property
    def is_done(self) -> bool:
        """True when everything was sent and nothing is open."""
        return len(self._orders) == len(self._script) and self.n_open == 0

    @property
    def n_open(self) -> int:
        """Orders that may still be reported on."""
        return sum(order.is_open for order in self._orders.values())

    def next_after_ns(self) -> Ns | None:
        """When the next order is due, since the start; None after the last."""
        n_sent = len(self._orders)
        return self._script[n_sent].after_ns if n_sent < len(self._script) else None

    def send_due(self, after_ns: int, now_ns: Ns) -> None:
        """Send what is due."""
        due_ns = self.next_after_ns()
        while due_ns is not None and due_ns <= after_ns:
            self._send_next(now_ns)
            due_ns = self.next_after_ns()

    def on_logon(self, now_ns: Ns) -> None:
        """Ask where everything stands that is open."""
        for order in self._orders.values():
            if order.is_open:
                self._ask(order, now_ns)

    def ask_again(self, now_ns: Ns) -> None:
        """Ask about what should have been answered by now."""
        for order in self._orders.values():
            if order.is_open and order.ask_ns is not None and order.ask_ns <= now_ns:
                self._ask(order, now_ns)

    def on_message(self, incoming: Incoming) -> None:
        """Take a message of the router."""
        report = read_report(incoming)
        if report is None:
            return
        is_repeated = bool(report.exec_id) and report.exec_id in self._seen
        self._log.add(_report_line(report, is_repeated, incoming.recv_ns))
        if is_repeated:
            self._n_repeated += 1
            return
        if report.exec_id:
            self._seen.add(report.exec_id)
        order = self._orders.get(report.cl_ord_id) or self._orders.get(report.orig_cl_ord_id)
        if order is not None:
            self._take(order, report)

    def summary(self) -> OmsSummary:
        """Counts, from reports alone."""
        orders = self._orders.values()
        return OmsSummary(
            sent=len(orders),
            open=self.n_open,
            filled=sum(order.state is ParentState.FILLED for order in orders),
            rejected=sum(order.state is ParentState.REJECTED for order in orders),
            asked_shares=sum(order.wish.size_shares for order in orders),
            filled_shares=sum(order.filled_shares for order in orders),
            fills=self._n_fills,
            repeated_reports=self._n_repeated,
        )

    def _send_next(self, now_ns: Ns) -> None:
        wish = self._script[len(self._orders)]
        name = f"{self._name}-{len(self._orders) + 1}"
        order = Sent(wish, name, ask_ns=Ns(now_ns + ASK_AGAIN_NS))
        self._orders[order.cl_ord_id] = order
        self._log.add(
            {
                "what": "order",
                "cl_ord_id": order.cl_ord_id,
                "side": int(wish.side),
                "shares": wish.size_shares,
                "at_ns": now_ns,
            }
        )
        self._send(
            new_order(
                cl_ord_id=order.cl_ord_id,
                symbol=self._conf.symbol,
                side=wish.side,
                size_shares=wish.size_shares,
                now_ns=now_ns,
                horizon_ns=from_seconds(self._conf.horizon_s),
                urgency_frac=self._conf.urgency_frac,
                objective=self._conf.objective or None,
            )
        )

    def _ask(self, order: Sent, now_ns: Ns) -> None:
        order.ask_ns, order.is_asked = Ns(now_ns + ASK_AGAIN_NS), True
        self._send(
            status_request(
                cl_ord_id=order.cl_ord_id,
                symbol=self._conf.symbol,
                side=order.wish.side,
                now_ns=now_ns,
            )
        )

    def _take(self, order: Sent, report: ClientReport) -> None:
        if not report.is_known:
            # The router never had it: lost on the way, and never sent again.
            order.state = ParentState.REJECTED
            return
        is_of_no_order = report.kind is ClientReportKind.REJECTED and report.order_id == "NONE"
        if is_of_no_order and order.is_answered:
            return  # about another message with this name
        order.is_answered = True
        if report.kind is ClientReportKind.STATUS or not order.is_asked:
            order.ask_ns, order.is_asked = None, False
        if report.kind is ClientReportKind.FILL:
            self._n_fills += 1
            order.filled_shares += report.last_shares
        if report.state is not None:
            order.state = report.state


def script_of(conf: OmsConf) -> list[Wish]:
    """
    The orders of a client at a steady rate. Sizes are log-uniform, in round lots unless that would
    leave the bounds.
    """
    about = conf.oms
    generator = stream(about.seed, "oms")
    low, high = np.log(about.size_min_shares), np.log(about.size_max_shares)
    wishes = []
    for idx in range(about.parents):
        size = float(np.exp(generator.uniform(low, high)))
        in_lots = round(size / LOT_SHARES) * LOT_SHARES
        wishes.append(
            Wish(
                after_ns=from_seconds(idx / about.rate_per_s),
                side=_SIDES[about.side][int(generator.random() < 0.5)],
                size_shares=Shares(min(max(in_lots, about.size_min_shares), about.size_max_shares)),
            )
        )
    return wishes


def _report_line(report: ClientReport, is_repeated: bool, at_ns: Ns) -> dict[str, Any]:
    return {
        "what": "report",
        "kind": str(report.kind),
        "cl_ord_id": report.cl_ord_id,
        "orig_cl_ord_id": report.orig_cl_ord_id,
        "exec_id": report.exec_id,
        "exec_ref_id": report.exec_ref_id,
        "order_id": report.order_id,
        "state": None if report.state is None else str(report.state),
        "is_known": report.is_known,
        "size_shares": report.size_shares,
        "cum_shares": report.cum_shares,
        "leaves_shares": report.leaves_shares,
        "last_shares": report.last_shares,
        "last_price_ticks": report.last_price_ticks,
        "mic": report.mic,
        "venue_exec_id": report.venue_exec_id,
        "child_id": report.child_id,
        "fee_usd_micros": report.fee_usd_micros,
        "is_repeated": is_repeated,
        "text": report.text,
        "at_ns": at_ns,
    }
