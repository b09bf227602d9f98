"""The market as we have heard it: books and rolling windows, moved by one compiled call a batch."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.book import Books, LevelArray, MetaArray, NbboArray, apply_message
from penstock.domain import Shares, TapeArray, TapeKind, Ticks, Universe
from penstock.features.flow import PRINT_DTYPE, on_quote, on_trade
from penstock.features.windows import WINDOW_DTYPE, WindowArray, advance, widened


class Touch(NamedTuple):
    """
    The protected NBBO of one instrument, now.

    `is_valid`: both sides are there and bid < ask. Where it is False the prices are not to be
    used, and `mid_ticks_x2`, the sum of bid and ask, is 0.
    """

    bid_ticks: Ticks
    ask_ticks: Ticks
    bid_shares: Shares
    ask_shares: Shares
    mid_ticks_x2: int
    is_valid: bool


class MarketView:
    """
    Every book and every rolling window of a universe, as of the last message applied.

    Promises:
        the state depends on the messages alone: one batch or many, looked at or not, it is the
            same to the bit (`state_hash`);
        messages come sorted by `recv_ns`; one that does not is our own bug and stops the process;
        time is what messages say: no clock is read, and a silence is accounted for when the next
            message or a decision ends it.

    Attributes:
        books: displayed depth and NBBO, `penstock.book.Books`.
        windows: rolling state, shape (n_instruments,), WINDOW_DTYPE.
        prints: recent volume by venue, shape (n_instruments * n_venues,), PRINT_DTYPE.
        venue_kinds: VenueKind of each venue, shape (n_venues,).
        seen: scratch: one instrument's windows as of a decision, shape (1,), WINDOW_DTYPE.
        cursors: scratch: a place in each venue's book, shape (n_venues,).
    """

    def __init__(self, universe: Universe) -> None:
        n_instruments, n_venues = len(universe.instruments), len(universe.venues)
        is_protected = np.array([venue.is_protected for venue in universe.venues], np.bool_)
        self.books = Books(n_instruments, n_venues, is_protected)
        # The same memory as `nbbo`; one record of it becomes Python numbers in 0.2 us, not in 3.
        self._quotes: NDArray[Any] = self.books.nbbo[
            ["bid_ticks", "ask_ticks", "bid_shares", "ask_shares", "is_valid"]
        ]
        self.windows: WindowArray = np.zeros(n_instruments, WINDOW_DTYPE)
        self.prints: NDArray[Any] = np.zeros(n_instruments * n_venues, PRINT_DTYPE)
        self.venue_kinds = np.array([int(venue.kind) for venue in universe.venues], np.int64)
        self.seen: WindowArray = np.zeros(1, WINDOW_DTYPE)
        self.cursors = np.zeros(n_venues, np.int64)

    def apply(self, tape: TapeArray, lo: int, hi: int) -> None:
        """
        Take messages lo..hi-1 of the tape into books and windows; one compiled call.

        Every message names an instrument and a venue of the universe; a TRADE may have venue -1,
        printed at none of ours: it counts for volume and flow only.
        """
        assert 0 <= lo <= hi <= len(tape), f"no rows {lo}..{hi} in a tape of {len(tape)}"
        books = self.books
        _apply(
            books.levels,
            books.meta,
            books.nbbo,
            books.is_protected,
            self.windows,
            self.prints,
            tape,
            lo,
            hi,
        )

    @property
    def n_instruments(self) -> int:
        """Instruments of the universe."""
        return len(self.windows)

    def withhold(self, venue_idx: int, is_withheld: bool, now_ns: int) -> None:
        """Stop or go on believing a venue's quotes; its messages are still taken."""
        self.books.withhold(venue_idx, is_withheld, now_ns)

    def touch(self, instrument_idx: int) -> Touch:
        """The protected NBBO now, for code that is not compiled."""
        quote: tuple[Ticks, Ticks, Shares, Shares, int] = self._quotes.item(instrument_idx)
        bid_ticks, ask_ticks, bid_shares, ask_shares, is_valid = quote
        mid_ticks_x2 = bid_ticks + ask_ticks if is_valid else 0
        return Touch(bid_ticks, ask_ticks, bid_shares, ask_shares, mid_ticks_x2, bool(is_valid))

    def state_hash(self) -> str:
        """Hash of books and windows; two runs, or a run and its replay, are compared by it."""
        digest = hashlib.sha256(self.books.state_hash().encode())
        digest.update(self.windows.tobytes())
        digest.update(self.prints.tobytes())
        return digest.hexdigest()


@kernel
def _apply(
    levels: LevelArray,
    meta: MetaArray,
    nbbo: NbboArray,
    is_protected: NDArray[np.bool_],
    windows: WindowArray,
    prints: NDArray[Any],
    tape: TapeArray,
    lo: int,
    hi: int,
) -> None:
    n_venues = len(is_protected)
    for row in range(lo, hi):
        i = widened(tape[row].instrument_idx)
        venue_idx = widened(tape[row].venue_idx)
        is_trade = tape[row].kind == TapeKind.TRADE
        is_nowhere = is_trade and venue_idx < 0  # printed at none of our venues
        assert 0 <= i < len(windows), "a message names an instrument outside the universe"
        assert is_nowhere or 0 <= venue_idx < n_venues, "a message names no venue of the universe"
        advance(windows, i, tape[row].recv_ns)
        if not is_nowhere:
            apply_message(levels, meta, nbbo, is_protected, n_venues, tape, row)
        if is_trade:
            on_trade(windows, i, prints, -1 if is_nowhere else i * n_venues + venue_idx, tape, row)
        on_quote(windows, i, nbbo, tape[row].recv_ns)
