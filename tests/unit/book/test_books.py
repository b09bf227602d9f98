"""Rules of a book, one each: what it believes, and when it stops believing."""

from collections.abc import Callable

import numpy as np
import pytest

from penstock.book import ASK, BID, MAX_LEVELS, Books, level_shares, level_ticks, shares_within
from penstock.domain import Side, TapeFlag
from tests.support.tapes import Message, clear, gap, level, nbbo, snapshot_end, status, tape, trade

BUY, SELL = Side.BUY, Side.SELL


def books_after(*messages: Message, n_venues: int = 2, unprotected: int | None = None) -> Books:
    """Books of one instrument after the messages."""
    is_protected = np.ones(n_venues, np.bool_)
    if unprotected is not None:
        is_protected[unprotected] = False
    books = Books(1, n_venues, is_protected)
    books.apply(tape(messages), 0, len(messages))
    return books


def test_levels_are_sorted_best_first() -> None:
    """Whoever reads depth must not have to sort it."""
    books = books_after(level(BUY, 99, 1), level(BUY, 101, 2), level(BUY, 100, 3))

    assert [(101, 2), (100, 3), (99, 1)] == books.depth(0, 0, BUY)


def test_size_zero_removes_a_level() -> None:
    """A level of no shares is no level."""
    books = books_after(level(SELL, 100, 5), level(SELL, 101, 6), level(SELL, 100, 0))

    assert [(101, 6)] == books.depth(0, 0, SELL)


def test_a_lost_message_makes_the_book_unbelievable_until_a_snapshot() -> None:
    """Number 3 is missing: what we show may be gone already."""
    broken = (
        level(BUY, 100, 5, seq=1),
        level(SELL, 102, 5, seq=2),
        level(SELL, 101, 5, seq=4),
        level(SELL, 101, 6, seq=5),
    )
    mended = (*broken, clear(seq=6), level(BUY, 100, 7, seq=7), snapshot_end(seq=8))

    assert books_after(*broken).best(0, 0, BUY) is None
    assert books_after(*broken, clear(seq=6)).best(0, 0, BUY) is None
    assert (100, 7) == books_after(*mended).best(0, 0, BUY)


def test_a_feed_joined_in_the_middle_is_not_believed() -> None:
    """Its first number is not 1, so there are orders that we never heard of."""
    assert books_after(level(BUY, 100, 5, seq=17)).best(0, 0, BUY) is None


def test_a_gap_inside_a_snapshot_voids_the_snapshot() -> None:
    """Half a snapshot is no snapshot."""
    books = books_after(
        clear(seq=1), level(BUY, 100, 5, seq=2), level(BUY, 99, 5, seq=4), snapshot_end(seq=5)
    )

    assert not books.is_valid(0, 0)


def test_a_numbered_book_that_crosses_itself_has_lost_a_message() -> None:
    """One venue cannot display a bid above its own ask in continuous trading."""
    crossing = (level(BUY, 100, 5, seq=1), level(SELL, 100, 5, seq=2))
    uncrossed = (*crossing, level(SELL, 100, 0, seq=3), level(SELL, 101, 5, seq=4))

    assert not books_after(*crossing).is_valid(0, 0)
    assert not books_after(*uncrossed).is_valid(0, 0)


def test_a_book_without_numbers_is_believed_again_once_uncrossed() -> None:
    """Its source never sends snapshots; waiting for one would be waiting for ever."""
    crossing = (level(BUY, 100, 5), level(SELL, 100, 5))

    assert not books_after(*crossing).is_valid(0, 0)
    assert books_after(*crossing, level(SELL, 100, 0)).is_valid(0, 0)


def test_a_halted_book_may_be_crossed() -> None:
    """Orders collect for the auction that ends a halt."""
    halted = (status(TapeFlag.HALTED), level(BUY, 100, 5), level(SELL, 99, 5))

    assert books_after(*halted).is_valid(0, 0)
    assert not books_after(*halted, status(0)).is_valid(0, 0)


def test_a_halted_venue_does_not_count_in_the_touch() -> None:
    """Nobody can trade with its quotes."""
    quoted = (level(BUY, 100, 5), level(SELL, 103, 5), level(BUY, 101, 5, venue=1))

    assert 101 == books_after(*quoted).nbbo[0]["bid_ticks"]
    assert 100 == books_after(*quoted, status(TapeFlag.HALTED, venue=1)).nbbo[0]["bid_ticks"]
    resumed = books_after(*quoted, status(TapeFlag.HALTED, venue=1), status(0, venue=1))
    assert 101 == resumed.nbbo[0]["bid_ticks"]


