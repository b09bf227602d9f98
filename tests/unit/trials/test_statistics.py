"""Intervals over days: scipy's own, and pairing that removes what both had to bear."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from penstock.trials import estimate, excludes_zero, paired_difference
from penstock.trials.statistics import Estimate


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
