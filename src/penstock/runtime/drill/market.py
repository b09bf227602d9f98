"""The drill's market data: quotes that exist, move, lock, cross and go away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from penstock.domain import Side, TapeArray, TapeKind, Universe, empty_tape

_SHOWN_SHARES: Final = 600
_DOLLAR_TICKS: Final = 10_000

Row = tuple[TapeKind, int, int, int, int, int]
"""Kind, venue, instrument, side, price in ticks, shares."""


@dataclass(slots=True)
class Quote:
    """What a venue shows of an instrument; 0 ticks where there is nothing."""

    bid_ticks: int
    ask_ticks: int


class DrillMarket:
    """Quotes of every lit venue, as they are; a restarted router is given them anew."""

    def __init__(self, universe: Universe) -> None:
        self._lit = [v.venue_idx for v in universe.venues if v.kind.is_lit]
        self.increments = [i.increment_ticks for i in universe.instruments]
        self.mids = [
            (10 + k) * _DOLLAR_TICKS if step >= 100 else _DOLLAR_TICKS // 2 + 100 * k
            for k, step in enumerate(self.increments)
        ]
        self._quotes = {
            (venue_idx, k): Quote(mid - self.increments[k], mid + self.increments[k])
            for venue_idx in self._lit
            for k, mid in enumerate(self.mids)
        }

    @property
    def lit(self) -> list[int]:
        """Venues that show quotes."""
        return self._lit

    def snapshot(self, now_ns: int) -> TapeArray:
        """Every quote, as after a new start of the feed."""
        rows: list[Row] = []
        for (venue_idx, k), quote in self._quotes.items():
            rows.append((TapeKind.CLEAR, venue_idx, k, 0, 0, 0))
            rows += _shown(venue_idx, k, quote, _SHOWN_SHARES)
            rows.append((TapeKind.SNAPSHOT_END, venue_idx, k, 0, 0, 0))
        return _tape(rows, now_ns)

    def change(self, pick: int, k: int, what: str, n: int, now_ns: int) -> TapeArray:
        """One venue's quote moves, locks or crosses another's, or goes away."""
        if not self._lit:
            return _tape([], now_ns)
        venue_idx = self._lit[pick % len(self._lit)]
        step, quote = self.increments[k], self._quotes[venue_idx, k]
        rows = _shown(venue_idx, k, quote, 0)
        mid = max(20 * step, self.mids[k] + (n % 7 - 3) * step)
        match what:
            case "lock":
                quote = Quote(self.mids[k] + step, self.mids[k] + 2 * step)
            case "cross":
                quote = Quote(self.mids[k] + 2 * step, self.mids[k] + 3 * step)
            case "absent":
                quote = Quote(0, 0)
            case _:
                self.mids[k] = mid
                quote = Quote(mid - step, mid + step)
        self._quotes[venue_idx, k] = quote
        return _tape([*rows, *_shown(venue_idx, k, quote, _SHOWN_SHARES)], now_ns)


def _shown(venue_idx: int, k: int, quote: Quote, shares: int) -> list[Row]:
    sides = ((Side.BUY, quote.bid_ticks), (Side.SELL, quote.ask_ticks))
    return [
        (TapeKind.LEVEL, venue_idx, k, int(side), ticks, shares) for side, ticks in sides if ticks
    ]


def _tape(rows: list[Row], now_ns: int) -> TapeArray:
    tape = empty_tape(len(rows))
    for i, (kind, venue_idx, k, side, ticks, shares) in enumerate(rows):
        tape[i] = (now_ns, now_ns, 0, 0, ticks, shares, venue_idx, k, int(kind), side, 0)
    return tape
