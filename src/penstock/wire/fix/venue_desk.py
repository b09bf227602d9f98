"""The router's desk for its venues: commands in, FIX out; venues' reports in, events out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from penstock.domain import (
    EPOCH_IDS,
    CancelChild,
    ChildOrder,
    Command,
    EpochStarted,
    Event,
    Ns,
    PegKind,
    QueryChild,
    ReplaceChild,
    SendChild,
    Shares,
    Ticks,
    Tif,
    Universe,
    VenueCommand,
)
from penstock.wire.fix import tags
from penstock.wire.fix.messages import FixMessage, Incoming, Outgoing
from penstock.wire.fix.oms_identity import body_of, carried, onward_header_of
from penstock.wire.fix.reports import Fields
from penstock.wire.fix.tags import MsgType
from penstock.wire.fix.values import SIDE_TEXT, price_text, time_text
from penstock.wire.fix.venue_children import NOBODY, SentChild, VenueChildren
from penstock.wire.fix.venue_reading import VenueAnswer
from penstock.wire.fix.venue_reports import VenueReports


class VenueDesk:
    """
    Translates for the venues of the router. Pure: no session, no clock, no thread.

    Promises, each a test:
        no message raises; a report is an event or a note for a person, never nothing;
        no ClOrdID is used twice, restarts included: call `note` for every step, recovered or new;
        what a report says about another order than its ClOrdID names is never booked.

    ClOrdIDs are `{run}-{child_id}`, for a cancel with `-c{n}` and for a replace with `-r{n}`, where
    n grows, and jumps with each process start: a lost journal tail may have used the next one. A
    change always refers to the original name in 41. The comp id of a venue is its MIC.
    """

    def __init__(self, universe: Universe, run: str) -> None:
        assert run.isascii(), f"run {run!r} must be letters and digits"
        assert run.isalnum(), f"run {run!r} must be letters and digits"
        self._run = run
        self._epoch = 0
        self._symbols = [instrument.symbol for instrument in universe.instruments]
        self._mics = [venue.mic for venue in universe.venues]
        self._carries = [venue.carries for venue in universe.venues]
        self._children = VenueChildren()
        self._reports = VenueReports(universe, run, self._children)

    def note(self, event: Event, commands: Sequence[Command]) -> None:
        """Remember a step; before `on_command`, and for each recovered step."""
        if isinstance(event, EpochStarted):
            self._epoch = event.epoch
        self._children.note(event, commands)

    def on_command(self, command: VenueCommand | QueryChild, now_ns: Ns) -> Outgoing:
        """The message for a command of a step that `note` has seen; one change a child and step."""
        match command:
            case SendChild(order=order):
                fields = self._whose(self._children.sent(order.child_id), self._new(order, now_ns))
                return self._to(order, MsgType.NEW_ORDER_SINGLE, fields)
            case CancelChild(child_id=child_id):
                return self._cancel(self._children.sent(child_id), now_ns)
            case ReplaceChild(child_id=child_id):
                return self._replace(self._children.sent(child_id), command, now_ns)
            case QueryChild(child_id=child_id):
                return self.status_request(child_id, now_ns)

    def status_request(self, child_id: int, now_ns: Ns) -> Outgoing:
        """Ask a venue where a child stands; the answer comes as a `ChildStatus`."""
        order = self._children.sent(child_id).order
        fields = (
            (tags.CL_ORD_ID, self._name(child_id)),
            (tags.ORD_STATUS_REQ_ID, f"q{now_ns}"),
            (tags.SYMBOL, self._symbols[order.instrument_idx]),
            (tags.SIDE, SIDE_TEXT[order.side]),
        )
        return self._to(order, MsgType.ORDER_STATUS_REQUEST, fields)

    def on_message(self, incoming: Incoming) -> VenueAnswer:
        """Take a venue's message."""
        return self._reports.read(incoming)

    def packed(self) -> dict[int, bytes]:
        """The children of every order, by the order's number, for an `OrderCarried`."""
        return self._children.packed()

    def state_hash(self) -> str:
        """Hash of everything that can influence a later message."""
        return hashlib.sha256(msgspec.msgpack.encode(self._children.facts())).hexdigest()

    def _new(self, order: ChildOrder, now_ns: Ns) -> Fields:
        is_peg = order.peg is PegKind.MIDPOINT
        peg: Fields = ((tags.EXEC_INST, tags.MIDPOINT_PEG),) if is_peg else ()
        least: Fields = ((tags.MIN_QTY, str(order.min_shares)),) if order.min_shares > 0 else ()
        return (
            (tags.CL_ORD_ID, self._name(order.child_id)),
            *peg,
            (tags.HANDL_INST, tags.AUTOMATED),
            *self._terms(order, order.size_shares, order.limit_ticks),
            *least,
            (tags.EX_DESTINATION, self._mics[order.venue_idx]),
            (tags.TRANSACT_TIME, time_text(now_ns)),
        )

    def _terms(self, order: ChildOrder, size_shares: Shares, limit_ticks: Ticks) -> Fields:
        return (
            (tags.SYMBOL, self._symbols[order.instrument_idx]),
            (tags.SIDE, SIDE_TEXT[order.side]),
            (tags.ORDER_QTY, str(size_shares)),
            (tags.ORD_TYPE, tags.PEGGED if order.peg is PegKind.MIDPOINT else tags.LIMIT),
            (tags.PRICE, price_text(limit_ticks)),
            (tags.TIME_IN_FORCE, tags.IOC if order.tif is Tif.IOC else tags.DAY),
        )

    def _cancel(self, child: SentChild, now_ns: Ns) -> Outgoing:
        order = child.order
        name = self._name(order.child_id)
        fields = (
            (tags.CL_ORD_ID, f"{name}-c{self._change_number(child)}"),
            (tags.ORIG_CL_ORD_ID, name),
            (tags.SYMBOL, self._symbols[order.instrument_idx]),
            (tags.SIDE, SIDE_TEXT[order.side]),
            (tags.ORDER_QTY, str(order.size_shares)),
            (tags.TRANSACT_TIME, time_text(now_ns)),
        )
        return self._to(order, MsgType.ORDER_CANCEL_REQUEST, fields)

    def _replace(self, child: SentChild, command: ReplaceChild, now_ns: Ns) -> Outgoing:
        order = child.order
        name = self._name(order.child_id)
        peg: Fields = (
            ((tags.EXEC_INST, tags.MIDPOINT_PEG),) if order.peg is PegKind.MIDPOINT else ()
        )
        fields = (
            (tags.CL_ORD_ID, f"{name}-r{self._epoch * EPOCH_IDS + child.n_replaces}"),
            (tags.ORIG_CL_ORD_ID, name),
            *peg,
            (tags.HANDL_INST, tags.AUTOMATED),
            *self._terms(order, command.size_shares, command.limit_ticks),
            (tags.TRANSACT_TIME, time_text(now_ns)),
        )
        whole = self._whose(child, fields)
        return self._to(order, MsgType.ORDER_CANCEL_REPLACE_REQUEST, whole)

    def _change_number(self, child: SentChild) -> int:
        """A number that no request about this child has had, in this process or an earlier one."""
        child.n_named = max(child.n_named + 1, child.n_cancels)
        return self._epoch * EPOCH_IDS + child.n_named

    def _whose(self, child: SentChild, fields: Fields) -> Fields:
        """The same with as much of the order's identity as the venue carries."""
        if child.identity == NOBODY:
            return fields
        identity = carried(child.identity, self._carries[child.order.venue_idx])
        return (*onward_header_of(identity), *fields, *body_of(identity))

    def _to(self, order: ChildOrder, msg_type: str, fields: Fields) -> Outgoing:
        return Outgoing(self._mics[order.venue_idx], FixMessage(msg_type, fields))

    def _name(self, child_id: int) -> str:
        return f"{self._run}-{child_id}"
