"""One message of a venue while it is read, and what can come of it: an event or a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from penstock.domain import ChildReport, Event, Venue
from penstock.wire.fix import tags
from penstock.wire.fix.messages import Incoming
from penstock.wire.fix.reading import FieldReader, listed, said_at_ns
from penstock.wire.fix.tags import ExecType, MsgType
from penstock.wire.fix.values import plain_text, shown


class VenueAnswer(NamedTuple):
    """
    What a venue's message leads to; `notes` are for a person.

    `asks_status`: the message leaves open where some child stands. Ask the venue for all that are
    live there.
    """

    events: tuple[Event, ...] = ()
    notes: tuple[str, ...] = ()
    asks_status: bool = False


class Reading:
    """One message about one child, while it is read."""

    def __init__(self, incoming: Incoming, venue: Venue, child_id: int) -> None:
        self.incoming = incoming
        self.venue = venue
        self.child_id = child_id
        self.reader = FieldReader(incoming.fields)

    def event(self, kind: Callable[..., ChildReport], **facts: Any) -> VenueAnswer:
        """The answer that is one event about the child."""
        incoming = self.incoming
        event = kind(
            seq=0,
            event_ns=said_at_ns(incoming.fields, incoming.recv_ns),
            recv_ns=incoming.recv_ns,
            child_id=self.child_id,
            venue_idx=self.venue.venue_idx,
            **facts,
        )
        return VenueAnswer(events=(event,))

    def not_understood(self) -> VenueAnswer:
        """The answer when something is wrong with the message: where the child stands is open."""
        text = f"says about child {self.child_id} what cannot be: {listed(self.reader.flaws)}"
        is_answer = self.reader.raw(tags.EXEC_TYPE) == ExecType.ORDER_STATUS
        return noted(self.incoming, text, asks_status=not is_answer)  # else we would ask for ever


def message_rejected(incoming: Incoming) -> VenueAnswer:
    """Some message of ours was refused whole. If it was a question, asking again ends nowhere."""
    is_question = incoming.fields.get(tags.REF_MSG_TYPE) == MsgType.ORDER_STATUS_REQUEST
    number = shown(incoming.fields.get(tags.REF_SEQ_NUM))
    return noted(incoming, f"rejects our message {number}", asks_status=not is_question)


def reason_of(incoming: Incoming, code_tag: int) -> str:
    """Why something was refused: the venue's words, or its code if there are none."""
    text = plain_text(incoming.fields.get(tags.TEXT, ""))
    code = shown(incoming.fields.get(code_tag))
    return text or f"no text, reason {code}"


def noted(incoming: Incoming, what: str, *, asks_status: bool = False) -> VenueAnswer:
    """The answer that is a note, with the venue's own words."""
    text = incoming.fields.get(tags.TEXT)
    said = f" ({plain_text(text)})" if text else ""
    return VenueAnswer(notes=(f"{incoming.counterparty} {what}{said}",), asks_status=asks_status)
