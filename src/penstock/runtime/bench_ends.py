"""The two ends of `penstock bench fix`: venues that fill at once, and a client that waits."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from penstock.domain import (
    TICKS_PER_USD,
    ChildFill,
    ChildOrder,
    ConfigError,
    Liquidity,
    Ns,
    ParentState,
    SendChild,
    TapeArray,
    TapeKind,
    Universe,
    UsdMicros,
    empty_tape,
)
from penstock.runtime.clock import AnchoredClock, in_base_36
from penstock.runtime.config import RouterConf
from penstock.runtime.venues import FeedSender
from penstock.runtime.venues_config import VenuesConf
from penstock.wire.feed import FeedPublisher
from penstock.wire.fix import (
    ClientReportKind,
    ExchangeDesk,
    FixMessage,
    Incoming,
    Outgoing,
    read_report,
)
from penstock.wire.sessions import (
    Endpoint,
    FixAcceptor,
    FixInitiator,
    SessionSetup,
    resends_reports,
)

CLIENT: Final = "BENCH"
ROUTER: Final = "PENSTOCK"
RELAY: Final = "RELAY"
BID_TICKS: Final = 1_000_000
QUOTED_SHARES: Final = 100_000
WAIT_S: Final = 20.0
HEARTBEAT_S: Final = 0.05


class Samples(NamedTuple):
    """Durations of one path, ns."""

    order_to_child: list[int]
    round_trip: list[int]


class ScriptedVenues:
    """Venues that quote the same for ever and fill every order whole, at once."""

    def __init__(self, conf: RouterConf, port: int, folder: Path, clock: AnchoredClock) -> None:
        self._clock = clock
        self._universe = conf.universe()
        self._desk = ExchangeDesk(self._universe)
        self._n_fills = 0
        self.arrivals: queue.SimpleQueue[Ns] = queue.SimpleQueue()
        self.fatal = ""
        mics = [venue.mic for venue in conf.venues]
        setup = SessionSetup(
            sink=self, clock_ns=clock, store_dir=folder, may_resend=resends_reports
        )
        self._acceptor = FixAcceptor(
            setup,
            sessions=[*((mic, ROUTER) for mic in mics), (mics[0], RELAY)],
            host="127.0.0.1",
            port=port,
        )
        self._run = in_base_36(clock() // 1_000_000)
        self.start, self.stop = self._acceptor.start, self._acceptor.stop

    def on_message(self, incoming: Incoming) -> None:
        """Note when an order came, and fill it."""
        answer = self._desk.on_message(incoming.our_comp_id, incoming)
        if incoming.msg_type == "D" and answer.commands:
            self.arrivals.put(incoming.recv_ns)
        for reply in answer.replies:
            self._acceptor.send(reply, incoming.our_comp_id)
        for command in answer.commands:
            if isinstance(command, SendChild):
                self._fill(command.order)

    def on_logon(self, counterparty: str, our_comp_id: str, *, was_reset: bool) -> None:
        """Nothing to do."""

    def on_logout(self, counterparty: str, reason: str, our_comp_id: str) -> None:
        """Nothing to do."""

    def on_reject_sent(
        self, counterparty: str, our_comp_id: str, ref_seq_num: int, ref_msg_type: str, text: str
    ) -> None:
        """The next wait runs out."""

    def on_stuck(self, counterparty: str, our_comp_id: str, text: str) -> None:
        """The next wait runs out."""

    def on_fatal(self, where: str, error: Exception) -> None:
        """Remember why nothing works."""
        self.fatal = f"{where}: {error!r}"

    def _fill(self, order: ChildOrder) -> None:
        self._n_fills += 1
        now_ns = self._clock()
        fill = ChildFill(
            seq=0,
            event_ns=now_ns,
            recv_ns=now_ns,
            child_id=order.child_id,
            venue_idx=order.venue_idx,
            exec_id=f"{self._run}-{self._n_fills}",
            price_ticks=order.limit_ticks,
            size_shares=order.size_shares,
            liquidity=Liquidity.TAKE,
            fee_usd_micros=UsdMicros(0),
        )
        reply = self._desk.on_event(fill, now_ns)
        self._acceptor.send(Outgoing(reply.counterparty, reply.message), reply.mic)


class Quotes:
    """The venues' feed: the same quotes for ever, heartbeats, snapshots; a thread of its own."""

    def __init__(self, universe: Universe, conf: VenuesConf, clock: AnchoredClock) -> None:
        self._sender = FeedSender(conf)
        self._publisher = FeedPublisher(universe, started_ns=clock())
        rows = _quotes(len(universe.venues), len(universe.instruments), clock())
        self._publisher.publish(rows, 0, len(rows))
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="quotes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more quotes."""
        self._is_over.set()
        self._thread.join()
        self._sender.close()

    def _serve(self) -> None:
        while not self._is_over.wait(HEARTBEAT_S):
            self._sender.publish(self._publisher.heartbeat())
            self._sender.answer(self._publisher.snapshot)


