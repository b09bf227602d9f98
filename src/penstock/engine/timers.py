"""Timers of the core: what each is for. The host keeps the time and delivers them in order."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Purpose(IntEnum):
    """Why a timer was set."""

    REST_OVER = 0  # a resting child has had its time; target is the child
    COMPLETE = 1  # the horizon is all but over; target is the parent
    EXPIRE = 2  # the horizon is over; target is the parent
    RETRY = 3  # nothing could be sent; target is the parent
    ASK = 5  # a venue owes an answer about a child; target is the child
    MARKOUT = 4  # compare a child's fills with the market now; target is the child


class Due(NamedTuple):
    """What to do when a timer comes back."""

    purpose: Purpose
    target_id: int


class Timers:
    """
    The timers that are out. A timer comes back at most once; an unknown one is None.

    Cost: O(1) for both.
    """

    def __init__(self) -> None:
        self._out: dict[int, Due] = {}
        self._next_id = 1

    def set(self, purpose: Purpose, target_id: int) -> int:
        """Number of a new timer."""
        timer_id = self._next_id
        self._next_id += 1
        self._out[timer_id] = Due(purpose, target_id)
        return timer_id

    def find(self, timer_id: int) -> Due | None:
        """What a timer that is out is for."""
        return self._out.get(timer_id)

    def take(self, timer_id: int) -> Due | None:
        """What the timer was for, once; None for one that is not out."""
        return self._out.pop(timer_id, None)

    def __getstate__(self) -> tuple[object, ...]:
        return self.facts()

    def __setstate__(self, state: tuple[int, list[tuple[int, int, int]]]) -> None:
        self._next_id, out = state
        self._out = {timer_id: Due(Purpose(purpose), target) for timer_id, purpose, target in out}

    def facts(self) -> tuple[object, ...]:
        """Content for the state hash: the next number, and what is out in the order of setting."""
        out = [(timer_id, int(due.purpose), due.target_id) for timer_id, due in self._out.items()]
        return (self._next_id, out)
