"""Columns of a consolidated tape to messages: cleaned, merged, with sides, all of it counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    NS_PER_S,
    Ns,
    TapeArray,
    TapeError,
    TapeFlag,
    TapeKind,
    TradingDay,
    empty_tape,
)
from penstock.wire.csv_columns import Columns
from penstock.wire.tape_file import Cleaning, SourceFile, TapeContext, TapeFile
from penstock.wire.trade_sides import Int64s, infer_sides, last_true
from penstock.wire.us_codes import (
    AUCTION,
    NOT_A_FIRM_QUOTE,
    NOT_A_MARKET_PRICE,
    ODD_LOT,
    OFF_EXCHANGE_CODE,
    US_VENUES,
)

SESSION_START_S: Final = 34_200  # 09:30
SESSION_END_S: Final = 57_600  # 16:00
ROUND_LOT_SHARES: Final = 100

# Trades of one stock are near its quotes. A tenth is beyond what a median over a day can be, and
# far below the distance between two stocks picked by mistake, most of the time.
_SAME_STOCK_FRAC: Final = 0.1

_DROPPED: Final = "dropped"
_SUSPICIOUS: Final = "kept, flagged SUSPICIOUS"


class IngestResult(NamedTuple):
    """A day of one stock: the tape, and what is known about it, cleaning and counts included."""

    tape: TapeArray
    context: TapeContext

    @property
    def file(self) -> TapeFile:
        """The same as content of a tape file."""
        return TapeFile(self.tape, self.context)


class _Quotes(NamedTuple):
    """The NBBO stream taken apart: one row per side that a row of the file names."""

    time_ns: Int64s
    change: Int64s  # number of the NBBO change that it belongs to
    side: Int64s
    ticks: Int64s
    shares: Int64s
    venue_idx: Int64s
    flags: Int64s

    def where(self, rows: NDArray[Any]) -> _Quotes:
        """These rows, in this order."""
        return _Quotes(*(column[rows] for column in self))


class _States(NamedTuple):
    """The NBBO after each change, 0 where a side has not been seen."""

    time_ns: Int64s
    bid_ticks: Int64s
    ask_ticks: Int64s

    def before(self, time_ns: Int64s) -> tuple[Int64s, Int64s]:
        """Bid and ask in force before each time, 0 where there is none."""
        places = np.searchsorted(self.time_ns, time_ns, side="left")
        bid_ticks = np.concatenate([[0], self.bid_ticks])
        ask_ticks = np.concatenate([[0], self.ask_ticks])
        return bid_ticks[places], ask_ticks[places]


class _Log:
    """The cleaning, step by step."""

    def __init__(self) -> None:
        self.steps: list[Cleaning] = []

    def note(self, rule: str, is_so: NDArray[np.bool_], treatment: str) -> None:
        """Count one rule; what never happened is not mentioned."""
        if n := int(np.count_nonzero(is_so)):
            self.steps.append(Cleaning(rule=rule, n=n, treatment=treatment))


def normalise(
    quotes: Columns,
    trades: Columns,
    names: Mapping[str, str],
    sources: Sequence[SourceFile],
    symbol: str,
    day: TradingDay,
) -> IngestResult:
    """
    One tape from the columns of a quote file and of a trade file.

    Messages: NBBO for each side of the best bid and offer that changed, TRADE for each print.
    Prices are ticks; times are wall time at the exchange as if it were UTC. The source has one
    stamp, so `recv_ns` is `event_ns`. Within one stamp trades come before quotes, because a trade
    is what makes a quote change: in IBM on 8 October 2013, 74 % of the trades on exchanges are
    then at the quote before them, against 56 % in the opposite order.

    Of one change of the NBBO the ask comes first where the bid rises, else the bid: applied row by
    row the NBBO then never looks locked or crossed unless it was. Rows flagged SUSPICIOUS are no
    part of it.

    Args:
        quotes, trades: as `lean_tape` reads them.
        names: of the "quote" and the "trade" file, for messages.
        sources: the files as they came, for the context.
    Raises:
        TapeError: `day` is no date, or trades far away from the quotes: another stock's.
    """
    midnight_ns = _midnight_ns(day)
    session = (midnight_ns + SESSION_START_S * NS_PER_S, midnight_ns + SESSION_END_S * NS_PER_S)
    log = _Log()
    sides = _sides_of(quotes, midnight_ns, log)
    states = _states(sides)
    _note_locks(states, session, log)
    prints = _prints(trades, midnight_ns, states, log)
    _check_same_stock(names, prints, states)
    tape = _merged(_changed(sides, states, log), prints)
    is_outside = (tape["event_ns"] < session[0]) | (tape["event_ns"] >= session[1])
    log.note("messages outside 09:30 to 16:00", is_outside, "kept; the context has the session")
    counts = {"quote_rows": len(quotes["time"]), "trade_rows": len(trades["time"])}
    context = TapeContext(
        symbol=symbol.upper(),
        day=day,
        venues=US_VENUES,
        session_start_ns=Ns(session[0]),
        session_end_ns=Ns(session[1]),
        sources=tuple(sources),
        clock="consolidated tape, milliseconds; receipt is not recorded and set equal",
        counts=counts | _counts(tape, ~is_outside),
        cleaning=tuple(log.steps),
    )
    return IngestResult(tape, context)


def _midnight_ns(day: TradingDay) -> int:
    try:
        moment = datetime.strptime(f"{day:08d}", "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        raise TapeError.one(
            where="day",
            expected="a date as YYYYMMDD",
            found=str(day),
            fix="write 8 October 2013 as 20131008",
        ) from None
    return int(moment.timestamp()) * NS_PER_S


def _sides_of(columns: Columns, midnight_ns: int, log: _Log) -> _Quotes:
    """Sides of the rows, those of one NBBO change with one number, bid before ask."""
    has_bid, has_ask = columns["bid"] > 0, columns["ask"] > 0
    time_ns = columns["time"] + midnight_ns
    # An ask row belongs to the bid row right before it.
    is_second = np.zeros(len(time_ns), dtype=np.bool_)
    is_bid, is_ask = has_bid & ~has_ask, has_ask & ~has_bid
    is_second[1:] = is_bid[:-1] & is_ask[1:] & (time_ns[1:] == time_ns[:-1])
    change = np.cumsum(~is_second) - 1
    is_marked = columns["suspicious"] == 1
    is_soft = (columns["condition"] & NOT_A_FIRM_QUOTE) != 0
    flags = np.where(is_marked | is_soft, int(TapeFlag.SUSPICIOUS), 0)
    log.note("quote rows without a price", ~has_bid & ~has_ask, _DROPPED)
    log.note("quote rows that the source marks as suspicious", is_marked, _SUSPICIOUS)
    log.note("quote rows with a condition that is not firm", is_soft & ~is_marked, _SUSPICIOUS)
    rows = np.concatenate([np.flatnonzero(has_bid), np.flatnonzero(has_ask)])
    side = np.repeat([1, -1], [int(has_bid.sum()), int(has_ask.sum())])
    sides = _Quotes(
        time_ns=time_ns[rows],
        change=change[rows],
        side=side,
        ticks=np.where(side == 1, columns["bid"][rows], columns["ask"][rows]),
        shares=np.where(side == 1, columns["bid_shares"][rows], columns["ask_shares"][rows]),
        venue_idx=columns["exchange"][rows],
        flags=flags[rows],
    )
    log.note("quote sides with a price and no size", sides.shares == 0, _DROPPED)
    return sides.where(sides.shares > 0)


def _states(sides: _Quotes) -> _States:
    n_changes = int(sides.change.max(initial=-1)) + 1
    time_ns = np.zeros(n_changes, dtype=np.int64)
    time_ns[sides.change] = sides.time_ns
    best: list[Int64s] = []
    for side in (1, -1):
        ticks = np.zeros(n_changes, dtype=np.int64)
        rows = (sides.flags == 0) & (sides.side == side)
        ticks[sides.change[rows]] = sides.ticks[rows]
        best.append(ticks[last_true(ticks > 0)])
    # A change of which nothing is left happened with the one before it.
    return _States(np.maximum.accumulate(time_ns), best[0], best[1])


def _note_locks(states: _States, session: tuple[int, int], log: _Log) -> None:
    in_session = (states.time_ns >= session[0]) & (states.time_ns < session[1])
    is_known = in_session & (states.bid_ticks > 0) & (states.ask_ticks > 0)
    treatment = "kept; such an NBBO has no midpoint"
    is_locked = states.bid_ticks == states.ask_ticks
    log.note("changes in the session that lock the NBBO", is_known & is_locked, treatment)
    is_crossed = states.bid_ticks > states.ask_ticks
    log.note("changes in the session that cross the NBBO", is_known & is_crossed, treatment)


def _changed(sides: _Quotes, states: _States, log: _Log) -> _Quotes:
    """Sides that are not what they were, in the order in which the tape has them."""
    is_repeat = np.zeros(len(sides.side), dtype=np.bool_)
    for side in (1, -1):
        rows = np.flatnonzero((sides.flags == 0) & (sides.side == side))
        same = np.ones(max(len(rows) - 1, 0), dtype=np.bool_)
        for column in (sides.ticks, sides.shares, sides.venue_idx):
            same &= column[rows[1:]] == column[rows[:-1]]
        is_repeat[rows[1:]] = same
    log.note("quote sides that repeat the one before", is_repeat, _DROPPED)
    bid_before = np.concatenate([[0], states.bid_ticks[:-1]])
    is_rising = states.bid_ticks > bid_before
    is_second = (sides.side == 1) == is_rising[sides.change]
    order = np.lexsort((is_second, sides.change))
    return sides.where(order[~is_repeat[order]])


def _prints(columns: Columns, midnight_ns: int, states: _States, log: _Log) -> TapeArray:
    is_whole = (columns["price"] > 0) & (columns["shares"] > 0)
    log.note("trades without price or size", ~is_whole, _DROPPED)
    columns = {name: column[is_whole] for name, column in columns.items()}
    condition, shares = columns["condition"], columns["shares"]
    off_exchange_idx = [venue.code for venue in US_VENUES].index(OFF_EXCHANGE_CODE)
    is_marked = columns["suspicious"] == 1
    is_elsewhere = (condition & NOT_A_MARKET_PRICE) != 0
    flags = np.zeros(len(shares), dtype=np.uint16)
    for rule, is_so, flag in (
        ("trades that the source marks as suspicious", is_marked, TapeFlag.SUSPICIOUS),
        ("trades at a price not of the moment, by condition", is_elsewhere, TapeFlag.SUSPICIOUS),
        ("single-price crosses: open, close, reopening", condition & AUCTION, TapeFlag.AUCTION),
        ("odd lots", (condition & ODD_LOT) | (shares < ROUND_LOT_SHARES), TapeFlag.ODD_LOT),
        ("trades off exchange", columns["exchange"] == off_exchange_idx, TapeFlag.OFF_EXCHANGE),
    ):
        log.note(rule, is_so != 0, f"kept, flagged {flag.name}")
        flags[is_so != 0] |= int(flag)
    tape = empty_tape(len(shares))
    tape["event_ns"] = tape["recv_ns"] = columns["time"] + midnight_ns
    tape["price_ticks"], tape["shares"] = columns["price"], shares
    tape["venue_idx"], tape["kind"] = columns["exchange"], TapeKind.TRADE
    tape["flags"] = flags
    is_price = (flags & int(TapeFlag.SUSPICIOUS | TapeFlag.AUCTION)) == 0
    tape["side"] = infer_sides(columns["price"], *states.before(tape["event_ns"]), is_price)
    return tape


def _check_same_stock(names: Mapping[str, str], prints: TapeArray, states: _States) -> None:
    bid_ticks, ask_ticks = states.before(prints["event_ns"])
    is_quoted = (bid_ticks > 0) & (ask_ticks > 0)
    if not is_quoted.any():
        return
    mid_ticks = (bid_ticks + ask_ticks)[is_quoted] / 2
    away_frac = float(np.median(np.abs(prints["price_ticks"][is_quoted] / mid_ticks - 1)))
    if away_frac > _SAME_STOCK_FRAC:
        raise TapeError.one(
            where=names["trade"],
            expected=f"trades near the quotes of {names['quote']}",
            found=f"prices that are {away_frac:.0%} away from them",
            fix="pass a quote file and a trade file of the same stock and day",
        )


def _merged(quotes: _Quotes, prints: TapeArray) -> TapeArray:
    tape = empty_tape(len(prints) + len(quotes.time_ns))
    tape[: len(prints)] = prints
    rest = tape[len(prints) :]
    rest["event_ns"] = rest["recv_ns"] = quotes.time_ns
    rest["price_ticks"], rest["shares"] = quotes.ticks, quotes.shares
    rest["venue_idx"], rest["side"] = quotes.venue_idx, quotes.side
    rest["kind"], rest["flags"] = TapeKind.NBBO, quotes.flags
    # Stable, and trades stand before quotes: so they do at equal times.
    ordered: TapeArray = tape[np.argsort(tape["event_ns"], kind="stable")]
    return ordered


def _counts(tape: TapeArray, in_session: NDArray[np.bool_]) -> dict[str, int]:
    is_trade = tape["kind"] == TapeKind.TRADE
    trades = tape[is_trade & in_session]
    counts = {
        "messages": len(tape),
        "nbbo_messages": int((~is_trade).sum()),
        "trade_messages": int(is_trade.sum()),
        "session_messages": int(in_session.sum()),
        "session_trades": len(trades),
        "session_shares": int(trades["shares"].sum()),
        "session_buys": int((trades["side"] == 1).sum()),
        "session_sells": int((trades["side"] == -1).sum()),
        "session_sides_unknown": int((trades["side"] == 0).sum()),
    }
    for venue_idx, venue in enumerate(US_VENUES):
        shares = int(trades["shares"][trades["venue_idx"] == venue_idx].sum())
        if shares:
            counts[f"session_shares_{venue.code}"] = shares
    return counts
