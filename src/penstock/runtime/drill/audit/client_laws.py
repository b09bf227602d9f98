"""Laws over the wires between router and clients."""

from __future__ import annotations

from decimal import Decimal

from penstock.runtime.drill.audit.books import Asked, Books
from penstock.runtime.drill.audit.children import Execution
from penstock.runtime.drill.audit.numbers import price_of, shares_of
from penstock.runtime.drill.audit.orders import (
    ACTIVE_STATUS,
    ENDED_STATUS,
    ClientOrder,
    Terms,
    Told,
)
from penstock.runtime.drill.audit.wires import Fields, Law, Wire

HALF_A_UNIT = Decimal("0.000000005")  # 6 AvgPx has eight decimals
STATUS_OF = {
    "0": "0",
    "A": "A0",
    "F": "1264EC8",
    "4": "4",
    "8": "8",
    "5": "0126",
    "6": "6",
    "E": "E01",
    "H": "01246EC",
    "G": "01246EC",
    "C": "C",
    "3": "3",
    "I": "01246EAC83",
    "D": "0126",
}
"""39 that may come with a 150."""


def from_client(books: Books, wire: Wire) -> Asked | None:
    """The router takes a client's message."""
    fields, name = wire.fields, wire.fields.get(11, "")
    msg_type = fields.get(35, "")
    asked = Asked(wire.peer, name, msg_type, fields.get(34, ""), fields.get(41, ""))
    books.asked.setdefault((wire.peer, name), []).append(asked)
    known = books.orders.get((wire.peer, name))
    if msg_type == "D":
        _new_order(books, wire, known)
    elif msg_type == "G" and known is None:
        order = books.orders.get((wire.peer, fields.get(41, "")))
        terms = _terms(fields)
        if order is not None and terms is not None:
            order.pending[name] = terms
    return asked


def _new_order(books: Books, wire: Wire, known: ClientOrder | None) -> None:
    terms = _terms(wire.fields)
    if known is not None:
        # Unknown to the router: with 97=Y it may be worked after all.
        if known.is_unknown or known.is_refused:
            known.is_unknown = known.is_refused = False
            known.terms = terms or known.terms
        return
    if terms is None:
        return
    name, symbol, side = (wire.fields.get(tag, "") for tag in (11, 55, 54))
    order = ClientOrder(wire.peer, name, symbol, side, terms, {name})
    books.orders[wire.peer, name] = order
    books.group_of(order).orders.append(order)


def _terms(fields: Fields) -> Terms | None:
    size = shares_of(fields.get(38))
    return None if not size else Terms(size, price_of(fields.get(44)))


def to_client(books: Books, wire: Wire) -> None:
    """The router has handed over a report or an answer."""
    fields = wire.fields
    _note_answer(books, wire)
    if fields.get(35) == "9":
        _refusal(books, wire)
    elif fields.get(35) == "8":
        _report(books, wire)


def _note_answer(books: Books, wire: Wire) -> None:
    fields = wire.fields
    name = fields.get(11, fields.get(379, ""))
    for asked in books.requests(wire.peer, name):
        asked.is_answered = True
    if fields.get(35) in ("j", "3"):
        for every in books.asked.values():
            for asked in every:
                if asked.client == wire.peer and asked.seq == fields.get(45):
                    asked.is_answered = asked.is_concluded = True


def _refusal(books: Books, wire: Wire) -> None:
    name = wire.fields.get(11, "")
    for asked in books.requests(wire.peer, name):
        asked.is_concluded = True
    for order in books.orders.values():
        if order.client == wire.peer:
            order.pending.pop(name, None)


def _report(books: Books, wire: Wire) -> None:
    fields = wire.fields
    order = books.order_of(wire)
    if fields.get(37) == "NONE" or order is None:
        _about_no_order(books, wire, order)
        return
    exec_id, exec_type = fields.get(17, ""), fields.get(150, "")
    known = books.reports.setdefault((wire.peer, exec_id), {})
    if books.group_of(order).is_lost:
        _told_after_a_loss(books, wire, order)
        return
    if known:
        _repeated(books, wire, known)
        return
    known.update({tag: text for tag, text in fields.items() if tag not in (97, 52)})
    if exec_type == "F":
        _executed(books, wire, order)
    elif exec_type in ("H", "G"):
        _undone(books, wire, order)
    elif exec_type == "5":
        _replaced(books, wire, order)
    _check_numbers(books, fields, order)
    _check_status(books, fields, order)
    _take_status(books, fields, order)


