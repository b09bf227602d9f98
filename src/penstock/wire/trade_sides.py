"""Which side of a trade was in a hurry, from quotes and prices alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]


def infer_sides(
    trade_ticks: Int64s,
    bid_ticks: Int64s,
    ask_ticks: Int64s,
    is_price: NDArray[np.bool_],
) -> NDArray[np.int8]:
    """
    Aggressor of each trade: +1 bought, -1 sold, 0 unknown.

    Quote rule: above the midpoint of the quote in force is a buy, below it a sell. At the midpoint,
    and where the quote is one-sided, locked or crossed, the tick rule: above the last different
    price is a buy, below it a sell.

    Args:
        trade_ticks: prices in order of time, shape (n,).
        bid_ticks, ask_ticks: the quote in force before each trade, ticks, 0 where there is none.
        is_price: False where the price says nothing about the market; such a trade gets 0, and is
            passed over by the tick rule.

    Causality: row i reads trades up to i, and the quote the caller chose for it.
    Source: Lee & Ready (1991), "Inferring Trade Direction from Intraday Data", Journal of Finance
        46(2). Their five-second delay of quotes was for hand-entered reports; see `lean_tape`.
    Reference: tests/support/naive_normalising.py.
    """
    is_quoted = (bid_ticks > 0) & (ask_ticks > bid_ticks)
    by_quote = np.where(is_quoted, np.sign(2 * trade_ticks - bid_ticks - ask_ticks), 0)
    sides = np.where(by_quote != 0, by_quote, _by_tick(trade_ticks, is_price))
    return np.where(is_price, sides, 0).astype(np.int8)


def _by_tick(trade_ticks: Int64s, is_price: NDArray[np.bool_]) -> NDArray[Any]:
    """Sign of the last change of price, over the trades that count."""
    prices = trade_ticks[is_price]
    moves = np.sign(np.diff(prices, prepend=prices[:1]))
    sides = np.zeros(len(trade_ticks), dtype=np.int64)
    sides[is_price] = moves[last_true(moves != 0)]
    return sides


def last_true(is_there: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Index of the last True at or before each place; 0 before the first."""
    places = np.where(is_there, np.arange(len(is_there)), 0)
    return np.maximum.accumulate(places, dtype=np.intp)
