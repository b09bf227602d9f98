"""From a dataset to an outcome model: four means, four spreads, and honest figures about both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock.domain import Problem
from penstock.learning.config import TrainSettings
from penstock.learning.dataset import Dataset, DatasetError, dataset_problems
from penstock.learning.heads import TrainedPart, train_part
from penstock.learning.split import Split, split_rows
from penstock.models import INFERENCE_FORMAT, PARTS, FlatForest, ForestModel, ModelCard

Progress = Callable[[str, int, int], None]
"""Called with the part at work, the trees done, and the trees there can be at most."""

# With fewer outcomes than this, a table of averages would be noise, let alone a forest.
MIN_OUTCOMES: Final = 30


def train_lightgbm(
    dataset: Dataset, settings: TrainSettings, progress: Progress | None = None
) -> ForestModel:
    """
    Train the outcome model: a forest for the mean of each of PARTS, a tree for its spread.

    The latest days are held out (`split_rows`). Trees are fitted to the earlier ones, and counted
    and judged on the later ones; every figure on the card is from rows that no tree was fitted to.
    The same dataset and settings give the same file, bit for bit, on one machine and lock file.

    Costs and fractions are trained on all rows that have them. Time to fill is learned from rows
    that filled: for the others it is not known, and `fill_frac` says how many these are.

    Raises:
        DatasetError: the dataset breaks its promises, or a part has too few outcomes to learn from.
    """
    problems = list(dataset_problems(dataset, "dataset"))
    if problems:
        raise DatasetError(problems)
    split = split_rows(dataset, settings)
    sets = [dataset.select(rows) for rows in (split.fit, split.stop, split.measure)]
    _check_outcomes(sets)
    parts = [train_part(part, sets, settings, _counted(progress, part, settings)) for part in PARTS]
    card = _card(dataset, split, settings, parts)
    forests = [part.mean_forest for part in parts] + [part.deviation_forest for part in parts]
    return ForestModel(card, FlatForest.joined(forests))


def _counted(
    progress: Progress | None, part: str, settings: TrainSettings
) -> Callable[[int], None]:
    def on_tree(n_trees: int) -> None:
        if progress is not None:
            before = PARTS.index(part) * settings.n_trees
            progress(part, before + n_trees, len(PARTS) * settings.n_trees)

    return on_tree


def _check_outcomes(sets: list[Dataset]) -> None:
    problems = []
    for name, rows in zip(("fit", "stop", "measure"), sets, strict=True):
        for part in PARTS:
            n_outcomes = int(np.sum(~np.isnan(rows.outcome(part))))
            if n_outcomes < MIN_OUTCOMES:
                problems.append(
                    Problem(
                        where=f"dataset: {part}, rows to {name} with",
                        expected=f"at least {MIN_OUTCOMES} outcomes",
                        found=f"{n_outcomes} in {len(rows)} rows",
                        fix="collect more days",
                    )
                )
    if problems:
        raise DatasetError(problems)


def _days_in_words(days: NDArray[np.int64]) -> str:
    if len(days) == 1:
        return f"one day, {days[0]}, cut by time"
    return f"{len(days)} days, {days[0]} to {days[-1]}"


def _card(
    dataset: Dataset, split: Split, settings: TrainSettings, parts: list[TrainedPart]
) -> ModelCard:
    days = np.unique(dataset.day)
    return ModelCard(
        name=settings.name,
        version=settings.version,
        kind="forest",
        inference=INFERENCE_FORMAT,
        feature_names=dataset.feature_names,
        features_version=dataset.features_version,
        trained_on=f"{dataset.origin}; {_days_in_words(days)}; "
        f"{len(split.fit):,} rows fitted, {len(split.stop):,} to stop by, "
        f"{len(split.measure):,} to measure",
        horizon_ns=dataset.horizon_ns,
        n_rows=len(split.fit),
        seed=settings.seed,
        means=tuple(part.mean for part in parts),
        deviations=tuple(part.deviation for part in parts),
        sd_by_tactic=tuple(part.sd_by_tactic for part in parts),
        cover_90=tuple(part.cover_90 for part in parts),
        metrics={name: part.metrics for name, part in zip(PARTS, parts, strict=True)},
        calibration=parts[PARTS.index("fill_frac")].calibration,
    )
