"""One venue's feed as heard: in step, in a gap, or silent."""

from __future__ import annotations

from typing import Final

import numpy as np

from penstock.domain import FeedGap, FeedRecovered, FeedStale, Ns, TapeArray, TapeKind, empty_tape
from penstock.wire.feed.framing import REQUEST, REQUEST_MAGIC, Part
from penstock.wire.feed.output import Collector
from penstock.wire.feed.repair import Heard, Repair

_MAX_DEAD_SESSIONS: Final = 8
_MAX_REQUEST: Final = 2**32 - 1


class VenueStream:
    """
    The receiver's state for one venue; `FeedReceiver` says what it promises.

    It starts as in a gap that nobody was told of, because nothing is known yet.
    """

    def __init__(
        self, venue_idx: int, mic: bytes, n_instruments: int, stale_after_ns: Ns, retry_ns: Ns,
        out: Collector,
    ) -> None:  # fmt: skip
        self._venue_idx, self._mic = venue_idx, mic
        self._stale_after_ns, self._retry_ns = stale_after_ns, retry_ns
        self._out = out
        self._gap_rows = empty_tape(n_instruments)
        self._gap_rows["kind"] = TapeKind.GAP
        self._gap_rows["venue_idx"] = venue_idx
        self._gap_rows["instrument_idx"] = np.arange(n_instruments)
        self._session = b""
        self._dead_sessions: list[bytes] = []
        self._next_sequence = 0
        self._repair: Repair | None = Repair(0)
        self._n_asked = 0
        self._asked_ns = Ns(0)
        self._heard_ns = Ns(0)
        self.is_stale = False
        self._is_believed = False  # by the engine, as far as we told it

    @property
    def is_whole(self) -> bool:
        """True if what was handed out is all that was sent, as far as anybody can know."""
        return self._repair is None

    def begin(self, now_ns: Ns) -> None:
        """Ask for the first snapshot, and take back what anybody may know from an earlier run."""
        self._heard_ns = now_ns
        self._hand_out_gap(now_ns)
        self._ask(now_ns)

    def on_messages(
        self, session: bytes, sequence: int, rows: TapeArray, n: int, now_ns: Ns
    ) -> None:
        """
        Take a datagram of the stream: rows 0..n-1, numbered from `sequence`, or a heartbeat.

        The rows are the caller's again afterwards.
        """
        if session in self._dead_sessions:
            self._out.count("n_duplicates")
            return
        if self._repair is None:
            end = sequence + n
            if session == self._session and sequence <= self._next_sequence:
                if end < self._next_sequence or (n > 0 and end == self._next_sequence):
                    self._out.count("n_duplicates")
                    return
                self._out.add_rows(self._venue_idx, rows, self._next_sequence - sequence, n, now_ns)
                self._next_sequence = end
                self._note_heard(now_ns)
                return
            self._lose(now_ns)
        self._hear_in_gap(Heard(self._n_asked, session, sequence, rows[:n].copy()), now_ns)

    def on_part(self, part: Part, rows: TapeArray, n: int, now_ns: Ns) -> None:
        """Take a part of a snapshot: rows 0..n-1, which are the caller's again afterwards."""
        is_ours = 0 < part.request <= self._n_asked
        if self._repair is None or not is_ours:
            self._out.count("n_duplicates")
        elif self._repair.add_part(part, rows[:n].copy()):
            self._mend(now_ns)
        else:
            self._out.count("n_duplicates")

    def start_over(self, now_ns: Ns) -> None:
        """Whoever is told begins with empty books: they need a snapshot, as after a loss."""
        if self._repair is None:
            self._lose(now_ns)
        self._ask_if_due(now_ns)

    def tick(self, now_ns: Ns) -> None:
        """Notice silence, and ask again for a snapshot that has not come."""
        if not self.is_stale and now_ns - self._heard_ns >= self._stale_after_ns:
            self.is_stale = True
            self._is_believed = False
            # Whoever speaks next is listened to, even if we took it for dead.
            self._dead_sessions.clear()
            self._out.count("n_stale")
            self._out.add_event(FeedStale, self._venue_idx, now_ns)
        self._ask_if_due(now_ns)

    def _lose(self, now_ns: Ns) -> None:
        self._repair = Repair(self._n_asked)
        self._is_believed = False
        self._out.count("n_gaps")
        self._hand_out_gap(now_ns)
        self._out.add_event(FeedGap, self._venue_idx, now_ns)

    def _hear_in_gap(self, heard: Heard, now_ns: Ns) -> None:
        assert self._repair is not None, "there is a gap"
        if not self._repair.hear(heard):
            self._out.count("n_overflows")
        self._note_heard(now_ns)
        self._mend(now_ns)
        self._ask_if_due(now_ns)

    def _mend(self, now_ns: Ns) -> None:
        splice = self._repair.splice() if self._repair else None
        if splice is None:
            return
        self._bury(splice.session, [self._session, *splice.dead_sessions])
        for rows in splice.rows:
            self._out.add_rows(self._venue_idx, rows, 0, len(rows), now_ns)
        self._session, self._next_sequence = splice.session, splice.next_sequence
        self._repair = None
        self._out.count("n_recovered")
        self._tell_if_fed(now_ns)

    def _bury(self, living: bytes, dead: list[bytes]) -> None:
        known = dict.fromkeys([*self._dead_sessions, *dead])
        rest = [session for session in known if session not in (b"", living)]
        self._dead_sessions = rest[-_MAX_DEAD_SESSIONS:]

    def _note_heard(self, now_ns: Ns) -> None:
        self._heard_ns = now_ns
        self.is_stale = False
        self._tell_if_fed(now_ns)

    def _tell_if_fed(self, now_ns: Ns) -> None:
        if self.is_whole and not self.is_stale and not self._is_believed:
            self._is_believed = True
            self._out.add_event(FeedRecovered, self._venue_idx, now_ns)

    def _hand_out_gap(self, now_ns: Ns) -> None:
        self._gap_rows["event_ns"] = now_ns
        self._out.add_rows(self._venue_idx, self._gap_rows, 0, len(self._gap_rows), now_ns)

    def _ask_if_due(self, now_ns: Ns) -> None:
        if self._repair is not None and now_ns - self._asked_ns >= self._retry_ns:
            self._ask(now_ns)

    def _ask(self, now_ns: Ns) -> None:
        self._asked_ns = now_ns
        self._n_asked += 1
        assert self._n_asked <= _MAX_REQUEST, "four billion requests take 27 years at five a second"
        self._out.add_request(REQUEST.pack(REQUEST_MAGIC, self._mic, self._n_asked))
