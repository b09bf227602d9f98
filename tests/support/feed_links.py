"""A feed from end to end: a market, its publisher, a link that misbehaves, a receiver, books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from penstock.book import Books
from penstock.domain import (
    NS_PER_MS,
    Event,
    FeedGap,
    FeedRecovered,
    FeedStale,
    Ns,
    Side,
    TapeArray,
    TapeFlag,
    Universe,
)
from penstock.wire.feed import FeedOutput, FeedPublisher, FeedReceiver
from tests.support.engines import small_universe
from tests.support.tapes import Message, level, status, tape, trade

STALE_AFTER_NS = Ns(1_000 * NS_PER_MS)
RETRY_NS = Ns(200 * NS_PER_MS)
START_NS = Ns(1_772_461_800_000_000_000)

Depth = tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...], bool]
"""Bids and asks as (ticks, shares), best first, and whether it is halted."""


@dataclass
class Truth:
    """What the market of one venue and instrument is, kept without any of the code under test."""

    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)
    is_halted: bool = False

    def depth(self) -> Depth:
        """As a reader of a book would see it."""
        return (
            tuple(sorted(self.bids.items(), reverse=True)),
            tuple(sorted(self.asks.items())),
            self.is_halted,
        )


def feed_universe(n_venues: int = 1, n_instruments: int = 1) -> Universe:
    """Venues V0, V1, …: names shorter than their field; instruments TEST0, TEST1, …."""
    universe = small_universe(n_venues, n_instruments)
    venues = tuple(
        msgspec.structs.replace(venue, mic=f"V{venue.venue_idx}") for venue in universe.venues
    )
    return msgspec.structs.replace(universe, venues=venues)


class Market:
    """Random messages that never cross a book, so that only losses can make it invalid."""

    def __init__(self, n_venues: int, n_instruments: int) -> None:
        self.truths = {(v, i): Truth() for v in range(n_venues) for i in range(n_instruments)}

    def message(self, rng: np.random.Generator, now_ns: int) -> Message:
        """The next message, and the truth after it."""
        keys = list(self.truths)
        venue, instrument = keys[int(rng.integers(len(keys)))]
        truth, dice = self.truths[venue, instrument], rng.random()
        if dice < 0.03:
            truth.is_halted = not truth.is_halted
            flags = int(TapeFlag.HALTED) if truth.is_halted else 0
            return status(flags, venue=venue, instrument=instrument, now=now_ns)
        side = Side.BUY if rng.random() < 0.5 else Side.SELL
        ticks = 1_000 - int(side) * int(rng.integers(1, 9))
        shares = 100 * int(rng.integers(0, 4))
        if dice < 0.15:
            return trade(side, ticks, 100, venue=venue, instrument=instrument, now=now_ns)
        levels = truth.bids if side is Side.BUY else truth.asks
        levels.pop(ticks, None)
        if shares:
            levels[ticks] = shares
        return level(side, ticks, shares, venue=venue, instrument=instrument, now=now_ns)


class FeedLink:
    """
    Both ends of a feed, with a test in between that decides what arrives.

    After each step `check` holds what the receiver handed out against what was sent.
    """

    def __init__(self, universe: Universe, seed: int) -> None:
        self.universe, self.now_ns = universe, START_NS
        self.n_venues, self.n_instruments = len(universe.venues), len(universe.instruments)
        self.rng = np.random.default_rng(seed)
        self.receiver = FeedReceiver(universe, stale_after_ns=STALE_AFTER_NS, retry_ns=RETRY_NS)
        self.books = Books(self.n_instruments, self.n_venues, np.ones(self.n_venues, np.bool_))
        self.last_told: dict[int, type[Event]] = {}
        self.events: list[Event] = []
        self.requests: list[bytes] = []
        self.handed: list[TapeArray] = []
        self._past: dict[tuple[bytes, int], list[Depth]] = {}  # by session and next sequence
        self.restart()

    def restart(self) -> None:
        """Another publisher, another market: nothing of the old one is true any more."""
        self.market = Market(self.n_venues, self.n_instruments)
        self.publisher = FeedPublisher(self.universe, started_ns=self.now_ns)
        for venue_idx in range(self.n_venues):
            self._remember(venue_idx)

    def wait(self, n_ms: float) -> None:
        """Let time pass for both ends."""
        self.now_ns = Ns(self.now_ns + round(n_ms * NS_PER_MS))

    def publish(self, n_messages: int) -> list[bytes]:
        """Some messages of the market, one datagram each, so that many orders are possible."""
        datagrams: list[bytes] = []
        for _ in range(n_messages):
            rows = tape([self.market.message(self.rng, self.now_ns)])
            datagrams += self.publisher.publish(rows, 0, 1)
            self._remember(int(rows[0]["venue_idx"]))
        return datagrams

    def deliver(self, datagrams: Sequence[bytes]) -> None:
        """Let these arrive now, and look after each."""
        for datagram in datagrams:
            self.receiver.receive(datagram, self.now_ns)
            self.check()

    def tick(self) -> None:
        """Let the receiver notice the time."""
        self.receiver.tick(self.now_ns)
        self.check()

    def answers(self) -> list[bytes]:
        """What the publisher answers to all that was asked since the last call."""
        asked, self.requests = self.requests, []
        return [part for request in asked for part in self.publisher.snapshot(request)]

    def settle(self) -> None:
        """Lose nothing any more; a second is enough for everything to be in order again."""
        for _ in range(10):
            self.wait(100)
            self.deliver(self.publisher.heartbeat())
            self.tick()
            self.deliver(self.answers())

    def check(self) -> None:
        """Take what came up, and hold it against the truth at the place where the receiver is."""
        output = self.receiver.take()
        self._check_output(output)
        self.books.apply(output.tape, 0, len(output.tape))
        for venue_idx in range(self.n_venues):
            for instrument_idx in range(self.n_instruments):
                seen = self.seen(venue_idx, instrument_idx)
                if self.receiver.is_whole(venue_idx):
                    assert self._past[self._place(venue_idx)][instrument_idx] == seen
                else:
                    assert seen is None, "a book was believed in a gap"
            told = self.last_told.get(venue_idx)
            is_fed = self.receiver.is_whole(venue_idx) and not self.receiver.is_stale(venue_idx)
            assert is_fed == (told is FeedRecovered)

    def is_in_order(self) -> bool:
        """True if every book is believed, and is what the market is now."""
        return all(
            truth.depth() == self.seen(venue_idx, instrument_idx)
            and self.last_told[venue_idx] is FeedRecovered
            for (venue_idx, instrument_idx), truth in self.market.truths.items()
        )

    def seen(self, venue_idx: int, instrument_idx: int) -> Depth | None:
        """What a reader of the receiver's book sees; None while it is invalid."""
        bids, asks = (self.books.depth(instrument_idx, venue_idx, side) for side in Side)
        if bids is None or asks is None:
            return None
        meta = self.books.meta[instrument_idx * self.n_venues + venue_idx]
        return tuple(bids), tuple(asks), bool(meta["is_halted"])

    def n_told(self, kind: type[Event]) -> int:
        """How often an event of the kind was told."""
        return sum(isinstance(event, kind) for event in self.events)

    def _check_output(self, output: FeedOutput) -> None:
        self.handed.append(output.tape)
        stamps = [int(rows["recv_ns"][-1]) for rows in self.handed if len(rows)]
        assert stamps == sorted(stamps)
        assert (np.diff(output.tape["recv_ns"]) >= 0).all()
        for event in output.events:
            assert isinstance(event, FeedGap | FeedStale | FeedRecovered)
            assert event.seq == 0
            self.last_told[event.venue_idx] = type(event)
        self.events += output.events
        self.requests += output.requests

    def _place(self, venue_idx: int) -> tuple[bytes, int]:
        stream = self.receiver._streams[venue_idx]
        return stream._session, stream._next_sequence

    def _remember(self, venue_idx: int) -> None:
        place = (
            self.publisher._sessions[venue_idx],
            self.publisher._next_sequence[venue_idx],
        )
        self._past[place] = [
            self.market.truths[venue_idx, i].depth() for i in range(self.n_instruments)
        ]
