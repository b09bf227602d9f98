"""One message of the tape into a book and into the protected touch."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.book.layout import ASK, BID, LevelArray, MetaArray, NbboArray
from penstock.book.levels import best_shares, best_ticks, forget_side, n_levels, set_level
from penstock.domain import TapeArray, TapeFlag, TapeKind

# Plain integers, because kernels freeze globals and do not know enums.
_LEVEL: Final = int(TapeKind.LEVEL)
_TRADE: Final = int(TapeKind.TRADE)
_CLEAR: Final = int(TapeKind.CLEAR)
_SNAPSHOT_END: Final = int(TapeKind.SNAPSHOT_END)
_GAP: Final = int(TapeKind.GAP)
_STATUS: Final = int(TapeKind.STATUS)
_NBBO: Final = int(TapeKind.NBBO)
_HALTED: Final = int(TapeFlag.HALTED)
_SUSPICIOUS: Final = int(TapeFlag.SUSPICIOUS)

# All of a message is pasted into one body: each call would count references of every array that it
# is handed, 40 ns a message in all.


@inlined
def apply_message(
    levels: LevelArray,
    meta: MetaArray,
    nbbo: NbboArray,
    is_protected: NDArray[np.bool_],
    n_venues: int,
    tape: TapeArray,
    i: int,
) -> None:
    """
    Take message i: the venue's book first, then, if its touch moved, the instrument's NBBO.

    The caller has checked that the message names an instrument and a venue of the arrays.

    By kind: LEVEL sets the size at a price. NBBO, a consolidated quote without depth, replaces its
    side by one level: that is all that is known of it. A LEVEL or NBBO that is marked SUSPICIOUS
    changes nothing. TRADE changes nothing: what is left is said by a LEVEL.

    A venue numbers its messages 1, 2, 3, …, and only a CLEAR may start elsewhere; any other number
    than the next, an older one too, is a loss, and so are a GAP and a book that crosses itself in
    continuous trading: invalid until the next CLEAR … SNAPSHOT_END. A venue without numbers
    (seq 0) starts empty and valid, and is valid again as soon as it is no longer crossed, because
    nobody would send it a snapshot.
    """
    message = tape[i]
    b = message.instrument_idx * n_venues + message.venue_idx
    book = meta[b]
    bid_ticks, bid_shares = best_ticks(levels, meta, b, BID), best_shares(levels, meta, b, BID)
    ask_ticks, ask_shares = best_ticks(levels, meta, b, ASK), best_shares(levels, meta, b, ASK)
    was_shown = book.is_valid > book.is_halted

    _check_sequence(meta, b, message.seq, message.kind)
    book.last_event_ns = message.event_ns
    book.last_recv_ns = message.recv_ns
    _apply_to_book(levels, meta, b, tape, i)
    _judge(levels, meta, b, message.seq)

    is_shown = book.is_valid > book.is_halted
    if not is_protected[message.venue_idx] or not (was_shown or is_shown):
        return
    appears = was_shown != is_shown  # or disappears
    instrument_idx, recv_ns = message.instrument_idx, message.recv_ns
    new_ticks, new_shares = best_ticks(levels, meta, b, BID), best_shares(levels, meta, b, BID)
    if appears or bid_ticks != new_ticks or bid_shares != new_shares:
        _find_best(levels, meta, nbbo, is_protected, n_venues, instrument_idx, recv_ns, BID)
    new_ticks, new_shares = best_ticks(levels, meta, b, ASK), best_shares(levels, meta, b, ASK)
    if appears or ask_ticks != new_ticks or ask_shares != new_shares:
        _find_best(levels, meta, nbbo, is_protected, n_venues, instrument_idx, recv_ns, ASK)


@kernel
def apply_messages(
    levels: LevelArray,
    meta: MetaArray,
    nbbo: NbboArray,
    is_protected: NDArray[np.bool_],
    n_venues: int,
    tape: TapeArray,
    lo: int,
    hi: int,
) -> None:
    """Take messages lo..hi-1, in order. A TRADE of venue -1, printed elsewhere, is no book's."""
    for i in range(lo, hi):
        venue_idx, is_trade = tape[i].venue_idx, tape[i].kind == _TRADE
        assert 0 <= tape[i].instrument_idx < len(nbbo), "a message names no instrument of the books"
        assert is_trade or venue_idx >= 0, "a message that is no print names no venue"
        assert venue_idx < n_venues, "a message names no venue of the books"
        if venue_idx >= 0:
            apply_message(levels, meta, nbbo, is_protected, n_venues, tape, i)


