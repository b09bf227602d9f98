"""What a publisher has said so far: the whole books, from which a snapshot is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from penstock.domain import TapeArray, TapeFlag, TapeKind, empty_tape


class Said(NamedTuple):
    """The fields of a message that change a book."""

    kind: int
    side: int
    price_ticks: int
    shares: int
    flags: int


@dataclass(slots=True)
class BookImage:
    """
    One venue's book of one instrument as a receiver that missed nothing would have it.

    Every level is kept, however far from the touch: whoever starts from a snapshot must not believe
    that there is nothing behind what it was told.
    """

    bid_shares: dict[int, int] = field(default_factory=dict)  # by price, ticks
    ask_shares: dict[int, int] = field(default_factory=dict)
    is_halted: bool = False
    is_lost: bool = False
    in_snapshot: bool = False
    last_event_ns: int = 0

    def take(self, said: Said) -> None:
        """Follow one message; the rules are those of `penstock.book.apply_message`."""
        kind, is_doubtful = said.kind, said.flags & TapeFlag.SUSPICIOUS
        if kind in (TapeKind.LEVEL, TapeKind.NBBO):
            if not is_doubtful:
                self._quote(said)
        elif kind == TapeKind.CLEAR:
            self.bid_shares.clear()
            self.ask_shares.clear()
            self.in_snapshot = True
        elif kind == TapeKind.SNAPSHOT_END:
            self.is_lost = self.is_lost and not self.in_snapshot
            self.in_snapshot = False
        elif kind == TapeKind.GAP:
            self.is_lost, self.in_snapshot = True, False
        elif kind == TapeKind.STATUS:
            self.is_halted = bool(said.flags & TapeFlag.HALTED)

    def messages(self) -> list[Said]:
        """
        What brings any book to this state, best level first.

        The trading status comes before the levels: in a halt they may be crossed, at other times
        that would be taken for a loss.
        """
        flags = int(TapeFlag.HALTED) if self.is_halted else 0
        said = [Said(TapeKind.CLEAR, 0, 0, 0, 0), Said(TapeKind.STATUS, 0, 0, 0, flags)]
        for side, levels in ((1, self.bid_shares), (-1, self.ask_shares)):
            best_first = sorted(levels.items(), reverse=side > 0)
            said += [Said(TapeKind.LEVEL, side, ticks, shares, 0) for ticks, shares in best_first]
        if not self.in_snapshot:  # else its end is still to come in the stream
            end = TapeKind.GAP if self.is_lost else TapeKind.SNAPSHOT_END
            said.append(Said(end, 0, 0, 0, 0))
        return said

    def _quote(self, said: Said) -> None:
        levels = self.bid_shares if said.side > 0 else self.ask_shares
        if said.kind == TapeKind.NBBO:
            levels.clear()
        if said.shares > 0:
            levels[said.price_ticks] = said.shares
        else:
            levels.pop(said.price_ticks, None)


class VenueImage:
    """One venue's books of all instruments."""

    def __init__(self, n_instruments: int) -> None:
        self._books = [BookImage() for _ in range(n_instruments)]

    def take(self, rows: TapeArray) -> None:
        """Follow rows of the venue, in order."""
        columns = (rows[name].tolist() for name in Said._fields)
        for instrument_idx, event_ns, *said in zip(
            rows["instrument_idx"].tolist(), rows["event_ns"].tolist(), *columns, strict=True
        ):
            book = self._books[instrument_idx]
            book.last_event_ns = event_ns
            book.take(Said(*said))

    def snapshot(self) -> TapeArray:
        """
        Rows that bring any receiver to this state, one instrument after the other.

        `event_ns` is that of the book's last message: a snapshot is no news about the market.
        """
        books = [(book, book.messages()) for book in self._books]
        rows = empty_tape(sum(len(said) for _, said in books))
        at = 0
        for instrument_idx, (book, said) in enumerate(books):
            part = rows[at : at + len(said)]
            part["instrument_idx"], part["event_ns"] = instrument_idx, book.last_event_ns
            for name, column in zip(Said._fields, zip(*said, strict=True), strict=True):
                part[name] = column
            at += len(said)
        return rows
