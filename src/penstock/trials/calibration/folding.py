"""Market data of a simulated market to the best bid and offer that a consolidated tape shows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.book import (
    ASK,
    BID,
    BOOK_META_DTYPE,
    MAX_LEVELS,
    NBBO_DTYPE,
    LevelArray,
    MetaArray,
    NbboArray,
    apply_message,
    best_shares,
    best_ticks,
)
from penstock.domain import TapeArray

N_COLUMNS: Final = 5  # time, bid, ask, bid shares, ask shares


@kernel
def fold_quotes(
    levels: LevelArray,
    meta: MetaArray,
    nbbo: NbboArray,
    is_protected: NDArray[np.bool_],
    tape: TapeArray,
    last: NDArray[np.int64],
    out_quotes: NDArray[np.int64],
    out_setters: NDArray[np.int64],
) -> int:
    """
    Apply messages in order and note each state of the best bid and offer that differs.

    Of messages with one time of receipt only the last state is kept: nobody saw the others.

    Args:
        last: state before and after the call, shape (5,): time_ns, bid and ask ticks, bid and ask
            shares of the largest venue at each price; 0 where a side is empty.
        out_quotes: receives the states, shape (len(tape), 5).
        out_setters: counts, by venue, the messages that changed a best price or its size, (n,).
    Returns:
        number of states.
    Reference: tests/support/naive_folding.py.
    """
    n_venues, n_states = len(is_protected), 0
    for i in range(len(tape)):
        apply_message(levels, meta, nbbo, is_protected, n_venues, tape, i)
        bid_ticks, ask_ticks = nbbo[0].bid_ticks, nbbo[0].ask_ticks
        bid_shares, ask_shares = 0, 0
        for b in range(n_venues):
            if is_protected[b] and meta[b].is_valid > meta[b].is_halted:
                if bid_ticks > 0 and best_ticks(levels, meta, b, BID) == bid_ticks:
                    bid_shares = max(bid_shares, best_shares(levels, meta, b, BID))
                if ask_ticks > 0 and best_ticks(levels, meta, b, ASK) == ask_ticks:
                    ask_shares = max(ask_shares, best_shares(levels, meta, b, ASK))
        if (
            bid_ticks != last[1]
            or ask_ticks != last[2]
            or bid_shares != last[3]
            or ask_shares != last[4]
        ):
            out_setters[tape[i].venue_idx] += 1
            if n_states > 0 and out_quotes[n_states - 1, 0] == tape[i].recv_ns:
                n_states -= 1
            last[0], last[1], last[2] = tape[i].recv_ns, bid_ticks, ask_ticks
            last[3], last[4] = bid_shares, ask_shares
            for column in range(len(last)):
                out_quotes[n_states, column] = last[column]
            n_states += 1
    return n_states


class Folder:
    """The books of one simulated day, and the states of its best bid and offer so far."""

    def __init__(self, is_protected: NDArray[np.bool_]) -> None:
        n_venues = len(is_protected)
        self._is_protected = is_protected
        self._levels = np.zeros((n_venues, 2, MAX_LEVELS, 2), np.int64)
        self._meta = np.zeros(n_venues, BOOK_META_DTYPE)
        self._nbbo = np.zeros(1, NBBO_DTYPE)
        self._last = np.zeros(N_COLUMNS, np.int64)
        self._states: list[NDArray[np.int64]] = []
        self.setters = np.zeros(n_venues, np.int64)

    def fold(self, tape: TapeArray) -> None:
        """Take the next messages."""
        out_quotes = np.empty((len(tape), N_COLUMNS), np.int64)
        n_states = fold_quotes(
            self._levels, self._meta, self._nbbo, self._is_protected, tape, self._last,
            out_quotes, self.setters,
        )  # fmt: skip
        self._states.append(out_quotes[:n_states].copy())

    def states(self) -> NDArray[np.int64]:
        """All states, shape (n, 5), columns as `fold_quotes` writes them."""
        return np.concatenate([np.zeros((0, N_COLUMNS), np.int64), *self._states])
