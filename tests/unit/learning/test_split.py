"""Holding out: the future judges the past, and neither sees the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from penstock.domain import NS_PER_S, Ns
from penstock.learning import Dataset, DatasetError, Split, TrainSettings, split_rows
from tests.support.outcomes import made_up_outcomes


def outcomes_on(days: list[int]) -> Dataset:
    """One row for each entry of `days`, a second apart, whose outcome is known 10 s later."""
    dataset = made_up_outcomes(n_days=1, rows_per_day=len(days))
    return replace(dataset, day=np.array(days), at_ns=NS_PER_S * np.arange(len(days)))


def days_of(dataset: Dataset, rows: NDArray[np.int64]) -> list[int]:
    """The days that rows are from."""
    return [int(day) for day in np.unique(dataset.day[rows])]


def test_the_latest_days_are_held_out_in_turns() -> None:
    """The last day measures, the one before ends the fitting, and so on backwards."""
    dataset = outcomes_on([day for day in range(1, 11) for _ in range(5)])

    split = split_rows(dataset, TrainSettings(holdout_frac=0.4))

    assert [1, 2, 3, 4, 5, 6] == days_of(dataset, split.fit)
    assert [7, 9] == days_of(dataset, split.stop)
    assert [8, 10] == days_of(dataset, split.measure)


def test_embargoed_days_are_used_for_nothing() -> None:
    """Their news may still be in the first days held out."""
    dataset = outcomes_on([day for day in range(1, 11) for _ in range(5)])

    split = split_rows(dataset, TrainSettings(holdout_frac=0.4, embargo_days=2))

    assert [1, 2, 3, 4] == days_of(dataset, split.fit)
    assert [7, 8, 9, 10] == days_of(dataset, np.concatenate((split.stop, split.measure)))


def test_rows_need_not_come_in_order_of_days() -> None:
    """Simulated days run in parallel and are put together as they come."""
    dataset = outcomes_on([3, 1, 2, 3, 1, 2, 4, 4])

    split = split_rows(dataset, TrainSettings(holdout_frac=0.5))

    assert [1, 2, 4, 5] == split.fit.tolist()
    assert [0, 3] == split.stop.tolist()
    assert [6, 7] == split.measure.tolist()


def test_a_single_day_is_cut_by_time_and_purged() -> None:
    """
    The outcome of a row decided at 65 s is known at 75 s, when rows held out already look at the
    market: it must not be trained on.
    """
    dataset = outcomes_on([1] * 100)

    split = split_rows(dataset, TrainSettings(holdout_frac=0.3))

    assert list(range(60)) == split.fit.tolist()  # 60 s + 10 s is not before 70 s
    assert list(range(70, 75)) == split.stop.tolist()
    assert list(range(85, 100)) == split.measure.tolist()


def test_runs_of_one_day_are_cut_at_the_same_moments() -> None:
    """
    Three runs of a recorded day, second by second, row by row: they share its prices, so no run may
    be fitted to what another is judged by.
    """
    dataset = replace(
        outcomes_on([20131008] * 600),
        at_ns=NS_PER_S * (np.arange(600) % 200),
        horizon_ns=Ns(36 * NS_PER_S),
    )

    split = split_rows(dataset, TrainSettings(holdout_frac=0.5))
    fit, stop, measure = (
        sorted(set((dataset.at_ns[rows] // NS_PER_S).tolist()))
        for rows in (split.fit, split.stop, split.measure)
    )

    assert list(range(64)) == fit  # 63 s + 36 s is before 100 s
    assert list(range(100, 114)) == stop  # and 113 s + 36 s before 150 s
    assert list(range(150, 200)) == measure


def test_a_day_held_out_alone_is_cut_in_half() -> None:
    """Two days are little, but training on one and judging on the next must work."""
    dataset = outcomes_on([1] * 40 + [2] * 40)

    split = split_rows(dataset, TrainSettings(holdout_frac=0.3))

    assert list(range(40)) == split.fit.tolist()
    assert list(range(40, 50)) == split.stop.tolist()
    assert list(range(60, 80)) == split.measure.tolist()


@pytest.mark.parametrize(
    ("dataset", "settings"),
    [
        (outcomes_on([1] * 5), TrainSettings()),
        (outcomes_on([1] * 20 + [2] * 20), TrainSettings(embargo_days=1)),
        (outcomes_on([]), TrainSettings()),
    ],
    ids=["too short", "all embargoed", "empty"],
)
def test_too_little_to_split_is_an_error(dataset: Dataset, settings: TrainSettings) -> None:
    """A model without a held-out figure is a guess."""
    with pytest.raises(DatasetError, match="each from its own time"):
        split_rows(dataset, settings)


@given(
    days=st.lists(st.integers(1, 12), min_size=1, max_size=150),
    holdout_frac=st.floats(0.05, 0.5),
    embargo_days=st.integers(0, 2),
)
def test_no_outcome_is_known_to_two_sets(
    days: list[int], holdout_frac: float, embargo_days: int
) -> None:
    """Rows of different sets are on different days, or farther apart than the horizon."""
    dataset = replace(outcomes_on(days), horizon_ns=Ns(10 * NS_PER_S))
    settings = TrainSettings(holdout_frac=holdout_frac, embargo_days=embargo_days)
    try:
        split = split_rows(dataset, settings)
    except DatasetError:
        return

    for earlier, later in ((split.fit, split.stop), (split.fit, split.measure)):
        assert dataset.day[earlier].max() <= dataset.day[later].min()
    for a, b in ((split.fit, split.stop), (split.stop, split.measure), (split.fit, split.measure)):
        assert not set(a) & set(b)
        same_day = dataset.day[a][:, None] == dataset.day[b][None, :]
        apart_ns = np.abs(dataset.at_ns[a][:, None] - dataset.at_ns[b][None, :])
        assert np.all(~same_day | (apart_ns > dataset.horizon_ns))


def test_the_three_sets_are_named() -> None:
    """What a figure was measured on is part of the figure."""
    assert ["fit", "stop", "measure"] == list(Split.__slots__)
