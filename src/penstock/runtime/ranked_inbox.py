"""The engine thread's inbox: control first, then venues, then clients; bounded."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final

import numpy as np

from penstock.domain import Ns
from penstock.runtime.client_queue import (
    DEFAULT_BOUNDS,
    LOGGED_OUT_WAITING,
    Bounds,
    ClientQueue,
    Taken,
)
from penstock.runtime.control import Do
from penstock.runtime.inbox import (
    Asked,
    Fatal,
    Feed,
    Item,
    LoggedOn,
    LoggedOut,
    Market,
    Message,
    Notice,
    Refused,
    Side,
    Stop,
    Stuck,
    Unread,
)
from penstock.runtime.parts import session_name
from penstock.wire.fix import Incoming

_MAX_ROWS: Final = 20_000  # of the tape in one piece: some milliseconds of work
_MAX_SORTED: Final = 2_000  # items put into their lanes before control is looked at again
_REFUSED_IN_A_ROW: Final = 8  # rejects, which are cheap, before an order gets a turn
_QUESTIONS: Final = frozenset({Do.STATUS, Do.ORDERS, Do.LIMITS, Do.KILL_PROGRESS})


class Inbox:
    """
    Items from any thread, handed to the engine thread by rank, not by time.

    The ranks: control that acts; fatal errors and stop; questions of operators; messages of venues
    and session events; clients' cancels; replaces; status requests; new orders. Market data comes
    by `take_market`, in as few pieces as possible: apply it before each item, so that a decision
    has every row that came before it.

    `put` may be called by any thread and any signal handler; all else by the engine thread alone.

    Args:
        on_message: called with the session and the message, in the order in which each session
            delivered them, before any of them is handed out.
        cancels_on_disconnect: clients whose waiting orders are refused when their session ends.
    """

    def __init__(
        self,
        bounds: Bounds = DEFAULT_BOUNDS,
        *,
        on_message: Callable[[str, Incoming], None] = lambda _session, _incoming: None,
        cancels_on_disconnect: frozenset[str] = frozenset(),
    ) -> None:
        self._first: SimpleQueue[Asked | Fatal | Stop] = SimpleQueue()
        self._arrivals: SimpleQueue[Item | None] = SimpleQueue()  # None: look into `_first`
        self._on_message = on_message
        self._control: deque[Item] = deque()
        self._ends: deque[Item] = deque()
        self._questions: deque[Item] = deque()
        self._venues: deque[Item] = deque()
        self._market: deque[Market | Feed] = deque()
        self._clients = ClientQueue(bounds)
        self._n_of_venue: Counter[str] = Counter()
        self._cancels_on_disconnect = cancels_on_disconnect
        self._n_refused = 0
        self._n_rows_in = 0  # written by the thread that puts market data, and by no other
        self._n_rows_out = 0  # written by the engine thread
        self._sort: dict[type, Callable[[Any], None]] = {
            Market: self._sort_market,
            Feed: self._market.append,
            Message: self._sort_message,
            LoggedOn: self._venues.append,
            LoggedOut: self._sort_logout,
            Notice: self._venues.append,
            Unread: self._venues.append,
            Stuck: self._venues.append,
        }

    def put(self, item: Item) -> None:
        """Add an item; any thread and any signal handler may."""
        if isinstance(item, Asked | Fatal | Stop):
            self._first.put(item)
            self._arrivals.put(None)
        else:
            if isinstance(item, Market):
                self._n_rows_in += len(item.tape)
            self._arrivals.put(item)

    def take_first(self) -> Item | None:
        """What may not wait for anything: control, fatal errors, stop, questions of operators."""
        if not self._first.empty():
            self._sort_first()
        for lane in (self._control, self._ends, self._questions):
            if lane:
                return lane.popleft()
        return None

    def take_market(self) -> list[Market | Feed]:
        """Market data that has come, in order; neighbouring rows in one piece, bounded."""
        self._sort_arrivals()
        taken: list[Market | Feed] = []
        n_rows = 0
        while self._market and n_rows < _MAX_ROWS:
            rows: list[Any] = []
            while self._market and n_rows < _MAX_ROWS and isinstance(self._market[0], Market):
                rows.append(self._market.popleft().tape)  # type: ignore[union-attr]
                n_rows += len(rows[-1])
            if rows:
                taken.append(Market(rows[0] if len(rows) == 1 else np.concatenate(rows)))
            elif self._market:
                taken.append(self._market.popleft())
        self._n_rows_out += n_rows
        return taken

    def take_urgent(self) -> Item | None:
        """The next venue's message, session event, cancel or replace."""
        if self._venues:
            item = self._venues.popleft()
            if isinstance(item, Message):
                self._n_of_venue[item.incoming.counterparty] -= 1
            return item
        return _client_item(self._clients.take_urgent())

    def take_rest(self, now_ns: Ns) -> Item | None:
        """The next reject of what was too much, status request or new order."""
        if self._n_refused < _REFUSED_IN_A_ROW:
            refused = self._clients.take_refused()
            if refused is not None:
                self._n_refused += 1
                return _client_item(refused)
        self._n_refused = 0
        return _client_item(self._clients.take(now_ns) or self._clients.take_refused())

    def wait(self, timeout_s: float) -> None:
        """Return when something has come, or after `timeout_s`."""
        if len(self) == 0:
            with suppress(Empty):
                item = self._arrivals.get(timeout=timeout_s)
                if item is not None:
                    self._sort[type(item)](item)

    def has_waiting(self, side: Side, counterparty: str) -> bool:
        """Whether a message of this session waits to be dealt with."""
        self._sort_arrivals()
        if side is Side.VENUE:
            return self._n_of_venue[counterparty] > 0
        return self._clients.n_waiting_of(counterparty) > 0

    def __len__(self) -> int:
        """Items that wait; another thread may ask, and gets about the right number."""
        lanes = (self._control, self._ends, self._questions, self._venues, self._market)
        return (
            self._arrivals.qsize()
            + self._first.qsize()
            + sum(len(lane) for lane in lanes)
            + self._clients.n_waiting
        )

    @property
    def n_rows(self) -> int:
        """Rows of the tape that wait; any thread may ask."""
        return self._n_rows_in - self._n_rows_out

    @property
    def n_orders(self) -> int:
        """New orders that wait."""
        return self._clients.n_orders

    @property
    def n_dropped(self) -> int:
        """Clients' messages that were not even answered, because far too many came."""
        return self._clients.n_dropped

    def _sort_first(self) -> None:
        while True:
            try:
                item = self._first.get_nowait()
            except Empty:
                return
            if not isinstance(item, Asked):
                self._ends.append(item)
            elif item.request.do in _QUESTIONS:
                self._questions.append(item)
            else:
                self._control.append(item)

    def _sort_arrivals(self) -> None:
        """Put what has come into its lane, a bounded number: the rest has its turn after a step."""
        for _ in range(_MAX_SORTED):
            try:
                item = self._arrivals.get_nowait()
            except Empty:
                return
            if item is not None:
                self._sort[type(item)](item)

    def _sort_market(self, item: Market) -> None:
        self._market.append(item)

    def _sort_message(self, item: Message) -> None:
        incoming = item.incoming
        self._on_message(session_name(item.side, incoming.counterparty), incoming)
        if item.side is Side.VENUE:
            self._n_of_venue[incoming.counterparty] += 1
            self._venues.append(item)
        elif not self._clients.put(incoming):
            self._venues.append(Refused(incoming, ""))

    def _sort_logout(self, item: LoggedOut) -> None:
        if item.side is Side.OMS and item.counterparty in self._cancels_on_disconnect:
            self._clients.refuse_orders(item.counterparty, LOGGED_OUT_WAITING)
        self._venues.append(item)


def _client_item(taken: Taken | None) -> Item | None:
    if taken is None:
        return None
    if taken.refusal:
        return Refused(taken.incoming, taken.refusal)
    return Message(Side.OMS, taken.incoming)
