"""One stretch of a market, real or simulated, in the form in which the two are compared."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock.domain import NS_PER_MS, NS_PER_S, TapeError, TapeFlag, TapeKind
from penstock.wire import TapeFile

Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]

# The opening auction and its aftermath, and the minutes before the closing one, are left out.
MARGIN_NS: Final = 300 * NS_PER_S
N_LEVELS: Final = 5  # prices of a side whose displayed size is compared
_NOT_CONTINUOUS: Final = int(TapeFlag.SUSPICIOUS | TapeFlag.AUCTION)


class Quotes(NamedTuple):
    """
    Best bid and offer after each change, shape (n,); a price of 0 is a side that is empty.

    Shares are those of the largest single venue at the price, which is what a consolidated tape
    shows: not the sum over venues.
    """

    time_ns: Int64s
    bid_ticks: Int64s
    ask_ticks: Int64s
    bid_shares: Int64s
    ask_shares: Int64s

    @property
    def is_whole(self) -> NDArray[np.bool_]:
        """Both sides are there, and the bid is below the ask."""
        return (self.bid_ticks > 0) & (self.ask_ticks > self.bid_ticks)

    @property
    def mid_ticks(self) -> Floats:
        """Midpoint; NaN where the quote is one-sided, locked or crossed."""
        mids = (self.bid_ticks + self.ask_ticks) / 2.0
        return np.where(self.is_whole, mids, np.nan)

    def places_before(self, time_ns: Int64s) -> Int64s:
        """Index of the quote in force strictly before each time; -1 where there is none."""
        return np.searchsorted(self.time_ns, time_ns, side="left").astype(np.int64) - 1


class Prints(NamedTuple):
    """Executions in the continuous market, shape (n,)."""

    time_ns: Int64s
    ticks: Int64s
    shares: Int64s
    side: Int64s  # aggressor's, 0 unknown
    venue_idx: Int64s
    is_off_exchange: NDArray[np.bool_]
    is_hidden: NDArray[np.bool_]  # known to have met size that nobody saw

    def where(self, rows: NDArray[Any]) -> Prints:
        """These rows only."""
        return Prints(*(column[rows] for column in self))


class Depth(NamedTuple):
    """Displayed shares at the best N_LEVELS prices of one side of a book; one row a look."""

    time_ns: Int64s  # (n,)
    shares: Int64s  # (n, N_LEVELS)
    venue_idx: Int64s  # (n,)


NO_DEPTH: Final = Depth(
    np.zeros(0, np.int64), np.zeros((0, N_LEVELS), np.int64), np.zeros(0, np.int64)
)
"""What is known of books where nothing but their best prices was recorded."""


class Sample(NamedTuple):
    """A stretch of one stock's market."""

    label: str
    symbol: str
    day: int  # YYYYMMDD
    start_ns: int
    end_ns: int
    increment_ticks: int
    venues: tuple[str, ...]  # names, by `venue_idx`
    quotes: Quotes
    prints: Prints
    quote_sides: NDArray[np.int64]  # changes of the best price that each venue made, (n_venues,)
    depth: Depth = NO_DEPTH

    @property
    def duration_s(self) -> float:
        """Length of the stretch."""
        return (self.end_ns - self.start_ns) / NS_PER_S

    @property
    def lit(self) -> Prints:
        """Executions on exchanges."""
        return self.prints.where(~self.prints.is_off_exchange)

    @property
    def off_exchange(self) -> Prints:
        """Executions reported from elsewhere."""
        return self.prints.where(self.prints.is_off_exchange)

    def between(self, start_ns: int, end_ns: int) -> Sample:
        """The part of it from one time to another."""
        quotes, prints = self.quotes, self.prints
        keep = (quotes.time_ns >= start_ns) & (quotes.time_ns < end_ns)
        first = max(0, int(np.searchsorted(quotes.time_ns, start_ns)) - 1)
        keep[first : first + 1] = True  # the quote in force at the start was made before it
        rows = (prints.time_ns >= start_ns) & (prints.time_ns < end_ns)
        looks = (self.depth.time_ns >= start_ns) & (self.depth.time_ns < end_ns)
        return self._replace(
            start_ns=start_ns,
            end_ns=end_ns,
            quotes=Quotes(*(column[keep] for column in quotes)),
            prints=prints.where(rows),
            depth=Depth(*(column[looks] for column in self.depth)),
        )


def sample_of_tape(file: TapeFile, increment_ticks: int = 100) -> Sample:
    """
    The continuous session of a consolidated tape, less five minutes at both ends.

    Raises:
        TapeError: no quotes or no trades in it: nothing can be measured.
    """
    context, tape = file.context, file.tape
    start_ns = int(context.session_start_ns) + MARGIN_NS
    end_ns = int(context.session_end_ns) - MARGIN_NS
    rows = tape[tape["event_ns"] < end_ns]
    is_firm = (rows["flags"] & _NOT_CONTINUOUS) == 0
    quotes = rows[(rows["kind"] == TapeKind.NBBO) & is_firm]
    prints = rows[(rows["kind"] == TapeKind.TRADE) & is_firm & (rows["event_ns"] >= start_ns)]
    if not len(quotes) or not len(prints) or end_ns <= start_ns:
        raise TapeError.one(
            where=f"tape of {context.symbol} {context.day}",
            expected="quotes and trades of a session of more than ten minutes",
            found=f"{len(quotes):,} quotes and {len(prints):,} trades",
            fix="ingest a day with both files",
        )
    in_session = quotes[quotes["event_ns"] >= start_ns]
    whole = Sample(
        label=f"{context.symbol} {context.day}, recorded",
        symbol=context.symbol,
        day=int(context.day),
        start_ns=start_ns,
        end_ns=end_ns,
        increment_ticks=increment_ticks,
        venues=context.codes,
        quotes=_quotes_of_sides(quotes),
        prints=prints_of(prints),
        quote_sides=np.bincount(in_session["venue_idx"], minlength=len(context.venues)),
    )
    return whole.between(start_ns, end_ns)


def _quotes_of_sides(rows: NDArray[Any]) -> Quotes:
    """States of the NBBO, the last one of each stamp, from its one-sided changes."""
    columns: list[Int64s] = []
    for side in (1, -1):
        is_side = rows["side"] == side
        last = np.maximum.accumulate(np.where(is_side, np.arange(len(rows)), -1))
        columns.extend(
            np.where(last >= 0, rows[name][np.maximum(last, 0)], 0)
            for name in ("price_ticks", "shares")
        )
    times_ns = rows["event_ns"]
    is_last = np.append(times_ns[1:] != times_ns[:-1], True)
    bid_ticks, bid_shares, ask_ticks, ask_shares = (column[is_last] for column in columns)
    return Quotes(times_ns[is_last], bid_ticks, ask_ticks, bid_shares, ask_shares)


def prints_of(rows: NDArray[Any]) -> Prints:
    """Executions from TRADE rows of a tape, all of them."""
    return Prints(
        time_ns=rows["event_ns"].astype(np.int64),
        ticks=rows["price_ticks"].astype(np.int64),
        shares=rows["shares"].astype(np.int64),
        side=rows["side"].astype(np.int64),
        venue_idx=rows["venue_idx"].astype(np.int64),
        is_off_exchange=(rows["flags"] & int(TapeFlag.OFF_EXCHANGE)) != 0,
        is_hidden=(rows["flags"] & int(TapeFlag.HIDDEN)) != 0,
    )


def on_clock(times_ns: Int64s, step_ns: int = NS_PER_MS) -> Int64s:
    """The times as a clock that counts in `step_ns` would have stamped them."""
    return times_ns // step_ns * step_ns
