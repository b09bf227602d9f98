"""Timers that the core has set and nobody has delivered yet."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from penstock.domain import Command, Event, Ns, SetTimer, Timer


class TimerQueue:
    """
    Due times in order; ties break by the order of setting, which is the order of numbers.

    `on_step` of every step keeps it, live and in recovery alike: what a step sets is out, what a
    step delivers is not. So after a restart exactly those timers are out that a living router would
    still have had.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[Ns, int]] = []
        self._out: set[int] = set()

    def __len__(self) -> int:
        return len(self._out)

    @property
    def due_ns(self) -> Ns | None:
        """When the next one is due; None if none is out."""
        self._drop_delivered()
        return self._heap[0][0] if self._heap else None

    def on_step(self, event: Event, commands: Sequence[Command]) -> None:
        """Take note of what was delivered and what was set."""
        if isinstance(event, Timer):
            self._out.discard(event.timer_id)
        for command in commands:
            if isinstance(command, SetTimer):
                self._out.add(command.timer_id)
                heapq.heappush(self._heap, (command.due_ns, command.timer_id))

    def next_due(self, now_ns: Ns) -> Timer | None:
        """A draft of the next timer that is due; the same again until its step has been noted."""
        self._drop_delivered()
        if not self._heap or self._heap[0][0] > now_ns:
            return None
        due_ns, timer_id = self._heap[0]
        return Timer(seq=0, event_ns=due_ns, recv_ns=now_ns, timer_id=timer_id)

    def _drop_delivered(self) -> None:
        while self._heap and self._heap[0][1] not in self._out:
            heapq.heappop(self._heap)
