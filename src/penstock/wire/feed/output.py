"""What the receiver has for its owner, in order, until it is taken: rows, events, requests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock.domain import Event, FeedGap, FeedRecovered, FeedStale, Ns, TapeArray, empty_tape
from penstock.wire.feed.decoding import hand_over

_FIRST_ROOM = 4_096  # rows, 224 KiB: some tenths of a second of a busy market


class FeedOutput(NamedTuple):
    """
    What came up since the last take.

    Rows with `recv_ns` up to an event's come before that event; to take all rows first and then
    all events is right too, because rows alone never cause anything.
    """

    tape: TapeArray  # a new array, numbered 1, 2, 3, … within (venue, instrument)
    events: list[Event]  # FeedGap, FeedStale, FeedRecovered; `seq` is 0, for the sequencer to give
    requests: list[bytes]  # each to be sent to where snapshots are answered


class FeedCounters(NamedTuple):
    """What has happened so far, for people to see."""

    n_datagrams: int
    n_rows: int  # handed out
    n_duplicates: int  # datagrams that said nothing new
    n_malformed: int  # datagrams that nobody should have sent
    n_foreign: int  # datagrams of venues that are not in our universe
    n_skipped_rows: int  # messages about instruments that are not in our universe
    n_gaps: int
    n_recovered: int  # snapshots joined to their stream, the first ones included
    n_requests: int
    n_stale: int
    n_overflows: int  # times that a gap lasted longer than could be kept


class Collector:
    """Gathers the output; its clock never runs backwards."""

    def __init__(self, n_venues: int, n_instruments: int) -> None:
        self._counts = dict.fromkeys(FeedCounters._fields, 0)
        self._last_seq: NDArray[np.int64] = np.zeros((n_venues, n_instruments), np.int64)
        self._tape = empty_tape(_FIRST_ROOM)
        self._n_rows = 0
        self._events: list[Event] = []
        self._requests: list[bytes] = []
        self._now_ns = 0

    @property
    def counters(self) -> FeedCounters:
        """What has been counted so far."""
        return FeedCounters(**self._counts)

    def count(self, name: str, n: int = 1) -> None:
        """Add to one of the counters, by the name of its field."""
        self._counts[name] += n

    def clock(self, now_ns: Ns) -> Ns:
        """`now_ns`, or the latest time there was, if that is later."""
        self._now_ns = max(self._now_ns, int(now_ns))
        return Ns(self._now_ns)

    def add_rows(self, venue_idx: int, rows: TapeArray, lo: int, hi: int, now_ns: Ns) -> None:
        """Hand out rows lo..hi-1 of one venue, received now."""
        n_before = self._n_rows
        self._make_room(hi - lo)
        self._n_rows = hand_over(
            rows, lo, hi, now_ns, self._last_seq[venue_idx], self._tape, n_before
        )
        n_handed = self._n_rows - n_before
        self.count("n_rows", n_handed)
        self.count("n_skipped_rows", hi - lo - n_handed)

    def add_event(
        self, kind: type[FeedGap | FeedStale | FeedRecovered], venue_idx: int, now_ns: Ns
    ) -> None:
        """Tell that a venue's feed is lost or whole."""
        self._events.append(kind(seq=0, event_ns=now_ns, recv_ns=now_ns, venue_idx=venue_idx))

    def add_request(self, request: bytes) -> None:
        """Ask for a snapshot."""
        self.count("n_requests")
        self._requests.append(request)

    def take(self) -> FeedOutput:
        """Everything gathered since the last take."""
        taken = FeedOutput(self._tape[: self._n_rows].copy(), self._events, self._requests)
        self._n_rows, self._events, self._requests = 0, [], []
        return taken

    def _make_room(self, n_rows: int) -> None:
        n_needed = self._n_rows + n_rows
        if n_needed > len(self._tape):
            larger = empty_tape(max(2 * len(self._tape), n_needed))
            larger[: self._n_rows] = self._tape[: self._n_rows]
            self._tape = larger
