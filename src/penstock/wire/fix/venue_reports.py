"""What venues say about our children: execution reports, cancel rejects and rejects, read."""

from __future__ import annotations

from typing import Final

from penstock.domain import (
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildReject,
    ChildReplaced,
    ChildStated,
    ChildStatus,
    Liquidity,
    Shares,
    Ticks,
    Universe,
    UnknownReport,
    UsdFemtos,
    Venue,
    fee_usd_micros,
    fees_on,
)
from penstock.wire.fix import tags
from penstock.wire.fix.messages import Incoming
from penstock.wire.fix.reading import said_at_ns
from penstock.wire.fix.tags import CxlRejReason, ExecType, MsgType, OrdRejReason, OrdStatus
from penstock.wire.fix.values import SIDE_TEXT, ExactPrice, shown
from penstock.wire.fix.venue_children import VenueChildren
from penstock.wire.fix.venue_reading import (
    TERMINAL,
    Reading,
    VenueAnswer,
    message_rejected,
    noted,
    reason_of,
)

MAX_CHILD_DIGITS: Final = 18
_TRADES: Final = (ExecType.TRADE, ExecType.PARTIAL_FILL, ExecType.FILL)
_UNCHANGED: Final = (
    ExecType.PENDING_NEW,
    ExecType.PENDING_CANCEL,
    ExecType.PENDING_REPLACE,
    ExecType.STOPPED,
    ExecType.SUSPENDED,
    ExecType.CALCULATED,
)
_ENDED: Final = (ExecType.CANCELED, ExecType.EXPIRED, ExecType.DONE_FOR_DAY)
_TOLD_OF_STRANGERS: Final = (
    tags.CL_ORD_ID,
    tags.ORIG_CL_ORD_ID,
    tags.EXEC_TYPE,
    tags.EXEC_ID,
    tags.SYMBOL,
    tags.SIDE,
    tags.LAST_QTY,
    tags.LAST_PX,
    tags.CUM_QTY,
    tags.LEAVES_QTY,
)
"""Tags of a report on no order of ours that its alert shows."""