class Client:
    """One client with two sessions: to the bare relay, and to the router."""

    def __init__(self, relay_port: int, oms_port: int, folder: Path, clock: AnchoredClock) -> None:
        self._fills: queue.SimpleQueue[Ns] = queue.SimpleQueue()
        self._clock = clock
        self._logged_on: set[str] = set()
        self._session = FixInitiator(
            SessionSetup(sink=self, clock_ns=clock, store_dir=folder, may_resend=resends_reports),
            our_comp_id=CLIENT,
            endpoints=[
                Endpoint(RELAY, "127.0.0.1", relay_port),
                Endpoint(ROUTER, "127.0.0.1", oms_port),
            ],
        )
        self.start, self.stop = self._session.start, self._session.stop

    @property
    def is_logged_on(self) -> bool:
        """Both sessions are up."""
        return len(self._logged_on) == 2

    def on_message(self, incoming: Incoming) -> None:
        """Note when the fill of an order came back."""
        report = read_report(incoming)
        if report is None or report.kind is not ClientReportKind.FILL:
            return
        if report.state is ParentState.FILLED:
            self._fills.put(incoming.recv_ns)

    def on_logon(self, counterparty: str, our_comp_id: str, *, was_reset: bool) -> None:  # noqa: ARG002
        """One more session."""
        self._logged_on.add(counterparty)

    def on_logout(self, counterparty: str, reason: str, our_comp_id: str) -> None:  # noqa: ARG002
        """One less."""
        self._logged_on.discard(counterparty)

    def on_reject_sent(
        self, counterparty: str, our_comp_id: str, ref_seq_num: int, ref_msg_type: str, text: str
    ) -> None:
        """The next wait runs out."""

    def on_stuck(self, counterparty: str, our_comp_id: str, text: str) -> None:
        """The next wait runs out."""

    def on_fatal(self, where: str, error: Exception) -> None:
        """The next wait runs out."""

    def trade(self, to: str, message: FixMessage, venues: ScriptedVenues, out: Samples) -> None:
        """Send one order and wait for its fill."""
        sent_ns = self._clock()
        self._session.send(Outgoing(to, message))
        try:
            out.order_to_child.append(venues.arrivals.get(timeout=WAIT_S) - sent_ns)
            out.round_trip.append(self._fills.get(timeout=WAIT_S) - sent_ns)
        except queue.Empty:
            raise ConfigError.one(
                where=f"the order to {to}",
                expected="a fill",
                found=f"nothing for {WAIT_S:g} s {venues.fatal}",
                fix="see the logs in the folder of the run",
            ) from None


def _quotes(n_venues: int, n_instruments: int, now_ns: Ns) -> TapeArray:
    """A cent wide at every venue, for every instrument."""
    rows = empty_tape(2 * n_venues * n_instruments)
    n_books = n_venues * n_instruments
    rows["venue_idx"] = np.repeat(np.tile(np.arange(n_venues), n_instruments), 2)
    rows["instrument_idx"] = np.repeat(np.arange(n_instruments), 2 * n_venues)
    rows["kind"] = int(TapeKind.LEVEL)
    rows["side"] = np.tile([1, -1], n_books)
    rows["price_ticks"] = np.tile([BID_TICKS, BID_TICKS + TICKS_PER_USD // 100], n_books)
    rows["shares"] = QUOTED_SHARES
    rows["event_ns"] = rows["recv_ns"] = now_ns
    return rows
