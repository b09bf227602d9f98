"""Messages of clients that wait for the engine thread: ranked, fair between clients, bounded."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from penstock.domain import NS_PER_S, Ns
from penstock.wire.fix import Incoming, MsgType

MASS_CANCEL: Final = "q"
MASS_STATUS: Final = "AF"
_CL_ORD_ID: Final = 11
_ORIG_CL_ORD_ID: Final = 41
_SYMBOL: Final = 55
_SIDE: Final = 54
_CANCELS: Final = frozenset({MsgType.ORDER_CANCEL_REQUEST, MASS_CANCEL})

CANCELLED_WAITING: Final = "cancelled before it was worked"
LOGGED_OUT_WAITING: Final = "the session ended before the order was worked; send it again"


class Bounds(NamedTuple):
    """
    Limits of what may wait.

    orders, orders_per_client: new orders, of all clients and of one.
    requests_per_client: replaces, status requests and all else but cancels; every ten times as
        many messages of one client, of any sort but cancels, are not even answered.
    wait_ns: the longest wait after which an order is still worked.
    """

    orders: int = 500
    orders_per_client: int = 250
    requests_per_client: int = 1_000
    wait_ns: Ns = Ns(NS_PER_S)

    @property
    def messages_per_client(self) -> int:
        """The number of waiting messages of one client beyond which its next ones are dropped."""
        return 10 * (self.orders_per_client + self.requests_per_client)


DEFAULT_BOUNDS: Final = Bounds()


class Taken(NamedTuple):
    """A message whose turn it is. `refusal`: the reason why it is answered with a reject."""

    incoming: Incoming
    refusal: str = ""


@dataclass(slots=True, eq=False)
class _Entry:
    """
    A waiting message, and the later messages of its client that are about it.

    `behind`: the entry that it follows. `is_moved`: another entry stands for it in a higher lane.
    `is_counted`: it takes room among what may wait.
    """

    incoming: Incoming
    refusal: str = ""
    is_moved: bool = False
    is_counted: bool = False
    behind: _Entry | None = None
    followers: list[_Entry] = field(default_factory=list)

    @property
    def is_order(self) -> bool:
        """True for a new order."""
        return self.incoming.msg_type == MsgType.NEW_ORDER_SINGLE

    @property
    def client(self) -> str:
        """The client that sent it."""
        return self.incoming.counterparty


class _Lane:
    """Entries of one rank: in order for each client, in turn between clients."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[_Entry]] = {}

    def put(self, entry: _Entry) -> None:
        """Behind all that its client has in this lane."""
        client = entry.incoming.counterparty
        own = self._waiting.get(client)
        if own is None:
            own = self._waiting[client] = deque()
        own.append(entry)

    def take(self) -> _Entry | None:
        """The first entry of the client whose turn it is."""
        while self._waiting:
            client = next(iter(self._waiting))
            own = self._waiting.pop(client)
            entry = own.popleft()
            if own:
                self._waiting[client] = own  # to the end: the next client's turn
            if not entry.is_moved:
                return entry
        return None

    def of(self, client: str) -> list[_Entry]:
        """What a client has here, in order."""
        return [entry for entry in self._waiting.get(client, ()) if not entry.is_moved]


