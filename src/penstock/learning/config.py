"""What can be set about training, and the shape constraints that economics demands."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

_Count = Annotated[int, msgspec.Meta(ge=1)]


class TrainSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How outcome models are trained. The defaults are sized for the hot path.

    Four means of 80 trees × depth 6, with their spreads, take 58 µs for 36 rows on the reference
    machine, 100 trees take 72 µs: docs/adr/0006-flat-forest-inference.md.
    """

    name: str = "supervised"
    version: str = "1"
    n_trees: _Count = 80  # at most; fewer where days held out say so
    n_leaves: Annotated[int, msgspec.Meta(ge=2, le=1024)] = 31
    max_depth: Annotated[int, msgspec.Meta(ge=1, le=32)] = 6
    learning_rate: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] = 0.1
    min_rows_per_leaf: _Count = 100
    stop_after: _Count = 10  # trees without gain on the days held out
    holdout_frac: Annotated[float, msgspec.Meta(gt=0.0, le=0.5)] = 0.3  # of the days
    embargo_days: Annotated[int, msgspec.Meta(ge=0)] = 0  # left out between training and holdout
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0
    n_threads: _Count = 1  # more are faster on an idle machine; the bits are the same


MONOTONE: Final[dict[str, dict[str, int]]] = {
    # The more we send against what is displayed, the smaller the part of it that fills; and who
    # stands ahead of us at a price fills before us, so a longer queue can neither raise the chance
    # nor shorten the wait. `size_displayed_frac` is not here: what it compares with differs by
    # tactic, so its effect changes sign.
    "fill_frac": {"size_top3_frac": -1, "queue_ahead_shares": -1},
    "time_to_fill_s": {"queue_ahead_shares": 1},
}
"""Part -> feature -> direction that a forecast may move as the feature grows, all else equal."""


def monotone_constraints(part: str, feature_names: tuple[str, ...]) -> list[int]:
    """Direction for each column, 0 where there is none; features that are not there are skipped."""
    directions = MONOTONE.get(part, {})
    return [directions.get(name, 0) for name in feature_names]
