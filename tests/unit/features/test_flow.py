"""Order-flow imbalance and quote changes at the NBBO."""

from __future__ import annotations

import pytest

from penstock.domain import TapeKind, VenueKind
from penstock.features import MarketView
from penstock.features.flow import order_flow_imbalance
from tests.support.naive_features import ASK, BID, Message, tape_of, universe_of


@pytest.mark.parametrize(
    ("rule", "after", "expected"),
    [
        ("size added at the bid", (100, 7, 102, 4), 2),
        ("size taken from the bid", (100, 3, 102, 4), -2),
        ("a better bid counts whole", (101, 3, 102, 4), 3),
        ("a bid that is gone counts whole", (99, 9, 102, 4), -5),
        ("size added at the ask", (100, 5, 102, 6), -2),
        ("a better ask counts whole", (100, 5, 101, 1), -1),
        ("an ask that is gone counts whole", (100, 5, 103, 9), 4),
        ("nothing happened", (100, 5, 102, 4), 0),
    ],
)
def test_order_flow_imbalance_is_the_net_size_added(
    rule: str, after: tuple[int, int, int, int], expected: int
) -> None:
    """Cont, Kukanov & Stoikov (2014), e[n], from 5 at 100 by 4 at 102."""
    assert expected == order_flow_imbalance(100, 5, 102, 4, *after), rule


def level(at_ns: int, venue_idx: int, side: int, ticks: int, shares: int) -> Message:
    """Displayed size at a price."""
    return Message(at_ns, TapeKind.LEVEL, 0, venue_idx, side, ticks, shares)


def applied(messages: list[Message], n_venues: int = 1) -> MarketView:
    """A market that has heard these messages."""
    view = MarketView(universe_of(1, n_venues))
    view.apply(tape_of(messages), 0, len(messages))
    return view


TWO_SIDED = [level(1, 0, BID, 1_000, 500), level(2, 0, ASK, 1_100, 400)]


def test_a_hole_in_the_nbbo_has_no_order_flow() -> None:
    """While a side is empty nobody knows what was added; the next NBBO starts afresh."""
    hole = [level(3, 0, ASK, 1_100, 0), level(4, 0, ASK, 1_200, 900)]

    window = applied([*TWO_SIDED, *hole]).windows[0]

    assert 0 == window["ofi_sums"][0]
    assert 1 == window["change_sums"][0]
    assert 4 == window["quote_ns"]


def test_the_last_midpoint_stands_while_there_is_no_nbbo() -> None:
    """A momentary hole is not a price move."""
    window = applied([*TWO_SIDED, level(3, 0, BID, 1_000, 0)]).windows[0]

    assert 2_100 == window["mid_x2"]
    assert 0 == window["is_quoted"]


def test_size_alone_does_not_make_a_quote_young() -> None:
    """Quote age is about prices: sizes change thousands of times a second."""
    window = applied([*TWO_SIDED, level(3, 0, BID, 1_000, 700)]).windows[0]

    assert 2 == window["quote_ns"]
    assert 0 == window["change_sums"][0]
    assert 200 == window["ofi_sums"][0]


def test_quotes_that_are_not_protected_do_not_move_the_midpoint() -> None:
    """The NBBO is that of protected venues; venue 2 of the builder is not one."""
    better = level(3, 2, BID, 1_050, 100)
    view = applied([*TWO_SIDED, better], n_venues=3)

    assert VenueKind.DARK == view.venue_kinds[2]
    assert 2_100 == view.windows[0]["mid_x2"]
