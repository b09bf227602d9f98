"""One venue's link as a state machine: down, reconciling, up. No socket, no clock, no thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from penstock.domain import NS_PER_S, Ns

ASK_AGAIN_NS = Ns(2 * NS_PER_S)  # a venue that has not answered by then is asked once more


class LinkState(StrEnum):
    """Whether orders may go to a venue."""

    DOWN = "down"  # no session
    RECONCILING = "reconciling"  # a session, and children whose state the venue must first tell
    UP = "up"


class LinkStep(NamedTuple):
    """What has to be done now."""

    ask_about: tuple[int, ...] = ()  # children to send a status request for, in this order
    comes_up: bool = False  # a VenueUp is due
    goes_down: bool = False  # a VenueDown is due
    is_late: bool = False  # answers are overdue; a person should know


NOTHING = LinkStep()


class VenueLink:
    """
    Decides when a venue may be sent to: never before each child that was live there is accounted
    for.

    A child is accounted for when the venue has answered its status request, or when it has ended by
    a report: sessions deliver what was lost before they deliver an answer, so both are the venue's
    word and in its order.

    Questions that a running session raises (a report that nobody can read) are asked the same way,
    and do not take the venue down.

    Promise: between a VenueDown and the next VenueUp of a link, every child that was live is
    accounted for; a question is not repeated within `ask_again_ns`.
    """

    def __init__(self, venue_idx: int, *, ask_again_ns: Ns = ASK_AGAIN_NS) -> None:
        self.venue_idx = venue_idx
        self.state = LinkState.DOWN
        self.reason = "not logged on yet"
        self._ask_again_ns = ask_again_ns
        self._unanswered: dict[int, None] = {}  # in the order of asking
        self._due_ns: Ns | None = None

    @property
    def is_logged_on(self) -> bool:
        """Whether messages reach the venue."""
        return self.state is not LinkState.DOWN

    @property
    def due_ns(self) -> Ns | None:
        """When `wake` has something to do, at the earliest."""
        return self._due_ns

    @property
    def unanswered(self) -> tuple[int, ...]:
        """Children that the venue has been asked about."""
        return tuple(self._unanswered)

    def on_logon(self, live_children: Iterable[int], now_ns: Ns) -> LinkStep:
        """The session is up: ask about all that is live, or come up at once if nothing is."""
        self.state = LinkState.RECONCILING
        self.reason = "waiting for the state of open orders"
        self._unanswered.clear()
        asked = self._ask(live_children, now_ns)
        return LinkStep(ask_about=asked, comes_up=self._comes_up())

    def on_logout(self, reason: str) -> LinkStep:
        """The session is gone, and with it every question."""
        was_up = self.state is LinkState.UP
        self.state, self.reason = LinkState.DOWN, reason
        self._unanswered.clear()
        self._due_ns = None
        return LinkStep(goes_down=was_up)

    def doubt(self, live_children: Iterable[int], now_ns: Ns) -> LinkStep:
        """Something came that nobody can attribute: ask about what is not being asked already."""
        if self.state is LinkState.DOWN:
            return NOTHING
        return LinkStep(ask_about=self._ask(live_children, now_ns))

    def on_answer(self, child_id: int) -> LinkStep:
        """The venue has told where a child stands."""
        self._unanswered.pop(child_id, None)
        return self._settled()

    def on_reports(self, is_live: Callable[[int], bool]) -> LinkStep:
        """Reports have come in: what has ended by them needs no answer."""
        if not self._unanswered:
            return NOTHING
        for child_id in [child for child in self._unanswered if not is_live(child)]:
            del self._unanswered[child_id]
        return self._settled()

    def wake(self, now_ns: Ns) -> LinkStep:
        """Ask again what should have been answered by now."""
        if self._due_ns is None or now_ns < self._due_ns:
            return NOTHING
        self._due_ns = Ns(now_ns + self._ask_again_ns)
        return LinkStep(ask_about=self.unanswered, is_late=True)

    def _ask(self, children: Iterable[int], now_ns: Ns) -> tuple[int, ...]:
        asked = tuple(child for child in children if child not in self._unanswered)
        self._unanswered.update(dict.fromkeys(asked))
        if asked and self._due_ns is None:
            self._due_ns = Ns(now_ns + self._ask_again_ns)
        return asked

    def _settled(self) -> LinkStep:
        if self._unanswered:
            return NOTHING
        self._due_ns = None
        return LinkStep(comes_up=self._comes_up())

    def _comes_up(self) -> bool:
        if self.state is not LinkState.RECONCILING or self._unanswered:
            return False
        self.state, self.reason = LinkState.UP, ""
        return True