class VenueReports:
    """
    Reads venues' messages against the children that were sent.

    A report about a child of ours is an event even if we never sent that number: the engine
    raises the alarm, and the journal has it. What cannot be read, or contradicts the order that it
    names, puts that child in doubt: its totals count, and an execution that it reports is held.
    """

    def __init__(self, universe: Universe, run: str, children: VenueChildren) -> None:
        self._venues = {venue.mic: venue for venue in universe.venues}
        self._fees = [fees_on(venue.fees, universe.day) for venue in universe.venues]
        self._symbols = [instrument.symbol for instrument in universe.instruments]
        self._prefix = f"{run}-"
        self._children = children

    def read(self, incoming: Incoming) -> VenueAnswer:
        """Take one message."""
        venue = self._venues.get(incoming.counterparty)
        if venue is None:
            return noted(incoming, "is no venue of this router")
        match incoming.msg_type:
            case MsgType.EXECUTION_REPORT | MsgType.ORDER_CANCEL_REJECT:
                return self._about_child(incoming, venue)
            case MsgType.BUSINESS_MESSAGE_REJECT:
                return self._business_reject(incoming, venue)
            case MsgType.REJECT:
                return message_rejected(incoming)
            case _:
                return noted(incoming, f"sends {shown(incoming.msg_type)}, which is not expected")

    def _about_child(self, incoming: Incoming, venue: Venue) -> VenueAnswer:
        child_ids = {
            child_id
            for tag in (tags.ORIG_CL_ORD_ID, tags.CL_ORD_ID)
            if (child_id := self._child_id(incoming.fields.get(tag, ""))) is not None
        }
        if len(child_ids) != 1:
            return _unknown(incoming, venue, "two orders" if child_ids else "no order of this run")
        reading = Reading(incoming, venue, child_ids.pop())
        self._check_order(reading)
        if reading.reader.flaws:
            return reading.not_understood(reading.last_shares())
        if incoming.msg_type == MsgType.ORDER_CANCEL_REJECT:
            return _cancel_rejected(reading)
        return self._execution_report(reading)

    def _check_order(self, reading: Reading) -> None:
        """A report must come from the child's venue and be about its symbol and side."""
        child, reader = self._children.find(reading.child_id), reading.reader
        if child is None:
            return
        order = child.order
        symbol, side = self._symbols[order.instrument_idx], SIDE_TEXT[order.side]
        if order.venue_idx != reading.venue.venue_idx:
            reader.complain(tags.CL_ORD_ID, "an order that this venue has", "ask the venue")
        if reader.raw(tags.SYMBOL) not in (None, symbol):
            reader.complain(tags.SYMBOL, f"{symbol} as on the order", "ask the venue")
        if reader.raw(tags.SIDE) not in (None, side):
            reader.complain(tags.SIDE, f"{side} as on the order", "ask the venue")

    def _execution_report(self, reading: Reading) -> VenueAnswer:
        exec_type = reading.reader.raw(tags.EXEC_TYPE)
        if exec_type in _TRADES:
            return self._fill(reading)
        match exec_type:
            case ExecType.NEW:
                answer = reading.event(ChildAck)
            case ExecType.REJECTED:
                answer = _rejected(reading)
            case ExecType.REPLACED | ExecType.RESTATED:
                answer = self._replaced(reading)
            case ExecType.TRADE_CANCEL | ExecType.TRADE_CORRECT:
                return _bust(reading, is_correction=exec_type == ExecType.TRADE_CORRECT)
            case ExecType.ORDER_STATUS:
                return _status(reading)
            case _ if exec_type in _ENDED:
                answer = reading.event(ChildCancelled)
            case _ if exec_type in _UNCHANGED:
                answer = reading.event(ChildStated)
            case _:
                reading.reader.complain(tags.EXEC_TYPE, "an ExecType of FIX 4.4", "ask the venue")
                return reading.not_understood(reading.last_shares())
        return _with_loose_execution(reading, answer)

    def _fill(self, reading: Reading) -> VenueAnswer:
        reader, venue = reading.reader, reading.venue
        exec_id = reader.identifier(tags.EXEC_ID, "ask the venue")
        price = reader.executed(tags.LAST_PX)
        size_shares = reader.shares(tags.LAST_QTY)
        if exec_id is None or price is None or size_shares is None:
            return reading.not_understood(size_shares or 0)
        is_made = reader.raw(tags.LAST_LIQUIDITY_IND) == tags.MADE
        liquidity = Liquidity.MAKE if is_made else Liquidity.TAKE
        if not venue.kind.is_lit:
            liquidity = Liquidity.MIDPOINT
        return reading.event(
            ChildFill,
            exec_id=exec_id,
            price_ticks=price.ticks,
            price_rest_femtos=price.rest_femtos,
            size_shares=size_shares,
            liquidity=liquidity,
            fee_usd_micros=fee_usd_micros(self._fees[venue.venue_idx], liquidity, size_shares),
        )

    def _replaced(self, reading: Reading) -> VenueAnswer:
        """A new size and limit; a restatement without 44 leaves the limit as it is."""
        child, reader = self._children.find(reading.child_id), reading.reader
        size_shares = reader.shares(tags.ORDER_QTY)
        limit_ticks = None if child is None else child.order.limit_ticks
        if limit_ticks is None or reader.raw(tags.PRICE) is not None:
            limit_ticks = reader.price(tags.PRICE)
        if size_shares is None or limit_ticks is None:
            return reading.not_understood()
        return reading.event(ChildReplaced, size_shares=size_shares, limit_ticks=limit_ticks)

    def _business_reject(self, incoming: Incoming, venue: Venue) -> VenueAnswer:
        """A reject that names our ClOrdID is a reject of that request; else nobody can tell."""
        fields = incoming.fields
        child_id = self._child_id(fields.get(tags.BUSINESS_REJECT_REF_ID, ""))
        msg_type = fields.get(tags.REF_MSG_TYPE)
        reason = reason_of(incoming, tags.BUSINESS_REJECT_REASON)
        if child_id is not None:
            reading = Reading(incoming, venue, child_id)
            if msg_type == MsgType.NEW_ORDER_SINGLE:
                return reading.event(ChildReject, reason=reason)
            if msg_type in (MsgType.ORDER_CANCEL_REQUEST, MsgType.ORDER_CANCEL_REPLACE_REQUEST):
                return reading.event(ChildCancelReject, reason=reason)
        return message_rejected(incoming)

    def _child_id(self, name: str) -> int | None:
        """The child that a ClOrdID of this run belongs to; None for any other text."""
        if not name.startswith(self._prefix):
            return None
        number, _, change = name[len(self._prefix) :].partition("-")
        if change and not (change[0] in "cr" and _is_number(change[1:])):
            return None
        return int(number) if _is_number(number) else None