def _about_no_order(books: Books, wire: Wire, order: ClientOrder | None) -> None:
    fields = wire.fields
    has_execution = fields.get(150) in ("F", "G", "H")
    text = f"{wire.peer} is told of {fields.get(17)} on {fields.get(11)}, which is no order of its"
    books.hold(Law.TOLD_WRONG_CLIENT, not has_execution, text)
    if order is None or fields.get(39) != "8":
        return
    if fields.get(150) == "8" and fields.get(103) != "6" and not order.status:
        order.is_refused = True
    elif fields.get(150) == "I" and fields.get(11) == order.name:
        group = books.group_of(order)
        is_worked = bool(order.status) or (len(group.orders) == 1 and bool(group.children))
        text = f"{order.client} asks for {order.name} and is told that it is unknown"
        books.hold(Law.TOLD_TRUE, group.is_lost or not is_worked, text)
        order.is_unknown = True


def _repeated(books: Books, wire: Wire, known: dict[int, str]) -> None:
    fields, exec_id = wire.fields, wire.fields.get(17)
    is_marked = fields.get(97) == "Y" or fields.get(43) == "Y"
    books.hold(Law.TOLD_ONCE, is_marked, f"{wire.peer}: 17={exec_id} told again without 97=Y")
    again = {tag: text for tag, text in fields.items() if tag not in (97, 52, 43)}
    differing = [tag for tag in {**known, **again} if known.get(tag) != again.get(tag)]
    books.hold(
        Law.TOLD_ONCE,
        not differing,
        f"{wire.peer}: 17={exec_id} told again with other content in {differing}",
    )


def _told_after_a_loss(books: Books, wire: Wire, order: ClientOrder) -> None:
    """The router has forgotten what it told: no count holds, but nothing may be another's."""
    fields = wire.fields
    if fields.get(150) == "F":
        key = (fields.get(30, ""), fields.get(527, ""))
        shares, price = shares_of(fields.get(32)), price_of(fields.get(31))
        found = _true_execution(books, order, key, shares, price)
        text = f"{order.client} is told of {'/'.join(key)} on {order.name}, which is not for it"
        is_by_hand = found is None and _takes_from_hand(books, fields, shares, price)
        books.hold(Law.TOLD_TRUE, found is not None or is_by_hand, text)
        if found is not None:
            found.told += 1
    if fields.get(150) == "5":
        books.orders.setdefault((wire.peer, fields.get(11, "")), order)
    order.status = fields.get(39, order.status)


def _executed(books: Books, wire: Wire, order: ClientOrder) -> None:
    """A report of an execution must be a true one of this order, to the last digit, and news."""
    fields = wire.fields
    shares, price = shares_of(fields.get(32)), price_of(fields.get(31))
    key = (fields.get(30, ""), fields.get(527, ""))
    found = _true_execution(books, order, key, shares, price)
    is_by_hand = found is None and _takes_from_hand(books, fields, shares, price)
    text = (
        f"{order.client} is told of {shares} at {fields.get(31)} by {'/'.join(key)} on "
        f"{order.name}, which no venue has executed for it"
    )
    books.hold(Law.TOLD_TRUE, found is not None or is_by_hand, text)
    if found is not None:
        found.told += 1
        text = f"{order.client} is told {found.told} times of {found.exec_id} on {order.name}"
        books.hold(Law.TOLD_ONCE, found.told == 1, text)
    exec_id = fields.get(17, "")
    order.executions[exec_id] = Told(exec_id, key, shares or 0, price or Decimal(0))


def _takes_from_hand(
    books: Books, fields: Fields, shares: int | None, price: Decimal | None
) -> bool:
    """Whether a person has booked this execution on the child in 198; each booking counts once."""
    booking = (fields.get(198, ""), shares or 0, price or Decimal(0))
    if booking in books.by_hand:
        books.by_hand.remove(booking)
        return True
    return False


def _true_execution(
    books: Books,
    order: ClientOrder,
    key: tuple[str, str],
    shares: int | None,
    price: Decimal | None,
) -> Execution | None:
    """The execution that is meant: one that was not told yet, if there are several."""
    found: list[Execution] = []
    for child in books.group_of(order).children:
        if child.mic != key[0]:
            continue
        for execution in child.executions.values():
            is_first = (execution.first_shares, execution.first_price) == (shares, price)
            if execution.exec_id == key[1] and is_first:
                found.append(execution)
    return min(found, key=lambda execution: execution.told, default=None)


def _undone(books: Books, wire: Wire, order: ClientOrder) -> None:
    """A bust or correction must be of an execution that the client holds, and a venue's."""
    fields = wire.fields
    told = order.executions.get(fields.get(19, ""))
    text = f"{order.client}: {fields.get(19)} of {order.name} is undone, which it was never told"
    books.hold(Law.TOLD_TRUE, told is not None, text)
    if told is None:
        return
    if fields.get(150) == "H":
        told.shares = 0
        return
    told.shares = shares_of(fields.get(32)) or 0
    told.price = price_of(fields.get(31)) or Decimal(0)


