"""One message of a venue while it is read, and what can come of it: events or a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from penstock.domain import (
    MAX_ORDER_SHARES,
    ChildReport,
    ChildStated,
    DoubtChild,
    Event,
    Shares,
    Venue,
    VenueStatement,
)
from penstock.wire.fix import tags
from penstock.wire.fix.messages import Incoming
from penstock.wire.fix.reading import FieldReader, listed, said_at_ns
from penstock.wire.fix.tags import MsgType, OrdStatus
from penstock.wire.fix.values import plain_text, shown, whole

TERMINAL: Final = (
    OrdStatus.FILLED,
    OrdStatus.CANCELED,
    OrdStatus.REJECTED,
    OrdStatus.EXPIRED,
    OrdStatus.DONE_FOR_DAY,
)
"""39 OrdStatus of an order that can fill no more."""

_TOTALS: Final = (tags.CUM_QTY, tags.LEAVES_QTY, tags.ORDER_QTY)


class VenueAnswer(NamedTuple):
    """
    What a venue's message leads to; `notes` are for a person.

    `asks_pending`: some message of ours was refused, and nobody can tell which. Ask about every
    child there that waits for an answer. `refuses_questions`: the venue does not take 35=H.
    """

    events: tuple[Event, ...] = ()
    notes: tuple[str, ...] = ()
    asks_pending: bool = False
    refuses_questions: bool = False


class Reading:
    """One message about one child, while it is read."""

    def __init__(self, incoming: Incoming, venue: Venue, child_id: int) -> None:
        self.incoming = incoming
        self.venue = venue
        self.child_id = child_id
        self.reader = FieldReader(incoming.fields)

    @property
    def stated(self) -> VenueStatement:
        """The totals that the message states of the whole order."""
        incoming = self.incoming
        filled_shares, leaves_shares, size_shares = (_total(incoming, tag) for tag in _TOTALS)
        return VenueStatement(
            filled_shares=filled_shares,
            leaves_shares=leaves_shares,
            size_shares=size_shares,
            is_repeat=incoming.is_possible_dup or incoming.fields.get(tags.POSS_RESEND) == "Y",
            has_ended=leaves_shares == 0 and incoming.fields.get(tags.ORD_STATUS) in TERMINAL,
        )

    def event(self, kind: Callable[..., ChildReport], **facts: Any) -> VenueAnswer:
        """The answer that is one event about the child; totals that are no numbers raise doubt."""
        event = self._make(kind, stated=self.stated, **facts)
        events: tuple[Event, ...] = (event,)
        for tag in _TOTALS:
            if self.reader.raw(tag) is not None and _total(self.incoming, tag) is None:
                self.reader.complain(tag, "a number of shares", "ask the venue")
        if self.reader.flaws:
            events += (self._make(DoubtChild, reason=self._what_is_wrong()),)
        return VenueAnswer(events=events)

    def not_understood(self, doubt_shares: int = 0) -> VenueAnswer:
        """
        The answer when something is wrong with the message: where the child stands is open.

        Args:
            doubt_shares: of an execution that the message reports and that cannot be booked.
        """
        name = self.reader.raw(tags.EXEC_ID) or f"message {self.incoming.seq_num}"
        doubt = self._make(
            DoubtChild,
            reason=self._what_is_wrong(),
            doubt_shares=Shares(doubt_shares),
            exec_id=plain_text(name),
        )
        return VenueAnswer(events=(self._make(ChildStated, stated=self.stated), doubt))

    def last_shares(self) -> int:
        """32 LastQty; 0 if it states none."""
        return _total(self.incoming, tags.LAST_QTY) or 0

    def _what_is_wrong(self) -> str:
        return f"a report states what cannot be: {listed(self.reader.flaws)}"

    def _make(self, kind: Callable[..., Any], **facts: Any) -> Any:
        incoming = self.incoming
        return kind(
            seq=0,
            event_ns=said_at_ns(incoming.fields, incoming.recv_ns),
            recv_ns=incoming.recv_ns,
            child_id=self.child_id,
            venue_idx=self.venue.venue_idx,
            **facts,
        )


def _total(incoming: Incoming, tag: int) -> Shares | None:
    """A number of shares, not absurd; None where it is neither."""
    value = whole(incoming.fields.get(tag, ""))
    return Shares(value) if value is not None and value <= MAX_ORDER_SHARES else None


def message_rejected(incoming: Incoming) -> VenueAnswer:
    """Some message of ours was refused whole. If it was a question, asking again ends nowhere."""
    is_question = incoming.fields.get(tags.REF_MSG_TYPE) == MsgType.ORDER_STATUS_REQUEST
    number = shown(incoming.fields.get(tags.REF_SEQ_NUM))
    answer = noted(incoming, f"rejects our message {number}")
    return answer._replace(asks_pending=not is_question, refuses_questions=is_question)


def reason_of(incoming: Incoming, code_tag: int) -> str:
    """Why something was refused: the venue's words, or its code if there are none."""
    text = plain_text(incoming.fields.get(tags.TEXT, ""))
    code = shown(incoming.fields.get(code_tag))
    return text or f"no text, reason {code}"


def noted(incoming: Incoming, what: str) -> VenueAnswer:
    """The answer that is a note, with the venue's own words."""
    text = incoming.fields.get(tags.TEXT)
    said = f" ({plain_text(text)})" if text else ""
    return VenueAnswer(notes=(f"{incoming.counterparty} {what}{said}",))