def _unknown(incoming: Incoming, venue: Venue, what: str) -> VenueAnswer:
    fields = ", ".join(
        f"{tag} {shown(incoming.fields[tag])}"
        for tag in _TOLD_OF_STRANGERS
        if tag in incoming.fields
    )
    event = UnknownReport(
        seq=0,
        event_ns=said_at_ns(incoming.fields, incoming.recv_ns),
        recv_ns=incoming.recv_ns,
        venue_idx=venue.venue_idx,
        text=f"reports on {what}: {fields}",
    )
    return VenueAnswer(events=(event,))


def _cancel_rejected(reading: Reading) -> VenueAnswer:
    reader = reading.reader
    is_unknown = (
        reader.raw(tags.CXL_REJ_REASON) == CxlRejReason.UNKNOWN_ORDER
        or reader.raw(tags.ORD_STATUS) == OrdStatus.REJECTED
    )
    reason = reason_of(reading.incoming, tags.CXL_REJ_REASON)
    return reading.event(ChildCancelReject, reason=reason, is_known=not is_unknown)


def _with_loose_execution(reading: Reading, answer: VenueAnswer) -> VenueAnswer:
    """Hold the 32 LastQty of a report that is no trade and has no 14 CumQty."""
    shares = reading.last_shares()
    if shares == 0 or reading.stated.filled_shares is not None:
        return answer
    reading.reader.complain(tags.CUM_QTY, "the shares filled in all", "ask the venue")
    doubt = reading.not_understood(shares).events[-1:]
    return answer._replace(events=(*doubt, *answer.events))


def _rejected(reading: Reading) -> VenueAnswer:
    if reading.reader.raw(tags.ORD_REJ_REASON) == OrdRejReason.DUPLICATE_ORDER:
        # The venue has an order of this name already: it may be live, so it is not free again.
        reading.reader.complain(
            tags.ORD_REJ_REASON, "another reason than a duplicate order", "ask the venue"
        )
        return reading.not_understood()
    return reading.event(ChildReject, reason=reason_of(reading.incoming, tags.ORD_REJ_REASON))


def _bust(reading: Reading, *, is_correction: bool) -> VenueAnswer:
    reader = reading.reader
    exec_id = reader.identifier(tags.EXEC_REF_ID, "ask the venue which execution it means")
    shares, price = Shares(0), ExactPrice(Ticks(0), UsdFemtos(0))
    if is_correction:
        shares = reader.shares(tags.LAST_QTY) or shares
        price = reader.executed(tags.LAST_PX) or price
    if exec_id is None or reader.flaws:
        return reading.not_understood()
    return reading.event(
        ChildBust,
        exec_id=exec_id,
        corrected_shares=shares,
        corrected_price_ticks=price.ticks,
        corrected_price_rest_femtos=price.rest_femtos,
    )


def _status(reading: Reading) -> VenueAnswer:
    """An answer to a question: where the order stands."""
    reader = reading.reader
    ord_status = reader.raw(tags.ORD_STATUS)
    is_known = ord_status != OrdStatus.REJECTED
    if not is_known:
        filled_shares = leaves_shares = Shares(0)
    else:
        filled = reader.shares(tags.CUM_QTY, least=0)
        leaves = reader.shares(tags.LEAVES_QTY, least=0)
        if ord_status in TERMINAL and leaves:
            reader.complain(tags.LEAVES_QTY, "0, because the order has ended", "ask the venue")
        if filled is None or leaves is None or reader.flaws:
            return reading.not_understood()
        filled_shares, leaves_shares = filled, leaves
    return reading.event(
        ChildStatus, is_known=is_known, filled_shares=filled_shares, leaves_shares=leaves_shares
    )


def _is_number(text: str) -> bool:
    return 0 < len(text) <= MAX_CHILD_DIGITS and text.isascii() and text.isdecimal()
