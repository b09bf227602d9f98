"""The slow reference of `fold_quotes`: every state looked up in the house's own books."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from penstock.book import Books
from penstock.domain import Side, TapeArray


def folded(tape: TapeArray, is_protected: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Time, bid, ask, and the largest venue's shares at each, after each time of receipt."""
    books = Books(1, len(is_protected), is_protected)
    states: list[tuple[int, ...]] = [(0, 0, 0, 0, 0)]
    for i in range(len(tape)):
        books.apply(tape, i, i + 1)
        best = {}
        for side in (Side.BUY, Side.SELL):
            shown = [
                books.best(0, venue_idx, side)
                for venue_idx in range(len(is_protected))
                if is_protected[venue_idx]
            ]
            known = [one for one in shown if one is not None]
            price = max((int(side) * ticks for ticks, _ in known), default=0)
            at_best = [shares for ticks, shares in known if int(side) * ticks == price]
            best[side] = (abs(price), max(at_best, default=0))
        (bid, bid_shares), (ask, ask_shares) = best[Side.BUY], best[Side.SELL]
        state = (int(tape[i]["recv_ns"]), bid, ask, bid_shares, ask_shares)
        if state[1:] != states[-1][1:]:
            if states[-1][0] == state[0]:
                states.pop()
            states.append(state)
    return states[1:]
