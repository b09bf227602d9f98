"""The feature matrix of one decision, on a market small enough to do by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from penstock.domain import (
    N_TACTICS,
    NS_PER_S,
    ROW_DTYPE,
    SITUATION_DTYPE,
    RowArray,
    SituationArray,
    Tactic,
    TapeKind,
)
from penstock.features import FEATURE_NAMES, N_FEATURES, MarketView, Scorecards, fill_features
from tests.support.naive_features import ASK, BID, Message, tape_of, universe_of

NOW_NS = 50_000 * NS_PER_S

# Venue 0 and 1 at 99.9925 by 100.0075: a spread of 1.5 bps. Five prices a side; 7,500 shares to
# buy from us within them, 10,000 to sell to us.
DEPTH = [
    (0, BID, 999_925, 900),
    (1, BID, 999_925, 600),
    (0, BID, 999_825, 1_500),
    (1, BID, 999_725, 1_500),
    (0, BID, 999_625, 1_500),
    (0, BID, 999_525, 1_500),
    (0, BID, 999_425, 9_999),  # the sixth price
    (0, ASK, 1_000_075, 500),
    (1, ASK, 1_000_075, 1_500),
    (1, ASK, 1_000_175, 2_000),
    (1, ASK, 1_000_275, 2_000),
    (0, ASK, 1_000_375, 2_000),
    (0, ASK, 1_000_475, 2_000),
]


def market() -> MarketView:
    """Two venues with depth, quoted a second ago."""
    view = MarketView(universe_of(1, 2))
    messages = [
        Message(NOW_NS - NS_PER_S, TapeKind.LEVEL, 0, venue_idx, side, ticks, shares)
        for venue_idx, side, ticks, shares in DEPTH
    ]
    view.apply(tape_of(messages), 0, len(messages))
    return view


def buy_10_000() -> SituationArray:
    """The parent of the worked example, untouched, half-way through its time."""
    situation = np.zeros(1, SITUATION_DTYPE)
    situation["now_ns"], situation["side"] = NOW_NS, 1
    situation["arrival_ns"] = NOW_NS - 60 * NS_PER_S
    situation["deadline_ns"] = NOW_NS + 60 * NS_PER_S
    for name in ("parent_shares", "leaves_shares", "route_shares"):
        situation[name] = 10_000
    situation["adv_shares"] = 2_000_000
    situation["worst_ticks"] = 1_001_075
    situation["footprint_shares"] = 1_000.0
    return situation


def rows_of(n_venues: int = 2) -> RowArray:
    """One row a tactic and venue; posts join the bid."""
    rows = np.zeros(n_venues * N_TACTICS, ROW_DTYPE)
    rows["venue_idx"], rows["tactic"] = divmod(np.arange(len(rows)), N_TACTICS)
    rows["limit_ticks"] = 999_925
    return rows


def matrix(situation: SituationArray, rows: RowArray) -> dict[str, NDArray[np.float64]]:
    """Columns by name."""
    out = np.full((len(rows), N_FEATURES), math.nan)
    fill_features(market(), Scorecards(2), situation, rows, out)
    return dict(zip(FEATURE_NAMES, out.T, strict=True))


TAKE_0, MID_0, POST_0, TAKE_1 = 0, 1, 2, 3


def test_the_worked_example_has_its_features() -> None:
    """
    Relative size 0.005 (not 0.05), spread 1.5 bps, bid-side over ask-side depth within five
    levels 0.75.
    """
    column = matrix(buy_10_000(), rows_of())
    imbalance = column["imbalance_5_frac"][0]

    assert 0.005 == column["size_adv_frac"][0]
    assert 1.5 == pytest.approx(column["spread_bps"][0])
    assert 0.75 == pytest.approx((1 + imbalance) / (1 - imbalance))


def test_prices_are_merged_over_venues() -> None:
    """Three prices of all venues together hold 6,000 shares; three levels a venue would be more."""
    column = matrix(buy_10_000(), rows_of())

    assert 10_000 / 6_000 == pytest.approx(column["size_top3_frac"][0])
    assert 2_000.0 == column["touch_far_shares"][0]
    assert 2.0 == column["n_far_venues"][0]


def test_a_venue_shows_what_it_has_at_the_touch() -> None:
    """To take from, and to queue behind."""
    column = matrix(buy_10_000(), rows_of())

    assert [500.0, 1_500.0] == [column["venue_far_shares"][r] for r in (TAKE_0, TAKE_1)]
    assert 900.0 == column["queue_ahead_shares"][POST_0]


def test_a_post_that_improves_has_no_queue_ahead() -> None:
    """Nobody stands at a better price."""
    rows = rows_of()
    rows["limit_ticks"] = 1_000_000

    column = matrix(buy_10_000(), rows)

    assert 0.0 == column["queue_ahead_shares"][POST_0]
    assert 900.0 == column["queue_ahead_shares"][MID_0], "other tactics would join the touch"


def test_a_seller_sees_the_other_side() -> None:
    """The same book leans with a seller as much as it leaned against a buyer."""
    situation, rows = buy_10_000(), rows_of()
    bought = matrix(situation, rows)
    situation["side"] = -1

    sold = matrix(situation, rows)

    assert bought["imbalance_5_frac"][0] == -sold["imbalance_5_frac"][0] < 0
    assert bought["microprice_offset_bps"][0] == -sold["microprice_offset_bps"][0] < 0
    assert 1_500.0 == sold["touch_far_shares"][0]


def test_an_attempt_of_this_parent_outweighs_the_scorecard() -> None:
    """What happened to this very order a moment ago is the best witness there is."""
    rows = rows_of()
    rows["n_sent"][TAKE_0], rows["sent_shares"][TAKE_0] = 2, 400
    rows["filled_shares"][TAKE_0], rows["last_sent_ns"][TAKE_0] = 100, NOW_NS - 3 * NS_PER_S

    column = matrix(buy_10_000(), rows)

    assert 0.25 == column["own_fill_frac"][TAKE_0]
    assert 3.0 == column["own_since_last_s"][TAKE_0]
    assert column["card_fill_frac"][TAKE_1] == column["own_fill_frac"][TAKE_1]
    assert 300.0 == column["own_since_last_s"][TAKE_1]


def test_the_order_is_told_in_shares_of_itself() -> None:
    """Leaves, time, room to the limit, footprint."""
    column = matrix(buy_10_000(), rows_of())

    assert 1.0 == column["leaves_frac"][0]
    assert 0.5 == column["time_left_frac"][0]
    assert 60.0 == column["time_left_s"][0]
    assert 10.0 == pytest.approx(column["limit_distance_bps"][0])
    assert 1_000 / (2_000_000 / 390) == pytest.approx(column["footprint_frac"][0])


def test_the_row_says_what_it_is() -> None:
    """Venue kind and tactic are columns, so that one model serves all rows."""
    column = matrix(buy_10_000(), rows_of())

    assert [Tactic.TAKE, Tactic.MID, Tactic.POST] * 2 == column["tactic"].tolist()
    assert [3.0] * 3 + [2.0] * 3 == column["venue_kind"].tolist()


def test_a_decision_before_the_last_message_is_refused() -> None:
    """It would know what it cannot know."""
    situation = buy_10_000()
    situation["now_ns"] -= 2 * NS_PER_S

    with pytest.raises(AssertionError, match="later"):
        matrix(situation, rows_of())


def test_a_matrix_of_another_shape_is_refused() -> None:
    """A kernel would write past its end."""
    with pytest.raises(AssertionError, match="column"):
        fill_features(market(), Scorecards(2), buy_10_000(), rows_of(), np.zeros((6, 39)))


def test_rows_may_be_any_choice_of_venues_and_tactics() -> None:
    """A trial may ask about two rows only; each has the features it has among all."""
    everything = matrix(buy_10_000(), rows_of())
    chosen = [5, 2]

    some = matrix(buy_10_000(), rows_of()[chosen])

    for name, column in everything.items():
        np.testing.assert_array_equal(column[chosen], some[name], err_msg=name)
