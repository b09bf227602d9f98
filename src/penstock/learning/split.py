"""Which rows trees are fitted to, which end the fitting, and which only measure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from penstock.learning.config import TrainSettings
from penstock.learning.dataset import Dataset, DatasetError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """
    Row numbers, sorted, of three sets that share no day (or, within a single day, no moment of
    the market that their outcomes have seen).

    fit: trees are fitted to these.
    stop: later; says when more trees stop helping, and shapes the spreads.
    measure: later than `fit` too; every figure on the card is from here, and no tree saw it.
    """

    fit: NDArray[np.int64]
    stop: NDArray[np.int64]
    measure: NDArray[np.int64]


def split_rows(dataset: Dataset, settings: TrainSettings) -> Split:
    """
    Hold out the latest days: a model is judged on a future that it has not seen.

    With two days or more, `holdout_frac` of the days (at least one), rounded, are held out, and
    the `embargo_days` before them are used for nothing. Days held out go to `measure` and `stop`
    in turns, the last one to `measure`; a single one is cut in half by time.

    With one day only, as from a replay, time plays the part of days: its last `holdout_frac` of
    the rows is held out, the earlier half of it to stop by and the later half to measure with.

    Purging: a row whose outcome was not yet known (`at_ns` + `horizon_ns`) when the next set
    begins is dropped wherever one day is cut, since its label has seen that set's market.

    Raises:
        DatasetError: one of the three sets would be empty.
    Source: Lopez de Prado (2018), Advances in Financial Machine Learning, chapter 7 (purging and
        embargo).
    """
    days = np.unique(dataset.day)
    if len(days) >= 2:
        split = _split_by_day(dataset, settings, days)
    else:
        fit, held_out = _cut(dataset, np.arange(len(dataset)), settings.holdout_frac)
        stop, measure = _cut(dataset, held_out, 0.5)
        split = Split(fit=fit, stop=stop, measure=measure)
    sizes = {"fit": len(split.fit), "stop": len(split.stop), "measure": len(split.measure)}
    if min(sizes.values()) == 0:
        raise DatasetError.one(
            where="dataset",
            expected="rows to fit, to stop by and to measure with, each from its own time",
            found=f"{sizes} of {len(dataset)} rows on {len(days)} days",
            fix="collect more days, replay a longer one, or set a smaller embargo_days",
        )
    return split


def _split_by_day(dataset: Dataset, settings: TrainSettings, days: NDArray[np.int64]) -> Split:
    n_held_out = max(1, round(settings.holdout_frac * len(days)))
    n_fit = max(0, len(days) - n_held_out - settings.embargo_days)
    held_out = days[len(days) - n_held_out :]
    fit = np.flatnonzero(np.isin(dataset.day, days[:n_fit]))
    if len(held_out) == 1:
        stop, measure = _cut(dataset, np.flatnonzero(dataset.day == held_out[0]), 0.5)
    else:
        measure = np.flatnonzero(np.isin(dataset.day, held_out[::-1][::2]))
        stop = np.flatnonzero(np.isin(dataset.day, held_out[::-1][1::2]))
    return Split(fit=fit, stop=stop, measure=measure)


def _cut(
    dataset: Dataset, rows: NDArray[np.int64], later_frac: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut rows in two by time: those known before the cut, and those decided from it on."""
    at_ns = dataset.at_ns[rows]
    if not len(rows):
        return rows, rows
    n_later = math.ceil(later_frac * len(rows))
    cut_ns = np.sort(at_ns)[len(rows) - n_later]
    return rows[at_ns + dataset.horizon_ns < cut_ns], rows[at_ns >= cut_ns]
