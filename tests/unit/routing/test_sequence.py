"""The cost of a sequence, and the index that orders it."""

import math

import numpy as np

from penstock.routing import order_by_index, row_index, sequence_cost


def test_an_empty_sequence_costs_the_clean_up() -> None:
    """Trying nothing leaves everything over."""
    none = np.zeros(0)

    assert 2.5 == sequence_cost(none, none, none, none, 2.5)


def test_leakage_is_charged_whether_or_not_it_fills() -> None:
    """The market learns from the sending, not from the filling."""
    one, half = np.ones(1), np.full(1, 0.5)

    assert 0.5 * 1.0 + 0.5 * 2.0 + 1.0 == sequence_cost(one, half, one, np.zeros(1), 2.0)


def test_index_is_all_that_a_row_costs_per_share_that_it_fills() -> None:
    """(0.5 · 1 + 0.5 · 0.2 + 0.1) / 0.5."""
    assert math.isclose(1.4, row_index(1.0, 0.5, 0.1, 0.2))


def test_a_row_that_fills_nothing_has_no_index() -> None:
    """However cheap it looks, sending there only tells."""
    assert math.isnan(row_index(-5.0, 0.0, 0.0, 0.0))
    assert math.isnan(row_index(1.0, math.nan, 0.0, 0.0))


def test_rows_that_cost_more_than_the_clean_up_are_left_out() -> None:
    """An index equal to the clean-up changes nothing, so it is not worth a message."""
    order = np.full(4, -1)

    n_kept = order_by_index(np.array([1.0, 2.0, 0.5, 3.0]), 2.0, order)

    assert 2 == n_kept
    assert [2, 0] == order[:2].tolist()


def test_equal_indices_keep_their_positions() -> None:
    """Rows are in (venue, tactic) order: two runs, or two machines, must not differ."""
    order = np.zeros(5, np.int64)

    order_by_index(np.array([1.0, 0.5, 1.0, 0.5, 1.0]), math.inf, order)

    assert [1, 3, 0, 2, 4] == order.tolist()


def test_unknown_indices_are_no_candidates() -> None:
    """A NaN must not slip in by a comparison that is false both ways."""
    order = np.full(3, -1)

    n_kept = order_by_index(np.array([math.nan, 1.0, math.nan]), math.inf, order)

    assert 1 == n_kept
    assert [1, -1, -1] == order.tolist()
