"""The orders of our clients: their chains of ClOrdIDs, and what was reported last."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from penstock.domain import (
    EPOCH_IDS,
    CancelParent,
    EpochStarted,
    Event,
    NewParent,
    ParentOrder,
    ParentState,
    ReplaceParent,
    ReportParent,
    Shares,
    Ticks,
)
from penstock.wire.fix.tags import MsgType


@dataclass(slots=True)
class OmsOrder:
    """
    One order of a client. `cl_ord_id` is the latest of its chain that was accepted.

    `cancel_id` is the client's cancel that has stopped the order and awaits its end, `replace_id`
    its replace that awaits the venues; empty if none. `has_expired`: its horizon has stopped it.
    `last` is the latest report; None until the first.
    """

    order: ParentOrder
    cl_ord_id: str
    cancel_id: str = ""
    replace_id: str = ""
    has_expired: bool = False
    last: ReportParent | None = None

    @property
    def is_working(self) -> bool:
        """True while a cancel could change anything."""
        return self.last is None or self.last.state is ParentState.WORKING

    @property
    def is_open(self) -> bool:
        """True until it has ended."""
        return self.last is None or not self.last.state.is_terminal


class Named(NamedTuple):
    """
    What a ClOrdID of a client stands for: a message of this type, about this order.

    Size and limit are those that a replace asked for.
    """

    msg_type: str
    order: OmsOrder
    size_shares: Shares | None = None
    limit_ticks: Ticks | None = None


class OmsBook:
    """
    Every order and every ClOrdID of the run.

    A ClOrdID is taken as soon as its request becomes an event, accepted or not, and for good;
    the name of a request that never became an event is free again. So the book can be rebuilt
    from the events alone.
    """

    def __init__(self) -> None:
        self._orders: dict[int, OmsOrder] = {}
        self._named: dict[tuple[str, str], Named] = {}
        self._open: dict[str, dict[int, OmsOrder]] = {}  # by client; derived from the others
        self._next_parent_id = 1

    @property
    def next_parent_id(self) -> int:
        """Number for the next order."""
        return self._next_parent_id

    def find(self, client: str, cl_ord_id: str) -> Named | None:
        """What the client means by a ClOrdID."""
        return self._named.get((client, cl_ord_id))

    def order(self, parent_id: int) -> OmsOrder | None:
        """An order by its number."""
        return self._orders.get(parent_id)

    def open_orders(self, client: str) -> list[OmsOrder]:
        """Orders of a client that have not ended, in the order of their numbers."""
        return [order for _, order in sorted(self._open.get(client, {}).items())]

    def enter(self, event: Event) -> None:
        """Take note of a request. A second time with the same event changes nothing."""
        match event:
            case NewParent(order=order):
                self._enter_order(order)
            case ReplaceParent():
                self._name(
                    event.parent_id,
                    event.client_order_id,
                    MsgType.ORDER_CANCEL_REPLACE_REQUEST,
                    event,
                )
            case CancelParent(parent_id=parent_id, client_order_id=name):
                self._name(parent_id, name, MsgType.ORDER_CANCEL_REQUEST)
            case EpochStarted(epoch=epoch):
                self._next_parent_id = max(self._next_parent_id, epoch * EPOCH_IDS + 1)
            case _:
                pass

    def note_report(self, order: OmsOrder, report: ReportParent) -> None:
        """Where the order stands from now on."""
        order.last = report
        open_orders = self._open.setdefault(order.order.client, {})
        if order.is_open:
            open_orders[order.order.parent_id] = order
        else:
            open_orders.pop(order.order.parent_id, None)

    def _enter_order(self, order: ParentOrder) -> None:
        self._next_parent_id = max(self._next_parent_id, order.parent_id + 1)
        if order.parent_id not in self._orders:
            entered = OmsOrder(order, order.client_order_id)
            self._orders[order.parent_id] = entered
            self._open.setdefault(order.client, {})[order.parent_id] = entered
            self._name(order.parent_id, order.client_order_id, MsgType.NEW_ORDER_SINGLE)

    def _name(
        self, parent_id: int, cl_ord_id: str, msg_type: str, terms: ReplaceParent | None = None
    ) -> None:
        order = self._orders.get(parent_id)
        if order is None or not cl_ord_id:
            return
        named = Named(msg_type, order)
        if terms is not None:
            named = Named(msg_type, order, terms.size_shares, terms.limit_ticks)
        self._named.setdefault((order.order.client, cl_ord_id), named)

    def state_hash(self) -> str:
        """Hash of everything that can influence a later answer."""
        facts = (
            self._next_parent_id,
            [
                (o.order, o.cl_ord_id, o.cancel_id, o.replace_id, o.has_expired, o.last)
                for o in self._orders.values()
            ],
            [
                (*key, n.msg_type, n.order.order.parent_id, n.size_shares, n.limit_ticks)
                for key, n in self._named.items()
            ],
        )
        return hashlib.sha256(msgspec.msgpack.encode(facts)).hexdigest()
