"""Who is logged on, and if not, why: from callbacks to what a person is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from penstock.domain import NS_PER_S, Ns
from penstock.wire.sessions.setup import FixSink, SessionName

_NUMBER: Final = re.compile(r"\d+")
_CONNECTION_LOST: Final = "connection lost"
_THEY_LOGGED_OUT: Final = "the counterparty logged out"
_WE_LOGGED_OUT: Final = "we logged out"
_RESET: Final = "the counterparty reset the session's numbers"

_STUCK_AFTER: Final = 5  # attempts in a row
_SHORT_NS: Final = 5 * NS_PER_S  # a session that ends sooner has not been one
_MAX_HOLD_S: Final = 60.0


class Standing:
    """
    Follows each session of an acceptor or initiator, and tells the sink of changes.

    Written by the FIX thread; `is_logged_on` may be asked by any.

    Promises:
        `on_logon` and `on_logout` alternate for a session that comes and goes;
        of a session that does not come about, each new reason is told once (one that differs in
            a number only is not new), and that nobody
            answers only if there is no better one;
        the reason is the text of the Logout that came first, theirs or ours, if it had one;
        logons that are refused, or end at once, five times in a row are told to `on_stuck`, once.

    Args:
        unanswered: what to say of each session when a logon of ours is not answered; empty for
            acceptors, which answer.
        hold_off: asked to wait some seconds before the next attempt at a session: one that is
            refused is tried less and less often, down to once a minute.
    """

    def __init__(
        self,
        sink: FixSink,
        unanswered: Mapping[SessionName, str],
        clock_ns: Callable[[], Ns],
        hold_off: Callable[[SessionName, float], None] = lambda _name, _wait_s: None,
    ) -> None:
        self._sink = sink
        self._unanswered = unanswered
        self._clock_ns = clock_ns
        self._hold_off = hold_off
        self._since: dict[SessionName, Ns] = {}
        self._n_failed: dict[SessionName, int] = {}
        self._reset: set[SessionName] = set()  # since the last logon
        self._logged_on: set[SessionName] = set()
        self._reason: dict[SessionName, str] = {}  # of the logout under way
        self._rejected: dict[SessionName, str] = {}  # text of our last Reject
        self._told: dict[SessionName, str] = {}  # reason last told of one that is down, as a kind

    def is_logged_on(self, name: SessionName) -> bool:
        """Whether messages reach the counterparty now."""
        return name in self._logged_on

    @property
    def is_anyone(self) -> bool:
        """Whether any session is up."""
        return bool(self._logged_on)

    def they_logged_out(self, name: SessionName, text: str) -> None:
        """Their Logout has come."""
        self._reason.setdefault(name, text or _THEY_LOGGED_OUT)

    def we_rejected(self, name: SessionName, text: str) -> None:
        """A Reject goes out; a Logout without a text may follow it."""
        self._rejected[name] = text

    def we_logged_out(self, name: SessionName, text: str) -> None:
        """A Logout goes out; without a session, it refuses one."""
        text = text or self._rejected.pop(name, "") or _WE_LOGGED_OUT
        if name in self._logged_on:
            self._reason.setdefault(name, text)
        elif name not in self._reason:
            self._refused(name, f"logon refused by us: {text}")

    def was_reset(self, name: SessionName) -> None:
        """A logon starts the numbers again at 1; that of a session which is up ends it first."""
        self._reset.add(name)
        if name in self._logged_on:
            self._logged_on.remove(name)
            self._tell(name, _RESET)

    def logged_on(self, name: SessionName) -> None:
        """The session is up."""
        for told in (self._reason, self._rejected, self._told):
            told.pop(name, None)
        if name not in self._logged_on:
            self._logged_on.add(name)
            self._since[name] = self._clock_ns()
            was_reset = name in self._reset
            self._reset.discard(name)
            self._sink.on_logon(name.their_comp_id, name.our_comp_id, was_reset=was_reset)

    def logged_out(self, name: SessionName) -> None:
        """The session, or the attempt at one, is over."""
        reason = self._reason.pop(name, "")
        if name in self._logged_on:
            self._logged_on.remove(name)
            self._told.pop(name, None)
            self._tell(name, reason or _CONNECTION_LOST)
            if self._clock_ns() - self._since[name] < _SHORT_NS:
                self._count_failure(name, reason or _CONNECTION_LOST)
            else:
                self._n_failed.pop(name, None)
        elif reason:
            self._refused(name, f"logon refused: {reason}")
        elif name in self._unanswered and name not in self._told:
            # Only as the first news: QuickFIX makes an attempt into nowhere after each session.
            self._tell(name, self._unanswered[name])

    def forget_failures(self, name: SessionName) -> None:
        """A person has dealt with the session."""
        self._n_failed.pop(name, None)

    def _refused(self, name: SessionName, reason: str) -> None:
        self._tell(name, reason)
        n_more = self._count_failure(name, reason) - _STUCK_AFTER
        if n_more >= 0:
            self._hold_off(name, min(_MAX_HOLD_S, 2.0 ** min(n_more + 1, 10)))

    def _count_failure(self, name: SessionName, reason: str) -> int:
        n_failed = self._n_failed.get(name, 0) + 1
        self._n_failed[name] = n_failed
        if n_failed == _STUCK_AFTER:
            text = f"{_STUCK_AFTER} logons in a row have failed: {reason}"
            self._sink.on_stuck(name.their_comp_id, name.our_comp_id, text)
        return n_failed

    def _tell(self, name: SessionName, reason: str) -> None:
        # Numbers do not make it new: "expecting 145 but received 88" comes with each attempt.
        kind = _NUMBER.sub("#", reason)
        if self._told.get(name) != kind:
            self._told[name] = kind
            self._sink.on_logout(name.their_comp_id, reason, name.our_comp_id)