@kernel
def withhold(
    levels: LevelArray,
    meta: MetaArray,
    nbbo: NbboArray,
    is_protected: NDArray[np.bool_],
    n_venues: int,
    venue_idx: int,
    is_withheld: int,
    now_ns: int,
) -> None:
    """
    Stop (1) or go on (0) believing a venue's books, and find every NBBO anew.

    Messages go on changing them meanwhile. What only a snapshot can mend stays broken.
    """
    for instrument_idx in range(len(nbbo)):
        b = instrument_idx * n_venues + venue_idx
        if meta[b].is_withheld == is_withheld:
            continue
        meta[b].is_withheld = is_withheld
        _judge(levels, meta, b, 0)
        if is_protected[venue_idx]:
            _find_best(levels, meta, nbbo, is_protected, n_venues, instrument_idx, now_ns, BID)
            _find_best(levels, meta, nbbo, is_protected, n_venues, instrument_idx, now_ns, ASK)


@inlined
def _check_sequence(meta: MetaArray, b: int, seq: int, kind: int) -> None:
    book = meta[b]
    if seq > 0:
        if seq != book.last_seq + 1 and kind != _CLEAR:
            _lose(meta, b)
        book.last_seq = seq


@kernel
def _lose(meta: MetaArray, b: int) -> None:
    """Believe nothing until the end of a snapshot that begins after this."""
    meta[b].n_gaps += 1
    meta[b].is_lost = 1
    meta[b].in_snapshot = 0


@inlined
def _apply_to_book(levels: LevelArray, meta: MetaArray, b: int, tape: TapeArray, i: int) -> None:
    message = tape[i]
    kind = message.kind
    book = meta[b]
    if kind in (_LEVEL, _NBBO):
        if message.flags & _SUSPICIOUS:
            return
        side = BID if message.side > 0 else ASK
        if kind == _NBBO:
            forget_side(meta, b, side)
        set_level(levels, meta, b, side, message.price_ticks, message.shares)
    elif kind == _CLEAR:
        forget_side(meta, b, BID)
        forget_side(meta, b, ASK)
        book.in_snapshot = 1
    elif kind == _SNAPSHOT_END:
        if book.in_snapshot:
            book.is_lost = 0
            book.in_snapshot = 0
    elif kind == _GAP:
        _lose(meta, b)
    elif kind == _STATUS:
        book.is_halted = 1 if message.flags & _HALTED else 0


@inlined
def _judge(levels: LevelArray, meta: MetaArray, b: int, seq: int) -> None:
    """Decide whether the book can be believed as it now stands."""
    book = meta[b]
    has_bids, has_asks = n_levels(meta, b, BID) > 0, n_levels(meta, b, ASK) > 0
    is_crossed = (
        has_bids
        and has_asks
        and book.is_halted == 0  # orders may cross while they wait for the auction that ends a halt
        and best_ticks(levels, meta, b, BID) >= best_ticks(levels, meta, b, ASK)
    )
    if is_crossed:
        book.n_crossed += 1
        if seq > 0 and not book.is_lost:
            _lose(meta, b)
    # Where all that was kept is gone, what was dropped may be the touch.
    is_known = (has_bids or book.forgotten_bid_ticks == 0) and (
        has_asks or book.forgotten_ask_ticks == 0
    )
    is_whole = not book.is_lost and not book.in_snapshot and not book.is_withheld
    book.is_valid = 1 if is_whole and is_known and not is_crossed else 0


@inlined
def _find_best(
    levels: LevelArray,
    meta: MetaArray,
    nbbo: NbboArray,
    is_protected: NDArray[np.bool_],
    n_venues: int,
    instrument_idx: int,
    recv_ns: int,
    side: int,
) -> None:
    """Find one side of the protected NBBO anew; halted and invalid books do not count."""
    sign = 1 if side == BID else -1
    best, best_size, n_at_best = 0, 0, 0
    for venue_idx in range(n_venues):
        b = instrument_idx * n_venues + venue_idx
        is_shown = is_protected[venue_idx] and meta[b].is_valid > meta[b].is_halted
        if is_shown and n_levels(meta, b, side) > 0:
            ticks = best_ticks(levels, meta, b, side)
            if n_at_best == 0 or sign * (ticks - best) > 0:
                best, best_size, n_at_best = ticks, 0, 0
            if ticks == best:
                best_size += best_shares(levels, meta, b, side)
                n_at_best += 1
    quote = nbbo[instrument_idx]
    if side == BID:
        quote.bid_ticks, quote.bid_shares, quote.n_bid_venues = best, best_size, n_at_best
    else:
        quote.ask_ticks, quote.ask_shares, quote.n_ask_venues = best, best_size, n_at_best
    is_two_sided = quote.n_bid_venues > 0 and quote.n_ask_venues > 0
    quote.is_valid = 1 if is_two_sided and quote.bid_ticks < quote.ask_ticks else 0
    quote.recv_ns = recv_ns
