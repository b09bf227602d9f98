"""Laws over the wires between router and venues."""

from __future__ import annotations

from decimal import Decimal

from penstock.runtime.drill.audit.books import Books
from penstock.runtime.drill.audit.children import Child, Execution
from penstock.runtime.drill.audit.numbers import (
    MAX_SHARES,
    is_sound_price,
    price_of,
    shares_of,
)
from penstock.runtime.drill.audit.orders import ENDED_STATUS, Group
from penstock.runtime.drill.audit.wires import Fields, Law, Wire

MOST_QUESTIONS = 80
"""Cancels and status requests for one child in a day; after a bounded number a person is asked."""


def to_venue(books: Books, wire: Wire) -> None:
    """The router has handed over an order, a request or a question."""
    name = wire.fields.get(11, "")
    msg_type = wire.fields.get(35, "")
    if msg_type in ("D", "F", "G"):
        is_new = (wire.peer, name) not in books.venue_names
        books.hold(
            Law.SENT_TWICE, is_new, f"35={msg_type} 11={name} to {wire.peer}: a name used before"
        )
        books.venue_names.add((wire.peer, name))
    if msg_type == "D":
        _new_child(books, wire)
    else:
        child = books.child_of(wire.peer, wire.fields)
        if child is not None:
            child.n_asked += 1
            if child.n_asked > MOST_QUESTIONS:
                text = f"{child.n_asked} requests about {child.name} to {wire.peer}, and no end"
                books.hold(Law.BOUNDED, child.n_asked != MOST_QUESTIONS + 1, text)


def _new_child(books: Books, wire: Wire) -> None:
    fields, mic = wire.fields, wire.peer
    size, limit = shares_of(fields.get(38)), price_of(fields.get(44))
    group = books.group(fields.get(55, ""), fields.get(54, ""))
    child = Child(
        mic=mic,
        name=fields.get(11, ""),
        symbol=group.key[0],
        side=group.key[1],
        size=size or 0,
        limit=limit or Decimal(0),
        sent_ns=wire.at_ns,
        sent_in=books.connection.get(mic, 0),
        open_size=size or 0,
    )
    books.hold(Law.ARITHMETIC, bool(size and limit), f"{child.name}: 38 or 44 is no number")
    _check_places(books, wire, group)
    _check_amount(books, child, group)
    group.children.append(child)
    books.children[mic, child.name] = child


def _check_places(books: Books, wire: Wire, group: Group) -> None:
    mic, name = wire.peer, wire.fields.get(11, "")
    why = books.switches.killed_by(group.key[0], {order.client for order in group.orders})
    books.hold(Law.KILLED, not why, f"{name} sent to {mic} although {why}")
    is_off = mic in books.switches.venues
    is_up = wire.is_up and mic in books.connected
    books.hold(
        Law.CLOSED_VENUE,
        is_up and not is_off,
        f"{name} sent to {mic}, which is {'off' if is_off else 'not logged on'}",
    )
    now_in = books.connection.get(mic, 0)
    open_names = [
        child.name
        for child in books.children.values()
        if child.mic == mic
        and child.sent_in < now_in
        and not (child.is_said_ended or child.is_said_unknown or child.is_settled_by_hand)
        and child.heard_in < now_in
        and not books.group_of(child).is_lost
    ]
    text = f"{name} sent to {mic} before it has accounted for {', '.join(open_names)}"
    books.hold(Law.UNRECONCILED, not open_names, text)


def _check_amount(books: Books, child: Child, group: Group) -> None:
    if group.is_lost:
        return
    working = [order for order in group.orders if not order.is_ended and not order.is_stopping]
    books.hold(
        Law.OVERFILL,
        bool(working),
        f"{child.name}, {child.size:,} shares sent to {child.mic}: no order for "
        f"{'/'.join(group.key)} is at work",
    )
    may, most = group.may_trade_shares, group.most_shares
    books.hold(
        Law.OVERFILL,
        may + child.size <= most or not working,
        f"{child.name}: {child.size:,} shares sent to {child.mic} while venues have given or may "
        f"give {may:,} of {most:,}",
    )
    is_within = any(order.is_within(child.limit) for order in working)
    limits = ", ".join(str(order.terms.limit) for order in working)
    books.hold(
        Law.LIMIT, is_within or not working, f"{child.name} at {child.limit}, client's {limits}"
    )


