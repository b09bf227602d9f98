"""Scripted venues: they trade, and they do wrong whatever a script asks them to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from penstock.domain import Ns
from penstock.runtime.drill.links import Body, Link
from penstock.runtime.drill.prices import spelled
from penstock.runtime.drill.venue_orders import (
    Trade,
    VenueOrder,
    cancel_refused,
    report,
    unknown_order,
)
from penstock.wire.fix.values import price_ticks, time_text

_LEAP_SECOND: Final = "20161231-23:59:60"


class Disclosed(Protocol):
    """Whoever is told what a venue has truly done: the auditor."""

    def arrived(self, mic: str, name: str) -> None:
        """An order is at its venue."""

    def closed(self, mic: str, name: str) -> None:
        """It can trade no more."""

    def resized(self, mic: str, name: str, size: int) -> None:
        """The venue has given it another size."""

    def executed(
        self, mic: str, name: str, *, uid: int, exec_id: str, shares: int, price: str
    ) -> None:
        """Shares of it have traded."""

    def undone(self, uid: int, *, shares: int, price: str) -> None:
        """An execution is taken back or corrected."""

    def garbled(self, mic: str, name: str) -> None:
        """Something about it was sent that nobody can read."""


class ScriptedVenue:
    """
    One venue: acknowledges, fills, cancels and answers at once and truthfully, unless armed.

    A *twist* armed by a script changes the next thing that it fits: the next order, cancel,
    question or report. `on_twist` is called when one is used up.
    """

    def __init__(
        self,
        mic: str,
        truth: Disclosed,
        now: Callable[[], Ns],
        on_twist: Callable[[str], None],
        next_uid: Callable[[], int],
    ) -> None:
        self.mic = mic
        self.orders: dict[str, VenueOrder] = {}
        self.link: Link | None = None
        self._truth, self._now, self._on_twist = truth, now, on_twist
        self._next_uid = next_uid
        self._twists: dict[str, list[int]] = {}
        self._held: list[Body] = []
        self._n_ids = 0
        self.ioc_per_mille = 600  # of an immediate order that fills
        self.is_truthful = False  # from then on every question is answered

    # What a script asks for.

    def arm(self, twist: str, n: int) -> None:
        """Change the next thing that this twist fits."""
        self._twists.setdefault(twist, []).append(n)

    def disarm(self) -> None:
        """Behave, from now on."""
        self._twists.clear()
        self.is_truthful = True
        self._release()

    def open_orders(self) -> list[VenueOrder]:
        """What may trade."""
        return [order for order in self.orders.values() if order.is_open]

    def fill(self, order: VenueOrder, per_mille: int, spelling: str = "plain") -> None:
        """Trade a part of what an order has left; the whole of it from 1,000 on."""
        shares = min(order.leaves, max(1, order.leaves * per_mille // 1_000))
        if shares > 0:
            self.trade(order, shares, spelling)

    def trade(
        self, order: VenueOrder, shares: int, spelling: str = "plain", off_ticks: int = 0
    ) -> None:
        """Trade so many shares, more than are left if a script wants that, and report it."""
        better = -off_ticks if order.side == "1" else off_ticks
        ticks = max(1, order.limit_ticks + better)
        if spelling != "plain" and order.side == "1":
            ticks = max(1, ticks - 1)  # a little more than a tick less is no worse than the limit
        exec_id = self._exec_id()
        n = self._take("same_exec_id")
        if n is not None and order.trades:
            exec_id = order.trades[-1].exec_id
        trade = Trade(self._next_uid(), exec_id, shares, spelled(ticks, spelling))
        self._trade(order, trade)
        self._close_if_full(order)
        self._report_trade(order, trade)

    def end(self, order: VenueOrder, exec_type: str = "4") -> None:
        """End an order unasked: cancelled, expired or done for the day."""
        if not order.is_open:
            return
        early = self._take("totals_first")
        if early is not None and order.leaves > 0:
            self._total_before_execution(order, early, exec_type)
            return
        self._close(order)
        self.say(report(order, self._exec_id(), exec_type, status=exec_type, at=self._at()))

    def restate(self, order: VenueOrder, per_mille: int) -> None:
        """Another size, unasked: 150=D."""
        order.size = max(order.filled + order.gone + 1, order.size * per_mille // 1_000)
        self._truth.resized(self.mic, order.name, order.size - order.gone)
        more = ((44, spelled(order.limit_ticks, "plain")),)
        self.say(report(order, self._exec_id(), "D", at=self._at(), more=more))

    def bust(self, order: VenueOrder, trade: Trade, *, is_restored: bool) -> None:
        """Take an execution back; its shares come back to an open order, or they do not."""
        if not is_restored and order.is_open:
            order.gone += trade.shares
            self._truth.resized(self.mic, order.name, order.size - order.gone)
        trade.shares = 0
        self._truth.undone(trade.uid, shares=0, price=trade.price)
        more = ((19, trade.exec_id), (31, trade.price), (32, "0"))
        self.say(report(order, self._exec_id(), "H", at=self._at(), more=more))

    def correct(self, order: VenueOrder, trade: Trade, per_mille: int, spelling: str) -> None:
        """Correct shares and price of an execution."""
        ticks = price_ticks(spelled(order.limit_ticks, "plain")) or 1
        shares = max(1, trade.shares * per_mille // 1_000)
        if order.is_open:
            order.gone += trade.shares - shares
            self._truth.resized(self.mic, order.name, order.size - order.gone)
        trade.shares = shares
        trade.price = spelled(max(1, ticks - 1), spelling)
        self._truth.undone(trade.uid, shares=trade.shares, price=trade.price)
        more = ((19, trade.exec_id), (31, trade.price), (32, str(trade.shares)))
        self.say(report(order, self._exec_id(), "G", at=self._at(), more=more))

    def forget(self, order: VenueOrder) -> None:
        """Lose an order: it trades no more, and is not known when asked for."""
        self._close(order)
        order.is_forgotten = True

    def garble(self, order: VenueOrder, what: str) -> None:
        """Send something about an order that nobody can use; nothing has truly happened."""
        self._truth.garbled(self.mic, order.name)
        broken: dict[str, Body] = {
            "shares": ((31, "10.00"), (32, "99999999999")),
            "price": ((31, "1e5"), (32, "1")),
            "no_price": ((32, "1"),),
            "sign": ((31, "10.00"), (32, "-5")),
            "total": ((31, "10.00"), (32, "x")),
        }
        body = report(order, self._exec_id(), "F", at=self._at(), more=broken.get(what, ()))
        if what == "symbol":
            body = tuple((tag, "EVIL" if tag == 55 else text) for tag, text in body)
        elif what == "type":
            body = tuple((tag, "Z" if tag == 150 else text) for tag, text in body)
        self.say(body)

    def say(self, body: Body) -> None:
        """Send a report, unless a twist loses, holds or repeats it."""
        assert self.link is not None
        if self._take("lose") is not None:
            self.link.send(body, is_lost=True)
            return
        if self._take("flawed") is not None:  # a tag twice: no session of ours delivers it
            self.link.send((*body, (60, self._at())))
            return
        if self._take("data") is not None:
            body = (*body, (354, "9"), (355, "AB\x0144=9.9"))
        if self._take("reorder") is not None:
            self._held.append(body)
            return
        self.link.send(body)
        if self._take("repeat") is not None:
            self.link.send(body)
        if self._take("repeat_97") is not None:
            self.link.send((body[0], (97, "Y"), *body[1:]))
        self._release()

    # What the router sends.

    def receive(self, body: Body) -> None:
        """One message of the router."""
        fields = dict(body)
        match fields[35]:
            case "D":
                self._new(fields)
            case "F" | "G":
                self._change(fields)
            case "H":
                self._status(fields)

    def _new(self, fields: dict[int, str]) -> None:
        order = VenueOrder(
            name=fields[11],
            order_id=f"{self.mic}-{len(self.orders) + 1}",
            symbol=fields[55],
            side=fields[54],
            size=int(fields[38]),
            limit_ticks=price_ticks(fields[44]) or 1,
            is_ioc=fields.get(59) == "3",
        )
        self._truth.arrived(self.mic, order.name)
        if self._refuses(order, fields):
            return
        self.orders[order.name] = order
        if self._take("no_ack") is None:
            self.say(report(order, self._exec_id(), "0", at=self._at()))
        if order.is_ioc and self._take("late_ioc") is None:
            self.finish_ioc(order)
        else:
            order.is_busy = order.is_ioc

    def finish_ioc(self, order: VenueOrder) -> None:
        """An immediate order takes what there is and ends."""
        order.is_busy = False
        if not order.is_open:
            return
        if self.ioc_per_mille > 0:
            self.fill(order, self.ioc_per_mille, self._spelling())
        self.end(order)

    def _refuses(self, order: VenueOrder, fields: dict[int, str]) -> bool:
        if self._take("silent") is not None:  # swallowed: it never becomes an order
            self._truth.closed(self.mic, order.name)
            return True
        if self._take("reject") is not None:
            self._truth.closed(self.mic, order.name)
            order.is_open = False
            more = ((103, "99"), (58, "not today"))
            self.say(
                report(order, self._exec_id(), "8", status="8", leaves=0, at=self._at(), more=more)
            )
            return True
        if self._take("business_reject") is not None:
            self._truth.closed(self.mic, order.name)
            self.say(((35, "j"), (372, "D"), (379, fields[11]), (380, "0"), (58, "no")))
            return True
        return False

    def _change(self, fields: dict[int, str]) -> None:
        if self._take("deaf") is not None:
            return
        order = self._known(fields.get(41, ""))
        if order is not None and order.is_open and self._take("fill_first") is not None:
            self.fill(order, 1_000)
        if self._take("refuse_cancel") is not None:
            self.say(cancel_refused(fields, order, "99", self._at()))
            return
        if order is None:
            self.say(cancel_refused(fields, None, "1", self._at()))
            return
        if not order.is_open:
            self.say(cancel_refused(fields, order, "0", self._at()))
            return
        if self._take("pending") is not None:
            name = fields[11]
            self.say(report(order, self._exec_id(), "6", status="6", name=name, at=self._at()))
        early = self._take("totals_first")
        if early is not None and order.leaves > 0:
            self._total_before_execution(order, early, "4")
            return
        self._close(order)
        status = "2" if order.status == "2" else "4"
        self.say(report(order, self._exec_id(), "4", status=status, name=fields[11], at=self._at()))

    def _status(self, fields: dict[int, str]) -> None:
        if self._take("no_answer") is not None:
            return
        if self._take("reject_question") is not None:
            self.say(((35, "3"), (372, "H"), (45, "1"), (58, "unsupported")))
            return
        order = self._known(fields[11])
        if order is not None and self._take("forget_at_question") is not None:
            self.forget(order)
            order = None
        if order is None:
            self.say(unknown_order(fields, self._exec_id(), self._at()))
            return
        cum = None
        if self._take("wrong_total") is not None:
            cum = max(0, order.filled - 1)
        more = ((790, fields.get(790, "")),)
        self.say(report(order, self._exec_id(), "I", cum=cum, at=self._at(), more=more))

    # How it speaks.

    def _report_trade(self, order: VenueOrder, trade: Trade) -> None:
        more: Body = ((31, trade.price), (32, str(trade.shares)))
        if self._take("made") is not None:
            more = (*more, (851, "1"))
        if self._take("two_parties") is not None:
            more = (*more, (453, "2"), (448, "A"), (447, "D"), (452, "1"))
            more = (*more, (448, "B"), (447, "D"), (452, "4"), (136, "2"), (137, "0.1"))
        at = _LEAP_SECOND if self._take("leap_second") is not None else self._at()
        if self._take("bad_date") is not None:
            at = "20261399-77:00:00"
        body = report(order, trade.exec_id, "F", at=at, more=more)
        if self._take("no_total") is not None:
            body = tuple(field for field in body if field[0] != 14)
        self.say(body)

    def _trade(self, order: VenueOrder, trade: Trade) -> None:
        """Count a trade, and disclose it to the auditor."""
        order.trades.append(trade)
        self._truth.executed(
            self.mic,
            order.name,
            uid=trade.uid,
            exec_id=trade.exec_id,
            shares=trade.shares,
            price=trade.price,
        )

    def _total_before_execution(self, order: VenueOrder, n: int, exec_type: str) -> None:
        """Ended, with shares in its total whose execution comes afterwards, or never."""
        assert self.link is not None
        shares = max(1, order.leaves * (n % 1_000) // 1_000)
        trade = Trade(
            self._next_uid(), self._exec_id(), shares, spelled(order.limit_ticks, "plain")
        )
        self._trade(order, trade)
        self._close(order)
        self.say(report(order, self._exec_id(), exec_type, status=exec_type, at=self._at()))
        if n < 1_000:
            self._held.append(
                report(
                    order,
                    trade.exec_id,
                    "F",
                    at=self._at(),
                    more=((31, trade.price), (32, str(shares))),
                )
            )

    def _spelling(self) -> str:
        n = self._take("spelling")
        spellings = ("short", "padded", "half", "fine", "dot", "long")
        return "plain" if n is None else spellings[n % len(spellings)]

    def _known(self, name: str) -> VenueOrder | None:
        order = self.orders.get(name)
        return None if order is None or order.is_forgotten else order

    def _close_if_full(self, order: VenueOrder) -> None:
        if order.is_open and order.filled + order.gone >= order.size:
            self._close(order)

    def _close(self, order: VenueOrder) -> None:
        if order.is_open:
            order.is_open = False
            self._truth.closed(self.mic, order.name)

    def _release(self) -> None:
        """What was held back is sent after something else."""
        assert self.link is not None
        held, self._held = self._held, []
        for body in held:
            self.link.send(body)

    def release_held(self) -> None:
        """Send now what was held back."""
        self._release()

    def _exec_id(self) -> str:
        self._n_ids += 1
        return f"e{self._n_ids}"

    def _at(self) -> str:
        return time_text(self._now())

    def _take(self, twist: str) -> int | None:
        waiting = self._twists.get(twist)
        if not waiting:
            return None
        self._on_twist(twist)
        return waiting.pop(0)
