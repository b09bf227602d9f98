"""One parent order: what the client asked for, what has been done, what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    FEMTOS_PER_TICK,
    ChildFill,
    Ns,
    ParentOrder,
    ParentState,
    ParentTif,
    Shares,
    Ticks,
    UsdMicros,
)

ATTEMPT_DTYPE = np.dtype(
    [
        ("n_sent", np.int64),
        ("sent_shares", np.int64),
        ("filled_shares", np.int64),
        ("last_sent_ns", np.int64),
    ]
)
"""What this parent has done in one row (venue, tactic); same names as in ROW_DTYPE."""


@dataclass(slots=True)
class Parent:
    """
    State of one parent.

    Invariants: `filled_shares` and what was paid (`paid_ticks_shares`, and `paid_rest_femtos`, less
    than a tick, more) are sums over fills of its children, busts taken out; `wanted_shares` and
    `limit_ticks` are the OMS's latest; `size_shares` and `confirmed_limit_ticks` are what is
    confirmed to it: until a replace is confirmed, what can fill may be more, or at a worse price.
    """

    order: ParentOrder
    n_rows: int
    arrival_mid_ticks_x2: int
    state: ParentState = ParentState.WORKING
    size_shares: Shares = Shares(0)
    wanted_shares: Shares = Shares(0)
    limit_ticks: Ticks | None = None
    confirmed_limit_ticks: Ticks | None = None
    filled_shares: Shares = Shares(0)
    paid_ticks_shares: int = 0
    paid_rest_femtos: int = 0  # UsdFemtos, 0 to FEMTOS_PER_TICK - 1
    fees_usd_micros: UsdMicros = UsdMicros(0)
    n_decisions: int = 0
    must_complete: bool = False
    has_retry_timer: bool = False
    is_stopped: bool = (
        False  # by the client, the kill switch or the horizon: a bust wakes it no more
    )
    awaits_cancels: bool = False  # new terms are confirmed when nothing worse can fill
    is_round_useful: bool = False  # something of this stage filled, or rested
    n_empty_rounds: int = 0  # stages in a row of which neither is true
    last_denial: str = ""  # why risk refused the last child; empty once one was sent
    obstacle: str = ""  # why the last decision sent nothing, in words; empty if it sent something
    last_reject: str = ""  # the last words with which a venue rejected a child
    stop_text: str = ""  # why it was stopped
    live_children: list[int] = field(default_factory=list)
    doubtful_children: list[int] = field(default_factory=list)  # ended, with shares in doubt
    attempts: NDArray[Any] = field(default_factory=lambda: np.zeros(0, ATTEMPT_DTYPE))

    def __post_init__(self) -> None:
        self.size_shares = self.wanted_shares = self.order.size_shares
        self.limit_ticks = self.confirmed_limit_ticks = self.order.limit_ticks
        self.attempts = np.zeros(self.n_rows, ATTEMPT_DTYPE)

    @property
    def leaves_shares(self) -> Shares:
        """What the client still wants; zero once terminal."""
        if self.state.is_terminal:
            return Shares(0)
        return Shares(max(0, self.wanted_shares - self.filled_shares))

    @property
    def is_immediate(self) -> bool:
        """True for an order that rests nowhere and ends when nothing more can be taken."""
        return self.order.tif is ParentTif.IOC

    @property
    def open_shares(self) -> Shares:
        """What a report calls open: the confirmed size less fills; zero once terminal."""
        if self.state.is_terminal:
            return Shares(0)
        return Shares(max(0, self.size_shares - self.filled_shares))

    @property
    def is_idle(self) -> bool:
        """True when no venue can fill anything more, and none may have."""
        return not self.live_children and not self.doubtful_children

    @property
    def is_full(self) -> bool:
        """True when as much has filled as was confirmed."""
        return self.filled_shares >= self.size_shares

    @property
    def is_complete(self) -> bool:
        """True when the client has all it asked for, and knows what that is."""
        return self.filled_shares >= self.wanted_shares and not self.awaits_cancels

    def book_fill(self, fill: ChildFill, sign: int = 1) -> None:
        """Add an execution to the totals, or take it out again with `sign` -1."""
        self.filled_shares = Shares(self.filled_shares + sign * fill.size_shares)
        rest = self.paid_rest_femtos + sign * fill.price_rest_femtos * fill.size_shares
        carry_ticks, rest = divmod(rest, FEMTOS_PER_TICK)
        self.paid_rest_femtos = rest
        self.paid_ticks_shares += sign * fill.price_ticks * fill.size_shares + carry_ticks
        self.fees_usd_micros = UsdMicros(self.fees_usd_micros + sign * fill.fee_usd_micros)

    def note_sent(self, row_idx: int, size_shares: Shares, now_ns: Ns) -> None:
        """Remember an attempt in a row."""
        attempt = self.attempts[row_idx]
        attempt["n_sent"] += 1
        attempt["sent_shares"] += size_shares
        attempt["last_sent_ns"] = now_ns
