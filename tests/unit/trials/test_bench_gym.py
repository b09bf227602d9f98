"""The workload behind the published figures of the environments is what its description says."""

from __future__ import annotations

from itertools import count

import pytest

from penstock.trials.bench_gym import GymWorkload, bench_gym


def test_the_figure_is_steps_over_the_clock() -> None:
    """With a clock that advances by one second between two looks, all steps take one second."""
    seconds = count(0, 10**9)
    figures = bench_gym(
        lambda: next(seconds), GymWorkload(n_steps=1_200, n_envs=4, n_decisions=50), n_runs=3
    )

    assert figures.bare.steps_per_s == pytest.approx(1_200)
    assert figures.bare_vector.steps_per_s == pytest.approx(1_200)
    assert 1_200 == figures.bare_vector.n_steps
    assert figures.bare.n_episodes >= 2  # of 500 steps at most
    assert 3 == figures.bare.n_runs
    assert figures.router.steps_per_s == pytest.approx(50)
    of_events_us = figures.router.events_per_step * figures.bare.us_per_step / 50
    assert figures.router.added_us_per_step == pytest.approx(1e6 / 50 - of_events_us)
    assert figures.router.events_per_step > 0
