"""Counts of what an overloaded router refused, and when a person is told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from penstock.domain import NS_PER_S, Ns

_NEWS_NS: Final = Ns(10 * NS_PER_S)  # one line for all that was refused in so long


class Shed:
    """Messages of clients that were refused, or dropped without an answer, because of overload."""

    def __init__(self) -> None:
        self.n_refused = 0
        self.n_dropped = 0
        self._refused: Counter[str] = Counter()  # since the last line
        self._dropped: Counter[str] = Counter()
        self._next_news_ns = Ns(0)

    @property
    def due_ns(self) -> Ns | None:
        """When a person is to be told next; None if there is nothing new."""
        return self._next_news_ns if self._refused or self._dropped else None

    def refuse(self, client: str) -> None:
        """A message of this client was answered with a reject."""
        self.n_refused += 1
        self._refused[client] += 1

    def drop(self, client: str) -> None:
        """A message of this client was not even answered."""
        self.n_dropped += 1
        self._dropped[client] += 1

    def news(self, now_ns: Ns) -> Iterator[str]:
        """Lines for a person, at most one round in ten seconds."""
        if now_ns < self._next_news_ns or not (self._refused or self._dropped):
            return
        self._next_news_ns = Ns(now_ns + _NEWS_NS)
        for counts, what in ((self._refused, "refused"), (self._dropped, "dropped unanswered")):
            for client, n in counts.items():
                yield (
                    f"{client}: {n:,} messages {what}, because too many were waiting. Ask the "
                    "client to send more slowly, or raise router.max_waiting_orders"
                )
            counts.clear()
