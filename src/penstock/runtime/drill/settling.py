"""A person settles by hand what is in doubt at the end of a day, by the venues' own books."""

from __future__ import annotations

from functools import partial
from typing import Any

from penstock.runtime.control import Answer, Do, Request
from penstock.runtime.drill.venue_orders import VenueOrder
from penstock.runtime.drill.world import World
from penstock.runtime.inbox import Asked
from penstock.runtime.order_list import ChildRow

_REASON = "the venue's books, on the telephone"


def settle(world: World) -> None:
    """Book what the venues have executed and the router has not, and close each child in doubt."""
    answers: list[Answer] = []
    world.give(Asked(Request(do=Do.ORDERS, operator="drill"), answers.append))
    rows: list[Any] = answers[0].get("orders", []) if answers else []
    for row in rows:
        order = _venue_order(world, row)
        if order is not None and not order.is_open and order.filled >= row.filled:
            _settle_one(world, row, order)


def _venue_order(world: World, row: ChildRow) -> VenueOrder | None:
    """The order in the venue's books; one that it refused or never got has none."""
    venue = world.venues[row.venue]
    for name, order in venue.orders.items():
        if name.rpartition("-")[2] == str(row.child):
            return order
    return None


def _settle_one(world: World, row: ChildRow, order: VenueOrder) -> None:
    missing = order.filled - row.filled
    if missing > 0:
        price = order.trades[-1].price
        request = Request(
            do=Do.CHILD_BOOK, child=row.child, shares=missing, price=price,
            operator="drill", reason=_REASON,
        )  # fmt: skip
        world.auditor.booked_by_hand(str(row.child), missing, price)
        world.give(Asked(request, partial(_counted, world, "op_book")))
    request = Request(
        do=Do.CHILD_CLOSE, child=row.child, shares=order.filled, operator="drill", reason=_REASON
    )
    world.give(Asked(request, partial(_closed, world, str(row.child))))


def _counted(world: World, kind: str, answer: Answer) -> None:
    if answer.get("ok"):
        world.faults[kind] += 1


def _closed(world: World, number: str, answer: Answer) -> None:
    _counted(world, "op_close", answer)
    if answer.get("ok"):
        world.auditor.settled_by_hand(number)
