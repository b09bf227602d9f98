"""The port between the engine and a market: commands out, market data and reports in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from penstock.domain import EPOCH_IDS, Event, Ns, TapeArray, VenueCommand


class MarketSlice(NamedTuple):
    """Rows `lo:hi` of a tape buffer, in order of receipt. Valid until the port's next call."""

    tape: TapeArray
    lo: int
    hi: int


class Sequencer:
    """
    Numbers events 1, 2, 3, … in the order in which the core will see them.

    One per run, shared by everybody who makes events: port, timers, order entry.
    """

    __slots__ = ("_last_seq",)

    def __init__(self, last_seq: int = 0) -> None:
        self._last_seq = last_seq

    @property
    def last_seq(self) -> int:
        """The number given out last; 0 before the first."""
        return self._last_seq

    def start_epoch(self, epoch: int) -> None:
        """Go on with numbers that no earlier process start can have given out."""
        self._last_seq = max(self._last_seq, epoch * EPOCH_IDS)

    def next_seq(self) -> int:
        """The next number. Each is given out once."""
        self._last_seq += 1
        return self._last_seq


class VenuePort(Protocol):
    """
    A market as the engine's host sees it; simulated or real, nobody above can tell.

    An implementation must keep:
    - nothing returned has `recv_ns` later than `now_ns` after the call, and everything received
      up to `now_ns` has been returned;
    - tape rows come in order of receipt, events in order of receipt and of `seq`;
    - time stands still between calls and never runs backwards.
    """

    @property
    def now_ns(self) -> Ns:
        """The time up to which everything received has been handed over."""
        ...

    def advance(
        self, until_ns: Ns, commands: Sequence[VenueCommand] = ()
    ) -> tuple[MarketSlice, list[Event]]:
        """
        Send `commands` now, then run until something calls for a decision.

        That is the first report of a child, or `until_ns`, whichever comes first. A long quiet
        stretch may come in several parts: then the call returns before `until_ns` without events,
        and the host calls again.

        Args:
            until_ns: not before `now_ns`. Equal to it sends the commands and returns at once.
            commands: for venues only, in the order in which they leave.
        Returns:
            the market data received since the last return, and the reports received at the new
            `now_ns`: market data first, because it left no later than they did.
        """
        ...
