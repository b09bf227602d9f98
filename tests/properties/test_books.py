"""Laws of the books, for any stream of messages."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from penstock.book import ASK, BID, BOOK_META_DTYPE, Books
from penstock.domain import Side, TapeFlag
from tests.support.tapes import (
    Message,
    clear,
    gap,
    level,
    nbbo,
    snapshot_end,
    status,
    tape,
    trade,
)

N_VENUES = 3
BUY, SELL = Side.BUY, Side.SELL

venues = st.integers(0, N_VENUES - 1)
sides = st.sampled_from(Side)
prices = st.integers(995, 1005)  # a narrow band: many messages hit a level, some cross
sizes = st.integers(0, 3).map(lambda lots: 100 * lots)
quotes = st.builds(level, sides, prices, sizes, venue=venues, seq=st.sampled_from([0, 0, 0, 1, 2]))
messages = st.one_of(
    quotes,
    quotes,
    st.builds(nbbo, sides, prices, sizes, venue=venues),
    st.builds(trade, sides, prices, sizes, venue=venues),
    st.builds(clear, venue=venues),
    st.builds(snapshot_end, venue=venues),
    st.builds(gap, venue=venues),
    st.builds(status, st.sampled_from([0, int(TapeFlag.HALTED)]), venue=venues),
)
streams = st.lists(messages, max_size=60)


def books_after(stream: list[Message]) -> Books:
    """Books of one instrument after the stream."""
    books = Books(1, N_VENUES, np.array([True, True, False]))
    books.apply(tape(stream), 0, len(stream))
    return books


def content(books: Books) -> tuple[object, ...]:
    """What a reader can see."""
    depths = [books.depth(0, venue, side) for venue in range(N_VENUES) for side in Side]
    return depths, books.nbbo[["bid_ticks", "ask_ticks", "bid_shares", "ask_shares"]].tolist()


@given(streams)
def test_levels_are_strictly_sorted_and_never_empty(stream: list[Message]) -> None:
    """Two levels at a price, or one without shares, would be counted by whoever sums depth."""
    books = books_after(stream)

    for b in range(N_VENUES):
        bids = books.levels[b, BID, : books.meta[b]["n_bids"]]
        asks = books.levels[b, ASK, : books.meta[b]["n_asks"]]
        assert (np.diff(bids[:, 0]) > 0).all()  # best is last
        assert (np.diff(asks[:, 0]) < 0).all()
        assert (bids[:, 1] > 0).all()
        assert (asks[:, 1] > 0).all()


@given(streams)
def test_a_valid_book_is_not_crossed_unless_halted(stream: list[Message]) -> None:
    """Acting on a crossed book is acting on a lost message."""
    books = books_after(stream)

    for venue in range(N_VENUES):
        bid, ask = books.best(0, venue, BUY), books.best(0, venue, SELL)
        if bid and ask and not books.meta[venue]["is_halted"]:
            assert bid[0] < ask[0]


@given(streams)
def test_the_nbbo_is_the_best_of_what_can_be_seen(stream: list[Message]) -> None:
    """Nothing protected is better than the NBBO, and its size is what stands at its price."""
    books = books_after(stream)
    best = books.nbbo[0]
    shown = [v for v in range(2) if books.is_valid(0, v) and not books.meta[v]["is_halted"]]

    bids = [bid for v in shown if (bid := books.best(0, v, BUY))]
    asks = [ask for v in shown if (ask := books.best(0, v, SELL))]
    assert max((ticks for ticks, _ in bids), default=0) == best["bid_ticks"]
    assert min((ticks for ticks, _ in asks), default=0) == best["ask_ticks"]
    assert best["bid_shares"] == sum(n for ticks, n in bids if ticks == best["bid_ticks"])
    assert best["ask_shares"] == sum(n for ticks, n in asks if ticks == best["ask_ticks"])
    assert best["is_valid"] == (bool(bids and asks) and best["bid_ticks"] < best["ask_ticks"])


@given(streams, quotes)
def test_saying_a_size_twice_changes_nothing(stream: list[Message], quote: Message) -> None:
    """Sizes are absolute, so a feed without numbers may repeat itself."""
    unnumbered = {**quote, "seq": 0}

    once, twice = books_after([*stream, unnumbered]), books_after([*stream, unnumbered, unnumbered])
    assert content(once) == content(twice)


@given(streams, st.lists(st.tuples(sides, prices), unique=True, max_size=8))
def test_levels_at_different_prices_may_come_in_any_order(
    stream: list[Message], at: list[tuple[Side, int]]
) -> None:
    """A snapshot's levels have no order; halted, so that no order of them is crossed on the way."""
    start = [*stream, clear(), status(TapeFlag.HALTED)]
    some = [level(side, ticks, 100 + ticks) for side, ticks in at]
    forwards = books_after([*start, *some, snapshot_end()])
    backwards = books_after([*start, *reversed(some), snapshot_end()])

    assert content(forwards) == content(backwards)


@given(streams, st.integers(0, 60))
def test_cutting_a_stream_into_batches_changes_nothing(stream: list[Message], cut: int) -> None:
    """Batches are made by the network, not by the market."""
    cut = min(cut, len(stream))
    pieces = books_after(stream[:cut])
    pieces.apply(tape(stream), cut, len(stream))

    assert books_after(stream).state_hash() == pieces.state_hash()


@given(streams)
def test_a_snapshot_mends_everything(stream: list[Message]) -> None:
    """Whatever went wrong before, after a whole snapshot the book is what the snapshot says."""
    mended = [*stream, status(0), clear(), level(BUY, 998, 7), level(SELL, 1002, 8), snapshot_end()]
    books = books_after(mended)

    assert [(998, 7)] == books.depth(0, 0, BUY)
    assert [(1002, 8)] == books.depth(0, 0, SELL)


def test_every_field_of_a_book_is_hashed() -> None:
    """What can change a later answer must show in the hash, new fields too."""
    for name in BOOK_META_DTYPE.names or ():
        books = books_after([])
        before = books.state_hash()
        books.meta[name][1] = 1

        assert before != books.state_hash(), name
