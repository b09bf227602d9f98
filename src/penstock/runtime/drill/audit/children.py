"""The auditor's copy of every child: what its venue truly did, and what its venue has reported."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Fate(StrEnum):
    """Where a child truly is."""

    TRANSIT = "transit"  # handed over by the router, not yet at the venue
    OPEN = "open"  # at the venue, and may trade
    CLOSED = "closed"  # at the venue, and can trade no more
    LOST = "lost"  # never arrived, and never will


@dataclass(slots=True)
class Execution:
    """
    One true execution, under a number that the wires do not carry.

    `price` and `shares` are what they are now: a correction changes them, a bust leaves no shares.
    `first_…` are what was traded.
    """

    uid: int
    exec_id: str
    first_shares: int
    first_price: Decimal
    shares: int
    price: Decimal
    is_delivered: bool = False  # a readable report of it has been taken by the router
    is_clash: bool = False  # another execution of the child had its exec_id before
    is_undone_unheard: bool = False  # busted or corrected, and the router has not been given that
    told: int = 0  # how often its client was told of it as news


@dataclass(slots=True)
class Child:
    """
    One order of the router at a venue.

    `said_shares` is the largest total that a delivered report stated; `is_said_ended`: one stated
    that it can trade no more. `is_deceived`: a delivered report stated less than what was true, so
    the router could not know.
    """

    mic: str
    name: str
    symbol: str
    side: str
    size: int
    limit: Decimal
    sent_ns: int
    sent_in: int  # which connection with the venue
    fate: Fate = Fate.TRANSIT
    open_size: int = 0  # at the venue, total; a venue may restate it
    executions: dict[int, Execution] = field(default_factory=dict)
    said_shares: int = 0
    reports: set[tuple[str, str, str]] = field(default_factory=set)  # 17, 150, 14 of those taken
    is_acked: bool = False
    is_said_ended: bool = False
    is_said_unknown: bool = False  # the venue has no such order, it says
    is_deceived: bool = False
    is_contradicted: bool = False  # open again after its end, by its venue's reports
    is_garbled: bool = False  # something that nobody can read was sent about it
    is_settled_by_hand: bool = False
    heard_in: int = -1  # the latest connection in which its venue reported on it
    n_asked: int = 0

    @property
    def true_shares(self) -> int:
        """What has truly traded, busts taken out."""
        return sum(execution.shares for execution in self.executions.values())

    @property
    def delivered_shares(self) -> int:
        """What the router has been given readable executions of."""
        return sum(e.shares for e in self.executions.values() if e.is_delivered)

    @property
    def may_trade_shares(self) -> int:
        """What it has traded and could still trade, as far as a careful router must count it."""
        if self.is_deceived:
            return max(self.said_shares, self.delivered_shares)
        traded = self.true_shares
        if self.fate is Fate.TRANSIT:
            return max(self.size, traded)
        left = max(0, self.open_size - traded) if self.fate is Fate.OPEN else 0
        # What a venue gives beyond the order is the venue's doing, until the router knows of it.
        return max(min(traded + left, self.size), self.delivered_shares)

    @property
    def may_still_trade(self) -> bool:
        """Whether more of it can truly trade than has."""
        if self.is_deceived or self.fate in (Fate.CLOSED, Fate.LOST):
            return False
        return self.true_shares < max(self.size, self.open_size)

    @property
    def number(self) -> str:
        """The last part of its name, by which alerts call it."""
        return self.name.rpartition("-")[2]