def test_a_repeated_number_is_a_loss_too() -> None:
    """An old number means that the feed or its handler is confused: which message was right?"""
    books = books_after(level(BUY, 100, 5, seq=1), level(BUY, 99, 5, seq=2), trade(seq=2))

    assert not books.is_valid(0, 0)
    assert 1 == books.meta[0]["n_gaps"]


def test_a_snapshot_may_restart_the_numbers() -> None:
    """A feed that comes back after a break counts from where it likes."""
    books = books_after(
        level(BUY, 100, 5, seq=1),
        clear(seq=500),
        level(BUY, 98, 5, seq=501),
        snapshot_end(seq=502),
        level(BUY, 98, 6, seq=503),
    )

    assert [(98, 6)] == books.depth(0, 0, BUY)


def test_a_book_is_not_believed_while_its_snapshot_arrives() -> None:
    """Half of it is there: its best price may be in the other half."""
    half = (level(BUY, 100, 5), clear(), level(BUY, 98, 5))

    assert books_after(*half).depth(0, 0, BUY) is None
    assert [(98, 5)] == books_after(*half, snapshot_end()).depth(0, 0, BUY)


def test_a_gap_without_numbers_waits_for_a_snapshot() -> None:
    """The handler knows that something was lost, even where messages carry no numbers."""
    broken = (level(BUY, 100, 5), gap(), level(SELL, 102, 5))

    assert not books_after(*broken).is_valid(0, 0)
    assert not books_after(*broken, snapshot_end()).is_valid(0, 0)
    assert books_after(*broken, clear(), snapshot_end()).is_valid(0, 0)


@pytest.mark.parametrize("quote", [level, nbbo])
def test_a_doubtful_quote_changes_nothing(quote: Callable[..., Message]) -> None:
    """It is kept on the tape, but it is no price; the quote before it stands."""
    books = books_after(level(BUY, 100, 5), quote(BUY, 150, 5, flags=TapeFlag.SUSPICIOUS))

    assert [(100, 5)] == books.depth(0, 0, BUY)


def test_the_touch_sums_shares_over_venues_at_the_best_price() -> None:
    """The protected touch is what can be had at that price, wherever it stands."""
    books = books_after(
        level(BUY, 100, 5, venue=0),
        level(BUY, 100, 7, venue=1),
        level(SELL, 102, 1, venue=0),
        level(SELL, 101, 2, venue=1),
    )
    best = books.nbbo[0]

    assert (100, 12, 2) == (best["bid_ticks"], best["bid_shares"], best["n_bid_venues"])
    assert (101, 2, 1) == (best["ask_ticks"], best["ask_shares"], best["n_ask_venues"])
    assert best["is_valid"]


def test_unprotected_and_unbelievable_venues_do_not_count_in_the_touch() -> None:
    """A quote that nobody must honour, or that may be old, is not the market."""
    messages = (
        level(BUY, 100, 5, venue=0),
        level(SELL, 105, 5, venue=0),
        level(BUY, 101, 9, venue=1),
    )

    assert 100 == books_after(*messages, unprotected=1).nbbo[0]["bid_ticks"]
    assert 101 == books_after(*messages).nbbo[0]["bid_ticks"]
    assert 100 == books_after(*messages, gap(venue=1)).nbbo[0]["bid_ticks"]


@pytest.mark.parametrize("ask", [100, 99])
def test_a_locked_or_crossed_market_has_no_valid_touch(ask: int) -> None:
    """Quotes of two venues can cross while they travel; nobody may act on that moment."""
    books = books_after(level(BUY, 100, 5, venue=0), level(SELL, ask, 5, venue=1))

    assert not books.nbbo[0]["is_valid"]


def test_a_consolidated_quote_replaces_its_side() -> None:
    """A tape without depth tells one price per side: the one before it is gone."""
    books = books_after(nbbo(BUY, 100, 5), nbbo(BUY, 98, 6))

    assert [(98, 6)] == books.depth(0, 0, BUY)


def test_a_trade_changes_no_level() -> None:
    """The venue says separately what is left; counting it twice would lose shares."""
    assert (100, 5) == books_after(level(BUY, 100, 5), trade(SELL, 100, 2)).best(0, 0, BUY)


