"""Simulated time: what is due is done in order, and ties in the order of asking."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from penstock.domain import NS_PER_MS, NS_PER_US, Ns

Deed = Callable[[], None]


class Agenda:
    """A heap of deeds, and the time of the latest one."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = Ns(now_ns)
        self._heap: list[tuple[int, int, Deed]] = []
        self._n = 0

    @property
    def due_ns(self) -> int | None:
        """When the next deed is due; None if there is none."""
        return self._heap[0][0] if self._heap else None

    def at(self, due_ns: int, deed: Deed) -> None:
        """Plan a deed."""
        self._n += 1
        heapq.heappush(self._heap, (due_ns, self._n, deed))

    def after_ms(self, wait_ms: int, deed: Deed) -> None:
        """Plan a deed for later."""
        self.at(self.now_ns + wait_ms * NS_PER_MS, deed)

    def after_us(self, wait_us: int, deed: Deed) -> None:
        """Plan a deed for soon."""
        self.at(self.now_ns + wait_us * NS_PER_US, deed)

    def advance(self, to_ns: int) -> None:
        """Let time pass; it never goes back."""
        self.now_ns = Ns(max(self.now_ns, to_ns))

    def do_next(self) -> None:
        """Do what is due next."""
        due_ns, _, deed = heapq.heappop(self._heap)
        self.advance(due_ns)
        deed()
