"""What a model says about itself: its parts, how their numbers are made, and how good they were."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

import msgspec

from penstock.domain import N_TACTICS, Ns, Problem

PARTS: Final = ("slippage_bps", "fill_frac", "time_to_fill_s", "leakage_bps")
"""What is forecast for each candidate row, in the column order of every `out_parts`."""

N_PARTS: Final = len(PARTS)

INFERENCE_FORMAT: Final = "forest-1"
"""Name of the arithmetic. Changes whenever the same file could give other bits (docs/models.md)."""


class Link(IntEnum):
    """How the sum of a head's trees, `raw`, becomes a value in the part's own unit."""

    IDENTITY = 0  # raw
    LOGISTIC = 1  # 1 / (1 + exp(-raw)): raw is a logit
    EXPM1 = 2  # exp(raw) - 1: raw is log(1 + value)
    SQRT = 3  # sqrt(max(raw, 0)): raw is a variance


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One output: value = min(max(scale · link(sum of trees), lowest), highest).

    `scale` corrects the mean where the link bends it (training on log(1 + t) forecasts a median,
    not a mean) and widens a spread to what was seen on days held out.
    """

    link: Link
    n_trees: int
    scale: float
    lowest: float
    highest: float


class CalibrationBin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tenth of the held-out rows, by forecast: the mean forecast against what happened."""

    forecast_frac: float
    observed_frac: float
    n_rows: int


class ModelCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Everything about a model but its numbers; travels inside the model's file.

    Tuples over parts are in the order of PARTS, tuples over tactics in the order of `Tactic`. What
    was not measured (no row with such a tactic was held out) is None.

    `means` and `deviations` make the two outputs of each part. A deviation is the root of the mean
    squared error of single outcomes to be expected for a row, not the error of the mean.
    `cover_90`: an outcome lies within forecast ± cover_90 · sd nine times in ten (docs/models.md).
    `horizon_ns` is the time over which leakage is measured.
    """

    name: str
    version: str  # what its maker calls it; the registry counts versions by itself
    kind: str  # what the arrays of the file are; "forest" so far
    inference: str  # INFERENCE_FORMAT when it was made
    feature_names: tuple[str, ...]
    features_version: str
    trained_on: str  # in words: which market, which days
    horizon_ns: Ns
    n_rows: int  # rows that trees were fitted to
    seed: int
    means: tuple[Head, ...]
    deviations: tuple[Head, ...]
    sd_by_tactic: tuple[tuple[float | None, ...], ...]  # (part, tactic), unit of the part
    cover_90: tuple[float, ...]
    metrics: dict[str, dict[str, float]]  # part -> measure -> value, on days held out
    calibration: tuple[CalibrationBin, ...]  # of fill_frac

    @property
    def heads(self) -> tuple[Head, ...]:
        """Means, then deviations: the order of the forest's heads."""
        return self.means + self.deviations

    @property
    def n_features(self) -> int:
        """Columns of the matrix that the model reads."""
        return len(self.feature_names)


def card_problems(card: ModelCard, where: str) -> Iterator[Problem]:
    """Everything about the card that the types cannot say, one problem each."""
    fix = "make the model again with `penstock train`"
    per_part = {
        "means": len(card.means),
        "deviations": len(card.deviations),
        "sd_by_tactic": len(card.sd_by_tactic),
        "cover_90": len(card.cover_90),
    }
    for field, n in per_part.items():
        if n != N_PARTS:
            yield Problem(
                where=f"{where}: card.{field}",
                expected=f"one entry for each of {', '.join(PARTS)}",
                found=str(n),
                fix=fix,
            )
    if any(len(row) != N_TACTICS for row in card.sd_by_tactic):
        yield Problem(
            where=f"{where}: card.sd_by_tactic",
            expected=f"{N_TACTICS} tactics a part",
            found=repr(card.sd_by_tactic),
            fix=fix,
        )
    if len(set(card.feature_names)) != card.n_features or not card.feature_names:
        yield Problem(
            where=f"{where}: card.feature_names",
            expected="at least one name, each once",
            found=repr(card.feature_names),
            fix=fix,
        )
    for i, head in enumerate(card.heads):
        numbers = (head.scale, head.lowest, head.highest)
        is_sound = (
            all(math.isfinite(number) for number in numbers)
            and head.scale > 0.0
            and head.lowest <= head.highest
            and head.n_trees >= 1
        )
        if not is_sound:
            yield Problem(
                where=f"{where}: card.heads[{i}]",
                expected="finite numbers, scale > 0, lowest <= highest, at least one tree",
                found=repr(head),
                fix=fix,
            )
    yield from _bound_problems(card, where, fix)


def _bound_problems(card: ModelCard, where: str, fix: str) -> Iterator[Problem]:
    """The promise "bounded" of an outcome model, read off the card."""
    wanted = {"fill_frac": (0.0, 1.0), "time_to_fill_s": (0.0, math.inf)}
    for part, head in zip(PARTS, card.means, strict=False):
        lowest, highest = wanted.get(part, (-math.inf, math.inf))
        if not lowest <= head.lowest <= head.highest <= highest:
            yield Problem(
                where=f"{where}: card.means: {part}",
                expected=f"bounds within [{lowest:g}, {highest:g}]",
                found=f"[{head.lowest:g}, {head.highest:g}]",
                fix=fix,
            )
    for part, head in zip(PARTS, card.deviations, strict=False):
        if not head.lowest >= 0.0:
            yield Problem(
                where=f"{where}: card.deviations: {part}",
                expected="a lowest value of 0 or more",
                found=f"{head.lowest:g}",
                fix=fix,
            )
