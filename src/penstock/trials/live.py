"""What a live session on this machine came to: plain figures, for the table, JSON and page."""

from __future__ import annotations

import msgspec


class LiveIntegrity(msgspec.Struct, frozen=True, kw_only=True):
    """The venues' log of fills against the client's log of reports; the router was not asked."""

    overfills: int
    lost_shares: int
    phantom_shares: int
    duplicate_fills: int
    price_differences: int
    fee_differences: int
    unfinished: int
    parents: int
    children: int
    fills: int
    filled_shares: int

    @property
    def is_clean(self) -> bool:
        """True if nothing is wrong."""
        return not any(
            (
                self.overfills,
                self.lost_shares,
                self.phantom_shares,
                self.duplicate_fills,
                self.price_differences,
                self.fee_differences,
                self.unfinished,
            )
        )


class LiveQuantiles(msgspec.Struct, frozen=True, kw_only=True):
    """Of a latency, microseconds."""

    p50: float
    p99: float
    n: int


class LivePhase(msgspec.Struct, frozen=True, kw_only=True):
    """The orders that one policy worked."""

    policy: str
    started_s: float  # since the session's first order
    parents: int
    filled: int  # completely
    asked_shares: int
    filled_shares: int
    fills: int


class VenueFills(msgspec.Struct, frozen=True, kw_only=True):
    """Fills of one venue in the order of their times, since the session's first order."""

    mic: str
    at_s: tuple[float, ...]
    shares: tuple[int, ...]


class LiveSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session of real processes over real sockets, with simulated venues."""

    phases: tuple[LivePhase, ...]
    integrity: LiveIntegrity
    decision_us: LiveQuantiles  # from the queue to the commands, record included
    wire_us: LiveQuantiles  # from a client's order at the socket to its first child handed over
    n_decisions: int
    fsync: str
    duration_s: float
    store: str
    journal: str
    example_child: int | None  # to be explained
    fills_by_venue: tuple[VenueFills, ...]
