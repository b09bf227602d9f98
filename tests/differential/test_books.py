"""The compiled books equal the slow ones, message by message, on streams full of trouble."""

import numpy as np
import pytest

from penstock.book import Books
from penstock.domain import Side, TapeArray, TapeFlag, TapeKind, empty_tape
from tests.support.naive_book import NaiveBooks

N_INSTRUMENTS = 2
IS_PROTECTED = [True, True, False, True]
N_VENUES = len(IS_PROTECTED)
KINDS = [TapeKind.LEVEL] * 60 + [TapeKind.TRADE] * 5 + [TapeKind.NBBO] * 2
KINDS += [TapeKind.CLEAR, TapeKind.SNAPSHOT_END, TapeKind.SNAPSHOT_END, TapeKind.GAP]
KINDS += [TapeKind.STATUS, TapeKind.STATUS]
NBBO_FIELDS = ("bid_ticks", "ask_ticks", "bid_shares", "ask_shares", "n_bid_venues", "n_ask_venues")


def troubled_tape(seed: int, n_messages: int, *, numbered: bool, n_prices: int = 12) -> TapeArray:
    """
    Random levels around one price, with gaps, snapshots, halts, crossings, doubtful quotes, lost
    and repeated numbers, and prints elsewhere.
    """
    rng = np.random.default_rng(seed)
    rows = empty_tape(n_messages)
    n_sent = np.zeros((N_INSTRUMENTS, N_VENUES), np.int64)
    for i, row in enumerate(rows):
        at = int(rng.integers(N_INSTRUMENTS)), int(rng.integers(N_VENUES))
        n_sent[at] += rng.choice([0, 1, 2], p=[0.003, 0.99, 0.007])
        kind, side = rng.choice(KINDS), int(rng.choice([1, -1]))
        row["kind"], row["side"] = kind, side
        row["instrument_idx"], row["venue_idx"] = at
        row["seq"] = n_sent[at] if numbered else 0
        row["price_ticks"] = 10_000 - side * int(
            rng.integers(-1 if rng.random() < 0.02 else 1, n_prices)
        )
        row["shares"] = max(0, int(rng.integers(-2, 5))) * 100
        row["event_ns"] = row["recv_ns"] = i + 1
        if kind == TapeKind.STATUS:
            row["flags"] = int(rng.choice([0, 0, TapeFlag.HALTED]))
        elif rng.random() < 0.02:
            row["flags"] = int(TapeFlag.SUSPICIOUS)
        if kind == TapeKind.TRADE and rng.random() < 0.1:
            row["venue_idx"], row["seq"] = -1, 0
    return rows


def compare_message_by_message(rows: TapeArray) -> dict[str, int]:
    """Hold both books against each other after every message; returns what was seen, counted."""
    books = Books(N_INSTRUMENTS, N_VENUES, np.array(IS_PROTECTED))
    naive = NaiveBooks(N_INSTRUMENTS, IS_PROTECTED)
    seen = {"valid": 0, "invalid": 0, "halted": 0, "nbbo": 0, "no_nbbo": 0}
    for i, row in enumerate(rows):
        books.apply(rows, i, i + 1)
        naive.apply(rows[i : i + 1])
        instrument_idx, venue_idx = int(row["instrument_idx"]), int(row["venue_idx"])

        found = books.nbbo[instrument_idx]
        expected = naive.nbbo(instrument_idx)
        assert expected == (*(found[f] for f in NBBO_FIELDS), bool(found["is_valid"])), f"row {i}"
        seen["nbbo" if expected[-1] else "no_nbbo"] += 1
        if venue_idx >= 0:
            book = naive.books[instrument_idx, venue_idx]
            meta = books.meta[instrument_idx * N_VENUES + venue_idx]
            assert book.is_valid == books.is_valid(instrument_idx, venue_idx), f"row {i}"
            assert (book.n_gaps, book.n_dropped) == (meta["n_gaps"], meta["n_dropped"]), f"row {i}"
            for side in Side:
                depth = books.depth(instrument_idx, venue_idx, side)
                assert book.depth(side) == depth, f"row {i}"
            seen["valid" if book.is_valid else "invalid"] += 1
            seen["halted"] += book.is_halted
    return seen


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_compiled_books_equal_the_slow_ones(seed: int, *, numbered: bool) -> None:
    """Validity, depth and the NBBO agree after every message, not only at the end."""
    seen = compare_message_by_message(troubled_tape(seed, 2_000, numbered=numbered))

    assert min(seen.values()) > 50, f"the stream was too one-sided to compare much: {seen}"


@pytest.mark.parametrize("seed", range(2))
def test_compiled_books_equal_the_slow_ones_when_too_deep(seed: int) -> None:
    """More prices than fit: what is dropped must stay out of sight in both."""
    rng = np.random.default_rng(seed)
    distances = rng.permutation(np.repeat(np.arange(1, 200), 2))  # fill both sides, and more
    away = [(side, int(d), 100) for d in distances for side in (1, -1)]
    away += [(side, d, 0) for d in range(1, 200) for side in (1, -1)]  # empty them from the touch
    away += [(side, int(d), 100) for d in rng.integers(1, 200, 100) for side in (1, -1)]
    rows = empty_tape(len(away))
    for row, (side, distance, shares) in zip(rows, away, strict=True):
        row["side"], row["price_ticks"], row["shares"] = side, 10_000 - side * distance, shares

    seen = compare_message_by_message(rows)

    assert min(seen["valid"], seen["invalid"]) > 50, f"all stayed in sight: {seen}"


def test_one_batch_equals_many() -> None:
    """How messages are cut into batches must not show in the state."""
    rows = troubled_tape(99, 2_000, numbered=True)
    whole, pieces = (Books(N_INSTRUMENTS, N_VENUES, np.array(IS_PROTECTED)) for _ in range(2))
    whole.apply(rows, 0, len(rows))
    for lo in range(0, len(rows), 37):
        pieces.apply(rows, lo, min(lo + 37, len(rows)))

    assert whole.state_hash() == pieces.state_hash()
