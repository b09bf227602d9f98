"""Scorecards: shrinkage, forgetting, and what each report counts for."""

from __future__ import annotations

import math

import pytest

from penstock.domain import NS_PER_MS, NS_PER_S, Ns, Shares, Tactic
from penstock.features import ScorecardConfig, Scorecards, TacticPrior

CONFIG = ScorecardConfig(
    half_life_s=100.0,
    prior_children=4.0,
    prior_shares=1_000.0,
    take=TacticPrior(
        fill_frac=0.5, time_to_fill_s=2.0, partial_frac=0.25, reject_frac=0.1, markout_bps=1.0
    ),
    ack_latency_ms=3.0,
    ack_memory=4.0,
)
NOW = Ns(1_000 * NS_PER_S)


def cards() -> Scorecards:
    """Two venues, nothing tried."""
    return Scorecards(2, CONFIG)


def done(card: Scorecards, filled: int, at_ns: Ns = NOW, time_ns: int = NS_PER_S) -> None:
    """A take of 100 shares at venue 0 has ended."""
    time_to_fill = Ns(time_ns) if filled else None
    card.on_done(0, Tactic.TAKE, Shares(100), Shares(filled), time_to_fill, at_ns)


def test_an_untried_row_shows_its_prior() -> None:
    """Nothing is known of it, and zero would be a claim."""
    estimate = cards().estimate(1, Tactic.TAKE, NOW)

    assert 0.5 == estimate.fill_frac
    assert 2.0 == estimate.time_to_fill_s
    assert 0.25 == estimate.partial_frac
    assert 0.1 == estimate.reject_frac
    assert 1.0 == estimate.markout_bps
    assert ScorecardConfig().post.fill_frac == Scorecards(1).estimate(0, Tactic.POST, NOW).fill_frac


def test_experience_is_shrunk_to_the_prior() -> None:
    """Four children filled whole weigh as much as a prior of four: (4 + 4 · 0.5) / 8."""
    card = cards()
    for _ in range(4):
        done(card, 100)

    estimate = card.estimate(0, Tactic.TAKE, NOW)
    assert 0.75 == pytest.approx(estimate.fill_frac)
    assert 1.5 == pytest.approx(estimate.time_to_fill_s)
    assert 0.125 == pytest.approx(estimate.partial_frac)


def test_experience_halves_in_a_half_life() -> None:
    """Four children of 100 s ago weigh as two."""
    card = cards()
    for _ in range(4):
        done(card, 100)

    later = card.estimate(0, Tactic.TAKE, Ns(NOW + 100 * NS_PER_S))
    assert (2 + 4 * 0.5) / 6 == pytest.approx(later.fill_frac)
    assert 0.5 == pytest.approx(card.estimate(0, Tactic.TAKE, Ns(10**16)).fill_frac)


def test_a_child_that_did_not_fill_has_no_time_to_fill() -> None:
    """It lowers the fill fraction and leaves the time alone."""
    card = cards()
    done(card, 0)

    estimate = card.estimate(0, Tactic.TAKE, NOW)
    assert 2.0 == estimate.time_to_fill_s
    assert 0.4 == pytest.approx(estimate.fill_frac)
    assert 0.2 == pytest.approx(estimate.partial_frac)


def test_a_partial_fill_is_neither_none_nor_all() -> None:
    """One in five, once the prior of one in four over four children is in."""
    card = cards()
    done(card, 40)

    assert (1 + 4 * 0.25) / 5 == pytest.approx(card.estimate(0, Tactic.TAKE, NOW).partial_frac)


def test_a_reject_is_no_failure_to_fill() -> None:
    """It never traded: it says something about rejects only."""
    card = cards()
    card.on_reject(0, Tactic.TAKE, NOW)

    estimate = card.estimate(0, Tactic.TAKE, NOW)
    assert (1 + 4 * 0.1) / 5 == pytest.approx(estimate.reject_frac)
    assert 0.5 == estimate.fill_frac


def test_markouts_weigh_by_shares() -> None:
    """3 bps on 1,000 shares against a prior of 1 bp that weighs 1,000."""
    card = cards()
    card.on_markout(0, Tactic.TAKE, 3.0, Shares(1_000))

    assert 2.0 == pytest.approx(card.estimate(0, Tactic.TAKE, Ns(0)).markout_bps)


def test_acknowledgements_average_then_move() -> None:
    """The prior counts as one; from the fourth on each new one weighs a quarter."""
    card = cards()
    for latency_ms in (1, 1, 1, 5):
        card.on_ack(0, Ns(latency_ms * NS_PER_MS))

    assert 1.5 + (5 - 1.5) / 4 == pytest.approx(card.ack_latency_ms(0))
    assert 3.0 == card.ack_latency_ms(1)


def test_rows_do_not_touch_each_other() -> None:
    """What a take met says nothing about a post, nor about another venue."""
    card = cards()
    done(card, 100)

    assert card.estimate(1, Tactic.TAKE, NOW) == cards().estimate(1, Tactic.TAKE, NOW)
    assert card.estimate(0, Tactic.POST, NOW) == cards().estimate(0, Tactic.POST, NOW)


def test_the_same_reports_give_the_same_hash() -> None:
    """A replay is compared with its run by this."""
    one, other = cards(), cards()
    for card in (one, other):
        done(card, 40)
        card.on_ack(1, Ns(5))

    assert one.state_hash() == other.state_hash() != cards().state_hash()


def test_wrong_reports_are_our_own_bug() -> None:
    """Time does not go back, and a markout without a midpoint is not one."""
    card = cards()
    done(card, 40)

    with pytest.raises(AssertionError, match="order"):
        done(card, 40, at_ns=Ns(NOW - 1))
    with pytest.raises(AssertionError, match="midpoint"):
        card.on_markout(0, Tactic.TAKE, math.nan, Shares(1))
