"""The market view: touch, time, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from penstock.domain import TapeKind
from penstock.features import MarketView, Touch
from tests.support.naive_features import ASK, BID, Message, tape_of, universe_of


def level(at_ns: int, side: int, ticks: int, shares: int = 100) -> Message:
    """Displayed size at venue 0."""
    return Message(at_ns, TapeKind.LEVEL, side=side, price_ticks=ticks, shares=shares)


def applied(messages: list[Message]) -> MarketView:
    """A market that has heard these messages."""
    view = MarketView(universe_of(1, 2))
    view.apply(tape_of(messages), 0, len(messages))
    return view


def test_the_touch_is_the_protected_nbbo() -> None:
    """Prices, sizes and the midpoint in half ticks."""
    view = applied([level(1, BID, 1_000, 300), level(2, ASK, 1_101, 200)])

    assert Touch(1_000, 1_101, 300, 200, 2_101, True) == view.touch(0)  # type: ignore[arg-type]


def test_a_one_sided_market_has_no_midpoint() -> None:
    """Zero is what the engine takes for "there was none"; half a market is not a price."""
    touch = applied([level(1, BID, 1_000, 300)]).touch(0)

    assert not touch.is_valid
    assert 0 == touch.mid_ticks_x2


def test_a_tape_that_is_not_sorted_is_our_own_bug() -> None:
    """Windows cannot be turned back."""
    with pytest.raises(AssertionError, match="sorted"):
        applied([level(5, BID, 1_000), level(4, ASK, 1_100)])


@pytest.mark.parametrize(
    "wrong",
    [{"instrument_idx": 1}, {"instrument_idx": -1}, {"venue_idx": 2}, {"venue_idx": -1}],
    ids=str,
)
def test_a_message_from_outside_the_universe_is_our_own_bug(wrong: dict[str, int]) -> None:
    """A kernel that believed it would write into another book."""
    tape = tape_of([level(1, BID, 1_000)])
    for name, value in wrong.items():
        tape[name] = value
    view = MarketView(universe_of(1, 2))

    with pytest.raises(AssertionError, match="universe"):
        view.apply(tape, 0, 1)


def test_a_print_at_none_of_our_venues_counts_for_volume() -> None:
    """Wholesalers and other pools print a third of the tape: it is part of the pace."""
    view = applied([Message(1, TapeKind.TRADE, venue_idx=-1, side=1, shares=700)])

    assert 700 == view.windows[0]["volume_sums"][1]
    assert 0.0 == view.prints["shares"].sum()


def test_an_empty_batch_changes_nothing() -> None:
    """A slice without messages is what most decisions come with."""
    view = applied([level(1, BID, 1_000)])
    before = view.state_hash()

    view.apply(tape_of([]), 0, 0)

    assert before == view.state_hash()


def test_instruments_have_windows_of_their_own() -> None:
    """One stock's print is no other stock's volume."""
    view = MarketView(universe_of(2, 1))
    view.apply(tape_of([Message(1, TapeKind.TRADE, instrument_idx=1, shares=700)]), 0, 1)

    np.testing.assert_array_equal([0, 700], view.windows["volume_sums"][:, 1])
