"""Laws of the features: no look-ahead, no trace of batches, always finite, the same mirrored."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from penstock.domain import (
    N_TACTICS,
    ROW_DTYPE,
    SITUATION_DTYPE,
    RowArray,
    SituationArray,
    TapeKind,
)
from penstock.features import FEATURE_NAMES, N_FEATURES, MarketView, Scorecards, fill_features
from tests.support.naive_features import (
    Message,
    NaiveMarket,
    mirrored,
    random_messages,
    random_rows,
    random_situation,
    tape_of,
    universe_of,
)

seeds = st.integers(0, 2**32 - 1)
pauses_ns = st.sampled_from([0, 1, 99_999_999, 100_000_000, 10_000_000_000, 10**15])


def view_of(messages: list[Message], n_instruments: int, n_venues: int) -> MarketView:
    """A market that has heard these messages, in one batch."""
    view = MarketView(universe_of(n_instruments, n_venues))
    view.apply(tape_of(messages), 0, len(messages))
    return view


def features_of(view: MarketView, situation: SituationArray, rows: RowArray) -> NDArray[np.float64]:
    """The matrix, with untried scorecards."""
    out = np.full((len(rows), N_FEATURES), math.nan)
    fill_features(view, Scorecards(len(view.venue_kinds)), situation, rows, out)
    return out


@given(seed=seeds, n_venues=st.integers(1, 5), cut_frac=st.floats(0, 1), pause_ns=pauses_ns)
def test_truncating_the_future_changes_no_feature(
    seed: int, n_venues: int, cut_frac: float, pause_ns: int
) -> None:
    """
    What comes after a decision must not be in it, or a model trains on what it cannot know.

    Once from a tape that ends at the decision; once from one whose rest is there to be read.
    """
    rng = np.random.default_rng(seed)
    messages = random_messages(rng, 120, universe_of(2, n_venues))
    n_seen = round(cut_frac * len(messages))
    now_ns = (messages[n_seen - 1].recv_ns if n_seen else messages[0].recv_ns) + pause_ns
    situation, rows = random_situation(rng, now_ns, 2), random_rows(rng, now_ns, n_venues)
    longer = MarketView(universe_of(2, n_venues))

    longer.apply(tape_of(messages), 0, n_seen)

    truncated = view_of(messages[:n_seen], 2, n_venues)
    np.testing.assert_array_equal(
        features_of(truncated, situation, rows), features_of(longer, situation, rows)
    )
    assert truncated.state_hash() == longer.state_hash()


@given(
    seed=seeds,
    n_venues=st.integers(1, 5),
    cuts=st.lists(st.floats(0, 1), max_size=8),
    pause_ns=pauses_ns,
)
def test_batches_and_looks_leave_no_trace(
    seed: int, n_venues: int, cuts: list[float], pause_ns: int
) -> None:
    """Where a batch ends is chance, and looking is not acting: neither may show."""
    rng = np.random.default_rng(seed)
    messages = random_messages(rng, 120, universe_of(2, n_venues))
    tape, view = tape_of(messages), MarketView(universe_of(2, n_venues))
    ends = [*sorted(round(cut * len(messages)) for cut in cuts), len(messages)]
    start = 0
    for end in ends:
        view.apply(tape, start, end)
        start = end
        now_ns = messages[max(end - 1, 0)].recv_ns + pause_ns
        situation, rows = random_situation(rng, now_ns, 2), random_rows(rng, now_ns, n_venues)
        in_pieces = features_of(view, situation, rows)

    whole = view_of(messages, 2, n_venues)
    assert whole.state_hash() == view.state_hash()
    np.testing.assert_array_equal(features_of(whole, situation, rows), in_pieces)


@given(seed=seeds, n_venues=st.integers(1, 5), pause_ns=pauses_ns)
def test_mirrored_market_and_side_give_the_same_features(
    seed: int, n_venues: int, pause_ns: int
) -> None:
    """Buying into a rise is selling into a fall: a model must not have to learn it twice."""
    rng = np.random.default_rng(seed)
    messages = random_messages(rng, 150, universe_of(1, n_venues))
    valid = NaiveMarket(universe_of(1, n_venues), 0, messages).valid
    around_x2 = valid[-1].mid_x2 if valid else 2_000_000
    now_ns = messages[-1].recv_ns + pause_ns
    situation, rows = random_situation(rng, now_ns, 1), random_rows(rng, now_ns, n_venues)
    situation["worst_ticks"] = 1_000_000 + 50 * rng.integers(-20, 21)
    before = features_of(view_of(messages, 1, n_venues), situation, rows)

    for name in ("side", "footprint_shares"):
        situation[name] *= -1
    situation["worst_ticks"] = around_x2 - situation["worst_ticks"]
    rows["limit_ticks"] = around_x2 - rows["limit_ticks"]
    reflected = view_of(mirrored(messages, around_x2), 1, n_venues)

    after = features_of(reflected, situation, rows)
    for column, name in enumerate(FEATURE_NAMES):
        np.testing.assert_allclose(
            after[:, column], before[:, column], rtol=1e-12, atol=1e-12, err_msg=name
        )


wild_messages = st.lists(
    st.builds(
        Message,
        recv_ns=st.integers(0, 10**19 // 2).map(lambda t: t // 1000),
        kind=st.sampled_from([*TapeKind, TapeKind.LEVEL, TapeKind.LEVEL, TapeKind.TRADE]),
        instrument_idx=st.just(0),
        venue_idx=st.integers(0, 1),
        side=st.sampled_from([1, -1]),
        price_ticks=st.integers(1, 10**10),
        shares=st.integers(0, 10**11),
        flags=st.integers(0, 63),
    ),
    max_size=25,
).map(sorted)

wild_shares = st.sampled_from([0, 1, 100, 10**8])


@given(
    messages=wild_messages,
    pause_ns=pauses_ns,
    parent_shares=st.integers(1, 10**8),
    route_shares=wild_shares,
    adv_shares=wild_shares,
    worst_ticks=st.sampled_from([0, 1, 10**6, 2**63 - 1]),
    footprint=st.floats(-1e12, 1e12),
    available_shares=wild_shares,
    fee_bps=st.sampled_from([0.0, -3.0, math.nan, math.inf]),
    side=st.sampled_from([1, -1]),
)
def test_every_feature_is_finite_on_any_input(
    messages: list[Message],
    pause_ns: int,
    parent_shares: int,
    route_shares: int,
    adv_shares: int,
    worst_ticks: int,
    footprint: float,
    available_shares: int,
    fee_bps: float,
    side: int,
) -> None:
    """A NaN goes down one branch of every tree, and nobody knows which."""
    view = view_of(messages, 1, 2)
    situation, rows = np.zeros(1, SITUATION_DTYPE), np.zeros(2 * N_TACTICS, ROW_DTYPE)
    now_ns = (messages[-1].recv_ns if messages else 0) + pause_ns
    situation["now_ns"], situation["side"] = now_ns, side
    situation["parent_shares"], situation["leaves_shares"] = parent_shares, parent_shares
    situation["route_shares"], situation["adv_shares"] = route_shares, adv_shares
    situation["worst_ticks"], situation["footprint_shares"] = worst_ticks, footprint
    rows["venue_idx"], rows["tactic"] = divmod(np.arange(len(rows)), N_TACTICS)
    rows["available_shares"], rows["fee_bps"] = available_shares, fee_bps

    out = features_of(view, situation, rows)

    is_finite = np.isfinite(out).all(axis=0)
    assert [] == [FEATURE_NAMES[column] for column in np.flatnonzero(~is_finite)]
