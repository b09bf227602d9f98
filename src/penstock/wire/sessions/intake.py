"""The texts of one session off the wire, until each is delivered or rejected."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from penstock.domain import NS_PER_S, Ns
from penstock.wire.fix import SOH, Incoming, Split, split
from penstock.wire.fix.structure import ADMIN_TYPES
from penstock.wire.sessions.setup import FixSink, SessionName
from penstock.wire.sessions.texts import (
    CHECK_SUM,
    MSG_SEQ_NUM,
    MSG_TYPE,
    SENDER_COMP_ID,
    SENDING_TIME,
    TARGET_COMP_ID,
    incoming_of,
    seq_number,
)

_TYPE_FIELD: Final = f"{SOH}35="
_ESSENTIAL: Final = frozenset({SENDING_TIME, CHECK_SUM})  # false lengths swallow the checksum
_START: Final = re.compile(rb"8=FIX\.4\.4\x019=([0-9]{1,9})\x01(?=35=)")
_END: Final = re.compile(rb"10=([0-9]{3})\x01")
_END_BYTES: Final = 7
_MAX_AHEAD: Final = 10_000  # texts kept of messages that came before their turn
_GIVE_UP_AFTER: Final = 2  # times that one number came unreadable: once may be noise on the line
_STUCK_AFTER: Final = 5  # unreadable messages in a row
_STUCK_NS: Final = 10 * NS_PER_S  # an answer to a ResendRequest that has not come by then

# 373 SessionRejectReason, of rejects that are not about how a message is written.
_ABOUT_THE_SESSION: Final = frozenset({"9", "10"})
_ORIG_SENDING_TIME: Final = "122"


class Numbers(Protocol):
    """The session's own count, kept by QuickFIX."""

    def expected(self) -> int:
        """MsgSeqNum that comes next."""

    def is_logged_on(self) -> bool:
        """Whether both sides have logged on."""

    def advance_to(self, seq_num: int) -> None:
        """Expect this number next."""

    def reject(self, seq_num: int, msg_type: str, text: str) -> None:
        """Send a session-level reject."""

    def disconnect(self) -> None:
        """Hang up."""


class Reject(NamedTuple):
    """A session-level reject that is about to be sent, by its fields 45, 372, 373, 371 and 58."""

    ref_seq_num: int
    ref_msg_type: str
    reason: str
    ref_tag: str
    text: str


