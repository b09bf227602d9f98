"""What the auditor is given: messages, true executions, operators' acts and the router's alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Fields = Mapping[int, str]
"""A FIX message, flat: text by tag, 35 included. Of a repeated tag the last."""


class Way(StrEnum):
    """Between whom a message travels."""

    FROM_CLIENT = "from client"  # when the router takes it
    TO_CLIENT = "to client"  # when the router has handed it over
    TO_VENUE = "to venue"  # when the router has handed it over
    FROM_VENUE = "from venue"  # when the router takes it


@dataclass(frozen=True, slots=True)
class Wire:
    """
    One message.

    `peer` is the client or the venue. `is_dup`: its session delivers it once more, 43=Y.
    `is_up`: the session with the peer was logged on.
    """

    at_ns: int
    way: Way
    peer: str
    fields: Fields
    is_dup: bool = False
    is_up: bool = True


@dataclass(frozen=True, slots=True)
class Violation:
    """A law that did not hold, with the facts."""

    law: str
    at_ns: int
    text: str

    def __str__(self) -> str:
        return f"{self.law}: {self.text}"


class Law(StrEnum):
    """The laws, as reports and traces name them."""

    OVERFILL = "overfill"
    SENT_TWICE = "sent_twice"
    KILLED = "sent_while_killed"
    CLOSED_VENUE = "sent_to_closed_venue"
    UNRECONCILED = "sent_before_reconciled"
    LIMIT = "worse_than_limit"
    TOLD_ONCE = "told_once"
    TOLD_TRUE = "told_true"
    TOLD_ALL = "told_all"
    TOLD_WRONG_CLIENT = "told_wrong_client"
    ARITHMETIC = "arithmetic"
    STATUS = "status"
    REPLACE = "replace_confirmed_early"
    ANSWERED = "answered"
    ENDED = "ended"
    BOOKED = "booked"
    ALERTED = "alerted"
    BOUNDED = "bounded"
    ALIVE = "alive"
