"""The receiving end of the feed: datagrams in, rows of a tape, events and requests out."""

from __future__ import annotations

import numpy as np

from penstock.domain import Ns, Universe, empty_tape
from penstock.wire.feed.decoding import BLOCK_BYTES, decode_messages
from penstock.wire.feed.framing import (
    DOWNSTREAM,
    END_OF_SESSION,
    MAX_DATAGRAM_BYTES,
    MAX_SEQUENCE,
    MIC_BYTES,
    SNAPSHOT,
    SNAPSHOT_MAGIC,
    Part,
    mics_of,
    symbol_number,
    symbols_of,
)
from penstock.wire.feed.output import Collector, FeedCounters, FeedOutput
from penstock.wire.feed.stream import VenueStream

_RETRY_NS = Ns(200_000_000)  # many round trips in one room, a blink to an operator


class FeedReceiver:
    """
    Market data of all venues as one tape, and whether it can be believed.

    A state machine over bytes: no socket, no thread, no clock. One thread calls it; its counters
    may be read by others.

    Promises, for any loss, repetition and reordering of datagrams, and any other bytes:
        what is handed out of a venue is whole: every message once, in order, or a GAP row and a
            FeedGap before anything that may lack its predecessor;
        from a gap until a snapshot and all that came after it are there, nothing of the venue is
            handed out; then CLEAR … SNAPSHOT_END, the rest, and a FeedRecovered;
        once a snapshot got through and nothing more is lost, the books are the publisher's;
        `receive` never raises.

    A venue starts unknown: GAP rows without a FeedGap, a request, and a FeedRecovered when the
    first snapshot is there. One that says nothing for `stale_after_ns`, not even a heartbeat, is
    told as FeedStale; FeedRecovered follows when it is heard again and whole. A publisher that was
    started anew is a gap, whatever its numbers are.

    Args:
        stale_after_ns: the longest silence of a venue that is believed; several heartbeats.
        retry_ns: how long an answer to a request is waited for.
    Raises:
        ConfigError: a venue or an instrument has a name that does not fit its field.
    """

    def __init__(self, universe: Universe, *, stale_after_ns: Ns, retry_ns: Ns = _RETRY_NS) -> None:
        mics, n_instruments = mics_of(universe), len(universe.instruments)
        self._out = Collector(len(mics), n_instruments)
        self._streams = [
            VenueStream(venue_idx, mic, n_instruments, stale_after_ns, retry_ns, self._out)
            for venue_idx, mic in enumerate(mics)
        ]
        fed = [venue.venue_idx for venue in universe.venues if venue.has_feed]
        self._fed = [self._streams[venue_idx] for venue_idx in fed]
        self._venue_of = {mics[venue_idx]: venue_idx for venue_idx in fed}
        numbers = np.array([symbol_number(s) for s in symbols_of(universe)], np.int64)
        self._instrument_of = np.argsort(numbers).astype(np.int64)
        self._symbols = numbers[self._instrument_of]
        # Datagrams are copied here, so that the decoder sees one kind of memory only.
        self._bytes = bytearray(MAX_DATAGRAM_BYTES)
        self._data = np.frombuffer(self._bytes, np.uint8)
        self._rows = empty_tape(MAX_DATAGRAM_BYTES // BLOCK_BYTES)
        self._has_begun = False

    def receive(self, datagram: bytes | bytearray | memoryview, recv_ns: Ns) -> None:
        """Take a datagram of the feed, or one that answers a request."""
        now_ns = self._clock(recv_ns)
        self._out.count("n_datagrams")
        n_bytes = len(datagram)
        if n_bytes > MAX_DATAGRAM_BYTES:
            self._out.count("n_malformed")
            return
        self._bytes[:n_bytes] = datagram
        if n_bytes >= SNAPSHOT.size and self._bytes[:MIC_BYTES] == SNAPSHOT_MAGIC:
            self._take_snapshot(n_bytes, now_ns)
        elif n_bytes >= DOWNSTREAM.size:
            self._take_downstream(n_bytes, now_ns)
        else:
            self._out.count("n_malformed")

    def tick(self, now_ns: Ns) -> None:
        """Let time pass: silence is noticed, and requests are repeated."""
        now_ns = self._clock(now_ns)
        for stream in self._fed:
            stream.tick(now_ns)

    def start_over(self, now_ns: Ns) -> None:
        """Have every book anew: each is out until its snapshot has come."""
        now_ns = self._clock(now_ns)
        for stream in self._fed:
            stream.start_over(now_ns)

    def take(self) -> FeedOutput:
        """What came up since the last take."""
        return self._out.take()

    def is_whole(self, venue_idx: int) -> bool:
        """True if the venue's book, as handed out, lacks nothing that anybody knows of."""
        return self._streams[venue_idx].is_whole

    def is_stale(self, venue_idx: int) -> bool:
        """True if the venue has been silent for too long."""
        return self._streams[venue_idx].is_stale

    @property
    def counters(self) -> FeedCounters:
        """What has happened so far."""
        return self._out.counters

    def _clock(self, now_ns: Ns) -> Ns:
        now_ns = self._out.clock(now_ns)
        if not self._has_begun:
            self._has_begun = True
            for stream in self._fed:
                stream.begin(now_ns)
        return now_ns

    def _take_downstream(self, n_bytes: int, now_ns: Ns) -> None:
        session, sequence, count = DOWNSTREAM.unpack_from(self._bytes)
        n_messages = 0 if count == END_OF_SESSION else count
        stream = self._decode(session, sequence, DOWNSTREAM.size, n_messages, n_bytes)
        if stream is not None:
            stream.on_messages(session, sequence, self._rows, n_messages, now_ns)

    def _take_snapshot(self, n_bytes: int, now_ns: Ns) -> None:
        _, session, request, sequence, part, n_parts, count = SNAPSHOT.unpack_from(self._bytes)
        if part >= n_parts:
            self._out.count("n_malformed")
            return
        stream = self._decode(session, sequence, SNAPSHOT.size, count, n_bytes)
        if stream is not None:
            front = Part(session, request, sequence, part, n_parts)
            stream.on_part(front, self._rows, count, now_ns)

    def _decode(
        self, session: bytes, sequence: int, first: int, n_messages: int, n_bytes: int
    ) -> VenueStream | None:
        """Read the messages into `_rows`; the stream that they belong to, None if they are bad."""
        venue_idx = self._venue_of.get(session[:MIC_BYTES])
        is_framed = n_bytes == first + n_messages * BLOCK_BYTES and 1 <= sequence < MAX_SEQUENCE
        if venue_idx is None and is_framed:
            self._out.count("n_foreign")
            return None
        if venue_idx is not None and is_framed:
            is_sound = n_messages == 0 or decode_messages(
                self._data, first, n_messages, self._symbols, self._instrument_of, venue_idx,
                self._rows,
            )  # fmt: skip
            if is_sound:
                return self._streams[venue_idx]
        self._out.count("n_malformed")
        return None
