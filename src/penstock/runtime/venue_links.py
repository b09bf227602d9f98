"""One venue's link as a state machine: down, reconciling, up. No socket, no clock, no thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from penstock.domain import NS_PER_S, Ns

ASK_AGAIN_NS = Ns(2 * NS_PER_S)  # a venue that has not answered by then is asked once more
MAX_OUTSTANDING: Final = 50
"""Questions that one venue may owe an answer to; the next one waits for an answer."""
MAX_ROUNDS: Final = 6
"""Rounds of questions, each after twice the wait of the last, before a person is called."""


class LinkState(StrEnum):
    """Whether orders may go to a venue."""

    DOWN = "down"  # no session
    RECONCILING = "reconciling"  # a session, and children whose state the venue must first state
    UP = "up"


class LinkStep(NamedTuple):
    """What has to be done now."""

    ask_about: tuple[int, ...] = ()  # children to send a status request for, in this order
    comes_up: bool = False  # a VenueUp is due
    goes_down: bool = False  # a VenueDown is due
    is_late: bool = False  # answers are overdue for the first time
    is_stuck: bool = False  # no answer after the last round: a person must act


NOTHING = LinkStep()


class VenueLink:
    """
    Decides when a venue may be sent to: never before each child that was live there is accounted
    for.

    A child is accounted for when the venue has answered its status request, or when it has ended by
    a report: sessions deliver what was lost before they deliver an answer, so both are the venue's
    word and in its order. What a venue does not account for in `MAX_ROUNDS` is a person's: the
    child is closed by hand, or the link forced up.

    Promise: between a VenueDown and the next VenueUp of a link, every child that was live is
    accounted for, unless a person has forced it up; a question is not repeated within
    `ask_again_ns`, and no more than `MAX_OUTSTANDING` are open at a time.
    """

    def __init__(self, venue_idx: int, *, ask_again_ns: Ns = ASK_AGAIN_NS) -> None:
        self.venue_idx = venue_idx
        self.state = LinkState.DOWN
        self.reason = "not logged on yet"
        self._ask_again_ns = ask_again_ns
        self._unanswered: dict[int, None] = {}  # in the order of asking
        self._waiting: deque[int] = deque()  # to be asked when answers have come
        self._due_ns: Ns | None = None
        self._n_rounds = 0

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
        """Children that the venue has been asked about, and those that wait for their turn."""
        return (*self._unanswered, *self._waiting)

    def on_logon(self, live_children: Iterable[int], now_ns: Ns) -> LinkStep:
        """The session is up: ask about all that is live, or come up at once if nothing is."""
        self._reconcile("waiting for the state of open orders", live_children, now_ns)
        return LinkStep(ask_about=self._next_questions(), comes_up=self._comes_up())

    def on_logout(self, reason: str) -> LinkStep:
        """The session is gone, and with it every question."""
        was_reachable = self.is_logged_on
        self.state, self.reason = LinkState.DOWN, reason
        self._forget()
        return LinkStep(goes_down=was_reachable)

    def on_loss(self, reason: str, live_children: Iterable[int], now_ns: Ns) -> LinkStep:
        """A message of the venue was lost: nothing new goes there until all is accounted for."""
        if self.state is LinkState.DOWN:
            return NOTHING
        was_up = self.state is LinkState.UP
        self._reconcile(reason, live_children, now_ns)
        return LinkStep(
            ask_about=self._next_questions(), goes_down=was_up, comes_up=self._comes_up()
        )

    def on_answer(self, child_id: int) -> LinkStep:
        """The venue has stated where a child stands."""
        self._unanswered.pop(child_id, None)
        return self._settled()

    def on_reports(self, is_live: Callable[[int], bool]) -> LinkStep:
        """Reports have come in: what has ended by them needs no answer."""
        if not self._unanswered and not self._waiting:
            return NOTHING
        for child_id in [child for child in self._unanswered if not is_live(child)]:
            del self._unanswered[child_id]
        return self._settled(is_live)

    def wake(self, now_ns: Ns) -> LinkStep:
        """Ask again what should have been answered by now."""
        if self._due_ns is None or now_ns < self._due_ns:
            return NOTHING
        self._n_rounds += 1
        if self._n_rounds > MAX_ROUNDS:
            self._due_ns = None
            return LinkStep(is_stuck=True)
        self._due_ns = Ns(now_ns + (self._ask_again_ns << self._n_rounds))
        return LinkStep(ask_about=tuple(self._unanswered), is_late=self._n_rounds == 1)

    def force_up(self) -> LinkStep:
        """A person takes the venue as reconciled; nothing happens without a session."""
        if self.state is not LinkState.RECONCILING:
            return NOTHING
        self._forget()
        return LinkStep(comes_up=self._comes_up())

    def _reconcile(self, reason: str, live_children: Iterable[int], now_ns: Ns) -> None:
        self._forget()
        self.state, self.reason = LinkState.RECONCILING, reason
        self._waiting.extend(live_children)
        if self._waiting:
            self._due_ns = Ns(now_ns + self._ask_again_ns)

    def _forget(self) -> None:
        self._unanswered.clear()
        self._waiting.clear()
        self._due_ns = None
        self._n_rounds = 0

    def _next_questions(self, is_live: Callable[[int], bool] = lambda _: True) -> tuple[int, ...]:
        asked = []
        while self._waiting and len(self._unanswered) < MAX_OUTSTANDING:
            child_id = self._waiting.popleft()
            if is_live(child_id):
                self._unanswered[child_id] = None
                asked.append(child_id)
        return tuple(asked)

    def _settled(self, is_live: Callable[[int], bool] = lambda _: True) -> LinkStep:
        asked = self._next_questions(is_live)
        if self._unanswered:
            return LinkStep(ask_about=asked) if asked else NOTHING
        self._due_ns = None
        return LinkStep(comes_up=self._comes_up())

    def _comes_up(self) -> bool:
        if self.state is not LinkState.RECONCILING or self._unanswered:
            return False
        self.state, self.reason = LinkState.UP, ""
        return True
