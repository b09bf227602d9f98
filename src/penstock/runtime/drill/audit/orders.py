"""The auditor's copy of every client order: what was asked, what was told, what may still trade."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from penstock.runtime.drill.audit.children import Child

ENDED_STATUS = frozenset("248C3")  # 39: filled, cancelled, rejected, expired, done for the day
ACTIVE_STATUS = frozenset("016AE")


@dataclass(slots=True)
class Terms:
    """Quantity and limit of an order or of a replace that asks for them."""

    size: int
    limit: Decimal | None


@dataclass(slots=True)
class Told:
    """An execution as its client was told of it."""

    exec_id: str  # 17
    venue_key: tuple[str, str]  # 30, 527
    shares: int
    price: Decimal


@dataclass(slots=True)
class ClientOrder:
    """
    One order of a client.

    `status` is the last 39 that was told; empty before the first report. `pending` holds the terms
    of replaces that wait for an answer, by their ClOrdID.
    """

    client: str
    name: str
    symbol: str
    side: str
    terms: Terms
    names: set[str]
    status: str = ""
    pending: dict[str, Terms] = field(default_factory=dict)
    executions: dict[str, Told] = field(default_factory=dict)  # by 17, as booked now
    may_reopen: bool = False  # filled, and nothing has stopped it since
    is_reopened: bool = False  # a bust of a filled order has been delivered
    is_stopping: bool = False  # told 150=6: nothing more is sent
    is_unknown: bool = False  # the router has said that it has no such order
    is_refused: bool = False

    @property
    def told_shares(self) -> int:
        """What the client holds by the reports it was told."""
        return sum(told.shares for told in self.executions.values())

    @property
    def paid(self) -> Decimal:
        """What that cost, exactly."""
        return sum((t.price * t.shares for t in self.executions.values()), Decimal(0))

    @property
    def is_final(self) -> bool:
        """Whether its client was told that it has ended, or that it is none."""
        return self.is_unknown or self.is_refused or self.status in ENDED_STATUS

    @property
    def is_ended(self) -> bool:
        """Whether nothing more may be sent for it."""
        if self.is_unknown or self.is_refused:
            return True
        return self.status in ENDED_STATUS and not (self.is_reopened and self.may_reopen)

    @property
    def most_shares(self) -> int:
        """What it may have in all: what it holds once ended, and its largest open terms before."""
        if self.is_unknown or self.is_refused:
            return 0
        if self.is_ended:
            return self.told_shares
        return max(self.terms.size, *(terms.size for terms in self.pending.values()), 0)

    def is_within(self, price: Decimal) -> bool:
        """Whether a child may have this limit: no worse than any terms that may stand now."""
        limits = [self.terms.limit, *(terms.limit for terms in self.pending.values())]
        return any(limit is None or self.is_no_worse(price, limit) for limit in limits)

    def is_no_worse(self, price: Decimal, limit: Decimal) -> bool:
        """Whether a price is as good as a limit, for the order's side."""
        return price <= limit if self.side == "1" else price >= limit


@dataclass(slots=True)
class Group:
    """
    Orders of one symbol and side, and the children sent for them.

    The wires do not say which order a child is for. Days give nearly every order a symbol and side
    of its own; where two share one, the laws hold for their sum.
    """

    key: tuple[str, str]
    orders: list[ClientOrder] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    is_lost: bool = False  # the machine stopped and the router has forgotten: only names are held

    @property
    def may_trade_shares(self) -> int:
        """What venues have given and may still give."""
        return sum(child.may_trade_shares for child in self.children)

    @property
    def most_shares(self) -> int:
        """What the clients may have."""
        return sum(order.most_shares for order in self.orders)

    @property
    def true_shares(self) -> int:
        """What venues have truly given."""
        return sum(child.true_shares for child in self.children)

    @property
    def told_shares(self) -> int:
        """What the clients were told."""
        return sum(order.told_shares for order in self.orders)
