"""Joining a snapshot to its stream: what is kept while a venue's feed has a hole."""

from __future__ import annotations

from typing import Final, NamedTuple

from penstock.domain import TapeArray
from penstock.wire.feed.framing import Part

MAX_KEPT_ROWS: Final = 65_536  # 3.5 MiB a venue: seconds of a busy market, many tries of a request
MAX_KEPT_DATAGRAMS: Final = 65_536  # heartbeats hold no rows


class Heard(NamedTuple):
    """A datagram of the stream that came while there was a hole."""

    asked: int  # number of the last request made before it came
    session: bytes
    sequence: int  # of its first message; of the next one, if it holds none
    rows: TapeArray

    @property
    def next_sequence(self) -> int:
        """The number after its last message."""
        return self.sequence + len(self.rows)


class Splice(NamedTuple):
    """A snapshot and all that came after it."""

    session: bytes
    next_sequence: int
    rows: list[TapeArray]
    dead_sessions: list[bytes]  # heard before the snapshot was asked for, and not its own


class Repair:
    """
    From a loss to the snapshot that mends it.

    One fact carries everything: a snapshot answers a request, so it stands for all that its
    publisher had sent before the request was made. What was heard before that is in the snapshot,
    or comes from a publisher that has ended, or was never true. What was heard since must join on
    without a hole, and be of the same session; else the snapshot is of no use and another must be
    asked for.

    Args:
        asked: number of the last request made before the loss. What answers it, or one before, may
            lack what was handed out since.
    """

    def __init__(self, asked: int) -> None:
        self._usable_after = asked
        self._heard: list[Heard] = []
        self._n_rows = 0
        self._parts: dict[int, TapeArray] = {}
        self._front: Part | None = None  # of the parts; `request` is the latest that one answers
        self._hole: int | None = None  # what the last try missed

    def hear(self, heard: Heard) -> bool:
        """Keep a datagram of the stream; False if there was no room left, and all was let go."""
        is_full = (
            self._n_rows + len(heard.rows) > MAX_KEPT_ROWS or len(self._heard) >= MAX_KEPT_DATAGRAMS
        )
        if is_full:
            # A snapshot asked for from now on contains all of it; none from before does.
            self._heard, self._n_rows = [], 0
            self._front, self._parts, self._hole = None, {}, None
            self._usable_after = heard.asked
        self._heard.append(heard)
        self._n_rows += len(heard.rows)
        if self._hole is not None and heard.sequence <= self._hole < heard.next_sequence:
            self._hole = None
        return not is_full

    def add_part(self, part: Part, rows: TapeArray) -> bool:
        """Keep a part of a snapshot; False if it is of no use, or known."""
        front = self._front
        if part.request <= self._usable_after:
            return False
        if front is None or _content(part) != _content(front):
            if front is not None and _age(part) < _age(front):
                return False
            self._front, self._parts = part, {part.part: rows}
            self._hole = None
            return True
        # Snapshots of one session at one sequence are alike, whatever request they answer.
        if part.request > front.request:
            self._front = part
            self._hole = None
        is_new = part.part not in self._parts
        self._parts.setdefault(part.part, rows)
        return is_new or part.request > front.request

    def splice(self) -> Splice | None:
        """The whole again, as soon as all of it is there."""
        front = self._front
        if front is None or len(self._parts) < front.n_parts or self._hole is not None:
            return None
        since = [heard for heard in self._heard if heard.asked >= front.request]
        if any(heard.session != front.session for heard in since):
            return None
        rows = [self._parts[i] for i in range(front.n_parts)]
        next_sequence = front.next_sequence
        for heard in sorted(since, key=lambda heard: heard.sequence):
            if heard.sequence > next_sequence:
                self._hole = next_sequence
                return None
            if heard.next_sequence > next_sequence:
                rows.append(heard.rows[next_sequence - heard.sequence :])
                next_sequence = heard.next_sequence
        sessions = dict.fromkeys(heard.session for heard in self._heard)
        dead = [session for session in sessions if session != front.session]
        return Splice(front.session, next_sequence, rows, dead)


def _content(part: Part) -> tuple[bytes, int, int]:
    return part.session, part.next_sequence, part.n_parts


def _age(part: Part) -> tuple[int, int]:
    return part.request, part.next_sequence
