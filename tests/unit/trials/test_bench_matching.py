"""The stream behind the published matching figure is what its description says."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from penstock.sim.matching.memory import MAX_TICKS, CommandKind, OrderTif
from penstock.trials.bench_matching import MatchingWorkload, make_stream, time_matching

SMALL = MatchingWorkload(n_events=20_000, live_orders=300, n_venues=2, capacity=1_024)


def test_the_same_workload_gives_the_same_commands() -> None:
    """A figure can only be compared with another on the same stream."""
    first, _, _ = make_stream(SMALL)
    second, _, _ = make_stream(SMALL)

    assert first.tobytes() == second.tobytes()


def test_the_stream_is_of_the_stated_mix_and_keeps_its_live_orders() -> None:
    """A book that empties, or grows without end, would measure something else."""
    commands, n_warm, n_live = make_stream(SMALL)
    steady = commands[n_warm:]

    assert 300 == n_warm
    assert 20_000 == len(steady)
    assert np.mean(steady["tif"] == OrderTif.IOC) == pytest.approx(0.10, abs=0.01)
    assert np.mean(steady["kind"] == CommandKind.CANCEL) == pytest.approx(0.40, abs=0.05)
    assert 200 <= n_live[n_warm:].min() <= n_live[n_warm:].max() <= 320
    assert {0, 1} == set(commands["venue_idx"].tolist())
    assert 0 < commands["ticks"][commands["kind"] == CommandKind.SUBMIT].min()
    assert commands["ticks"].max() <= MAX_TICKS


def test_the_figure_is_the_median_of_the_clock() -> None:
    """With a clock that always advances by one second, 20,000 events take exactly one."""
    ticks = count(0, 1_000_000_000)

    figure = time_matching(SMALL, lambda: next(ticks), n_runs=3)

    assert (20_000.0, 50_000.0, 3) == (figure.events_per_s, figure.ns_per_event, figure.n_runs)
    assert 1_000 < figure.n_fills < 10_000
