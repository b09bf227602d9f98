"""Laws at the end of the day: everything is terminal, or in doubt and a person knows of it."""

from __future__ import annotations

import re

from penstock.runtime.drill.audit.books import Asked, Books
from penstock.runtime.drill.audit.children import Child
from penstock.runtime.drill.audit.orders import Group
from penstock.runtime.drill.audit.wires import Law


def when_quiet(books: Books) -> None:
    """Hold that every order is terminal or in doubt, and that a person was told of the doubt."""
    for group in list(books.groups.values()):
        if group.orders and not group.is_lost:
            _check_ended(books, group)


def at_the_end(books: Books) -> None:
    """Hold what must be true at the end of the day, whatever persons have settled."""
    for requests in list(books.asked.values()):
        for asked in requests:
            _check_answered(books, asked)
    for group in list(books.groups.values()):
        if group.orders and not group.is_lost:
            _check_told(books, group)
            _check_ended(books, group)


def _check_answered(books: Books, asked: Asked) -> None:
    if not asked.is_owed:
        return
    what = f"{asked.client}: 35={asked.msg_type} 11={asked.name}"
    books.hold(Law.ANSWERED, asked.is_answered, f"{what} was never answered")
    if asked.msg_type not in ("F", "G"):
        return
    order = books.orders.get((asked.client, asked.orig))
    if order is None or books.group_of(order).is_lost:
        return
    is_concluded = asked.is_concluded or order.is_final or order.name == asked.name
    is_concluded = is_concluded or is_doubtful(books.group_of(order))
    books.hold(Law.ANSWERED, is_concluded, f"{what} was never refused or carried out")


def _check_told(books: Books, group: Group) -> None:
    """Each execution that the router was given has been told, once; what was told is true."""
    for child in group.children:
        for execution in child.executions.values():
            is_owed = execution.is_delivered and not child.is_settled_by_hand
            if is_owed and not execution.told and not execution.is_clash:
                is_undone = execution.shares == 0
                text = f"{execution.exec_id} of {child.name} at {child.mic} was never told"
                books.hold(Law.TOLD_ALL, is_undone or _is_held_in_doubt(books, child), text)
            else:
                books.hold(Law.TOLD_ALL, True, "")
        _check_worse(books, child)
    told, true = group.told_shares, group.true_shares
    key = "/".join(group.key)
    unheard = [e for c in group.children for e in c.executions.values() if e.is_undone_unheard]
    books.hold(
        Law.BOOKED,
        told <= true or bool(unheard),
        f"{key}: clients were told of {told:,} shares, venues have executed {true:,}",
    )
    could_know = sum(min(_known(child), child.true_shares) for child in group.children)
    if all(order.is_final for order in group.orders):
        books.hold(
            Law.BOOKED,
            told >= could_know or bool(unheard),
            f"{key}: orders ended with {told:,} shares told; venues have executed {true:,}, and "
            f"have said so of {could_know:,}",
        )


def _check_worse(books: Books, child: Child) -> None:
    """What a venue gives at a worse price, or beyond the order, is booked and a person told."""
    sign = 1 if child.side == "1" else -1
    for execution in child.executions.values():
        if execution.is_delivered and sign * (execution.first_price - child.limit) > 0:
            text = f"{child.name}: {execution.exec_id} at {execution.first_price} is worse than "
            text += f"{child.limit}, and no alert names child {child.number}"
            books.hold(Law.ALERTED, _is_alerted(books, child), text)
    if child.delivered_shares > child.size and child.open_size <= child.size:
        text = f"{child.name} filled {child.delivered_shares} of {child.size}, and no alert names "
        text += f"child {child.number}"
        books.hold(Law.ALERTED, _is_alerted(books, child), text)


def _known(child: Child) -> int:
    """What the router could know of: readable executions, and totals that were stated."""
    if child.is_settled_by_hand:  # the person has looked at the venue's own books
        return child.true_shares
    return max(child.said_shares, child.delivered_shares)


def _check_ended(books: Books, group: Group) -> None:
    """An order that is not terminal has a child in doubt, and a person was told of that child."""
    for order in group.orders:
        if order.is_final or not order.status:
            books.hold(Law.ENDED, True, "")
            continue
        what = f"{order.client}: {order.name} stands at 39={order.status}"
        doubtful = [child for child in group.children if _may_be_in_doubt(child)]
        books.hold(Law.ENDED, bool(doubtful), f"{what} although nothing of it is in doubt")
        is_any_alerted = any(_is_alerted(books, child) for child in doubtful)
        text = f"{what}: something of it is in doubt, and no alert names a child"
        books.hold(Law.ALERTED, is_any_alerted or not doubtful, text)
        for child in doubtful:
            text = f"{what}: child {child.number} at {child.mic} is in doubt, and no alert says so"
            is_alerted = not _is_in_doubt(child) or _is_alerted(books, child)
            books.hold(Law.ALERTED, is_alerted, text)


def is_doubtful(group: Group) -> bool:
    """Whether some child of a group may be held in doubt."""
    return any(_may_be_in_doubt(child) for child in group.children)


def _is_in_doubt(child: Child) -> bool:
    """Whether a router cannot know how much of a child has traded, however careful it is."""
    if child.is_settled_by_hand:
        return False
    booked = sum(
        e.first_shares if e.is_undone_unheard else e.shares
        for e in child.executions.values()
        if e.told
    )
    clashes = any(e.is_clash for e in child.executions.values())
    return child.said_shares > booked or clashes or not child.is_said_ended


def _may_be_in_doubt(child: Child) -> bool:
    """Whether a router has reason to hold a child in doubt: its venue has contradicted itself."""
    is_forgotten = child.is_said_unknown and child.is_acked
    has_reason = is_forgotten or child.is_garbled or child.is_contradicted
    return _is_in_doubt(child) or (has_reason and not child.is_settled_by_hand)


def _is_held_in_doubt(books: Books, child: Child) -> bool:
    return _may_be_in_doubt(child) and _is_alerted(books, child)


def _is_alerted(books: Books, child: Child) -> bool:
    """Whether a critical line names the child: "child 7", or "children [5, 7]"."""
    named = re.compile(rf"\bchild(?:ren)? \[?(?:[0-9]+, )*{child.number}\b")
    return any(named.search(line) for line in books.critical)
