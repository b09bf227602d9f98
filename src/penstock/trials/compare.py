"""Paired comparison: every policy lives through the same days, and differences are per day."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from penstock.routing import BASELINES
from penstock.trials.day import ParentCost
from penstock.trials.statistics import Estimate, estimate, paired_difference


class DayCosts(NamedTuple):
    """What one policy's parents cost on one day."""

    seed: int
    policy: str
    costs: list[ParentCost]
    state_hash: str
    n_unmeasured: int = 0


class Versus(msgspec.Struct, frozen=True, kw_only=True):
    """This policy minus another, paired by day; negative means cheaper. None where not known."""

    diff_bps: float
    ci95: tuple[float, float] | None
    reference_diff_bps: float | None
    reference_ci95: tuple[float, float] | None
    # Raw minus reference difference: noise alone, so its interval should hold zero.
    disagreement_bps: float | None = None
    disagreement_ci95: tuple[float, float] | None = None


class Contrast(msgspec.Struct, frozen=True, kw_only=True):
    """
    The one comparison of a scenario that was fixed beforehand; negative means cheaper.

    `p_holm` is `p_value` corrected for all scenarios of the run.
    """

    policy: str
    against: str
    measure: str
    diff_bps: float
    ci95: tuple[float, float] | None
    p_value: float | None
    p_holm: float | None
    detectable_bps: float | None  # what days like these show with a chance of 80 %
    n_days: int


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """
    How much of what an insider gains over the strongest baseline a policy gains too.

    None where the insider's own gain may be zero.
    """

    closed_frac: float | None
    ci95: tuple[float, float] | None


class PolicyResult(msgspec.Struct, frozen=True, kw_only=True):
    """One policy in one scenario: means over days with 95 % intervals; None where not known."""

    shortfall_bps: float
    ci95: tuple[float, float] | None
    reference_cost_bps: float | None
    reference_ci95: tuple[float, float] | None
    median_bps: float  # over parents
    p95_bps: float  # over parents: the bad end
    sd_bps: float  # over parents
    n_parents: int  # that were measured: every mean here is over these
    n_unmeasured: int  # the others: no midpoint when they came, or no end in the day
    completion_frac: float
    time_to_complete_s: float
    leakage_bps: float | None
    fees_bps: float
    children_per_parent: float
    decisions_per_parent: float
    shortfall_by_day_bps: tuple[float, ...]
    reference_by_day_bps: tuple[float, ...] | None
    versus: dict[str, Versus]


