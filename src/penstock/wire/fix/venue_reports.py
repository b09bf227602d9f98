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
    ChildStatus,
    Liquidity,
    Shares,
    Ticks,
    Universe,
    Venue,
    fee_usd_micros,
    fees_on,
)
from penstock.wire.fix import tags
from penstock.wire.fix.messages import Incoming
from penstock.wire.fix.tags import ExecType, MsgType, OrdRejReason, OrdStatus
from penstock.wire.fix.values import SIDE_TEXT, shown, whole
from penstock.wire.fix.venue_children import VenueChildren
from penstock.wire.fix.venue_reading import (
    Reading,
    VenueAnswer,
    message_rejected,
    noted,
    reason_of,
)

MAX_CHILD_DIGITS: Final = 18
_PENDING: Final = (ExecType.PENDING_NEW, ExecType.PENDING_CANCEL, ExecType.PENDING_REPLACE)
_ENDED: Final = (ExecType.CANCELED, ExecType.EXPIRED, ExecType.DONE_FOR_DAY)
_TERMINAL: Final = (
    OrdStatus.FILLED,
    OrdStatus.CANCELED,
    OrdStatus.REJECTED,
    OrdStatus.EXPIRED,
    OrdStatus.DONE_FOR_DAY,
)


class VenueReports:
    """
    Reads venues' messages against the children that were sent.

    A report about a child of ours is an event even if we never sent that number: the engine
    raises the alarm, and the journal has it. What cannot be understood, or contradicts the order
    that it names, is a note.
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
            names = [shown(incoming.fields.get(t)) for t in (tags.CL_ORD_ID, tags.ORIG_CL_ORD_ID)]
            what = "two orders" if child_ids else "no order of this run"
            return noted(incoming, f"reports on {what}: 11 {names[0]}, 41 {names[1]}")
        reading = Reading(incoming, venue, child_ids.pop())
        self._check_order(reading)
        if reading.reader.flaws:
            return reading.not_understood()
        if incoming.msg_type == MsgType.ORDER_CANCEL_REJECT:
            return reading.event(ChildCancelReject, reason=reason_of(incoming, tags.CXL_REJ_REASON))
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
        match exec_type:
            case ExecType.NEW:
                return reading.event(ChildAck)
            case ExecType.TRADE:
                return self._fill(reading)
            case ExecType.REJECTED:
                return _rejected(reading)
            case ExecType.REPLACED | ExecType.RESTATED:
                return _replaced(reading)
            case ExecType.TRADE_CANCEL | ExecType.TRADE_CORRECT:
                return _bust(reading, is_correction=exec_type == ExecType.TRADE_CORRECT)
            case ExecType.ORDER_STATUS:
                return _status(reading)
        if exec_type in _ENDED:
            return reading.event(ChildCancelled)
        if exec_type in _PENDING:
            return VenueAnswer()  # says that our request is being looked at: nothing has changed
        reading.reader.complain(tags.EXEC_TYPE, "an ExecType of FIX 4.4", "ask the venue")
        return reading.not_understood()

    def _fill(self, reading: Reading) -> VenueAnswer:
        reader, venue = reading.reader, reading.venue
        exec_id = reader.identifier(tags.EXEC_ID, "ask the venue")
        price_ticks = reader.price(tags.LAST_PX)
        size_shares = reader.shares(tags.LAST_QTY)
        if exec_id is None or price_ticks is None or size_shares is None:
            return reading.not_understood()
        is_made = reader.raw(tags.LAST_LIQUIDITY_IND) == tags.MADE
        liquidity = Liquidity.MAKE if is_made else Liquidity.TAKE
        if not venue.kind.is_lit:
            liquidity = Liquidity.MIDPOINT
        answer = reading.event(
            ChildFill,
            exec_id=exec_id,
            price_ticks=price_ticks,
            size_shares=size_shares,
            liquidity=liquidity,
            fee_usd_micros=fee_usd_micros(self._fees[venue.venue_idx], liquidity, size_shares),
        )
        doubt = self._doubt(reading, exec_id, size_shares)
        return answer if doubt is None else answer._replace(notes=(doubt,), asks_status=True)

    def _doubt(self, reading: Reading, exec_id: str, size_shares: Shares) -> str | None:
        """
        The fill is booked in any case; but when the venue's total is another than ours, some
        execution never came, or came twice.
        """
        said_shares = whole(reading.reader.raw(tags.CUM_QTY) or "")
        child = self._children.find(reading.child_id)
        if said_shares is None or child is None or exec_id in child.executions:
            return None
        ours_shares = child.filled_shares + size_shares
        if said_shares == ours_shares:
            return None
        return (
            f"{reading.venue.mic} says child {reading.child_id} has {said_shares:,} shares filled "
            f"(14 CumQty); the executions that we were told of make {ours_shares:,}"
        )

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


def _rejected(reading: Reading) -> VenueAnswer:
    if reading.reader.raw(tags.ORD_REJ_REASON) == OrdRejReason.DUPLICATE_ORDER:
        # The venue has an order of this name already: it may be live, so it is not free again.
        text = f"has child {reading.child_id} already and rejects a second one"
        return noted(reading.incoming, text, asks_status=True)
    return reading.event(ChildReject, reason=reason_of(reading.incoming, tags.ORD_REJ_REASON))


def _replaced(reading: Reading) -> VenueAnswer:
    size_shares = reading.reader.shares(tags.ORDER_QTY)
    limit_ticks = reading.reader.price(tags.PRICE)
    if size_shares is None or limit_ticks is None:
        return reading.not_understood()
    return reading.event(ChildReplaced, size_shares=size_shares, limit_ticks=limit_ticks)


def _bust(reading: Reading, *, is_correction: bool) -> VenueAnswer:
    reader = reading.reader
    exec_id = reader.identifier(tags.EXEC_REF_ID, "ask the venue which execution it means")
    shares, price = Shares(0), Ticks(0)
    if is_correction:
        shares = reader.shares(tags.LAST_QTY) or shares
        price = reader.price(tags.LAST_PX) or price
    if exec_id is None or reader.flaws:
        return reading.not_understood()
    return reading.event(
        ChildBust, exec_id=exec_id, corrected_shares=shares, corrected_price_ticks=price
    )


def _status(reading: Reading) -> VenueAnswer:
    reader = reading.reader
    filled_shares = reader.shares(tags.CUM_QTY, least=0)
    leaves_shares = reader.shares(tags.LEAVES_QTY, least=0)
    ord_status = reader.raw(tags.ORD_STATUS)
    if ord_status in _TERMINAL and leaves_shares:
        reader.complain(tags.LEAVES_QTY, "0, because the order has ended", "ask the venue")
    if filled_shares is None or leaves_shares is None or reader.flaws:
        return reading.not_understood()
    return reading.event(
        ChildStatus,
        is_known=ord_status != OrdStatus.REJECTED,
        filled_shares=filled_shares,
        leaves_shares=leaves_shares,
    )


def _is_number(text: str) -> bool:
    return 0 < len(text) <= MAX_CHILD_DIGITS and text.isascii() and text.isdecimal()
