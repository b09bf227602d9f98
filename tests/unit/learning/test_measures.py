"""Measures of a forecast, on numbers small enough to check by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from penstock.learning.measures import (
    baseline_forecast,
    calibration_table,
    error_measures,
    group_means,
    log_loss,
    row_groups,
    sd_by_tactic,
)

ONES = np.ones(4)


def test_baseline_is_the_mean_of_venue_and_tactic() -> None:
    """What a desk without a model would use; the overall mean where it has no experience."""
    groups = row_groups(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 2]))
    weight = np.array([1.0, 3.0, 1.0, 1.0])
    means = group_means(groups, np.array([4.0, 8.0, 1.0, 3.0]), weight)

    forecast = baseline_forecast(means, row_groups(np.array([0, 1, 1, 7]), np.array([0, 0, 2, 1])))

    assert [7.0, 1.0, 3.0, 32.0 / 6.0] == forecast.tolist()


def test_errors_are_weighed_and_compared() -> None:
    """The gain over the baseline is the figure that counts."""
    measures = error_measures(
        forecast=np.array([1.0, 2.0]),
        baseline=np.array([3.0, 3.0]),
        outcome=np.array([2.0, 2.0]),
        weight=np.array([3.0, 1.0]),
    )

    assert {
        "n_rows": 2.0,
        "rmse": math.sqrt(0.75),
        "baseline_rmse": 1.0,
        "r2_vs_baseline": pytest.approx(0.25),
        "bias": -0.75,
    } == measures


def test_a_perfect_baseline_is_not_beaten() -> None:
    """No division by its zero error."""
    outcome = np.array([2.0, 2.0])

    assert 0.0 == error_measures(outcome, outcome, outcome, ONES[:2])["r2_vs_baseline"]


def test_log_loss_of_fractions() -> None:
    """At p = y it is the entropy; a certain forecast that is wrong costs much but not infinity."""
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))

    assert pytest.approx(entropy) == log_loss(np.array([0.25]), np.array([0.25]), ONES[:1])
    assert pytest.approx(math.log(1e6)) == log_loss(np.array([0.0]), np.array([1.0]), ONES[:1])
    assert pytest.approx(0.0, abs=1e-5) == log_loss(np.array([1.0]), np.array([1.0]), ONES[:1])


def test_calibration_bins_hold_equally_many_rows_in_order() -> None:
    """A forecast of 30 % should fill 30 %, tenth by tenth."""
    forecast = np.array([0.4, 0.1, 0.3, 0.2])
    observed = np.array([1.0, 0.0, 0.5, 0.0])

    low, high = calibration_table(forecast, observed, ONES, n_bins=2)

    assert pytest.approx([0.15, 0.35]) == [low.forecast_frac, high.forecast_frac]
    assert [0.0, 0.75] == [low.observed_frac, high.observed_frac]
    assert [2, 2] == [low.n_rows, high.n_rows]


def test_few_rows_make_fewer_bins() -> None:
    """No empty bin, whose mean would be NaN."""
    assert [1, 1, 1] == [b.n_rows for b in calibration_table(ONES[:3], ONES[:3], ONES[:3])]


def test_a_tactic_that_was_never_seen_has_no_spread() -> None:
    """Missing is None, not zero: zero would mean certainty."""
    sd = sd_by_tactic(np.array([3.0, -3.0, 1.0]), np.array([0, 0, 2]), ONES[:3])

    assert (3.0, None, 1.0) == sd
