"""All that the auditor holds, and the ways to find something in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from penstock.runtime.drill.audit.children import Child, Execution
from penstock.runtime.drill.audit.orders import ClientOrder, Group
from penstock.runtime.drill.audit.switches import Switches
from penstock.runtime.drill.audit.wires import Fields, Law, Violation, Wire


@dataclass(slots=True)
class Asked:
    """A request of a client: `is_owed` once the router has dealt with it whole."""

    client: str
    name: str
    msg_type: str
    seq: str
    orig: str
    is_owed: bool = False
    is_answered: bool = False  # something under its name has been sent back
    is_concluded: bool = False  # for a change: it was refused, or has been carried out


@dataclass(slots=True)
class Books:
    """The auditor's memory of one day."""

    now_ns: int = 0
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    orders: dict[tuple[str, str], ClientOrder] = field(default_factory=dict)  # by client, ClOrdID
    children: dict[tuple[str, str], Child] = field(default_factory=dict)  # by venue, ClOrdID
    venue_names: set[tuple[str, str]] = field(default_factory=set)
    executions: dict[int, tuple[Child, Execution]] = field(default_factory=dict)  # by uid
    reports: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)  # by client, 17
    asked: dict[tuple[str, str], list[Asked]] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    connection: dict[str, int] = field(default_factory=dict)  # number of the latest, by venue
    connected: set[str] = field(default_factory=set)
    by_hand: list[tuple[str, int, Decimal]] = field(default_factory=list)  # child, shares, price
    critical: list[str] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    n_held: dict[str, int] = field(default_factory=dict)  # how often each law was held

    def hold(self, law: Law, is_kept: bool, text: str) -> None:
        """Hold a law; `text` is the fact if it is broken."""
        self.n_held[law] = self.n_held.get(law, 0) + 1
        if not is_kept:
            self.violations.append(Violation(law, self.now_ns, text))

    def group(self, symbol: str, side: str) -> Group:
        """The orders of a symbol and side; a new one if there was none."""
        return self.groups.setdefault((symbol, side), Group((symbol, side)))

    def group_of(self, either: Child | ClientOrder) -> Group:
        """The orders that a child may be for, and those that an order shares its children with."""
        return self.group(either.symbol, either.side)

    def child_of(self, mic: str, fields: Fields) -> Child | None:
        """The child that a venue's message names in 41 or 11, or with 35=j in 379."""
        for tag in (41, 11, 379):
            child = self.children.get((mic, fields.get(tag, "")))
            if child is not None:
                return child
            name = fields.get(tag, "").rpartition("-")[0]  # of a cancel or replace: …-c1, …-r1
            child = self.children.get((mic, name))
            if child is not None:
                return child
        return None

    def order_of(self, wire: Wire) -> ClientOrder | None:
        """The order of a client that a message names in 11 or 41."""
        for tag in (11, 41):
            order = self.orders.get((wire.peer, wire.fields.get(tag, "")))
            if order is not None:
                return order
        return None

    def requests(self, client: str, name: str) -> Iterator[Asked]:
        """What a client asked under a name."""
        yield from self.asked.get((client, name), ())
