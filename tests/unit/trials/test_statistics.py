"""Intervals over days: scipy's own, and pairing that removes what both had to bear."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from penstock.trials import estimate, excludes_zero, paired_difference
from penstock.trials.statistics import (
    Estimate,
    detectable,
    holm,
    p_value,
    paired_ratio,
    shown_of_several,
)


@pytest.mark.parametrize("n_days", [2, 3, 10, 200])
def test_the_interval_is_students(n_days: int) -> None:
    """Against scipy's one-sample t-test, which is another way to the same figure."""
    per_day = np.random.default_rng(n_days).normal(3.0, 2.0, size=n_days)
    found = estimate(per_day)
    expected = stats.ttest_1samp(per_day, 0.0).confidence_interval(0.95)

    assert found.ci95 is not None
    assert pytest.approx(np.mean(per_day)) == found.mean
    assert pytest.approx((expected.low, expected.high)) == found.ci95
    assert pytest.approx((expected.high - expected.low) / 2) == found.half_width
    assert n_days == found.n_days


def test_one_day_has_no_interval() -> None:
    """One day says nothing about how days differ; a number there would be invented."""
    found = estimate([2.5])

    assert Estimate(mean=2.5, ci95=None, n_days=1) == found
    assert math.inf == found.half_width
    assert not excludes_zero(found)


def test_days_that_agree_have_an_interval_of_no_width() -> None:
    """Not an error: a market without chance."""
    assert (1.0, 1.0) == estimate([1.0, 1.0, 1.0]).ci95


def test_no_day_is_a_mistake_of_ours() -> None:
    """Who calls must have run something."""
    with pytest.raises(AssertionError, match="at least one day"):
        estimate([])


def test_orders_are_not_days() -> None:
    """A table of orders by day would count each order as independent."""
    with pytest.raises(AssertionError, match="one figure a day"):
        estimate(np.zeros((3, 4)))


def test_the_difference_is_this_minus_other() -> None:
    """Negative is cheaper: the sign on every page hangs on it."""
    found = paired_difference([1.0, 2.0, 4.0], [2.0, 4.0, 5.0])
    expected = stats.ttest_rel([1.0, 2.0, 4.0], [2.0, 4.0, 5.0]).confidence_interval(0.95)

    assert pytest.approx(-4 / 3) == found.mean
    assert pytest.approx((expected.low, expected.high)) == found.ci95


def test_pairing_removes_a_common_shock() -> None:
    """Both lived through the same days: a difference of 0.5 shows under shocks of 100."""
    rng = np.random.default_rng(7)
    shock = 100.0 * rng.normal(size=12)
    noise = 0.1 * rng.normal(size=(2, 12))
    cheap, dear = shock + noise[0], shock + noise[1] + 0.5
    paired = paired_difference(cheap, dear)

    assert pytest.approx(-0.5, abs=0.1) == paired.mean
    assert excludes_zero(paired)
    assert estimate(cheap).half_width > 100 * paired.half_width


def test_days_of_one_only_are_refused() -> None:
    """Pairs of different lengths are not pairs, whatever numpy would broadcast."""
    with pytest.raises(AssertionError, match="not paired"):
        paired_difference([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("ci95", "claims"),
    [((0.1, 0.2), True), ((-0.2, -0.1), True), ((-0.1, 0.2), False), ((0.0, 0.2), False)],
)
def test_a_claim_needs_an_interval_off_zero(ci95: tuple[float, float], claims: bool) -> None:
    """Touching zero is not enough."""
    assert claims is excludes_zero(Estimate(mean=0.0, ci95=ci95, n_days=5))


def test_holm_is_the_step_down_of_its_paper() -> None:
    """By hand: 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.04 x 1, none smaller than the one before."""
    assert pytest.approx([0.06, 0.04, 0.06, 0.06]) == holm([0.02, 0.01, 0.04, 0.03])
    assert [1.0, 1.0] == holm([0.7, 0.9])
    assert [] == holm([])


def test_holm_keeps_the_chance_of_any_false_claim() -> None:
    """Five true nulls: at most 5 % of runs may claim anything, within the luck of 4,000 runs."""
    p_values = np.random.default_rng(3).random((4_000, 5))
    false_claims = np.mean([min(holm(list(row))) < 0.05 for row in p_values])

    assert 0.04 < false_claims < 0.06


def test_a_p_value_and_an_interval_say_the_same() -> None:
    """The interval excludes zero exactly where the test rejects."""
    rng = np.random.default_rng(5)
    for _ in range(200):
        per_day = rng.normal(0.5, 1.0, size=8)
        p = p_value(per_day)
        assert p is not None
        assert (p < 0.05) == excludes_zero(estimate(per_day))
    assert p_value([1.0]) is None


def test_days_without_a_spread_have_no_p_value() -> None:
    """Two equal differences may be a rule of the market or a mistake; luck cannot be told."""
    assert p_value([2.0, 2.0]) is None
    assert 1.0 == p_value([0.0, 0.0])


def test_of_several_true_zeros_one_is_shown_in_twenty_runs() -> None:
    """
    Ten rivals as good as an insider, paired with the same insider: without a correction one of them
    is ahead, or behind, in every third run.
    """
    rng = np.random.default_rng(5)
    found, n = 0, 1_000
    for _ in range(n):
        insider = rng.normal(0.0, 1.0, size=20)
        found += any(shown_of_several([rng.normal(0.0, 1.0, size=20) - insider for _ in range(10)]))

    assert found / n < 0.05
    assert [True, False] == shown_of_several([[1.0, 1.1, 0.9, 1.05], [1.0, -1.0, 0.9, -1.05]])


def test_what_has_no_spread_is_shown_where_it_is_not_zero() -> None:
    """Two days that differ by the same need no test; one day says nothing."""
    assert [True, False, False] == shown_of_several([[-0.5, -0.5], [0.0, 0.0], [3.0]])


def test_what_is_called_detectable_is_detected_four_times_in_five() -> None:
    """Simulated with the true spread known: 2,000 comparisons of 20 days each."""
    rng = np.random.default_rng(7)
    reaches = [detectable(rng.normal(0.0, 1.0, size=20)) or math.nan for _ in range(500)]
    reach = float(np.mean(reaches))
    found = [excludes_zero(estimate(rng.normal(reach, 1.0, size=20))) for _ in range(2_000)]

    assert 0.76 < np.mean(found) < 0.84
    assert detectable([1.0]) is None


def test_a_ratio_has_fiellers_interval() -> None:
    """It holds the true ratio 19 times in 20, also where both means share their luck."""
    rng = np.random.default_rng(11)
    held, n = 0, 2_000
    for _ in range(n):
        shared = rng.normal(0.0, 0.3, size=15)
        below = 1.0 + shared + rng.normal(0.0, 0.2, size=15)
        ratio = paired_ratio(list(0.6 + shared + rng.normal(0.0, 0.2, size=15)), list(below))
        assert ratio.ci95 is not None
        held += ratio.ci95[0] <= 0.6 <= ratio.ci95[1]

    assert 0.935 < held / n < 0.965


def test_a_ratio_over_what_may_be_zero_is_not_given() -> None:
    """Half of next to nothing is no finding."""
    assert paired_ratio([1.0, 1.1, 0.9], [0.1, -0.1, 0.05]).value is None
    assert paired_ratio([1.0], [1.0]).value is None
