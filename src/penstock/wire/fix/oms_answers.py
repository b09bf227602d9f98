"""What a client's message leads to: an event for the engine, a reply, or a note for a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from penstock.domain import CancelParent, Event, NewParent, ReplaceParent, Universe
from penstock.wire.fix import tags
from penstock.wire.fix.messages import Incoming
from penstock.wire.fix.oms_book import Named, OmsBook, OmsOrder
from penstock.wire.fix.oms_mass import MassRequests
from penstock.wire.fix.oms_refusals import (
    DeskAnswer,
    Refusals,
    nameless,
    not_allowed,
    note,
    reply,
    unsupported,
)
from penstock.wire.fix.oms_reports import OmsReports
from penstock.wire.fix.oms_requests import NewTerms, OrderDefaults, Requests
from penstock.wire.fix.oms_rules import DeskRules
from penstock.wire.fix.oms_tags import fields_of, user_tags
from penstock.wire.fix.reading import FieldReader, listed, said_at_ns
from penstock.wire.fix.tags import CxlRejReason, MsgType, OrdRejReason

_MAX_TOLD: Final = 1_000  # neglected tags that a person is told of in one run
_REJECTS: Final = (MsgType.REJECT, MsgType.BUSINESS_MESSAGE_REJECT, MsgType.DONT_KNOW_TRADE)


class OmsAnswers:
    """Answers clients' messages out of the book; the book itself is changed by events alone."""

    def __init__(
        self,
        universe: Universe,
        defaults: OrderDefaults,
        book: OmsBook,
        reports: OmsReports,
        rules: DeskRules,
    ) -> None:
        self._book = book
        self._reports = reports
        self._rules = rules
        self._requests = Requests(universe, defaults)
        self._refusals = Refusals(reports)
        mass = MassRequests(universe, book, reports)
        self._told_of: set[tuple[str, int]] = set()  # tags whose neglect a person was told of
        self._by_type: dict[str, Callable[[Incoming], DeskAnswer]] = {
            MsgType.NEW_ORDER_SINGLE: self._new_order,
            MsgType.ORDER_CANCEL_REQUEST: self._change,
            MsgType.ORDER_CANCEL_REPLACE_REQUEST: self._change,
            MsgType.ORDER_STATUS_REQUEST: self._status,
            MsgType.ORDER_MASS_CANCEL_REQUEST: mass.cancel,
            MsgType.ORDER_MASS_STATUS_REQUEST: mass.status,
            MsgType.REJECT: note,
            MsgType.BUSINESS_MESSAGE_REJECT: note,  # answering a reject could go on for ever
            MsgType.DONT_KNOW_TRADE: note,
        }

    def answer(self, incoming: Incoming) -> DeskAnswer:
        """Take one message."""
        if incoming.counterparty in self._rules.drop_copies and incoming.msg_type not in _REJECTS:
            text = f"{incoming.counterparty} receives copies of reports: it may send no request"
            return not_allowed(incoming, text)
        answer = self._by_type.get(incoming.msg_type)
        return unsupported(incoming) if answer is None else answer(incoming)

    def refuse(self, incoming: Incoming, text: str) -> DeskAnswer:
        """Refuse a request unread, for a reason that lies outside it."""
        orig = incoming.fields.get(tags.ORIG_CL_ORD_ID, "")
        found = self._book.find(incoming.counterparty, orig)
        return self._refusals.whole(incoming, None if found is None else found.order, text)

    def _new_order(self, incoming: Incoming) -> DeskAnswer:
        named = self._named(incoming)
        if named is not None:
            return self._order_again(incoming, named)
        fields = fields_of(incoming)
        reader = FieldReader(fields)
        rules = self._rules.of(incoming.counterparty)
        order = self._requests.new_order(reader, incoming, rules, self._book.next_parent_id)
        if order is None:
            return self._refusals.order(incoming, reader.flaws)
        said_ns = said_at_ns(incoming.fields, incoming.recv_ns)
        return DeskAnswer(
            events=(NewParent(seq=0, event_ns=said_ns, recv_ns=incoming.recv_ns, order=order),),
            notes=self._neglected(incoming, user_tags(fields, rules)),
        )

    def _order_again(self, incoming: Incoming, named: Named) -> DeskAnswer:
        """The same order once more is answered with its status; another one is refused."""
        differences: list[str] = []
        if _may_be_repeated(incoming):
            differences = self._differences(incoming, named)
            if not differences:
                return self._status_of(incoming, named.order)
        text = self._refusals.taken(incoming, named, differences)
        return self._refusals.order_with(incoming, OrdRejReason.DUPLICATE_ORDER, text)

    def _differences(self, incoming: Incoming, named: Named) -> list[str]:
        """How a message differs from the one that first had its ClOrdID; empty if not at all."""
        if named.msg_type != incoming.msg_type:
            return ["type of message"]
        rules, order = self._rules.of(incoming.counterparty), named.order.order
        if incoming.msg_type == MsgType.NEW_ORDER_SINGLE:
            return self._requests.differences(incoming, rules, order)
        orig = incoming.fields.get(tags.ORIG_CL_ORD_ID, "")
        meant = self._book.find(incoming.counterparty, orig)
        if meant is None or meant.order.order.parent_id != order.parent_id:
            return ["order"]
        reader = FieldReader(fields_of(incoming))
        if incoming.msg_type == MsgType.ORDER_CANCEL_REQUEST:
            self._requests.check_same_order(reader, order)
            return [str(flaw) for flaw in reader.flaws]
        terms = self._requests.replace_again(reader, incoming, rules, order)
        if terms is None:
            return [str(flaw) for flaw in reader.flaws]
        words = []
        if terms.size_shares != named.size_shares:
            words.append("quantity")
        if terms.limit_ticks != named.limit_ticks:
            words.append("type or limit")
        return words

    def _change(self, incoming: Incoming) -> DeskAnswer:
        """A cancel or a replace: the way to the order is the same for both."""
        named = self._named(incoming)
        if named is not None:
            return self._change_again(incoming, named)
        reader = FieldReader(fields_of(incoming))
        reader.identifier(tags.CL_ORD_ID)
        orig = reader.identifier(tags.ORIG_CL_ORD_ID, "send the ClOrdID of the order")
        found = self._book.find(incoming.counterparty, orig or "")
        if orig is not None and found is None:
            reader.complain(
                tags.ORIG_CL_ORD_ID, "the ClOrdID of an order of yours", "unknown order"
            )
        if found is None:
            reason = CxlRejReason.OTHER if orig is None else CxlRejReason.UNKNOWN_ORDER
            return self._refusals.change(incoming, None, reason, reader.flaws)
        event = self._event(incoming, reader, found.order)
        if event is None:
            return self._refusals.change(incoming, found.order, CxlRejReason.OTHER, reader.flaws)
        return DeskAnswer(events=(event,))

    def _change_again(self, incoming: Incoming, named: Named) -> DeskAnswer:
        """A change under a ClOrdID that is taken; its order stands as it stood."""
        differences: list[str] = []
        if _may_be_repeated(incoming):
            differences = self._differences(incoming, named)
            if not differences:
                return self._status_of(incoming, named.order)
        orig = incoming.fields.get(tags.ORIG_CL_ORD_ID, "")
        meant = self._book.find(incoming.counterparty, orig)
        order = None if meant is None else meant.order
        text = self._refusals.taken(incoming, named, differences)
        return self._refusals.change_with(incoming, order, CxlRejReason.DUPLICATE_CL_ORD_ID, text)

    def _event(self, incoming: Incoming, reader: FieldReader, order: OmsOrder) -> Event | None:
        said_ns = said_at_ns(incoming.fields, incoming.recv_ns)
        parent_id = order.order.parent_id
        name = reader.raw(tags.CL_ORD_ID) or ""
        self._check_order_id(reader, order)
        if incoming.msg_type == MsgType.ORDER_CANCEL_REPLACE_REQUEST:
            terms = self._replace(incoming, reader, order)
            if terms is None:
                return None
            return ReplaceParent(
                seq=0, event_ns=said_ns, recv_ns=incoming.recv_ns, parent_id=parent_id,
                size_shares=terms.size_shares, limit_ticks=terms.limit_ticks, client_order_id=name,
            )  # fmt: skip
        self._requests.check_same_order(reader, order.order)
        if reader.flaws:
            return None
        return CancelParent(
            seq=0, event_ns=said_ns, recv_ns=incoming.recv_ns, parent_id=parent_id,
            client_order_id=name,
        )  # fmt: skip

    def _replace(self, incoming: Incoming, reader: FieldReader, order: OmsOrder) -> NewTerms | None:
        rules = self._rules.of(incoming.counterparty)
        if not rules.allows_replace:
            fix = "replaces are not agreed with this client: cancel and send a new order"
            reader.complain(tags.ORIG_CL_ORD_ID, "a cancel or a new order", fix)
        return self._requests.replace(reader, incoming, rules, order.order)

    def _check_order_id(self, reader: FieldReader, order: OmsOrder) -> None:
        """37 OrderID may be left out, or NONE; if it is ours it must be of the order that 41 is."""
        found, ours = reader.raw(tags.ORDER_ID), self._reports.order_id(order)
        if found not in (None, tags.NO_ORDER, ours):
            fix = "41 OrigClOrdID names another order; leave 37 out if unsure"
            reader.complain(tags.ORDER_ID, f"nothing, or {ours}", fix)

    def _status(self, incoming: Incoming) -> DeskAnswer:
        named = self._named(incoming)
        if named is not None:
            return self._status_of(incoming, named.order)
        reader = FieldReader(incoming.fields)
        if reader.identifier(tags.CL_ORD_ID) is None:
            return nameless(incoming, f"status not known: {listed(reader.flaws)}")
        return self._refusals.unknown_order(incoming)

    def _status_of(self, incoming: Incoming, order: OmsOrder) -> DeskAnswer:
        return reply(incoming, self._reports.status(order, incoming))

    def _named(self, incoming: Incoming) -> Named | None:
        return self._book.find(incoming.counterparty, incoming.fields.get(tags.CL_ORD_ID, ""))

    def _neglected(self, incoming: Incoming, own: list[int]) -> tuple[str, ...]:
        """A note for a person about tags of the client's own; once a tag."""
        client = incoming.counterparty
        new = [tag for tag in sorted(own) if (client, tag) not in self._told_of]
        if not new or len(self._told_of) > _MAX_TOLD:
            return ()
        self._told_of.update((client, tag) for tag in new)
        note_of_tags = (
            f"{client} sends tags of its own that the router ignores: {', '.join(map(str, new))}; "
            "agree with the client, then list them in ignored_tags"
        )
        return (note_of_tags,)


def _may_be_repeated(incoming: Incoming) -> bool:
    return incoming.is_possible_dup or incoming.fields.get(tags.POSS_RESEND) == "Y"
