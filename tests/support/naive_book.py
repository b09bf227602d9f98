"""The books again, with dicts and no cleverness: what the kernels are held against."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from penstock.book import MAX_LEVELS
from penstock.domain import Side, TapeArray, TapeFlag, TapeKind

BUY, SELL = Side.BUY, Side.SELL


@dataclass
class NaiveSide:
    """
    Everything that one side was ever told, and how far of it can be seen.

    Prices are compared as `sign * ticks`: more is better on both sides.
    """

    sign: int
    told: dict[int, int] = field(default_factory=dict)
    horizon: float = -math.inf  # sign * price of the best level that was ever out of sight

    def seen(self) -> dict[int, int]:
        """Price to shares of what is in sight, best first."""
        in_sight = [ticks for ticks in self.told if self.sign * ticks > self.horizon]
        in_sight.sort(key=lambda ticks: -self.sign * ticks)
        return {ticks: self.told[ticks] for ticks in in_sight}

    def tell(self, ticks: int, shares: int) -> int:
        """Take a size at a price; returns how many levels went out of sight."""
        self.told.pop(ticks, None)
        if shares > 0:
            self.told[ticks] = shares
        seen = list(self.seen())
        if len(seen) > MAX_LEVELS:
            self.horizon = self.sign * seen[-1]
            return 1
        return int(shares > 0 and ticks not in seen)

    @property
    def is_known(self) -> bool:
        """False if the best price may be out of sight."""
        return bool(self.seen()) or self.horizon == -math.inf


class NaiveBook:
    """One venue's book of one instrument."""

    def __init__(self) -> None:
        self.sides = {BUY: NaiveSide(+1), SELL: NaiveSide(-1)}
        self.has_started = False
        self.missed_something = False
        self.in_snapshot = False
        self.is_halted = False
        self.last_seq = 0
        self.n_gaps = 0
        self.n_dropped = 0

    def take(self, message: Mapping[str, int]) -> None:
        """Apply one message."""
        self.has_started = True
        kind, side = TapeKind(message["kind"]), BUY if message["side"] > 0 else SELL
        seq, is_doubtful = message["seq"], bool(message["flags"] & TapeFlag.SUSPICIOUS)
        if seq:
            if kind is not TapeKind.CLEAR and seq - self.last_seq != 1:
                self.miss()
            self.last_seq = seq
        match kind:
            case TapeKind.NBBO if not is_doubtful:
                self.sides[side] = NaiveSide(int(side))
                self.sides[side].tell(message["price_ticks"], message["shares"])
            case TapeKind.LEVEL if not is_doubtful:
                told = self.sides[side].tell(message["price_ticks"], message["shares"])
                self.n_dropped += told
            case TapeKind.CLEAR:
                self.sides = {BUY: NaiveSide(+1), SELL: NaiveSide(-1)}
                self.in_snapshot = True
            case TapeKind.SNAPSHOT_END if self.in_snapshot:
                self.in_snapshot = self.missed_something = False
            case TapeKind.GAP:
                self.miss()
            case TapeKind.STATUS:
                self.is_halted = bool(message["flags"] & TapeFlag.HALTED)
        if self.is_crossed and seq and not self.missed_something:
            self.miss()

    def miss(self) -> None:
        """A message is missing: nothing is believed until a snapshot that begins after this."""
        self.n_gaps += 1
        self.missed_something, self.in_snapshot = True, False

    @property
    def is_crossed(self) -> bool:
        """Best bid at or above best ask, where that cannot be."""
        bids, asks = self.sides[BUY].seen(), self.sides[SELL].seen()
        return bool(not self.is_halted and bids and asks and max(bids) >= min(asks))

    @property
    def is_valid(self) -> bool:
        """Whether the book can be believed."""
        is_whole = self.has_started and not self.missed_something and not self.in_snapshot
        return is_whole and not self.is_crossed and all(s.is_known for s in self.sides.values())

    def depth(self, side: Side) -> list[tuple[int, int]] | None:
        """Levels, best first; None while the book is invalid."""
        return list(self.sides[side].seen().items()) if self.is_valid else None


class NaiveBooks:
    """Books of some instruments at several venues."""

    def __init__(self, n_instruments: int, is_protected: Sequence[bool]) -> None:
        self.is_protected = is_protected
        self.books = {
            (i, v): NaiveBook() for i in range(n_instruments) for v in range(len(is_protected))
        }

    def apply(self, tape: TapeArray) -> None:
        """Take every message."""
        for row in tape:
            message = {name: int(row[name]) for name in tape.dtype.names or ()}
            if message["venue_idx"] >= 0:
                self.books[message["instrument_idx"], message["venue_idx"]].take(message)

    def nbbo(self, instrument_idx: int) -> tuple[int, int, int, int, int, int, bool]:
        """Best bid and ask, sizes over protected venues, numbers of venues, whether it is valid."""
        counted = [
            book
            for (i, v), book in self.books.items()
            if i == instrument_idx and self.is_protected[v] and book.is_valid and not book.is_halted
        ]
        bids = [(depth[0][0], depth[0][1]) for book in counted if (depth := book.depth(BUY))]
        asks = [(depth[0][0], depth[0][1]) for book in counted if (depth := book.depth(SELL))]
        bid = max((ticks for ticks, _ in bids), default=0)
        ask = min((ticks for ticks, _ in asks), default=0)
        bid_sizes = [shares for ticks, shares in bids if ticks == bid]
        ask_sizes = [shares for ticks, shares in asks if ticks == ask]
        return (
            bid,
            ask,
            sum(bid_sizes),
            sum(ask_sizes),
            len(bid_sizes),
            len(ask_sizes),
            bool(bids and asks and bid < ask),
        )