class Intake:
    """
    Delivers what QuickFIX would not, and says what was not delivered.

    QuickFIX rejects messages that are well-formed: a tag twice, which a group of a venue's own may
    have; a MsgType of its own; data with SOH in it. Each text is therefore kept until it is known
    what became of it. A well-formed one, with length and checksum right, is delivered from here.

    Promises:
        each number is delivered once and in its turn, by QuickFIX or from here;
        an application message that is rejected, or given up, is told to `on_reject_sent`;
        a number that has come unreadable twice is rejected and passed over, so that what follows
        it is processed;
        a session that makes no progress is told to `on_stuck`, once.
    """

    def __init__(
        self, name: SessionName, sink: FixSink, clock_ns: Callable[[], Ns], numbers: Numbers
    ) -> None:
        self._name, self._sink, self._clock_ns = name, sink, clock_ns
        self._numbers = numbers
        self._text: str | None = None  # of the application message under way
        self._ahead: dict[int, str] = {}
        self._last = 0  # number delivered last
        self._unreadable = (0, 0)  # a number, and how often it came so
        self._n_unreadable = 0
        self._waiting = ("", Ns(0))
        self._has_told = False

    def arrived(self, text: str) -> None:
        """Keep a text: QuickFIX has it next."""
        if self._text is not None:
            self._keep_ahead()
        self._text = None if _msg_type(text) in ADMIN_TYPES else text

    def take(self) -> Split | None:
        """The text of the message that QuickFIX delivers now; None if it is not known."""
        expected = self._numbers.expected()
        self._last = expected
        self._n_unreadable = 0
        self._waiting = ("", Ns(0))
        text, self._text = self._text, None
        if text is not None:
            message = split(text)
            if _number(message) == expected:
                return message
            self._text = text
            self._keep_ahead()
        kept = self._ahead.pop(expected, None)
        return None if kept is None else split(kept)

    def rejected(self, reject: Reject) -> bool:
        """
        Decide about a reject that QuickFIX is about to send.

        Returns:
            True: the message is well-formed, and delivered here if it is its turn; the reject must
            not go out.
        """
        if reject.ref_msg_type in ADMIN_TYPES:
            return False
        number, text = reject.ref_seq_num, self._text
        self._text = None
        is_about_session = reject.reason in _ABOUT_THE_SESSION or (
            reject.ref_tag == _ORIG_SENDING_TIME
        )
        if text is not None and not is_about_session:
            message = split(text)
            if _number(message) == number and self._is_sound(text, message):
                # QuickFIX has counted it already, if it came in its turn.
                if number > self._last and number == self._numbers.expected() - 1:
                    self._deliver(message, number)
                return True
        self.tell_rejected(number, reject.ref_msg_type, reject.text)
        return False

    def unreadable(self, why: str) -> None:
        """QuickFIX cannot read the text under way, and drops it as if it had never come."""
        text, self._text = self._text, None
        if text is None:
            return
        message = split(text)
        number = _number(message)
        if self._numbers.is_logged_on() and number == self._numbers.expected():
            if self._is_sound(text, message):
                self._deliver(message, number)
                self._numbers.advance_to(number + 1)
                return
            self._count(number, message, why)
        self._n_unreadable += 1
        if self._n_unreadable == _STUCK_AFTER:
            self._stuck(f"{_STUCK_AFTER} messages in a row cannot be read, the last one: {why}")

    def logon_rejected(self) -> None:
        """QuickFIX cannot reject a logon, and would leave its connection open: hang up."""
        self._numbers.disconnect()

    def waits_for_resend(self, numbers: str) -> None:
        """More has come, and not yet what was asked for again."""
        now_ns = self._clock_ns()
        if self._waiting[0] != numbers:
            self._waiting = (numbers, now_ns)
        elif now_ns - self._waiting[1] > _STUCK_NS:
            self._stuck(f"it does not send again what was asked for ({numbers})")

    def over(self, *, was_reset: bool = False) -> None:
        """The connection is gone, or the numbers start again at 1."""
        self._text = None
        self._ahead.clear()
        self._waiting = ("", Ns(0))
        self._has_told = False
        if was_reset:
            self._last, self._unreadable = 0, (0, 0)

    def tell_rejected(self, number: int, msg_type: str, text: str) -> None:
        """A message is answered with a reject, and not delivered."""
        self._text = None
        if number == self._numbers.expected() - 1:
            self._last = max(self._last, number)
        self._sink.on_reject_sent(
            self._name.their_comp_id, self._name.our_comp_id, number, msg_type, text
        )

    def _keep_ahead(self) -> None:
        """A text that was neither delivered nor rejected: it may have come before its turn."""
        text, self._text = self._text, None
        if text is None or len(self._ahead) >= _MAX_AHEAD:
            return
        number = _number(split(text))
        if number > self._numbers.expected():
            self._ahead[number] = text

    def _deliver(self, message: Split, number: int) -> None:
        self._last = number
        self._n_unreadable = 0
        self._sink.on_message(incoming_of(message, self._clock_ns()))

    def _count(self, number: int, message: Split, why: str) -> None:
        times = self._unreadable[1] + 1 if self._unreadable[0] == number else 1
        self._unreadable = (number, times)
        if times < _GIVE_UP_AFTER:
            return
        self._numbers.advance_to(number + 1)
        text = f"message {number} came {times} times and cannot be read ({why}); passed over"
        # The reject is told in `rejected`, as every reject is.
        self._numbers.reject(number, message.envelope.get(MSG_TYPE, ""), text)

    def _is_sound(self, text: str, message: Split) -> bool:
        """Whether FIX allows it, and it is of this session."""
        if message.flaw:
            return False
        envelope = message.envelope
        parties = (envelope.get(TARGET_COMP_ID), envelope.get(SENDER_COMP_ID))
        if parties != self._name or not envelope.keys() >= _ESSENTIAL:
            return False
        data = text.encode("utf-8", "surrogateescape")
        start, end = _START.match(data), _END.fullmatch(data[-_END_BYTES:])
        if start is None or end is None:
            return False
        length = len(data) - _END_BYTES - start.end()
        return length == int(start[1]) and sum(data[:-_END_BYTES]) % 256 == int(end[1])

    def _stuck(self, why: str) -> None:
        if not self._has_told:
            self._has_told = True
            self._sink.on_stuck(self._name.their_comp_id, self._name.our_comp_id, why)


def incoming_from(message: Split | None, fallback: str, recv_ns: Ns) -> Incoming:
    """The neutral form of a text, or of QuickFIX's own rendering where the text is not known."""
    return incoming_of(split(fallback) if message is None else message, recv_ns)


def _number(message: Split) -> int:
    return seq_number(message.envelope.get(MSG_SEQ_NUM, ""))


def _msg_type(text: str) -> str:
    at = text.find(_TYPE_FIELD)
    if at < 0:
        return ""
    start = at + len(_TYPE_FIELD)
    return text[start : text.find(SOH, start)]