class ClientQueue:
    """
    Hands out clients' messages: cancels first, then replaces, then refusals, status requests and
    the rest, then new orders. One thread.

    Promises:
        a message never overtakes one of its own session that it refers to: a replace or a status
            request of an order that waits comes right after that order; a cancel of it comes right
            after the order's reject, because an order that its client takes back is not worked;
        a cancel is never refused here;
        no more orders wait than `bounds` allow: the next ones are refused, as are those that have
            waited for longer than `bounds.wait_ns`.

    Cost: O(1) for each message; O(orders of the client) for a mass cancel or a mass status request.
    """

    def __init__(self, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        self.bounds = bounds
        self.n_orders = 0
        self.n_waiting = 0
        self.n_dropped = 0  # messages that were not even answered
        self._cancels, self._replaces = _Lane(), _Lane()
        self._refusals, self._requests, self._orders = _Lane(), _Lane(), _Lane()
        self._next: deque[_Entry] = deque()  # followers of the entry that was taken last
        self._named: dict[tuple[str, str], _Entry] = {}  # waiting orders and replaces, by ClOrdID
        self._n_orders_of: Counter[str] = Counter()
        self._n_requests_of: Counter[str] = Counter()
        self._n_of: Counter[str] = Counter()

    def put(self, incoming: Incoming) -> bool:
        """Take a message in; False if it was dropped, because its client has sent far too many."""
        entry = _Entry(incoming)
        is_cancel = incoming.msg_type in _CANCELS
        if not is_cancel and self._n_of[entry.client] >= self.bounds.messages_per_client:
            self.n_dropped += 1
            return False
        self.n_waiting += 1
        self._n_of[entry.client] += 1
        if is_cancel:
            self._put_cancel(entry)
        elif entry.is_order:
            self._put_order(entry)
        else:
            self._put_request(entry)
        return True

    def take_urgent(self) -> Taken | None:
        """The next cancel or replace, or what has to follow the message that was taken last."""
        if self._next:
            return self._out(self._next.popleft())
        return self._out(self._cancels.take() or self._replaces.take())

    def take_refused(self) -> Taken | None:
        """The next message that came when too many were waiting."""
        return self._out(self._refusals.take())

    def take(self, now_ns: Ns) -> Taken | None:
        """The next request for a status and the like; if there is none, the next order."""
        entry = self._requests.take()
        if entry is not None:
            return self._out(entry)
        entry = self._orders.take()
        if entry is not None and now_ns - entry.incoming.recv_ns > self.bounds.wait_ns:
            waited_s = (now_ns - entry.incoming.recv_ns) / NS_PER_S
            _refuse(
                entry,
                f"the router is overloaded: the order waited {waited_s:.1f} s, allowed "
                f"{self.bounds.wait_ns / NS_PER_S:g} s; send again later",
            )
        return self._out(entry)

    def n_waiting_of(self, client: str) -> int:
        """Messages of a client that wait."""
        return self._n_of[client]

    def refuse_orders(self, client: str, reason: str) -> None:
        """Work none of the orders of a client that wait now."""
        for entry in self._orders.of(client):
            self._move(entry, reason)

    def _put_order(self, entry: _Entry) -> None:
        bounds, n_own = self.bounds, self._n_orders_of[entry.client]
        if n_own >= bounds.orders_per_client or self.n_orders >= bounds.orders:
            n, allowed = self.n_orders, bounds.orders
            if n < allowed:
                n, allowed = n_own, bounds.orders_per_client
            text = f"the router is overloaded: {n} orders wait, allowed {allowed}; send again later"
            entry.refusal = text
            self._refusals.put(entry)
            return
        entry.is_counted = True
        self.n_orders += 1
        self._n_orders_of[entry.client] += 1
        same = self._named.setdefault(_name(entry), entry)
        if same is entry:
            self._orders.put(entry)
        else:
            _follow(same, entry)

    def _put_cancel(self, entry: _Entry) -> None:
        if entry.incoming.msg_type == MASS_CANCEL:
            for order in self._orders.of(entry.client):
                if _is_meant(entry, order, _SYMBOL) and _is_meant(entry, order, _SIDE):
                    self._move(order, CANCELLED_WAITING)
        else:
            meant = self._named.get(_name(entry, _ORIG_CL_ORD_ID))
            if meant is not None:
                first = meant.behind or meant
                self._move(first, CANCELLED_WAITING if first.is_order else "")
        self._cancels.put(entry)

    def _put_request(self, entry: _Entry) -> None:
        allowed = self.bounds.requests_per_client
        if self._n_requests_of[entry.client] >= allowed:
            entry.refusal = (
                f"the router is overloaded: {allowed} requests of this client wait, allowed "
                f"{allowed}; send again later"
            )
            self._refusals.put(entry)
            return
        entry.is_counted = True
        self._n_requests_of[entry.client] += 1
        is_replace = entry.incoming.msg_type == MsgType.ORDER_CANCEL_REPLACE_REQUEST
        meant = self._named.get(_name(entry, _ORIG_CL_ORD_ID if is_replace else _CL_ORD_ID))
        if entry.incoming.msg_type == MASS_STATUS:
            meant = next(reversed(self._orders.of(entry.client)), None)
        if meant is not None:
            _follow(meant, entry)
        else:
            (self._replaces if is_replace else self._requests).put(entry)
        if is_replace:
            self._named.setdefault(_name(entry), entry)

    def _move(self, entry: _Entry, refusal: str) -> None:
        """Have a message dealt with among the cancels, before those that come from here on."""
        if entry.is_moved or entry.refusal:
            return
        moved = _Entry(entry.incoming, followers=entry.followers, is_counted=entry.is_counted)
        entry.is_moved = True
        for follower in moved.followers:
            follower.behind = moved
        if self._named.get(_name(entry)) is entry:
            self._named[_name(entry)] = moved
        if refusal:
            _refuse(moved, refusal)
        self._cancels.put(moved)

    def _out(self, entry: _Entry | None) -> Taken | None:
        """The entry leaves; what follows it comes next."""
        if entry is None:
            return None
        self._next.extend(entry.followers)
        for gone in (entry, *entry.followers):  # followers are out of every lane: none moves again
            if self._named.get(_name(gone)) is gone:
                del self._named[_name(gone)]
        self.n_waiting -= 1
        _count_down(self._n_of, entry.client)
        if entry.is_counted and entry.is_order:
            self.n_orders -= 1
            _count_down(self._n_orders_of, entry.client)
        elif entry.is_counted:
            _count_down(self._n_requests_of, entry.client)
        return Taken(entry.incoming, entry.refusal)


def _follow(meant: _Entry, entry: _Entry) -> None:
    """Have an entry come right after another, or after the one that this one follows."""
    first = meant.behind or meant
    entry.behind = first
    entry.refusal = first.refusal if entry.is_order else ""
    first.followers.append(entry)


def _refuse(entry: _Entry, refusal: str) -> None:
    """Refuse an order, and with it every repetition of it that follows."""
    entry.refusal = refusal
    for follower in entry.followers:
        if follower.is_order:
            follower.refusal = refusal


def _name(entry: _Entry, tag: int = _CL_ORD_ID) -> tuple[str, str]:
    return entry.client, entry.incoming.fields.get(tag, "")


def _is_meant(cancel: _Entry, order: _Entry, tag: int) -> bool:
    wanted = cancel.incoming.fields.get(tag)
    return wanted is None or wanted == order.incoming.fields.get(tag)


def _count_down(counter: Counter[str], client: str) -> None:
    counter[client] -= 1
    if counter[client] <= 0:
        del counter[client]
