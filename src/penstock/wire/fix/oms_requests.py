"""Requests of a client: NewOrderSingle and OrderCancelReplaceRequest, read and checked whole."""

from __future__ import annotations

from typing import Final, NamedTuple

from penstock.domain import (
    Instrument,
    Ns,
    OrderError,
    ParentOrder,
    Shares,
    Ticks,
    TradingDay,
    Universe,
    check_parent,
)
from penstock.routing import PRESETS
from penstock.wire.fix import tags
from penstock.wire.fix.messages import Incoming
from penstock.wire.fix.oms_identity import check_same_identity, read_identity
from penstock.wire.fix.oms_rules import ClientRules
from penstock.wire.fix.oms_tags import check_equal, check_security, check_tags, fields_of
from penstock.wire.fix.oms_times import (
    MAX_HORIZON_NS,
    check_age,
    check_same_times,
    read_horizon,
    read_tif,
)
from penstock.wire.fix.reading import FieldReader, Flaw
from penstock.wire.fix.values import SIDE_TEXT, price_text

_UNCHANGED: Final = "only quantity and price can be replaced; for more, cancel and send a new order"
_TERMS: Final = (
    ("instrument_idx", "symbol"),
    ("side", "side"),
    ("size_shares", "quantity"),
    ("limit_ticks", "type or limit"),
    ("tif", "time in force"),
    ("horizon_ns", "horizon"),
    ("urgency_frac", "urgency"),
    ("objective", "objective"),
    ("identity", "account, capacity or parties"),
)


class OrderDefaults(NamedTuple):
    """What an order gets that does not say, and the objectives that it may name."""

    horizon_ns: Ns
    urgency_frac: float
    objectives: tuple[str, ...] = tuple(sorted(PRESETS))


class NewTerms(NamedTuple):
    """What a replace asks for."""

    size_shares: Shares
    limit_ticks: Ticks | None


