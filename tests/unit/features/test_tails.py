"""What pools hold, from fills that show only part of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.domain import Ns, Shares, Tactic
from penstock.features import TAIL_DTYPE, TAIL_EDGES_SHARES, Scorecards, record_tail, tail_prob
from penstock.features.tails import TAIL_KEPT_FRAC, TAIL_MIN_CHILDREN
from tests.support import naive_baselines

children = st.lists(
    st.integers(1, 5_000).flatmap(lambda sent: st.tuples(st.just(sent), st.integers(0, sent))),
    max_size=30,
)


@given(pairs=children, shares=st.integers(1, 20_000))
def test_the_tail_is_that_of_the_reference(pairs: list[tuple[int, int]], shares: int) -> None:
    """Product over sizes of the part that had it among those that could have."""
    tails = np.zeros(1, TAIL_DTYPE)
    for sent, filled in pairs:
        record_tail(tails, 0, sent, filled)
    expected = naive_baselines.tail(
        pairs, shares, TAIL_EDGES_SHARES, TAIL_KEPT_FRAC, TAIL_MIN_CHILDREN
    )

    assert pytest.approx(expected, abs=1e-9) == tail_prob(tails, 0, shares)


@given(pairs=children)
def test_a_tail_only_falls(pairs: list[tuple[int, int]]) -> None:
    """That is what makes the greedy division the best one."""
    tails = np.zeros(1, TAIL_DTYPE)
    for sent, filled in pairs:
        record_tail(tails, 0, sent, filled)
    found = [tail_prob(tails, 0, shares) for shares in (1, 100, 250, 800, 2_000, 9_000)]

    assert sorted(found, reverse=True) == found
    assert 0.0 <= found[-1] <= found[0] <= 1.0


def test_a_whole_fill_says_nothing_of_larger_sizes() -> None:
    """Censored: the pool may have held a million."""
    tails = np.zeros(1, TAIL_DTYPE)
    for _ in range(50):
        record_tail(tails, 0, 300, 300)

    assert 1.0 == tail_prob(tails, 0, 300) == tail_prob(tails, 0, 12_800)


def test_scorecards_count_midpoint_orders_only() -> None:
    """What a take or a post fills is displayed, or a queue; and the hash covers the counts."""
    cards, untouched = Scorecards(2), Scorecards(2)
    cards.on_done(1, Tactic.TAKE, Shares(100), Shares(0), None, Ns(1))
    untouched.on_done(1, Tactic.TAKE, Shares(100), Shares(0), None, Ns(1))
    assert not cards.tails["n_at_risk"].any()

    before = cards.state_hash()
    cards.on_done(1, Tactic.MID, Shares(100), Shares(0), None, Ns(2))

    assert 0.0 == tail_prob(cards.tails, 1, 100)
    assert 1.0 == tail_prob(cards.tails, 0, 100)
    assert before == untouched.state_hash() != cards.state_hash()