class ScenarioResult(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario: the same days for all policies."""

    description: str
    mode: str
    seeds: tuple[int, ...]
    baseline_seeds: tuple[int, ...]  # on which the strongest baseline was chosen
    best_baseline: str | None
    policies: dict[str, PolicyResult]
    gap_closed_frac: dict[str, float | None]  # of the venue insider's gain, by policy
    gaps: dict[str, dict[str, Gap]]  # by insider and policy
    contrast: Contrast | None
    problems: tuple[str, ...]  # why this comparison must not be believed; empty if it may
    notes: tuple[str, ...]
    state_hash: str  # of all days of all policies, in order
    recorded_day: str | None = None  # the one replayed, with its tape; None if generated
    # Whether the model learned from that day; None where its card does not say, or nothing learned.
    is_training_day: bool | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What `penstock evaluate` prints and draws."""

    scenarios: dict[str, ScenarioResult]
    model: str | None  # content hash of the learned policy's model
    model_trained_on: str | None
    machine: str
    command: str


def choose_baseline(days: Sequence[DayCosts]) -> str | None:
    """
    The strongest policy that learns nothing, by mean cost on days that are not judged.

    Chosen elsewhere because the best of several on the judged days is flattered by luck.
    """
    by_policy = _by_policy(days)
    means = {
        policy: _mean(_by_day(by_policy[policy], _low_noise(by_policy)))
        for policy in BASELINES
        if policy in by_policy
    }
    return min(means, key=lambda policy: (means[policy], policy)) if means else None


def policy_results(days: Sequence[DayCosts], best_baseline: str | None) -> dict[str, PolicyResult]:
    """Means, intervals and paired differences of every policy; days must be the same for all."""
    by_policy = _by_policy(days)
    return {policy: _policy_result(policy, by_policy, best_baseline) for policy in by_policy}


def _by_policy(days: Sequence[DayCosts]) -> dict[str, list[DayCosts]]:
    by_policy: dict[str, list[DayCosts]] = {}
    for day in sorted(days, key=lambda day: day.seed):
        by_policy.setdefault(day.policy, []).append(day)
    seeds = {policy: [day.seed for day in its_days] for policy, its_days in by_policy.items()}
    assert len({tuple(own) for own in seeds.values()}) <= 1, f"not the same days: {seeds}"
    return by_policy


def _policy_result(
    policy: str, by_policy: Mapping[str, list[DayCosts]], best_baseline: str | None
) -> PolicyResult:
    days = by_policy[policy]
    costs = [cost for day in days for cost in day.costs]
    raw = _by_day(days, _shortfall)
    reference = _known(_by_day(days, _reference))
    versus = {
        other: _versus(days, other_days)
        for other, other_days in by_policy.items()
        if other != policy
    }
    if best_baseline is not None and best_baseline != policy:
        versus["best_baseline"] = versus[best_baseline]
    raw_mean, reference_mean = estimate(raw), None if reference is None else estimate(reference)
    return PolicyResult(
        shortfall_bps=raw_mean.mean,
        ci95=raw_mean.ci95,
        reference_cost_bps=_mean_of(reference_mean),
        reference_ci95=None if reference_mean is None else reference_mean.ci95,
        median_bps=float(np.median([cost.shortfall_bps for cost in costs])),
        p95_bps=float(np.quantile([cost.shortfall_bps for cost in costs], 0.95)),
        sd_bps=float(np.std([cost.shortfall_bps for cost in costs])),
        n_parents=len(costs),
        n_unmeasured=sum(day.n_unmeasured for day in days),
        completion_frac=_mean([cost.filled_frac for cost in costs]),
        time_to_complete_s=_mean([cost.duration_s for cost in costs]),
        leakage_bps=_finite(_mean([cost.leakage_bps for cost in costs])),
        fees_bps=_mean([cost.fees_bps for cost in costs]),
        children_per_parent=_mean([cost.n_children for cost in costs]),
        decisions_per_parent=_mean([cost.n_decisions for cost in costs]),
        shortfall_by_day_bps=tuple(raw),
        reference_by_day_bps=None if reference is None else tuple(reference),
        versus=versus,
    )


def _versus(days: list[DayCosts], others: list[DayCosts]) -> Versus:
    raw = paired_difference(_by_day(days, _shortfall), _by_day(others, _shortfall))
    left, right = _known(_by_day(days, _reference)), _known(_by_day(others, _reference))
    reference = None if left is None or right is None else paired_difference(left, right)
    disagreement = None
    if left is not None and right is not None:
        raw_by_day = np.subtract(_by_day(days, _shortfall), _by_day(others, _shortfall))
        disagreement = paired_difference(raw_by_day, np.subtract(left, right))
    return Versus(
        diff_bps=raw.mean,
        ci95=raw.ci95,
        reference_diff_bps=_mean_of(reference),
        reference_ci95=None if reference is None else reference.ci95,
        disagreement_bps=_mean_of(disagreement),
        disagreement_ci95=None if disagreement is None else disagreement.ci95,
    )


def _shortfall(cost: ParentCost) -> float:
    return cost.shortfall_bps


def _reference(cost: ParentCost) -> float:
    return cost.reference_bps


def low_noise_by_day(days: list[DayCosts]) -> list[float]:
    """Mean cost of each day, bps: against the reference price where it is known, else raw."""
    return _by_day(days, _low_noise({"": days}))


def _low_noise(by_policy: Mapping[str, list[DayCosts]]) -> Callable[[ParentCost], float]:
    is_known = all(
        math.isfinite(cost.reference_bps)
        for days in by_policy.values()
        for day in days
        for cost in day.costs
    )
    return _reference if is_known else _shortfall


def _by_day(days: list[DayCosts], measure: Callable[[ParentCost], float]) -> list[float]:
    return [_mean([measure(cost) for cost in day.costs]) for day in days]


def _known(by_day: list[float]) -> list[float] | None:
    return by_day if all(math.isfinite(value) for value in by_day) else None


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _mean_of(found: Estimate | None) -> float | None:
    return None if found is None else found.mean


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
