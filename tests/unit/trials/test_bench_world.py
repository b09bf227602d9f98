"""The workload behind the published simulator figures is what its description says."""

from __future__ import annotations

from itertools import count

import pytest

from penstock.sim import World, check_scenario
from penstock.trials.bench_world import WorldWorkload, bench_scenario, bench_world
from tests.support.worlds import plain_day

SMALL = WorldWorkload(duration_s=30.0, quoting_duration_s=2.0)


def test_the_workload_is_four_lit_venues_and_two_pools() -> None:
    """And a scenario like any other."""
    scenario = bench_scenario(3_600.0)
    check_scenario(scenario, "bench")

    assert [True] * 4 + [False] * 2 == [venue.is_lit for venue in scenario.venues]


def test_the_figure_is_events_over_the_clock() -> None:
    """With a clock that advances by one second between two looks, all events take one second."""
    seconds = count(0, 10**9)
    figures = bench_world(lambda: next(seconds), SMALL, n_runs=3)
    world = World(bench_scenario(30.0), SMALL.seed)
    world.advance(world.scenario.end_ns)

    assert world.n_events == figures.world.n_events
    assert figures.world.events_per_s == pytest.approx(world.n_events)
    assert figures.world.book_changes_per_s == pytest.approx(world.n_book_changes)
    assert 3 == figures.world.n_runs


def test_the_quoting_client_posts_and_cancels_twice_a_millisecond() -> None:
    """Two seconds: 4,000 orders and as many cancels, besides what the market does by itself."""
    seconds = count(0, 10**9)
    figures = bench_world(lambda: next(seconds), SMALL, n_runs=1)
    world = World(bench_scenario(2.0), SMALL.seed)
    world.advance(world.scenario.end_ns)

    assert 7_900 < figures.world_quoting.n_events - world.n_events < 8_100
    assert 7_500 < figures.world_quoting.book_changes_per_s - world.n_book_changes < 8_500


def test_a_shipped_day_is_measured_with_all_that_its_file_asks_for() -> None:
    """Its own scenario, whole: the same events as a world of it has."""
    seconds = count(0, 10**9)
    day = plain_day(20.0)
    figures = bench_world(lambda: next(seconds), SMALL, n_runs=1, shipped=day)
    world = World(day, SMALL.seed)
    world.advance(day.end_ns)

    assert figures.world_shipped is not None
    assert world.n_events == figures.world_shipped.n_events
