"""The router's clock: UTC at the start, and from there on a clock that nobody sets."""

from __future__ import annotations

import time
from typing import Final, Protocol

from penstock.domain import Ns

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class Clock(Protocol):
    """Who needs the time is given one of these."""

    def __call__(self) -> Ns:
        """Nanoseconds since the epoch; never less than before."""
        ...


class AnchoredClock:
    """
    Wall time when it was made, plus the monotonic clock since.

    A wall clock is stepped by time servers and operators, and a step back would tear a hole into
    every duration; so it is read once. It may drift from UTC by what the machine's oscillator
    drifts in a day, some ten milliseconds. Safe to call from any thread.

    Args:
        not_before_ns: the last stamp of the journal that is carried on. A machine whose clock was
            set back since then starts from there, or time would stand still until it was reached.
    """

    def __init__(self, not_before_ns: int = 0) -> None:
        self._offset_ns = max(time.time_ns(), not_before_ns) - time.monotonic_ns()

    def __call__(self) -> Ns:
        """Now."""
        return Ns(time.monotonic_ns() + self._offset_ns)


def in_base_36(number: int) -> str:
    """A number, a moment mostly, in few characters: names of runs begin with one."""
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or "0"