class Requests:
    """
    Reads requests of clients against the instruments and the defaults of this router.

    A request is taken whole or not at all: None means that the reader has flaws, all of them.
    """

    def __init__(self, universe: Universe, defaults: OrderDefaults) -> None:
        assert 0 < defaults.horizon_ns <= MAX_HORIZON_NS, f"default horizon {defaults.horizon_ns}"
        assert 0.0 <= defaults.urgency_frac <= 1.0, f"default urgency {defaults.urgency_frac}"
        self._by_symbol = {instrument.symbol: instrument for instrument in universe.instruments}
        self._instruments = universe.instruments
        self._day = universe.day
        self._defaults = defaults

    def new_order(
        self, reader: FieldReader, incoming: Incoming, rules: ClientRules, parent_id: int
    ) -> ParentOrder | None:
        """The parent order of a NewOrderSingle, if it is young enough to be traded."""
        check_age(reader, rules, incoming.recv_ns)
        return self._order(reader, incoming, rules, parent_id, incoming.recv_ns)

    def replace(
        self, reader: FieldReader, incoming: Incoming, rules: ClientRules, order: ParentOrder
    ) -> NewTerms | None:
        """The new size and limit of an OrderCancelReplaceRequest, if it is young enough."""
        check_age(reader, rules, incoming.recv_ns)
        return self.replace_again(reader, incoming, rules, order)

    def replace_again(
        self, reader: FieldReader, incoming: Incoming, rules: ClientRules, order: ParentOrder
    ) -> NewTerms | None:
        """The terms of a replace of any age; all but size and limit must be as it was."""
        instrument = self._instruments[order.instrument_idx]
        size_shares = reader.shares(tags.ORDER_QTY)
        limit_ticks = _limit(reader, instrument)
        self.check_same_order(reader, order)
        check_security(reader, instrument.symbol)
        check_same_times(reader, order)
        check_same_identity(reader, incoming.groups, rules, order.identity)
        self._check_style(reader, order)
        self._check_the_rest(reader, incoming, rules)
        return None if size_shares is None or reader.flaws else NewTerms(size_shares, limit_ticks)

    def check_same_order(self, reader: FieldReader, order: ParentOrder) -> None:
        """Symbol and side of a request about an order, where it says them."""
        symbol = self._instruments[order.instrument_idx].symbol
        check_equal(reader, tags.SYMBOL, (symbol,), "the symbol of an order cannot be changed")
        check_equal(
            reader, tags.SIDE, (SIDE_TEXT[order.side],), "the side of an order cannot be changed"
        )

    def differences(self, incoming: Incoming, rules: ClientRules, order: ParentOrder) -> list[str]:
        """The terms of a NewOrderSingle that are not those of `order`, in words."""
        reader = FieldReader(fields_of(incoming))
        again = self._order(reader, incoming, rules, order.parent_id, order.arrival_ns)
        if again is None:
            return [str(flaw) for flaw in reader.flaws]
        return [word for name, word in _TERMS if getattr(again, name) != getattr(order, name)]

    def _order(
        self,
        reader: FieldReader,
        incoming: Incoming,
        rules: ClientRules,
        parent_id: int,
        arrival_ns: Ns,
    ) -> ParentOrder | None:
        cl_ord_id = reader.identifier(tags.CL_ORD_ID)
        instrument = self._instrument(reader)
        side = reader.side()
        size_shares = reader.shares(tags.ORDER_QTY)
        limit_ticks = _limit(reader, instrument)
        tif = read_tif(reader)
        horizon_ns = read_horizon(reader, tif, arrival_ns, self._defaults.horizon_ns)
        urgency_frac = self._urgency(reader)
        objective = self._objective(reader)
        identity = read_identity(reader, incoming.groups, rules)
        self._check_the_rest(reader, incoming, rules)
        if cl_ord_id is None or instrument is None or side is None or size_shares is None:
            return None
        if urgency_frac is None or tif is None or reader.flaws:
            return None
        order = ParentOrder(
            parent_id=parent_id,
            client=incoming.counterparty,
            instrument_idx=instrument.instrument_idx,
            side=side,
            size_shares=size_shares,
            limit_ticks=limit_ticks,
            arrival_ns=arrival_ns,
            horizon_ns=Ns(horizon_ns),
            urgency_frac=urgency_frac,
            objective=objective,
            client_order_id=cl_ord_id,
            tif=tif,
            identity=identity,
        )
        return order if self._is_possible(order, reader) else None

    def _instrument(self, reader: FieldReader) -> Instrument | None:
        instrument = self._by_symbol.get(reader.raw(tags.SYMBOL) or "")
        if instrument is None:
            known = ", ".join(sorted(self._by_symbol)[:8])
            more = ", ..." if len(self._by_symbol) > 8 else ""
            reader.complain(tags.SYMBOL, f"a symbol traded here: {known}{more}", "check the symbol")
        else:
            check_security(reader, instrument.symbol)
        return instrument

    def _urgency(self, reader: FieldReader) -> float | None:
        if reader.raw(tags.URGENCY) is None:
            return self._defaults.urgency_frac
        return reader.fraction(tags.URGENCY, "0 is as patient as the horizon allows, 1 is now")

    def _objective(self, reader: FieldReader) -> str | None:
        if reader.raw(tags.OBJECTIVE) is None:
            return None
        known = self._defaults.objectives
        expected = "one of " + ", ".join(known)
        return reader.choice(tags.OBJECTIVE, known, expected, "leave it out for the usual one")

    def _check_style(self, reader: FieldReader, order: ParentOrder) -> None:
        """A replace may repeat how the order is to be worked, not change it."""
        check_equal(reader, tags.OBJECTIVE, (order.objective or "",), _UNCHANGED)
        if reader.raw(tags.URGENCY) is not None:
            urgency_frac = reader.fraction(tags.URGENCY, _UNCHANGED)
            if urgency_frac is not None and urgency_frac != order.urgency_frac:
                reader.complain(tags.URGENCY, f"nothing, or {order.urgency_frac}", _UNCHANGED)

    def _check_the_rest(self, reader: FieldReader, incoming: Incoming, rules: ClientRules) -> None:
        check_equal(reader, tags.TRADE_DATE, (_date(self._day),), "orders are for today")
        check_tags(reader, fields_of(incoming), rules)

    def _is_possible(self, order: ParentOrder, reader: FieldReader) -> bool:
        """The rules of the domain have the last word, whatever has been checked before."""
        try:
            check_parent(order, n_instruments=len(self._instruments))
        except OrderError as error:
            reader.flaws.extend(Flaw(0, problem) for problem in error.problems)
            return False
        return True


def _limit(reader: FieldReader, instrument: Instrument | None) -> Ticks | None:
    """The limit price that 40 OrdType and 44 Price agree on; None for a market order."""
    kind = reader.choice(
        tags.ORD_TYPE,
        (tags.MARKET, tags.LIMIT),
        "1 (market) or 2 (limit)",
        "other order types are not supported",
    )
    price = reader.raw(tags.PRICE)
    if kind == tags.MARKET:
        if price is not None:
            fix = "send 40=2 for a limit order, or leave the price out"
            reader.complain(tags.PRICE, "no price, because 40 OrdType is 1 (market)", fix)
        return None
    if kind == tags.LIMIT and price is None:
        fix = "send 44, or 40=1 for a market order"
        reader.complain(tags.PRICE, "a price, because 40 OrdType is 2 (limit)", fix)
        return None
    limit_ticks = None if price is None else reader.price(tags.PRICE)
    if limit_ticks is not None and instrument is not None:
        _check_increment(reader, limit_ticks, instrument)
    return limit_ticks


def _check_increment(reader: FieldReader, limit_ticks: Ticks, instrument: Instrument) -> None:
    """Orders priced finer than the increment may not even be accepted (Rule 612 of Reg NMS)."""
    if limit_ticks % instrument.increment_ticks:
        step = price_text(instrument.increment_ticks)
        reader.complain(
            tags.PRICE, f"a multiple of {step} for {instrument.symbol}", "round the limit price"
        )


def _date(day: TradingDay) -> str:
    return f"{day:08d}"
