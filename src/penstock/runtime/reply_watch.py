"""Children whose venue should have said something by now."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from penstock.domain import NS_PER_S, Ns

REPLY_NS: Final = Ns(2 * NS_PER_S)  # a venue answers in a millisecond, or something was lost


class Unanswered(NamedTuple):
    """What was handed over for a child so long ago that its venue should have said something."""

    child_id: int
    is_cancel: bool


class ReplyWatch:
    """
    Remembers what was handed over to the FIX engine, until an answer is overdue.

    Handed over is not delivered: an order that leaves while the other side still asks for what it
    missed is skipped together with that, and nobody says so. Then the venue must be asked, or the
    child would be live for ever.

    One wait for all, so the oldest is always the first: both calls are O(1).
    """

    def __init__(self, wait_ns: Ns = REPLY_NS) -> None:
        self._wait_ns = wait_ns
        self._sent: deque[tuple[Ns, Unanswered]] = deque()

    @property
    def due_ns(self) -> Ns | None:
        """When the next answer is overdue."""
        return self._sent[0][0] if self._sent else None

    def note(self, child_id: int, now_ns: Ns, *, is_cancel: bool) -> None:
        """An order, or a request to change one, has been handed over."""
        self._sent.append((Ns(now_ns + self._wait_ns), Unanswered(child_id, is_cancel)))

    def overdue(self, now_ns: Ns) -> list[Unanswered]:
        """What was handed over so long ago, the oldest first. Most of it has been answered."""
        found: list[Unanswered] = []
        while self._sent and self._sent[0][0] <= now_ns:
            found.append(self._sent.popleft()[1])
        return found
