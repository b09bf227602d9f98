"""Message rate per venue."""

from __future__ import annotations

from collections import deque

from penstock.domain import NS_PER_S


class Throttle:
    """
    When orders left for each venue: as many as one second may hold.

    Promise: if nothing is sent that `would_exceed` says is too much, no more than `messages_per_s`
    orders leave for a venue in any second, wherever that second begins.

    Cancels are not counted: holding one back would make nothing safer.
    """

    def __init__(self, n_venues: int, messages_per_s: int) -> None:
        self._sent_ns: list[deque[int]] = [deque(maxlen=messages_per_s) for _ in range(n_venues)]

    def would_exceed(self, venue_idx: int, now_ns: int) -> bool:
        """True if one more order now would be too many."""
        sent_ns = self._sent_ns[venue_idx]
        return len(sent_ns) == sent_ns.maxlen and now_ns - sent_ns[0] < NS_PER_S

    def note(self, venue_idx: int, now_ns: int) -> None:
        """Count one order that leaves."""
        self._sent_ns[venue_idx].append(now_ns)

    def start_anew(self, venue_idx: int) -> None:
        """A person has looked at it: what was sent before does not count."""
        self._sent_ns[venue_idx].clear()

    def facts(self) -> tuple[object, ...]:
        """Content for the state hash."""
        return tuple(tuple(sent_ns) for sent_ns in self._sent_ns)
