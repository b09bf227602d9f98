"""The simulated venues as a process: FIX order entry, a UDP feed, one loop on the main thread."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import Final

import numpy as np

from penstock.domain import ConfigError, reason_of, stream
from penstock.runtime.clock import AnchoredClock, Clock
from penstock.runtime.config import split_address
from penstock.runtime.exchange import Exchange
from penstock.runtime.lines_log import LinesLog
from penstock.runtime.stop_signals import StopSignals
from penstock.runtime.venues_config import VenuesConf, scenario_of
from penstock.wire.fix import Incoming, Outgoing
from penstock.wire.sessions import FixAcceptor, SessionSetup, resends_reports

EXIT_FATAL: Final = 3
SWITCH_INTERVAL_S: Final = 1e-4
REQUEST_BYTES: Final = 2_048
FILLS_LOG: Final = "fills.jsonl"

Inbox = SimpleQueue[Incoming | str | None]
"""Messages of routers, lines to say, and None to stop."""


class Sink:
    """Takes what the FIX thread says into the queue."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.fatal = ""

    def on_message(self, incoming: Incoming) -> None:
        """A message of a router."""
        self._inbox.put(incoming)

    def on_logon(self, counterparty: str, our_comp_id: str, *, was_reset: bool) -> None:
        """A router is there."""
        how = ", numbers start again at 1" if was_reset else ""
        self._inbox.put(f"{our_comp_id}: {counterparty} logged on{how}")

    def on_logout(self, counterparty: str, reason: str, our_comp_id: str) -> None:
        """A router is gone; its orders go on working."""
        self._inbox.put(f"{our_comp_id}: {counterparty} logged out: {reason}")

    def on_reject_sent(
        self, counterparty: str, our_comp_id: str, ref_seq_num: int, ref_msg_type: str, text: str
    ) -> None:
        """An order or a cancel cannot be read."""
        number = f"message {ref_seq_num} ({ref_msg_type})"
        self._inbox.put(f"{our_comp_id}: {number} of {counterparty} rejected: {text}")

    def on_stuck(self, counterparty: str, our_comp_id: str, text: str) -> None:
        """A router's session cannot go on."""
        self._inbox.put(f"{our_comp_id}: the session of {counterparty} is stuck: {text}")

    def on_fatal(self, where: str, error: Exception) -> None:
        """Nothing can be trusted any more."""
        self.fatal = f"{where}: {error!r}"
        self._inbox.put(None)


class FeedSender:
    """Datagrams out, requests for snapshots in; some datagrams may be lost on purpose."""

    def __init__(self, conf: VenuesConf) -> None:
        self._subscribers = [split_address(address) for address in conf.feed.subscribers]
        self._drop_frac = conf.faults.drop_feed_frac
        self._luck: np.random.Generator = stream(conf.venues.seed, "faults/feed")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.bind(split_address(conf.feed.snapshot))
        except OSError as error:
            self._socket.close()
            raise ConfigError.one(
                where="feed.snapshot",
                expected=f"a free UDP port at {conf.feed.snapshot}",
                found=reason_of(error),
                fix="stop the program that uses it, or configure another",
            ) from None

    def publish(self, datagrams: list[bytes]) -> None:
        """To every subscriber; what the network does not take is lost, as market data is."""
        for datagram in datagrams:
            if self._drop_frac and self._luck.random() < self._drop_frac:
                continue
            for subscriber in self._subscribers:
                self._send(datagram, subscriber)

    def answer(self, snapshot: Callable[[bytes], list[bytes]]) -> None:
        """Answer every request that has come."""
        while True:
            try:
                request, asker = self._socket.recvfrom(REQUEST_BYTES)
            except (BlockingIOError, ConnectionError):
                return
            for datagram in snapshot(request):
                self._send(datagram, asker)

    def close(self) -> None:
        """No more datagrams."""
        self._socket.close()

    def _send(self, datagram: bytes, address: tuple[str, int]) -> None:
        try:
            self._socket.sendto(datagram, address)
        except OSError:
            return  # nobody listens yet, or a buffer is full: the receiver will notice the gap


class VenueWire:
    """The exchange's way out: FIX sessions and the feed."""

    def __init__(self, acceptor: FixAcceptor, feed: FeedSender) -> None:
        self._acceptor = acceptor
        self._feed = feed

    def send(self, mic: str, outgoing: Outgoing) -> None:
        """A FIX message of a venue; kept for the router if it is away."""
        self._acceptor.send(outgoing, mic)

    def publish(self, datagrams: list[bytes]) -> None:
        """Market data."""
        self._feed.publish(datagrams)


def run_venues(conf: VenuesConf, *, say: Callable[[str], None], file: str) -> int:
    """
    Run the market until its session is over, or SIGTERM; returns the exit status.

    Args:
        file: name of the configuration for the messages; nothing is opened.
    Raises:
        ConfigError: before anything has been opened.
    """
    scenario = scenario_of(conf, file=file)
    inbox: Inbox = SimpleQueue()
    sink = Sink(inbox)
    clock = AnchoredClock()
    with ExitStack() as stack:
        feed = FeedSender(conf)
        stack.callback(feed.close)
        log = LinesLog(conf.run_dir / FILLS_LOG)
        stack.callback(log.close)
        acceptor = _acceptor(conf, [venue.mic for venue in scenario.venues], sink, clock)
        say("opening the market (the first run compiles for a minute)")
        exchange = Exchange(scenario, conf, log, VenueWire(acceptor, feed), clock())
        exchange.tick(clock())  # compiled before anybody waits for it
        before_s = sys.getswitchinterval()
        stack.callback(sys.setswitchinterval, before_s)
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        acceptor.start()
        stack.callback(acceptor.stop)
        say(f"venues up at {conf.venues.fix}: {', '.join(exchange.mics)}")
        with StopSignals(lambda _name: inbox.put(None)):
            _loop(exchange, feed, inbox, clock, conf.venues.tick_s, say)
        exchange.close()
        say(f"closed after {exchange.elapsed_s():,.0f} s of the market: "
            f"{exchange.n_orders:,} orders, {exchange.n_fills:,} fills")  # fmt: skip
    if sink.fatal:
        say(f"fatal: {sink.fatal}")
        return EXIT_FATAL
    return 0


def _loop(
    exchange: Exchange,
    feed: FeedSender,
    inbox: Inbox,
    clock: Clock,
    tick_s: float,
    say: Callable[[str], None],
) -> None:
    while not exchange.is_over:
        feed.answer(exchange.snapshot)
        try:
            item = inbox.get(timeout=tick_s)
        except Empty:
            exchange.tick(clock())
            continue
        if item is None:
            return
        if isinstance(item, str):
            say(item)
        else:
            exchange.take(item, clock())
    say("the scenario's session is over")


def _acceptor(conf: VenuesConf, mics: list[str], sink: Sink, clock: Clock) -> FixAcceptor:
    host, port = split_address(conf.venues.fix)
    refused = conf.faults.reject_logon

    def refuse(our_comp_id: str, _their_comp_id: str) -> str:
        return "this venue takes no orders today" if our_comp_id in refused else ""

    return FixAcceptor(
        SessionSetup(
            sink=sink,
            clock_ns=clock,
            store_dir=conf.run_dir / "sessions",
            may_resend=resends_reports,
        ),
        sessions=[(mic, router) for mic in mics for router in conf.venues.routers],
        host=host,
        port=port,
        refuse_logon=refuse,
    )
