"""Slow reference of `penstock.wire.normalising`: row by row, with a dictionary for the NBBO."""

from typing import NamedTuple

from penstock.domain import TapeFlag, TapeKind
from penstock.wire import US_VENUES
from penstock.wire.us_codes import AUCTION, NOT_A_FIRM_QUOTE, NOT_A_MARKET_PRICE, ODD_LOT

NS_PER_MS = 1_000_000
CODES = [venue.code for venue in US_VENUES]
SUSPICIOUS = int(TapeFlag.SUSPICIOUS)


class Message(NamedTuple):
    """What the tests compare of a message on the tape."""

    since_midnight_ns: int
    kind: int
    side: int
    ticks: int
    shares: int
    code: str
    flags: int


class Half(NamedTuple):
    """One side that a row of a quote file names."""

    side: int
    ticks: int
    shares: int
    code: str
    flags: int


def halves_of(line: str) -> list[Half]:
    """Sides with a price in one row of a quote file, with or without a size."""
    _, bid, bid_shares, ask, ask_shares, code, condition, mark = line.split(",")
    is_bad = mark == "1" or int(condition, 16) & NOT_A_FIRM_QUOTE
    return [
        Half(side, int(ticks), int(shares), code, SUSPICIOUS if is_bad else 0)
        for side, ticks, shares in ((1, bid, bid_shares), (-1, ask, ask_shares))
        if int(ticks) > 0
    ]


def changes_of(text: str) -> list[tuple[int, list[Half]]]:
    """Time and sides of each NBBO change: a bid row and the ask row right after it are one."""
    changes: list[tuple[int, list[Half]]] = []
    may_join = False
    for line in text.splitlines():
        time_ns, halves = round(float(line.split(",")[0]) * NS_PER_MS), halves_of(line)
        sides = [half.side for half in halves]
        if may_join and sides == [-1] and changes[-1][0] == time_ns:
            changes[-1][1].extend(halves)
            may_join = False
        else:
            changes.append((time_ns, halves))
            may_join = sides == [1]
    return [(time_ns, [h for h in halves if h.shares > 0]) for time_ns, halves in changes]


def normalise(quotes: str, trades: str) -> list[Message]:
    """The tape, as a list."""
    best: dict[int, Half] = {}
    history: list[tuple[int, int, int]] = []  # time, bid, ask after each change
    messages: list[tuple[int, int, Message]] = []  # time, trades first, message
    for time_ns, halves in changes_of(quotes):
        bid_before = best[1].ticks if 1 in best else 0
        new = [half for half in halves if half.flags or best.get(half.side) != half]
        best |= {half.side: half for half in halves if not half.flags}
        is_rising = (best[1].ticks if 1 in best else 0) > bid_before
        for half in sorted(new, key=lambda half: half.side if is_rising else -half.side):
            message = Message(
                time_ns, TapeKind.NBBO, half.side, half.ticks, half.shares, half.code, half.flags
            )
            messages.append((time_ns, 1, message))
        state = [best[side].ticks if side in best else 0 for side in (1, -1)]
        history.append((time_ns, state[0], state[1]))
    messages += [(m.since_midnight_ns, 0, m) for m in prints(trades, history)]
    return [message for _, _, message in sorted(messages, key=lambda row: row[:2])]


def prints(text: str, history: list[tuple[int, int, int]]) -> list[Message]:
    """The trades, with the side that Lee and Ready (1991) give them."""
    messages = []
    last_ticks, last_move = 0, 0
    for line in text.splitlines():
        ms, price, shares, code, condition, mark = line.split(",")
        time_ns, ticks, mask = round(float(ms) * NS_PER_MS), int(price), int(condition, 16)
        if ticks == 0 or int(shares) == 0:
            continue
        flags = SUSPICIOUS if mark == "1" or mask & NOT_A_MARKET_PRICE else 0
        flags |= int(TapeFlag.AUCTION) if mask & AUCTION else 0
        flags |= int(TapeFlag.ODD_LOT) if mask & ODD_LOT or int(shares) < 100 else 0
        flags |= int(TapeFlag.OFF_EXCHANGE) if code == "D" else 0
        side = 0
        if not flags & (SUSPICIOUS | TapeFlag.AUCTION):
            if last_ticks and ticks != last_ticks:
                last_move = 1 if ticks > last_ticks else -1
            last_ticks = ticks
            quotes = [(bid, ask) for when, bid, ask in history if when < time_ns]
            bid, ask = quotes[-1] if quotes else (0, 0)
            side = last_move
            if 0 < bid < ask and 2 * ticks != bid + ask:
                side = 1 if 2 * ticks > bid + ask else -1
        messages.append(Message(time_ns, TapeKind.TRADE, side, ticks, int(shares), code, flags))
    return messages
