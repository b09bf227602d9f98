"""Builders for tape messages: one line per message in a test."""

from collections.abc import Mapping, Sequence

from penstock.domain import Side, TapeArray, TapeKind, empty_tape

BUY, SELL = Side.BUY, Side.SELL

Message = Mapping[str, int]
"""Fields of TAPE_DTYPE by name; those left out are 0."""


def level(
    side: Side = BUY,
    at: int = 1001,
    shares: int = 100,
    *,
    venue: int = 0,
    instrument: int = 0,
    seq: int = 0,
    now: int = 1,
    flags: int = 0,
) -> Message:
    """Displayed size at a price is now `shares`."""
    return _message(TapeKind.LEVEL, venue, instrument, seq, now, flags, side, at, shares)


def trade(
    side: Side = BUY,
    at: int = 1001,
    shares: int = 100,
    *,
    venue: int = 0,
    instrument: int = 0,
    seq: int = 0,
    now: int = 1,
    flags: int = 0,
) -> Message:
    """A print; `side` is the aggressor's, `venue` -1 is none of ours."""
    return _message(TapeKind.TRADE, venue, instrument, seq, now, flags, side, at, shares)


def nbbo(
    side: Side = BUY,
    at: int = 1001,
    shares: int = 100,
    *,
    venue: int = 0,
    instrument: int = 0,
    seq: int = 0,
    now: int = 1,
    flags: int = 0,
) -> Message:
    """A consolidated quote: one side of a venue that has no depth."""
    return _message(TapeKind.NBBO, venue, instrument, seq, now, flags, side, at, shares)


def clear(*, venue: int = 0, instrument: int = 0, seq: int = 0, now: int = 1) -> Message:
    """A snapshot begins."""
    return _message(TapeKind.CLEAR, venue, instrument, seq, now)


def snapshot_end(*, venue: int = 0, instrument: int = 0, seq: int = 0, now: int = 1) -> Message:
    """A snapshot is complete."""
    return _message(TapeKind.SNAPSHOT_END, venue, instrument, seq, now)


def gap(*, venue: int = 0, instrument: int = 0, seq: int = 0, now: int = 1) -> Message:
    """The feed handler knows that it lost something."""
    return _message(TapeKind.GAP, venue, instrument, seq, now)


def status(
    flags: int, *, venue: int = 0, instrument: int = 0, seq: int = 0, now: int = 1
) -> Message:
    """Trading status."""
    return _message(TapeKind.STATUS, venue, instrument, seq, now, flags)


def tape(messages: Sequence[Message]) -> TapeArray:
    """The messages as a tape, in the order given."""
    rows = empty_tape(len(messages))
    for i, message in enumerate(messages):
        for name, value in message.items():
            rows[name][i] = value
    return rows


def _message(
    kind: TapeKind,
    venue: int,
    instrument: int,
    seq: int,
    now: int,
    flags: int = 0,
    side: int = 0,
    at: int = 0,
    shares: int = 0,
) -> Message:
    return {
        "kind": int(kind),
        "venue_idx": venue,
        "instrument_idx": instrument,
        "seq": seq,
        "event_ns": now,
        "recv_ns": now,
        "flags": flags,
        "side": int(side),
        "price_ticks": at,
        "shares": shares,
    }
