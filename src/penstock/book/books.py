"""All books of a universe, and the few questions that plain Python asks of them."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from penstock.book.apply import apply_messages, withhold
from penstock.book.layout import (
    ASK,
    BID,
    BOOK_META_DTYPE,
    MAX_LEVELS,
    NBBO_DTYPE,
    LevelArray,
    MetaArray,
    NbboArray,
)
from penstock.domain import Side, TapeArray


class Books:
    """
    Displayed depth of every instrument at every venue, and the protected NBBO across venues.

    A book never guesses. Before its feed has started, from a gap until the end of the next
    snapshot, while it is crossed, and while its feed is withheld, it is invalid: `best` and
    `depth` return None, and it is left out of the NBBO. What each message does: `apply_message`.

    Invariants:
        levels of a side are strictly sorted, best last, and each holds at least one share;
        what is kept of a side is its best levels without a hole: at most MAX_LEVELS, farther ones
            are dropped and counted, and a side of which nothing is left but what was dropped
            makes the book invalid;
        best bid < best ask in a valid book, unless it is halted: one venue cannot display a crossed
            book, so seeing one means that we lost a message;
        the NBBO counts valid, protected books that are not halted. It is valid only if both sides
            are there and bid < ask: across venues it can be locked or crossed for a moment, because
            quotes travel, and then nobody may act on it. Its prices are 0 where a side is empty.

    Sizes are displayed shares; hidden and reserve size are not here.

    Attributes:
        levels, meta, nbbo: LevelArray, MetaArray and NbboArray, changed in place by `apply`; book b
            is row instrument_idx * n_venues + venue_idx.
        is_protected: whose quotes count in the NBBO, shape (n_venues,).

    Cost: some 65 ns a message near the touch with 5 venues, 85 ns with 12; a step for each level
    in front of it.
    Reference: tests/support/naive_book.py, checked by tests/differential/test_books.py.
    """

    def __init__(self, n_instruments: int, n_venues: int, is_protected: NDArray[np.bool_]) -> None:
        assert is_protected.shape == (n_venues,), "one flag per venue"
        n_books = n_instruments * n_venues
        self.n_venues = n_venues
        self.is_protected = is_protected.astype(np.bool_)
        self.levels: LevelArray = np.zeros((n_books, 2, MAX_LEVELS, 2), np.int64)
        self.meta: MetaArray = np.zeros(n_books, BOOK_META_DTYPE)
        self.nbbo: NbboArray = np.zeros(n_instruments, NBBO_DTYPE)

    def apply(self, tape: TapeArray, lo: int, hi: int) -> None:
        """Take messages lo..hi-1 of the tape; one compiled call."""
        assert 0 <= lo <= hi <= len(tape), f"no rows {lo}..{hi} in a tape of {len(tape)}"
        apply_messages(
            self.levels, self.meta, self.nbbo, self.is_protected, self.n_venues, tape, lo, hi
        )

    def withhold(self, venue_idx: int, is_withheld: bool, now_ns: int) -> None:
        """Stop or go on believing all books of a venue, because its feed is late or broken."""
        withhold(
            self.levels, self.meta, self.nbbo, self.is_protected, self.n_venues,
            venue_idx, int(is_withheld), now_ns,
        )  # fmt: skip

    def is_valid(self, instrument_idx: int, venue_idx: int) -> bool:
        """True if the book can be believed."""
        return bool(self.meta[self._row(instrument_idx, venue_idx)]["is_valid"])

    def depth(
        self, instrument_idx: int, venue_idx: int, side: Side
    ) -> list[tuple[int, int]] | None:
        """Levels as (ticks, shares), best first; None while the book is invalid."""
        b = self._row(instrument_idx, venue_idx)
        if not self.meta[b]["is_valid"]:
            return None
        row, name = (BID, "n_bids") if side is Side.BUY else (ASK, "n_asks")
        used = self.levels[b, row, : int(self.meta[b][name])]
        return [(int(ticks), int(shares)) for ticks, shares in used[::-1]]

    def best(self, instrument_idx: int, venue_idx: int, side: Side) -> tuple[int, int] | None:
        """Best (ticks, shares); None while the book is invalid or the side is empty."""
        levels = self.depth(instrument_idx, venue_idx, side)
        return levels[0] if levels else None

    def state_hash(self) -> str:
        """Hash of what the books hold, not of what lies beyond their last level."""
        digest = hashlib.sha256(self.meta.tobytes() + self.nbbo.tobytes())
        for b in range(len(self.meta)):
            digest.update(self.levels[b, BID, : int(self.meta[b]["n_bids"])].tobytes())
            digest.update(self.levels[b, ASK, : int(self.meta[b]["n_asks"])].tobytes())
        return digest.hexdigest()

    def _row(self, instrument_idx: int, venue_idx: int) -> int:
        return instrument_idx * self.n_venues + venue_idx
