"""Orders as a simulated venue keeps them for its FIX sessions, and requests for them, read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from penstock.domain import (
    ChildOrder,
    Instrument,
    PegKind,
    Shares,
    Side,
    Tactic,
    Ticks,
    Tif,
    Venue,
)
from penstock.wire.fix import tags
from penstock.wire.fix.reading import FieldReader
from penstock.wire.fix.reports import Standing
from penstock.wire.fix.tags import OrdStatus
from penstock.wire.fix.values import SIDE_TEXT


class Asked(NamedTuple):
    """A cancel or replace that the venue has not answered yet."""

    response_to: str  # tags.TO_CANCEL or tags.TO_REPLACE
    cl_ord_id: str


@dataclass(slots=True)
class ExchangeOrder:
    """
    One order at one venue, as far as its reports have been sent.

    `cl_ord_id` is the one it came with; `name` is the latest of its chain. `ord_status` is
    PENDING_NEW until the venue has acknowledged it.
    """

    child_id: int  # the venues program's own number
    mic: str
    counterparty: str
    cl_ord_id: str
    name: str
    symbol: str
    side: Side
    size_shares: Shares
    limit_ticks: Ticks
    ord_type: str
    tif: str
    ord_status: str = OrdStatus.PENDING_NEW
    filled_shares: Shares = Shares(0)
    paid_ticks_shares: int = 0
    busted_shares: int = 0  # executions taken back do not come to the book again
    executions: dict[str, tuple[int, int]] = field(default_factory=dict)  # shares, price
    asked: list[Asked] = field(default_factory=list)
    last_asked: Asked | None = None

    @property
    def has_ended(self) -> bool:
        """True once nothing more can trade."""
        return self.ord_status in (OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED)

    @property
    def leaves_shares(self) -> Shares:
        """What can still trade."""
        gone_shares = self.filled_shares + self.busted_shares
        return Shares(0 if self.has_ended else max(0, self.size_shares - gone_shares))

    def answered(self, response_to: str | None = None) -> Asked | None:
        """Take the oldest open request, of one kind or of any; None if there is none."""
        for idx, asked in enumerate(self.asked):
            if response_to in (None, asked.response_to):
                return self.asked.pop(idx)
        return None

    def execute(self, exec_id: str, shares: int, ticks: int) -> None:
        """Count an execution."""
        self.executions[exec_id] = (shares, ticks)
        self.filled_shares = Shares(self.filled_shares + shares)
        self.paid_ticks_shares += ticks * shares
        self.restate()

    def correct(self, exec_id: str, shares: int, ticks: int) -> None:
        """Take an execution back; with `shares` above 0 this much at this price stands instead."""
        old_shares, old_ticks = self.executions.pop(exec_id)
        self.busted_shares += old_shares - shares
        self.filled_shares = Shares(self.filled_shares - old_shares)
        self.paid_ticks_shares -= old_ticks * old_shares
        if shares > 0:
            self.execute(exec_id, shares, ticks)
        self.restate()

    def restate(self) -> None:
        """39 OrdStatus after an acknowledgement, an execution or a replace."""
        if self.ord_status in (OrdStatus.CANCELED, OrdStatus.REJECTED):
            return
        if self.filled_shares + self.busted_shares >= self.size_shares:
            self.ord_status = OrdStatus.FILLED
        else:
            self.ord_status = OrdStatus.PARTIALLY_FILLED if self.filled_shares else OrdStatus.NEW

    def standing(self, cl_ord_id: str = "", orig_cl_ord_id: str = "") -> Standing:
        """What every report says about it."""
        return Standing(
            order_id=f"{self.mic}-O{self.child_id}",
            cl_ord_id=cl_ord_id or self.name,
            orig_cl_ord_id=orig_cl_ord_id,
            symbol=self.symbol,
            side=SIDE_TEXT[self.side],
            size_shares=self.size_shares,
            limit_ticks=self.limit_ticks,
            ord_type=self.ord_type,
            tif=self.tif,
            ord_status=self.ord_status,
            filled_shares=self.filled_shares,
            leaves_shares=self.leaves_shares,
            paid_ticks_shares=self.paid_ticks_shares,
        )


class ExchangeBook:
    """Every order of every session, by number and by each ClOrdID of its chain."""

    def __init__(self) -> None:
        self._orders: dict[int, ExchangeOrder] = {}
        self._by_name: dict[tuple[str, str, str], ExchangeOrder] = {}

    @property
    def next_child_id(self) -> int:
        """Number for the next order."""
        return len(self._orders) + 1

    def order(self, child_id: int) -> ExchangeOrder:
        """An order by its number."""
        return self._orders[child_id]

    def find(self, mic: str, counterparty: str, name: str) -> ExchangeOrder | None:
        """An order by a ClOrdID of its chain."""
        return self._by_name.get((mic, counterparty, name))

    def open(self, order: ExchangeOrder) -> None:
        """Take a new order."""
        self._orders[order.child_id] = order
        self._by_name[order.mic, order.counterparty, order.cl_ord_id] = order

    def ask(self, order: ExchangeOrder, asked: Asked) -> None:
        """Take a request about an order; its ClOrdID means that order from now on."""
        self._by_name[order.mic, order.counterparty, asked.cl_ord_id] = order
        order.asked.append(asked)
        order.last_asked = asked


def read_child(
    reader: FieldReader, venue: Venue, instrument: Instrument | None, child_id: int
) -> ChildOrder | None:
    """
    The order of a NewOrderSingle in the router's dialect; None if the reader has flaws.

    Size and price limits of the market itself are the market's to refuse.
    """
    if instrument is None:
        reader.complain(tags.SYMBOL, f"a symbol traded at {venue.mic}", "check the symbol")
    side = reader.side()
    size_shares = reader.shares(tags.ORDER_QTY)
    limit_ticks = reader.price(tags.PRICE)
    peg = _peg(reader)
    tif = reader.choice(
        tags.TIME_IN_FORCE, (tags.DAY, tags.IOC), "0 (day) or 3 (immediate or cancel)", "send one"
    )
    min_shares: Shares | None = Shares(0)
    if reader.raw(tags.MIN_QTY) is not None:
        min_shares = reader.shares(tags.MIN_QTY, least=0)
    if reader.raw(tags.EX_DESTINATION) not in (None, venue.mic):
        reader.complain(tags.EX_DESTINATION, f"nothing, or {venue.mic}", "send it to that venue")
    if reader.flaws or instrument is None or side is None or min_shares is None:
        return None
    if size_shares is None or limit_ticks is None:
        return None
    return ChildOrder(
        child_id=child_id,
        parent_id=0,  # who is behind an order is nobody's business at a venue
        venue_idx=venue.venue_idx,
        instrument_idx=instrument.instrument_idx,
        side=side,
        size_shares=size_shares,
        limit_ticks=limit_ticks,
        tactic=_tactic(peg, tif),
        tif=Tif.IOC if tif == tags.IOC else Tif.DAY,
        peg=peg,
        min_shares=min_shares,
    )


def _peg(reader: FieldReader) -> PegKind:
    kinds = (tags.LIMIT, tags.PEGGED)
    kind = reader.choice(tags.ORD_TYPE, kinds, "2 (limit) or P (pegged)", "send one of these")
    is_midpoint = reader.raw(tags.EXEC_INST) == tags.MIDPOINT_PEG
    if kind == tags.PEGGED and not is_midpoint:
        reader.complain(tags.EXEC_INST, "M (midpoint), because 40 OrdType is P", "send 18=M")
    elif kind == tags.LIMIT and reader.raw(tags.EXEC_INST) is not None:
        reader.complain(tags.EXEC_INST, "nothing, because 40 OrdType is 2", "send 40=P for a peg")
    return PegKind.MIDPOINT if kind == tags.PEGGED else PegKind.NONE


def _tactic(peg: PegKind, tif: str | None) -> Tactic:
    if peg is PegKind.MIDPOINT:
        return Tactic.MID
    return Tactic.TAKE if tif == tags.IOC else Tactic.POST
