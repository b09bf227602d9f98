"""What each mechanism of a market is worth to an insider who knows its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock.trials.compare import DayCosts
from penstock.trials.evaluation import Bench, DayTask, run_days
from penstock.trials.insider import blind_name
from penstock.trials.insider_columns import GROUPS
from penstock.trials.statistics import detectable, estimate, shown_of_several

ABLATED: Final = "venue_insider"

NOTHING: Final = "nothing"
"""Stands for the luck of training: the insider of the next training, which saw other days."""


class MechanismValue(msgspec.Struct, frozen=True, kw_only=True):
    """
    Cost of the insider that does not know a mechanism's state less that of the one that does.

    Positive: knowing it pays. In bps, against the reference price and raw. The unit of chance is a
    training: the days that judge one share its luck, so each enters once, as the mean of its days.
    """

    columns: tuple[str, ...]
    value_bps: float
    ci95: tuple[float, float] | None
    raw_value_bps: float
    raw_ci95: tuple[float, float] | None
    detectable_bps: float | None  # what trainings like these show with a chance of 80 %
    is_decoration: bool  # not shown to be worth anything to know, with Holm over the mechanisms


class Ablations(msgspec.Struct, frozen=True, kw_only=True):
    """All mechanisms of one scenario, on the same days."""

    insider: str
    n_trainings: int
    n_days: int
    insider_cost_bps: float  # against the reference price, knowing everything
    mechanisms: dict[str, MechanismValue]
    # How far two trainings that know the same are apart on the days of one: root mean square.
    luck_bps: float


def ablated_policies() -> tuple[str, ...]:
    """The insider, one for each mechanism that does not know it, and one that learned elsewhere."""
    return (ABLATED, *(blind_name(ABLATED, group) for group in (*GROUPS, NOTHING)))


def ablate_market(
    trainings: Sequence[Bench],
    *,
    n_seeds: int,
    n_workers: int,
    on_done: Callable[[], None] = lambda: None,
) -> Ablations:
    """
    Live through the same days knowing everything, and everything but one mechanism.

    Days are dealt out to the trainings in turn. An interval is over trainings: each has days of its
    own to learn from and days of its own that judge it, so what they say is independent.

    Args:
        trainings: one market, each with models for all `ablated_policies`.
        n_seeds: at least a day for each training.
    """
    assert 0 < len(trainings) <= n_seeds, f"{n_seeds} days for {len(trainings)} trainings"
    by_training: list[dict[str, list[DayCosts]]] = []
    for i, bench in enumerate(trainings):
        seeds = range(1 + i, n_seeds + 1, len(trainings))
        tasks = [DayTask(seed, policy) for seed in seeds for policy in ablated_policies()]
        by_policy: dict[str, list[DayCosts]] = {policy: [] for policy in ablated_policies()}
        for day in run_days(bench, tasks, n_workers, on_done):
            by_policy[day.policy].append(day)
        by_training.append(by_policy)
    # Each full insider stands on both sides of these, so that their mean says nothing.
    others_bps = _means(by_training, blind_name(ABLATED, NOTHING), "reference_bps")
    full_bps = _means(by_training, ABLATED, "reference_bps")
    worth_bps, raw_bps = (
        [_means(by_training, blind_name(ABLATED, group), measure) - known for group in GROUPS]
        for measure, known in (
            ("reference_bps", full_bps),
            ("shortfall_bps", _means(by_training, ABLATED, "shortfall_bps")),
        )
    )
    values = map(_value, GROUPS.values(), worth_bps, raw_bps, shown_of_several(worth_bps))
    return Ablations(
        insider=ABLATED,
        n_trainings=len(trainings),
        n_days=n_seeds,
        insider_cost_bps=float(full_bps.mean()),
        mechanisms=dict(zip(GROUPS, values, strict=True)),
        luck_bps=float(np.sqrt(np.mean((others_bps - full_bps) ** 2))),
    )


def _value(
    columns: tuple[str, ...],
    worth_bps: NDArray[np.float64],
    raw_bps: NDArray[np.float64],
    is_shown: bool,
) -> MechanismValue:
    """Of what not knowing it cost in each training, shape (n_trainings,) both."""
    value, raw = estimate(worth_bps), estimate(raw_bps)
    return MechanismValue(
        columns=columns,
        value_bps=value.mean,
        ci95=value.ci95,
        raw_value_bps=raw.mean,
        raw_ci95=raw.ci95,
        detectable_bps=detectable(worth_bps),
        is_decoration=not (is_shown and value.mean > 0.0),
    )


def _means(
    by_training: Sequence[Mapping[str, list[DayCosts]]], policy: str, measure: str
) -> NDArray[np.float64]:
    """Cost of a policy in each training, over its days and their parents; shape (n_trainings,)."""
    return np.array(
        [
            np.mean([np.mean([getattr(cost, measure) for cost in day.costs]) for day in days])
            for days in (by_policy[policy] for by_policy in by_training)
        ]
    )