def test_a_print_elsewhere_is_no_books() -> None:
    """Off-exchange prints have venue -1; the arrays have no such row."""
    books = books_after(level(BUY, 100, 5), trade(venue=-1), n_venues=1)

    assert [(100, 5)] == books.depth(0, 0, BUY)


@pytest.mark.parametrize(
    "message", [level(venue=2), level(venue=-1), level(instrument=1), trade(instrument=-1)]
)
def test_a_message_about_something_else_stops_the_process(message: Message) -> None:
    """Writing it anywhere would damage another book; the tape was made for other instruments."""
    with pytest.raises(AssertionError, match="names no"):
        books_after(message)


def test_the_farthest_level_is_dropped_when_a_side_is_full() -> None:
    """The touch is always right; what is forgotten is counted."""
    books = books_after(*(level(BUY, 1_000 + k, 1) for k in range(MAX_LEVELS + 3)))
    depth = books.depth(0, 0, BUY)

    assert depth is not None
    assert [1_000 + MAX_LEVELS + 2 - k for k in range(MAX_LEVELS)] == [ticks for ticks, _ in depth]
    assert 3 == books.meta[0]["n_dropped"]


def test_what_is_kept_of_a_side_has_no_hole() -> None:
    """Once 1,000 is dropped, 999 may not be shown: a reader would take 1,001 for its neighbour."""
    full = [level(BUY, 1_000 + k, 1) for k in range(MAX_LEVELS + 1)]
    books = books_after(*full, level(BUY, 1_050, 0), level(BUY, 1_060, 0), level(BUY, 999, 7))
    depth = books.depth(0, 0, BUY)

    assert depth is not None
    assert (MAX_LEVELS - 2, (1_001, 1)) == (len(depth), depth[-1])


def test_a_side_of_which_only_dropped_levels_are_left_is_not_believed() -> None:
    """Its best price was dropped; an empty side would be a guess."""
    full = [level(SELL, 1_000 + k, 1) for k in range(MAX_LEVELS + 1)]
    emptied = [level(SELL, 1_000 + k, 0) for k in range(MAX_LEVELS)]

    assert not books_after(*full, *emptied).is_valid(0, 0)
    assert (1_000, 2) == books_after(*full, *emptied, level(SELL, 1_000, 2)).best(0, 0, SELL)
    assert books_after(*full, *emptied, clear(), snapshot_end()).is_valid(0, 0)


def test_kernels_count_depth_from_the_best_level() -> None:
    """Depth 0 is the touch on both sides."""
    quotes = [level(BUY, 100 - k, 10 + k) for k in range(3)]
    quotes += [level(SELL, 101 + k, 20 + k) for k in range(3)]
    books = books_after(*quotes)
    at = books.levels, books.meta, 0

    assert [100, 99, 98] == [level_ticks(*at, BID, depth) for depth in range(3)]
    assert [20, 21, 22] == [level_shares(*at, ASK, depth) for depth in range(3)]


@pytest.mark.parametrize(
    ("side", "worst_ticks", "expected"),
    [(ASK, 100, 0), (ASK, 101, 20), (ASK, 102, 41), (BID, 101, 0), (BID, 99, 21), (BID, 0, 33)],
)
def test_shares_within_a_price_are_those_at_it_or_better(
    side: int, worst_ticks: int, expected: int
) -> None:
    """Who takes up to 102 also takes what stands at 101."""
    quotes = [level(BUY, 100 - k, 10 + k) for k in range(3)]
    quotes += [level(SELL, 101 + k, 20 + k) for k in range(3)]
    books = books_after(*quotes)

    assert expected == shares_within(books.levels, books.meta, 0, side, worst_ticks)


def test_two_books_with_the_same_content_hash_the_same() -> None:
    """What lies in the array beyond the last level is not state."""
    straight = books_after(level(BUY, 100, 5), trade(), level(BUY, 99, 5), trade())
    detour = books_after(
        level(BUY, 100, 5), level(BUY, 98, 1), level(BUY, 98, 0), level(BUY, 99, 5)
    )

    assert straight.state_hash() == detour.state_hash()


@pytest.mark.parametrize(
    "other", [level(BUY, 99, 5), level(BUY, 100, 6), level(SELL, 100, 5), trade(seq=1), gap()]
)
def test_books_that_differ_hash_differently(other: Message) -> None:
    """A replay is held to this hash."""
    assert books_after(level(BUY, 100, 5)).state_hash() != books_after(other).state_hash()
