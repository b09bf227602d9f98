"""Comparisons: days are paired, the baseline is chosen among baselines only, signs agree."""

from __future__ import annotations

import numpy as np
import pytest

from penstock.trials import estimate
from penstock.trials.compare import choose_baseline, policy_results
from tests.support.small_days import day_costs, noisy_days


def test_the_strongest_baseline_is_the_cheapest_that_learns_nothing() -> None:
    """The learned policy is cheapest here, and must not be its own yardstick."""
    days = [
        day_costs(1, "static", [3.0]),
        day_costs(1, "sweep", [2.0]),
        day_costs(1, "supervised", [0.0]),
    ]

    assert "sweep" == choose_baseline(days)


def test_equal_baselines_are_told_apart_by_name() -> None:
    """Not by the order in which they were asked for."""
    days = [day_costs(1, "sweep", [2.0]), day_costs(1, "proportional", [2.0])]

    assert "proportional" == choose_baseline(days) == choose_baseline(days[::-1])


def test_without_baselines_there_is_no_strongest() -> None:
    """Two learned policies may be compared by themselves."""
    assert None is choose_baseline([day_costs(1, "supervised", [1.0])])
    assert None is choose_baseline([])


def test_the_baseline_is_chosen_by_the_measure_with_less_noise() -> None:
    """Where the market has a reference price; else by the shortfall that everybody has."""
    known = [
        day_costs(1, "static", [1.0], reference_bps=2.0),
        day_costs(1, "sweep", [2.0], reference_bps=1.0),
    ]
    partly = [known[0], day_costs(1, "sweep", [2.0])]

    assert "sweep" == choose_baseline(known)
    assert "static" == choose_baseline(partly)


def test_a_day_counts_once_however_many_parents_it_had() -> None:
    """Means are over days; a busy day is one draw of luck like any other."""
    days = [day_costs(1, "static", [1.0] * 9), day_costs(2, "static", [3.0])]
    result = policy_results(days, "static")["static"]

    assert (1.0, 3.0) == result.shortfall_by_day_bps
    assert 2.0 == result.shortfall_bps
    assert 10 == result.n_parents
    assert 1.0 == result.median_bps
    assert estimate([1.0, 3.0]).ci95 == result.ci95


def test_versus_is_antisymmetric() -> None:
    """A against B is minus B against A, intervals too."""
    days = noisy_days("static", dearer_bps=0.0, seed=1) + noisy_days("sweep", dearer_bps=1, seed=2)
    results = policy_results(days, "static")
    left, right = results["static"].versus["sweep"], results["sweep"].versus["static"]

    assert left.ci95 is not None
    assert right.ci95 is not None
    assert pytest.approx(-right.diff_bps) == left.diff_bps
    assert pytest.approx((-right.ci95[1], -right.ci95[0])) == left.ci95
    assert left.diff_bps < 0.0 < right.diff_bps


def test_a_comparison_sees_through_the_days_luck() -> None:
    """One bps dearer under shocks of ten: single intervals overlap, the paired one does not."""
    days = noisy_days("static", dearer_bps=0.0, seed=1) + noisy_days("sweep", dearer_bps=1, seed=2)
    results = policy_results(days, "static")
    static, sweep = results["static"], results["sweep"]
    paired = sweep.versus["static"].ci95

    assert static.ci95 is not None
    assert sweep.ci95 is not None
    assert paired is not None
    assert sweep.ci95[0] < static.ci95[1]
    assert paired[0] > 0.0


def test_the_best_baseline_is_compared_under_its_own_name_too() -> None:
    """Everyone but itself has the same figures under both names."""
    days = [day_costs(seed, name, [cost]) for seed in (1, 2) for name, cost in
            (("static", 3.0), ("sweep", 2.0 + seed), ("supervised", 1.0))]  # fmt: skip
    results = policy_results(days, "sweep")

    assert results["supervised"].versus["sweep"] == results["supervised"].versus["best_baseline"]
    assert "best_baseline" not in results["sweep"].versus
    assert {"static", "supervised"} == set(results["sweep"].versus)


def test_an_unknown_reference_stays_unknown() -> None:
    """One parent without M* leaves a mean that would mix two measures."""
    days = [day_costs(1, "static", [1.0], reference_bps=1.0), day_costs(2, "static", [1.0])]
    days += [day_costs(seed, "sweep", [1.0], reference_bps=1.0) for seed in (1, 2)]
    results = policy_results(days, None)

    assert results["static"].reference_cost_bps is None
    assert results["static"].leakage_bps is None
    assert 1.0 == results["sweep"].reference_cost_bps
    assert results["sweep"].versus["static"].reference_diff_bps is None
    assert 0.0 == results["sweep"].versus["static"].diff_bps


def test_the_order_of_the_days_does_not_show() -> None:
    """Workers finish in any order; pairs are made by seed."""
    days = noisy_days("static", dearer_bps=0.0, seed=1) + noisy_days("sweep", dearer_bps=1, seed=2)
    shuffled = [days[k] for k in np.random.default_rng(3).permutation(len(days))]
    found, expected = policy_results(shuffled, "static"), policy_results(days, "static")

    assert expected == {policy: found[policy] for policy in expected}


def test_days_that_differ_are_refused() -> None:
    """Figures of different days are no comparison; to get here is a mistake of ours."""
    days = [day_costs(1, "static", [1.0]), day_costs(2, "sweep", [1.0])]

    with pytest.raises(AssertionError, match="not the same days"):
        policy_results(days, "static")
    with pytest.raises(AssertionError, match="not the same days"):
        choose_baseline([*days, day_costs(1, "sweep", [1.0])])
