"""Do the venues and the client tell the same story? Computed without asking the router."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from penstock.runtime.lines_log import read_lines


class Execution(NamedTuple):
    """One execution as one side knows it."""

    shares: int
    price_ticks: int
    fee_usd_micros: int


class Integrity(msgspec.Struct, frozen=True, kw_only=True):
    """
    The venues' log of orders and fills against the client's log of orders and reports.

    An execution is known by its venue and the venue's ExecID on both sides.
    """

    overfills: int  # orders, of the client or at a venue, that got more than they asked for
    lost_shares: int  # filled at a venue; not told to the client, or with another size or ExecID
    phantom_shares: int  # told to the client and not filled at any venue
    duplicate_fills: int  # executions that the client was made to count twice
    price_differences: int  # executions whose price is not the same on both sides
    fee_differences: int  # the same for fees
    unfinished: int  # orders of the client that it does not know the end of
    parents: int
    children: int  # orders that reached a venue
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


def check_integrity(venues_log: Path, oms_log: Path) -> Integrity:
    """Compare two logs; a last line that a kill cut short is left out."""
    return compare(read_lines(venues_log), read_lines(oms_log))


def compare(
    venue_lines: Iterable[dict[str, Any]], oms_lines: Iterable[dict[str, Any]]
) -> Integrity:
    """The same for lines that are read already."""
    venues, client = _Venues(), _Client()
    for line in venue_lines:
        venues.take(line)
    for line in oms_lines:
        client.take(line)
    both = venues.fills.keys() & client.fills.keys()
    lost = venues.fills.keys() - both
    wrong_sizes = sum(abs(venues.fills[key].shares - client.fills[key].shares) for key in both)
    return Integrity(
        overfills=venues.n_overfilled() + client.n_overfilled(),
        lost_shares=sum(venues.fills[key].shares for key in lost)
        + wrong_sizes
        + venues.shares_under_used_ids,
        phantom_shares=sum(client.fills[key].shares for key in client.fills.keys() - both),
        duplicate_fills=client.n_counted_twice,
        price_differences=sum(
            venues.fills[key].price_ticks != client.fills[key].price_ticks for key in both
        ),
        fee_differences=sum(
            venues.fills[key].fee_usd_micros != client.fills[key].fee_usd_micros for key in both
        ),
        unfinished=client.n_unfinished(),
        parents=len(client.asked),
        children=len(venues.asked),
        fills=len(venues.fills),
        filled_shares=sum(fill.shares for fill in venues.fills.values()),
    )


class _Venues:
    """What the venues wrote down."""

    def __init__(self) -> None:
        self.asked: dict[tuple[str, str], int] = {}
        self.fills: dict[tuple[str, str], Execution] = {}
        self.shares_under_used_ids = 0  # nobody can tell these executions from those before
        self._filled: Counter[tuple[str, str]] = Counter()

    def take(self, line: dict[str, Any]) -> None:
        order = (line["mic"], line["cl_ord_id"])
        if line["what"] == "order":
            self.asked[order] = line["shares"]
            return
        self._filled[order] += line["shares"]
        key = (line["mic"], line["exec_id"])
        if key in self.fills:
            self.shares_under_used_ids += line["shares"]
            return
        self.fills[key] = Execution(line["shares"], line["price_ticks"], line["fee_usd_micros"])

    def n_overfilled(self) -> int:
        return sum(shares > self.asked.get(order, 0) for order, shares in self._filled.items())


class _Client:
    """What the client was told, each ExecID once."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}
        self.fills: dict[tuple[str, str], Execution] = {}
        self.n_counted_twice = 0
        self._filled: Counter[str] = Counter()
        self._answered: set[str] = set()
        self._ended: set[str] = set()

    def take(self, line: dict[str, Any]) -> None:
        if line["what"] == "order":
            self.asked[line["cl_ord_id"]] = line["shares"]
            return
        if line["is_repeated"]:
            return
        order = line["cl_ord_id"]
        if line["kind"] == "rejected" and line["order_id"] == "NONE" and order in self._answered:
            return  # about another message with this name
        self._answered.add(order)
        if line["state"] in ("filled", "cancelled", "rejected") or not line["is_known"]:
            self._ended.add(order)
        if line["kind"] == "fill":
            key = (line["mic"], line["venue_exec_id"])
            self.n_counted_twice += key in self.fills
            self.fills[key] = Execution(
                line["last_shares"], line["last_price_ticks"], line["fee_usd_micros"]
            )
            self._filled[order] += line["last_shares"]

    def n_overfilled(self) -> int:
        return sum(shares > self.asked.get(order, 0) for order, shares in self._filled.items())

    def n_unfinished(self) -> int:
        return len(self.asked.keys() - self._ended)
