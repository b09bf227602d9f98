"""The orders of our clients: their chains of ClOrdIDs, and what was reported last."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from sys import intern
from typing import Final, NamedTuple

import msgspec

from penstock.domain import (
    EPOCH_IDS,
    CancelParent,
    EpochStarted,
    Event,
    NewParent,
    OrderCarried,
    Packer,
    ParentOrder,
    ParentState,
    ReplaceParent,
    ReportParent,
    Shares,
    Shelf,
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


_Name = tuple[str, int, Shares | None, Ticks | None]
"""The same, with the order's number in the place of the order."""

N_KEPT: Final = 1_000
_ORDERS: Final = Packer(OmsOrder)


class OmsBook:
    """
    Every order and every ClOrdID of the run.

    A ClOrdID is taken as soon as its request becomes an event, accepted or not, and for good;
    the name of a request that never became an event is free again. So the book can be rebuilt
    from the events alone.
    """

    def __init__(self) -> None:
        self._orders = Shelf(_ORDERS, N_KEPT)
        self._named: dict[tuple[str, str], _Name] = {}
        self._open: dict[str, dict[int, OmsOrder]] = {}  # by client; derived from the others
        self._next_parent_id = 1

    @property
    def next_parent_id(self) -> int:
        """Number for the next order."""
        return self._next_parent_id

    def find(self, client: str, cl_ord_id: str) -> Named | None:
        """What the client means by a ClOrdID."""
        name = self._named.get((client, cl_ord_id))
        if name is None:
            return None
        msg_type, parent_id, size_shares, limit_ticks = name
        order = self._orders.find(parent_id)
        assert order is not None, f"{cl_ord_id} names order {parent_id}, which was never entered"
        return Named(msg_type, order, size_shares, limit_ticks)

    def order(self, parent_id: int) -> OmsOrder | None:
        """An order by its number."""
        return self._orders.find(parent_id)

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
            case OrderCarried(parent_id=parent_id, names=packed):
                self._carry(parent_id, packed)
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
            self._orders.use(order.order.parent_id)
        else:
            open_orders.pop(order.order.parent_id, None)
            self._orders.rest(order.order.parent_id)

    def _enter_order(self, order: ParentOrder) -> None:
        self._next_parent_id = max(self._next_parent_id, order.parent_id + 1)
        if self._orders.find(order.parent_id) is None:
            entered = OmsOrder(order, order.client_order_id)
            self._orders.put(order.parent_id, entered)
            self._open.setdefault(order.client, {})[order.parent_id] = entered
            self._name(order.parent_id, order.client_order_id, MsgType.NEW_ORDER_SINGLE)

    def _name(
        self, parent_id: int, cl_ord_id: str, msg_type: str, terms: ReplaceParent | None = None
    ) -> None:
        order = self._orders.find(parent_id)
        if order is None or not cl_ord_id:
            return
        # Few objects for the many that are kept all day: a client's name once, a message type once.
        key = (intern(order.order.client), cl_ord_id)
        asked = (None, None) if terms is None else (terms.size_shares, terms.limit_ticks)
        self._named.setdefault(key, (intern(str(msg_type)), parent_id, *asked))

    def packed(self) -> dict[int, bytes]:
        """Every order with its names, by number, for an `OrderCarried`."""
        names: dict[int, list[tuple[str, _Name]]] = {}
        for (_, cl_ord_id), name in self._named.items():
            names.setdefault(name[1], []).append((cl_ord_id, name))
        return {
            number: msgspec.msgpack.encode((_ORDERS.pack(order), names.get(number, [])))
            for number, order in self._orders.entries()
        }

    def _carry(self, parent_id: int, packed: bytes) -> None:
        data, names = msgspec.msgpack.decode(packed, type=tuple[bytes, list[tuple[str, _Name]]])
        order = _ORDERS.unpack(data)
        self._orders.put(parent_id, order)
        if order.is_open:
            self._open.setdefault(order.order.client, {})[parent_id] = order
        else:
            self._orders.rest(parent_id)
        self._next_parent_id = max(self._next_parent_id, parent_id + 1)
        for cl_ord_id, name in names:
            self._named[(intern(order.order.client), cl_ord_id)] = name

    def __setstate__(self, state: dict[str, object]) -> None:
        """The open orders are those of the shelf, not copies of them."""
        vars(self).update(state)
        self._open = {}
        for parent_id, order in self._orders.entries():
            if order.is_open:
                self._open.setdefault(order.order.client, {})[parent_id] = order

    def state_hash(self) -> str:
        """Hash of everything that can influence a later answer."""
        facts = (
            self._next_parent_id,
            [
                (o.order, o.cl_ord_id, o.cancel_id, o.replace_id, o.has_expired, o.last)
                for _, o in self._orders.entries()
            ],
            [(*key, *name) for key, name in self._named.items()],
        )
        return hashlib.sha256(msgspec.msgpack.encode(facts)).hexdigest()
