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
from penstock.trials.statistics import detectable, excludes_zero, paired_difference

ABLATED: Final = "venue_insider"

NOTHING: Final = "nothing"
"""Stands for the luck of training: an insider blind to nothing that learned from other days."""

N_DRAWS: Final = 4
"""Insiders that learned from different days; each judges every fourth day of a comparison."""


class MechanismValue(msgspec.Struct, frozen=True, kw_only=True):
    """
    Cost of the insider that does not know a mechanism's state less that of the one that does.

    Positive: knowing it pays. In bps, paired by day, against the reference price and raw.
    """

    columns: tuple[str, ...]
    value_bps: float
    ci95: tuple[float, float] | None
    raw_value_bps: float
    raw_ci95: tuple[float, float] | None
    detectable_bps: float | None  # what days like these show with a chance of 80 %
    is_decoration: bool  # not shown to be worth anything to know


class Ablations(msgspec.Struct, frozen=True, kw_only=True):
    """All mechanisms of one scenario, on the same days."""

    insider: str
    n_days: int
    insider_cost_bps: float  # against the reference price, knowing everything
    mechanisms: dict[str, MechanismValue]
    # What training luck alone does: the same columns, learned from another draw of days.
    nothing: MechanismValue


def ablated_policies() -> tuple[str, ...]:
    """The insider, one for each mechanism that does not know it, and one that learned elsewhere."""
    return (ABLATED, *(blind_name(ABLATED, group) for group in (*GROUPS, NOTHING)))


def ablate_market(
    benches: Sequence[Bench],
    *,
    n_seeds: int,
    n_workers: int,
    on_done: Callable[[], None] = lambda: None,
) -> Ablations:
    """
    Live through the same days knowing everything, and everything but one mechanism.

    Days are dealt out to the benches in turn, so that no value hangs on the luck of one training;
    the interval is over days. `nothing` says how far two trainings differ in the same way.

    Args:
        benches: one market, each with a draw of models for all `ablated_policies`.
    """
    by_policy: dict[str, list[DayCosts]] = {policy: [] for policy in ablated_policies()}
    for draw, bench in enumerate(benches):
        seeds = range(1 + draw, n_seeds + 1, len(benches))
        tasks = [DayTask(seed, policy) for seed in seeds for policy in ablated_policies()]
        for day in run_days(bench, tasks, n_workers, on_done):
            by_policy[day.policy].append(day)
    values = {
        group: _value(by_policy, blind_name(ABLATED, group), GROUPS.get(group, ()))
        for group in (*GROUPS, NOTHING)
    }
    return Ablations(
        insider=ABLATED,
        n_days=n_seeds,
        insider_cost_bps=float(_reference(by_policy[ABLATED]).mean()),
        mechanisms={group: values[group] for group in GROUPS},
        nothing=values[NOTHING],
    )


def _value(
    by_policy: Mapping[str, list[DayCosts]], blind: str, columns: tuple[str, ...]
) -> MechanismValue:
    blind_bps, full_bps = _reference(by_policy[blind]), _reference(by_policy[ABLATED])
    value = paired_difference(blind_bps, full_bps)
    raw = paired_difference(_raw(by_policy[blind]), _raw(by_policy[ABLATED]))
    return MechanismValue(
        columns=columns,
        value_bps=value.mean,
        ci95=value.ci95,
        raw_value_bps=raw.mean,
        raw_ci95=raw.ci95,
        detectable_bps=detectable(blind_bps - full_bps),
        is_decoration=not (value.mean > 0.0 and excludes_zero(value)),
    )


def _reference(days: list[DayCosts]) -> NDArray[np.float64]:
    return np.array([np.mean([cost.reference_bps for cost in day.costs]) for day in days])


def _raw(days: list[DayCosts]) -> NDArray[np.float64]:
    return np.array([np.mean([cost.shortfall_bps for cost in day.costs]) for day in days])
