"""The sending end of the feed: rows of a tape in, datagrams out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from penstock.domain import Ns, TapeArray, Universe
from penstock.wire.feed.decoding import BLOCK_BYTES
from penstock.wire.feed.framing import (
    DOWNSTREAM,
    END_OF_SESSION,
    MAX_PARTS,
    MESSAGES_PER_DATAGRAM,
    REQUEST,
    REQUEST_MAGIC,
    SNAPSHOT,
    SNAPSHOT_MAGIC,
    encode_blocks,
    epoch,
    mics_of,
    symbols_of,
)
from penstock.wire.feed.image import VenueImage


class FeedPublisher:
    """
    Market data of each venue as a numbered stream of its own, and its books for who missed some.

    A state machine over bytes: no socket, no thread, no clock. One thread calls it.

    Promises:
        a venue's messages are numbered 1, 2, 3, … in the order of its rows, under a session name
            that no other start of a publisher uses;
        a snapshot is what somebody knows who heard every message with a number below its sequence,
            and nothing later;
        no datagram is longer than MAX_DATAGRAM_BYTES.

    `recv_ns`, `seq` and `order_ref` of a row are not sent: they are the receiver's business, or
    nobody's. A print of venue -1 belongs to no stream and is not sent either.

    Args:
        started_ns: when this publisher was started; only told apart from other starts.
    Raises:
        ConfigError: a venue or an instrument has a name that does not fit its field.

    Attributes:
        n_messages, n_unplaced: rows sent; rows of venue -1, left out.
        n_snapshots, n_bad_requests: requests answered; datagrams that were no request.
    """

    def __init__(self, universe: Universe, *, started_ns: Ns) -> None:
        mics = mics_of(universe)
        self._venue_of = {mic: venue_idx for venue_idx, mic in enumerate(mics)}
        self._sessions = [mic + epoch(started_ns) for mic in mics]
        self._symbols = np.array(symbols_of(universe))
        self._images = [VenueImage(len(universe.instruments)) for _ in mics]
        self._next_sequence = [1] * len(mics)
        self.n_messages = 0
        self.n_unplaced = 0
        self.n_snapshots = 0
        self.n_bad_requests = 0

    def publish(self, tape: TapeArray, lo: int, hi: int) -> list[bytes]:
        """The datagrams that say rows lo..hi-1; of one venue in order, venue by venue."""
        rows = tape[lo:hi]
        datagrams: list[bytes] = []
        venues, n_rows = np.unique(rows["venue_idx"], return_counts=True)
        for venue_idx, n in zip(venues.tolist(), n_rows.tolist(), strict=True):
            if venue_idx < 0:
                self.n_unplaced += n
                continue
            assert venue_idx < len(self._sessions), f"row of a venue {venue_idx} that is not here"
            datagrams += self._publish_venue(venue_idx, rows[rows["venue_idx"] == venue_idx])
        return datagrams

    def heartbeat(self) -> list[bytes]:
        """One datagram for each venue that says how far its stream is, and that it is alive."""
        return self._without_messages(0)

    def end_of_session(self) -> list[bytes]:
        """One datagram for each venue that says that nothing more will come."""
        return self._without_messages(END_OF_SESSION)

    def snapshot(self, request: bytes) -> list[bytes]:
        """The datagrams that answer a request; none for anything that is no request."""
        venue_idx, number = self._read_request(request)
        if venue_idx is None:
            self.n_bad_requests += 1
            return []
        self.n_snapshots += 1
        rows = self._images[venue_idx].snapshot()
        parts = list(_pieces(encode_blocks(rows, self._symbols)))
        assert len(parts) <= MAX_PARTS, "a snapshot of two million levels is a mistake"
        session, next_sequence = self._sessions[venue_idx], self._next_sequence[venue_idx]
        return [
            SNAPSHOT.pack(
                SNAPSHOT_MAGIC, session, number, next_sequence, i, len(parts), _count(blocks)
            )
            + blocks
            for i, blocks in enumerate(parts)
        ]

    def _publish_venue(self, venue_idx: int, rows: TapeArray) -> list[bytes]:
        datagrams = []
        for blocks in _pieces(encode_blocks(rows, self._symbols)):
            sequence, n = self._next_sequence[venue_idx], _count(blocks)
            datagrams.append(DOWNSTREAM.pack(self._sessions[venue_idx], sequence, n) + blocks)
            self._next_sequence[venue_idx] += n
        self._images[venue_idx].take(rows)
        self.n_messages += len(rows)
        return datagrams

    def _without_messages(self, count: int) -> list[bytes]:
        return [
            DOWNSTREAM.pack(session, sequence, count)
            for session, sequence in zip(self._sessions, self._next_sequence, strict=True)
        ]

    def _read_request(self, request: bytes) -> tuple[int | None, int]:
        if len(request) != REQUEST.size:
            return None, 0
        magic, mic, number = REQUEST.unpack(request)
        return (self._venue_of.get(mic) if magic == REQUEST_MAGIC else None), number


def _pieces(blocks: bytes) -> Iterator[bytes]:
    n_bytes = MESSAGES_PER_DATAGRAM * BLOCK_BYTES
    for at in range(0, len(blocks), n_bytes):
        yield blocks[at : at + n_bytes]


def _count(blocks: bytes) -> int:
    return len(blocks) // BLOCK_BYTES
