"""A scripted venue's own book: its orders as they truly stand, and its executions."""

from __future__ import annotations

from dataclasses import dataclass, field

from penstock.runtime.drill.links import Body


@dataclass(slots=True)
class Trade:
    """One true execution; `shares` and `price` as of the latest correction."""

    uid: int
    exec_id: str
    shares: int
    price: str


@dataclass(slots=True)
class VenueOrder:
    """
    One order at a venue. `order_id` is the venue's; `is_forgotten`: it is not known any more.

    `gone` shares were busted and do not come back to the book.
    """

    name: str
    order_id: str
    symbol: str
    side: str
    size: int
    limit_ticks: int
    is_ioc: bool
    is_open: bool = True
    is_forgotten: bool = False
    gone: int = 0
    trades: list[Trade] = field(default_factory=list)
    is_busy: bool = False  # an IOC that waits for its end

    @property
    def filled(self) -> int:
        """Shares traded, busts taken out."""
        return sum(trade.shares for trade in self.trades)

    @property
    def leaves(self) -> int:
        """Shares that can still trade."""
        return max(0, self.size - self.gone - self.filled) if self.is_open else 0

    @property
    def status(self) -> str:
        """39 OrdStatus, as it truly is."""
        if self.filled >= self.size:
            return "2"
        if not self.is_open:
            return "4"
        return "1" if self.filled else "0"


def report(
    order: VenueOrder,
    exec_id: str,
    exec_type: str,
    *,
    status: str | None = None,
    name: str | None = None,
    cum: int | None = None,
    leaves: int | None = None,
    at: str,
    more: Body = (),
) -> Body:
    """35=8 about an order, as it truly stands unless something else is given."""
    orig: Body = () if name is None else ((41, order.name),)
    return (
        (35, "8"),
        (37, order.order_id),
        (11, name or order.name),
        *orig,
        (17, exec_id),
        (150, exec_type),
        (39, order.status if status is None else status),
        (55, order.symbol),
        (54, order.side),
        (38, str(order.size)),
        *more,
        (151, str(order.leaves if leaves is None else leaves)),
        (14, str(order.filled if cum is None else cum)),
        (6, "0"),
        (60, at),
    )


def unknown_order(fields: dict[int, str], exec_id: str, at: str) -> Body:
    """The answer to a question about an order that the venue does not have."""
    return (
        (35, "8"),
        (37, "NONE"),
        (11, fields.get(11, "")),
        (17, exec_id),
        (150, "I"),
        (39, "8"),
        (103, "5"),
        (55, fields.get(55, "")),
        (54, fields.get(54, "")),
        (151, "0"),
        (14, "0"),
        (6, "0"),
        (60, at),
        (58, "unknown order"),
    )


def cancel_refused(fields: dict[int, str], order: VenueOrder | None, reason: str, at: str) -> Body:
    """35=9."""
    return (
        (35, "9"),
        (37, "NONE" if order is None else order.order_id),
        (11, fields.get(11, "")),
        (41, fields.get(41, "NONE")),
        (39, "8" if order is None else order.status),
        (434, "1" if fields.get(35) == "F" else "2"),
        (102, reason),
        (60, at),
        (58, "unknown order" if order is None else "not cancelled"),
    )
