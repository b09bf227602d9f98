"""The items that a running router takes: everything that can happen to it, one type each."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias

from penstock.domain import AlertLevel, Event, TapeArray
from penstock.routing import Policy
from penstock.runtime.control import Answer, Request
from penstock.wire.fix import Incoming


class Side(StrEnum):
    """Which way a FIX session faces."""

    OMS = "oms"  # a client: orders in, reports out
    VENUE = "venue"  # orders out, reports in


class Market(NamedTuple):
    """Rows of the tape, in order of receipt."""

    tape: TapeArray


class Feed(NamedTuple):
    """A draft of FeedGap, FeedStale or FeedRecovered."""

    event: Event


class Message(NamedTuple):
    """A FIX message, as its session delivered it."""

    side: Side
    incoming: Incoming


class LoggedOn(NamedTuple):
    """
    A session is up.

    `was_reset`: its numbers start again at 1; what was sent and had not arrived never does.
    """

    side: Side
    counterparty: str
    was_reset: bool = False


class LoggedOut(NamedTuple):
    """A session is down."""

    side: Side
    counterparty: str
    reason: str


class Unread(NamedTuple):
    """An application message that was not delivered; it was answered with a reject."""

    side: Side
    counterparty: str
    seq_num: int
    msg_type: str
    text: str

    @property
    def alert(self) -> str:
        """The words for a person."""
        return (
            f"message {self.seq_num} (35={self.msg_type}) of {self.counterparty} was rejected and "
            f"not read: {self.text}"
        )


class Stuck(NamedTuple):
    """A session that cannot go on without a person."""

    side: Side
    counterparty: str
    text: str

    @property
    def alert(self) -> str:
        """The words for a person, with the fix."""
        return (
            f"the session with {self.counterparty} cannot go on: {self.text}. Fix: agree on the "
            f"sequence numbers with {self.counterparty}, then penstock session reset "
            f"{self.counterparty}"
        )


class Asked(NamedTuple):
    """
    An operator's request, and how to answer it. `policy` comes with USE_MODEL, ready to decide:
    a model is loaded where that delays no order.
    """

    request: Request
    answer: Callable[[Answer], None]
    policy: Policy | None = None


class Notice(NamedTuple):
    """Something that a person should know and that decides nothing."""

    level: AlertLevel
    code: str
    text: str


class Stop(NamedTuple):
    """The process is to end in good order: SIGTERM, SIGINT or `stop`."""

    why: str


class Refused(NamedTuple):
    """A client's message that is not worked: too many were waiting, or it waited for too long."""

    incoming: Incoming
    reason: str


class Fatal(NamedTuple):
    """A thread cannot go on: cancel everything, report, exit."""

    where: str
    error: BaseException


Item: TypeAlias = (
    Market
    | Feed
    | Message
    | LoggedOn
    | LoggedOut
    | Unread
    | Stuck
    | Asked
    | Notice
    | Stop
    | Refused
    | Fatal
)


class InboxLike(Protocol):
    """The inbox as the other threads see it."""

    def put(self, item: Item) -> None:
        """Add an item; any thread and any signal handler may."""
        ...