def _replaced(books: Books, wire: Wire, order: ClientOrder) -> None:
    """A replace is confirmed when nothing worse than its terms can trade any more."""
    name = wire.fields.get(11, "")
    for asked in books.requests(wire.peer, name):
        asked.is_concluded = True
    terms = order.pending.pop(name, None)
    books.hold(Law.STATUS, terms is not None, f"{order.client}: {name} confirmed, never asked")
    if terms is None:
        return
    books.orders.setdefault((wire.peer, name), order)
    order.names.add(name)
    order.terms = Terms(max(terms.size, order.told_shares), terms.limit)
    group = books.group_of(order)
    if len(group.orders) > 1:
        return
    may, most = group.may_trade_shares, max(terms.size, group.true_shares)
    text = f"{name} confirmed at {terms.size:,} while venues have given or may give {may:,}"
    books.hold(Law.REPLACE, may <= most, text)
    if terms.limit is None:
        return
    worse = [
        child.name
        for child in group.children
        if child.may_still_trade and not order.is_no_worse(child.limit, terms.limit)
    ]
    text = f"{name} confirmed at {terms.limit} while {', '.join(worse)} can fill at worse"
    books.hold(Law.REPLACE, not worse, text)


def _check_numbers(books: Books, fields: Fields, order: ClientOrder) -> None:
    """Arithmetic that a client sees always adds up."""
    what = f"{order.client}: {order.name}, 17={fields.get(17)} 150={fields.get(150)}"
    size, cum, leaves = (shares_of(fields.get(tag)) for tag in (38, 14, 151))
    if size is None or cum is None or leaves is None:
        books.hold(Law.ARITHMETIC, False, f"{what}: 38, 14 or 151 is no number")
        return
    told = order.told_shares
    books.hold(Law.BOOKED, cum == told, f"{what}: 14={cum} after executions of {told}")
    right = 0 if fields.get(39, "") in ENDED_STATUS else max(0, size - cum)
    books.hold(
        Law.ARITHMETIC,
        leaves == right,
        f"{what}: 39={fields.get(39)} 38={size} 14={cum} 151={leaves}",
    )
    books.hold(
        Law.ARITHMETIC,
        size == order.terms.size,
        f"{what}: 38={size} where {order.terms.size} stands",
    )
    average = price_of(fields.get(6)) or Decimal(0)
    exact = order.paid / told if told else Decimal(0)
    text = f"{what}: 6={average}, exactly {exact}"
    books.hold(Law.ARITHMETIC, abs(average - exact) <= HALF_A_UNIT, text)


def _check_status(books: Books, fields: Fields, order: ClientOrder) -> None:
    exec_type, status = fields.get(150, ""), fields.get(39, "")
    what = (
        f"{order.client}: {order.name} goes from 39={order.status} to 150={exec_type} 39={status}"
    )
    is_pair = status in STATUS_OF.get(exec_type, "")
    books.hold(Law.STATUS, is_pair, f"{what}: no pair of FIX")
    cum, size = shares_of(fields.get(14)) or 0, shares_of(fields.get(38)) or 0
    is_right = {"0": cum == 0, "1": 0 < cum < size, "2": cum >= size, "8": cum == 0}
    books.hold(Law.STATUS, is_right.get(status, True), f"{what}: with 38={size} 14={cum}")
    if order.status in ENDED_STATUS:
        is_same = status == order.status
        is_late = exec_type == "F" and status in ENDED_STATUS
        is_undone = exec_type in ("H", "G")
        is_answer = exec_type == "I" and is_same
        books.hold(Law.STATUS, is_late or is_undone or is_answer, f"{what}: after its end")


def _take_status(books: Books, fields: Fields, order: ClientOrder) -> None:
    status = fields.get(39, "")
    if fields.get(150) == "I":
        return
    if fields.get(150) == "6" or status == "6":
        order.is_stopping = True
        order.may_reopen = False
    was_ended = order.status in ENDED_STATUS
    order.status = status
    if status == "2" and not was_ended:
        order.may_reopen = not order.is_stopping
        order.is_reopened = False
    if was_ended and status in ACTIVE_STATUS:
        text = f"{order.client}: {order.name} is at work again after its end, which nobody asked"
        books.hold(Law.STATUS, order.may_reopen or status == "6", text)
        order.is_reopened = False
        order.is_stopping = status == "6"
    if status in ENDED_STATUS:
        order.pending.clear()
