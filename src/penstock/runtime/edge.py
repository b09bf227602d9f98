"""The router's feed thread: market data from its sockets into the inbox."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Final

from penstock.domain import NS_PER_MS, ConfigError, reason_of
from penstock.runtime.clock import Clock
from penstock.runtime.config import FeedTable, split_address
from penstock.runtime.inbox import Fatal, Feed, Market
from penstock.runtime.ranked_inbox import Inbox
from penstock.wire.feed import FeedReceiver

_TICK_S: Final = 0.1
_TICK_NS: Final = 100 * NS_PER_MS
_DATAGRAM_BYTES: Final = 65_536  # larger than any: a foreign one must not be cut into a valid one
_BUFFER_BYTES: Final = 8 << 20  # asked for; the kernel gives what it allows
_MAX_ROWS_WAITING: Final = 200_000
_PAUSE_S: Final = 0.002
_MAX_BURST: Final = 256  # datagrams taken before the engine hears of them and others get a turn


class FeedSockets:
    """
    The two UDP sockets of the feed: updates come to the one, the other asks for snapshots.

    Raises:
        ConfigError: the port is in use, or an address is none.
    """

    def __init__(self, conf: FeedTable) -> None:
        self.updates = _udp_socket()
        self.snapshots = _udp_socket()
        try:
            self._ask_at = socket.getaddrinfo(
                *split_address(conf.snapshot), socket.AF_INET, socket.SOCK_DGRAM
            )[0][4]
            self.updates.bind(split_address(conf.listen))
        except OSError as error:
            self.close()
            raise ConfigError.one(
                where=f"feed.listen = {conf.listen!r}, feed.snapshot = {conf.snapshot!r}",
                expected="a free UDP port of this machine, and an address that can be found",
                found=reason_of(error),
                fix="stop the program that has the port, or choose another",
            ) from None

    def ask(self, request: bytes) -> None:
        """Send a request for a snapshot; a lost one is repeated by the receiver."""
        try:
            self.snapshots.sendto(request, self._ask_at)
        except OSError:
            return  # nobody there now; the receiver says what is stale

    def close(self) -> None:
        """Both."""
        self.updates.close()
        self.snapshots.close()


class Edge:
    """
    One thread that waits on the sockets of the feed, and never decides anything.

    When too many rows wait for the engine, datagrams are left in the socket. What the kernel then
    drops is a gap as any other: the venue's book is out of every price until a snapshot.

    Args:
        on_tick: called ten times a second, for whoever else needs to look after something.
    """

    def __init__(
        self,
        *,
        feed: FeedSockets,
        receiver: FeedReceiver,
        inbox: Inbox,
        clock: Clock,
        on_tick: Callable[[], None],
    ) -> None:
        self._feed, self._receiver = feed, receiver
        self._inbox, self._clock, self._on_tick = inbox, clock, on_tick
        self._selector = selectors.DefaultSelector()
        self._next_tick_ns = 0
        self._is_stopping = False
        self._starts_over = False
        self._thread = Thread(target=self._run, name="edge", daemon=True)
        for end in (feed.updates, feed.snapshots):
            self._selector.register(end, selectors.EVENT_READ, lambda end=end: self._receive(end))

    def start(self) -> None:
        """From here on items come."""
        self._thread.start()

    def start_over(self) -> None:
        """Have every book anew: the engine that is told from here on has none; from any thread."""
        self._starts_over = True

    def stop(self) -> None:
        """No item comes after this returns."""
        self._is_stopping = True
        if self._thread.is_alive():
            self._thread.join()
        self._selector.close()

    def counters(self) -> Mapping[str, int]:
        """What the feed has been through; from any thread."""
        return self._receiver.counters._asdict()

    def _run(self) -> None:
        try:
            while not self._is_stopping:
                self._once()
        except BaseException as error:  # noqa: BLE001 - the engine must hear of it, whatever it is
            self._inbox.put(Fatal("feed thread", error))

    def _once(self) -> None:
        if self._inbox.n_rows > _MAX_ROWS_WAITING:
            time.sleep(_PAUSE_S)
        else:
            for key, _ in self._selector.select(_TICK_S):
                key.data()
        now_ns = self._clock()
        if now_ns >= self._next_tick_ns:
            self._next_tick_ns = now_ns + _TICK_NS
            if self._starts_over:
                self._starts_over = False
                self._receiver.start_over(now_ns)
            self._receiver.tick(now_ns)
            self._on_tick()
        self._hand_over()

    def _receive(self, end: socket.socket) -> None:
        for _ in range(_MAX_BURST):
            try:
                datagram = end.recv(_DATAGRAM_BYTES)
            except BlockingIOError:
                return
            except OSError:
                return  # an earlier request found nobody; the receiver asks again
            self._receiver.receive(datagram, self._clock())

    def _hand_over(self) -> None:
        tape, events, requests = self._receiver.take()
        if len(tape):
            self._inbox.put(Market(tape))
        for event in events:
            self._inbox.put(Feed(event))
        for request in requests:
            self._feed.ask(request)


def _udp_socket() -> socket.socket:
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    end.setblocking(False)
    return end