def from_venue(books: Books, wire: Wire) -> Execution | None:
    """
    The router takes a venue's message; what it says is known from here on at the latest.

    Returns the execution that a readable report is about, if it is about one.
    """
    child = books.child_of(wire.peer, wire.fields)
    if child is None:
        return None
    fields = wire.fields
    match fields.get(35):
        case "8":
            if _names_another(child, fields):
                return None
            return _report(books, wire, child)
        case "9":
            child.heard_in = books.connection.get(wire.peer, 0)
            is_unknown = fields.get(102) == "1" and not child.is_said_ended
            child.is_said_unknown = child.is_said_unknown or is_unknown
            if is_unknown and not child.is_acked:
                _said_ended(child, 0)
        case "j" if fields.get(372) == "D":
            _said_ended(child, 0)
    return None


def _names_another(child: Child, fields: Fields) -> bool:
    """Whether symbol or side contradict the order, so that nothing else can be trusted."""
    return fields.get(55, child.symbol) != child.symbol or fields.get(54, child.side) != child.side


def _report(books: Books, wire: Wire, child: Child) -> Execution | None:
    fields = wire.fields
    exec_type, status = fields.get(150, ""), fields.get(39, "")
    if not wire.is_dup or exec_type == "I":
        child.heard_in = books.connection.get(wire.peer, 0)
    is_unknown = exec_type == "I" and status == "8"
    if is_unknown:
        # Nothing had ever been heard of it: a router may take it for never arrived.
        child.is_said_unknown = child.is_said_unknown or not child.is_said_ended
        if not child.is_acked:
            _said_ended(child, 0)
        return None
    said = shares_of(fields.get(14))
    key = (fields.get(17, ""), exec_type, fields.get(14, ""))
    if key in child.reports:  # a report once more states what was true then
        said = None
    child.reports.add(key)
    if said is not None and said <= max(child.size, child.open_size):
        child.said_shares = max(child.said_shares, said)
    execution = _execution(child, fields) if exec_type == "F" else None
    if exec_type in ("G", "H"):
        _undone(books, child, fields)
    if exec_type != "8":
        child.is_acked = True
    is_end = exec_type in ("4", "8", "C", "3") or status in ENDED_STATUS
    if child.is_said_ended and not is_end and exec_type not in ("G", "H"):
        child.is_contradicted = True
    if is_end:
        _said_ended(child, execution.shares if execution is not None else 0)
    return execution


def _said_ended(child: Child, now_shares: int) -> None:
    """Its venue says that it can trade no more; if less is said than is true, nobody could know."""
    child.is_said_ended = True
    known = max(child.said_shares, child.delivered_shares + now_shares)
    if known < child.true_shares or child.fate in ("open", "transit"):
        child.is_deceived = True


def _execution(child: Child, fields: Fields) -> Execution | None:
    shares, price = shares_of(fields.get(32)), price_of(fields.get(31))
    if not shares or shares > MAX_SHARES or not is_sound_price(price):
        return None
    same = [e for e in child.executions.values() if e.exec_id == fields.get(17)]
    for execution in same:
        if (execution.first_shares, execution.first_price) == (shares, price):
            return execution
    return None


def _undone(books: Books, child: Child, fields: Fields) -> None:
    for execution in child.executions.values():
        if execution.exec_id == fields.get(19) and execution.is_undone_unheard:
            execution.is_undone_unheard = False
            less = execution.first_shares - execution.shares
            child.said_shares = max(0, child.said_shares - less)
    for order in books.group_of(child).orders:
        if order.status == "2":
            order.is_reopened = True
