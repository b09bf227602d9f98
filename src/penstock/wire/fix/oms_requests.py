"""What a client asks for: NewOrderSingle and OrderCancelReplaceRequest, read and checked whole."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from penstock.domain import (
    NS_PER_MS,
    NS_PER_S,
    Instrument,
    Ns,
    OrderError,
    ParentOrder,
    Shares,
    Ticks,
    check_parent,
)
from penstock.routing import PRESETS
from penstock.wire.fix import tags
from penstock.wire.fix.reading import FieldReader, Flaw
from penstock.wire.fix.values import SIDE_TEXT, price_text, shown, time_ns, time_text, whole

MAX_HORIZON_NS: Final = Ns(24 * 3_600 * NS_PER_S)  # orders are for a day

# Tags that would change what an order means, and that nobody here would honour: silence about them
# would be a misunderstanding with money in it.
_UNSUPPORTED: Final[Mapping[int, str]] = MappingProxyType(
    {
        tags.EX_DESTINATION: "the router chooses the venues",
        tags.MIN_QTY: "a minimum quantity is not supported",
        65: "write the symbol and its suffix in 55",
        99: "stop orders are not supported",
        111: "the router decides what is displayed",
        152: "send 38 OrderQty in shares",
        168: "send the order when it is to start",
        211: "pegged orders are not supported",
        388: "discretionary orders are not supported",
        432: "use 126 ExpireTime or 9001 HorizonMs",
        516: "send 38 OrderQty in shares",
    }
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

    def __init__(self, instruments: tuple[Instrument, ...], defaults: OrderDefaults) -> None:
        assert 0 < defaults.horizon_ns <= MAX_HORIZON_NS, f"default horizon {defaults.horizon_ns}"
        assert 0.0 <= defaults.urgency_frac <= 1.0, f"default urgency {defaults.urgency_frac}"
        self._by_symbol = {instrument.symbol: instrument for instrument in instruments}
        self._instruments = instruments
        self._defaults = defaults

    def new_order(
        self, reader: FieldReader, *, client: str, parent_id: int, arrival_ns: Ns
    ) -> ParentOrder | None:
        """The parent order of a NewOrderSingle."""
        cl_ord_id = reader.identifier(tags.CL_ORD_ID)
        instrument = self._instrument(reader)
        side = reader.side()
        size_shares = reader.shares(tags.ORDER_QTY)
        limit_ticks = _limit(reader, instrument)
        horizon_ns = self._horizon(reader, arrival_ns)
        urgency_frac = self._urgency(reader)
        objective = self._objective(reader)
        _check_the_rest(reader)
        if cl_ord_id is None or instrument is None or side is None or size_shares is None:
            return None
        if urgency_frac is None or reader.flaws:
            return None
        order = ParentOrder(
            parent_id=parent_id,
            client=client,
            instrument_idx=instrument.instrument_idx,
            side=side,
            size_shares=size_shares,
            limit_ticks=limit_ticks,
            arrival_ns=arrival_ns,
            horizon_ns=Ns(horizon_ns),
            urgency_frac=urgency_frac,
            objective=objective,
            client_order_id=cl_ord_id,
        )
        return order if self._is_possible(order, reader) else None

    def replace(self, reader: FieldReader, order: ParentOrder) -> NewTerms | None:
        """The new size and limit of an OrderCancelReplaceRequest; the rest must be as it was."""
        size_shares = reader.shares(tags.ORDER_QTY)
        limit_ticks = _limit(reader, self._instruments[order.instrument_idx])
        self.check_same_order(reader, order)
        self._check_unchanged(reader, order)
        _check_the_rest(reader)
        return None if size_shares is None or reader.flaws else NewTerms(size_shares, limit_ticks)

    def check_same_order(self, reader: FieldReader, order: ParentOrder) -> None:
        """Symbol and side of a request about an order, where it says them."""
        symbol = self._instruments[order.instrument_idx].symbol
        _check_equal(reader, tags.SYMBOL, (symbol,), "the symbol of an order cannot be changed")
        _check_equal(
            reader, tags.SIDE, (SIDE_TEXT[order.side],), "the side of an order cannot be changed"
        )

    def is_same_order(self, reader: FieldReader, order: ParentOrder) -> bool:
        """True if a NewOrderSingle could be `order`, sent once more."""
        again = self.new_order(
            reader, client=order.client, parent_id=order.parent_id, arrival_ns=order.arrival_ns
        )
        return again is not None and (again.instrument_idx, again.side, again.size_shares) == (
            order.instrument_idx,
            order.side,
            order.size_shares,
        )

    def _instrument(self, reader: FieldReader) -> Instrument | None:
        instrument = self._by_symbol.get(reader.raw(tags.SYMBOL) or "")
        if instrument is None:
            known = ", ".join(sorted(self._by_symbol)[:8])
            more = ", ..." if len(self._by_symbol) > 8 else ""
            reader.complain(tags.SYMBOL, f"a symbol traded here: {known}{more}", "check the symbol")
        return instrument

    def _horizon(self, reader: FieldReader, arrival_ns: Ns) -> int:
        """How long the router may take: 9001 HorizonMs, else 126 ExpireTime, else the default."""
        tif = reader.raw(tags.TIME_IN_FORCE)
        expire = reader.raw(tags.EXPIRE_TIME)
        if tif not in (None, tags.DAY, tags.GOOD_TILL_DATE):
            reader.complain(
                tags.TIME_IN_FORCE,
                "0 (day), or 6 (good till 126 ExpireTime)",
                "the router works an order until its horizon is over; for at once send 9002=1 and "
                "a short 9001 HorizonMs",
            )
        elif tif == tags.GOOD_TILL_DATE and expire is None:
            reader.complain(
                tags.EXPIRE_TIME, "a UTC time, because 59 TimeInForce is 6", "say until when"
            )
        horizon_ns = self._defaults.horizon_ns
        if expire is not None:
            horizon_ns = _until_expiry(reader, arrival_ns) or horizon_ns
        if reader.raw(tags.HORIZON_MS) is not None:
            most_ms = MAX_HORIZON_NS // NS_PER_MS
            fix = "say how long the router may take"
            value = reader.number(tags.HORIZON_MS, 1, most_ms, "milliseconds", fix)
            horizon_ns = horizon_ns if value is None else Ns(value * NS_PER_MS)
        return horizon_ns

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

    def _check_unchanged(self, reader: FieldReader, order: ParentOrder) -> None:
        """A replace may repeat time and style of the order, as many systems do, not change them."""
        fix = "only quantity and price can be replaced; for more, cancel and send a new order"
        _check_equal(reader, tags.TIME_IN_FORCE, (tags.DAY, tags.GOOD_TILL_DATE), fix)
        horizon_text, expire_text = reader.raw(tags.HORIZON_MS), reader.raw(tags.EXPIRE_TIME)
        if horizon_text is not None:
            horizon_ms = order.horizon_ns // NS_PER_MS
            if whole(horizon_text) != horizon_ms:
                reader.complain(tags.HORIZON_MS, f"nothing, or {horizon_ms} as on the order", fix)
        elif expire_text is not None and time_ns(expire_text) != order.deadline_ns:
            deadline = time_text(order.deadline_ns)
            reader.complain(tags.EXPIRE_TIME, f"nothing, or {deadline} as on the order", fix)
        _check_equal(reader, tags.OBJECTIVE, (order.objective or "",), fix)
        if reader.raw(tags.URGENCY) is not None:
            urgency_frac = reader.fraction(tags.URGENCY, fix)
            if urgency_frac is not None and urgency_frac != order.urgency_frac:
                reader.complain(tags.URGENCY, f"nothing, or {order.urgency_frac}", fix)

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


def _until_expiry(reader: FieldReader, arrival_ns: Ns) -> Ns | None:
    expire_ns = reader.time(tags.EXPIRE_TIME)
    if expire_ns is None:
        return None
    if arrival_ns < expire_ns <= arrival_ns + MAX_HORIZON_NS:
        return Ns(expire_ns - arrival_ns)
    reader.complain(
        tags.EXPIRE_TIME,
        f"a time in the 24 hours after {time_text(arrival_ns)}",
        "times are UTC; check the clock of the sender",
    )
    return None


def _check_the_rest(reader: FieldReader) -> None:
    """Tags that may only say what we do anyway, and tags that nobody here would honour."""
    for tag, fix in _UNSUPPORTED.items():
        if reader.raw(tag) is not None:
            reader.complain(tag, "nothing", fix)
    _check_equal(reader, tags.CURRENCY, ("USD",), "only US dollars are traded here")
    _check_equal(reader, tags.HANDL_INST, ("1", "2"), "nobody works orders by hand here")
    _check_equal(reader, tags.EXEC_INST, (tags.NOT_HELD,), "other instructions are not supported")
    if reader.raw(tags.TRANSACT_TIME) is not None:
        reader.time(tags.TRANSACT_TIME)


def _check_equal(reader: FieldReader, tag: int, allowed: tuple[str, ...], fix: str) -> None:
    """A tag that may be missing, and otherwise must say one of these."""
    text = reader.raw(tag)
    if text is not None and text not in allowed:
        words = " or ".join(shown(code) for code in allowed if code)
        reader.complain(tag, f"nothing or {words}" if words else "nothing", fix)
