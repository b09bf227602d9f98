"""What a comparison may claim: the contrast, the share of an insider's gain, and what spoils it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from penstock.trials.compare import Contrast, Gap, PolicyResult, ScenarioResult
from penstock.trials.statistics import (
    MIN_DAYS,
    detectable,
    estimate,
    holm,
    p_value,
    paired_ratio,
    shown_of_several,
)

INSIDERS: Final = ("venue_insider", "insider")
"""Who knows more than a router can, the one who knows less first."""

CONTRASTED: Final = "supervised"
"""Whose difference from the strongest baseline is the one claim of a scenario, fixed beforehand."""


def contrast_of(policies: Mapping[str, PolicyResult], best_baseline: str | None) -> Contrast | None:
    """The scenario's one contrast, not yet corrected; None if a side of it was not compared."""
    if best_baseline is None or CONTRASTED not in policies:
        return None
    measure, by_day = _low_noise(policies)
    difference = np.subtract(by_day[CONTRASTED], by_day[best_baseline])
    found = estimate(difference)
    p = p_value(difference)
    return Contrast(
        policy=CONTRASTED,
        against=best_baseline,
        measure=measure,
        diff_bps=found.mean,
        ci95=found.ci95,
        p_value=p,
        p_holm=p,
        detectable_bps=detectable(difference),
        n_days=found.n_days,
    )


def corrected(scenarios: Mapping[str, ScenarioResult]) -> dict[str, ScenarioResult]:
    """The same results, with the contrasts' p-values corrected for being several (Holm)."""
    asked = {
        name: (scenario.contrast, scenario.contrast.p_value)
        for name, scenario in scenarios.items()
        if scenario.contrast is not None and scenario.contrast.p_value is not None
    }
    p_holm = dict(zip(asked, holm([p for _, p in asked.values()]), strict=True))
    replace = msgspec.structs.replace
    return {
        name: replace(scenario, contrast=replace(asked[name][0], p_holm=p_holm[name]))
        if name in asked
        else scenario
        for name, scenario in scenarios.items()
    }


def gaps_of(
    policies: Mapping[str, PolicyResult], best_baseline: str | None
) -> dict[str, dict[str, Gap]]:
    """For each insider and every other policy: (baseline - policy) / (baseline - insider)."""
    if best_baseline is None:
        return {}
    _, by_day = _low_noise(policies)
    base = np.asarray(by_day[best_baseline])
    gaps: dict[str, dict[str, Gap]] = {}
    for insider in INSIDERS:
        if insider in policies:
            gain = base - np.asarray(by_day[insider])
            gaps[insider] = {
                policy: _gap(base - np.asarray(by_day[policy]), gain)
                for policy in policies
                if policy not in (*INSIDERS, best_baseline)
            }
    return gaps


def problems_of(policies: Mapping[str, PolicyResult]) -> tuple[str, ...]:
    """
    What makes a comparison worthless: an insider beaten by somebody who knows less.

    Beaten means that the paired difference of five days or more is shown at 5 %, corrected for as
    many rivals as the insider has: of ten who know as much as it does, one is luckier soon. Such an
    insider is no bound.
    """
    _, by_day = _low_noise(policies)
    problems = []
    for rank, insider in enumerate(INSIDERS):
        if insider not in policies or len(by_day[insider]) < MIN_DAYS:
            continue
        rivals = [name for name in policies if name not in INSIDERS[rank:]]
        ahead_by_day = [np.subtract(by_day[name], by_day[insider]) for name in rivals]
        shown = shown_of_several(ahead_by_day)
        for policy, ahead, is_shown in zip(rivals, ahead_by_day, shown, strict=True):
            if is_shown and ahead.mean() < 0.0:
                problems.append(
                    f"{policy} beats {insider} by {-ahead.mean():.3f} bps: that insider is no "
                    "bound, and nothing here is to be compared with it"
                )
    return tuple(problems)


def _gap(gain: Sequence[float] | np.ndarray, insiders_gain: Sequence[float] | np.ndarray) -> Gap:
    ratio = paired_ratio(list(gain), list(insiders_gain))
    return Gap(closed_frac=ratio.value, ci95=ratio.ci95)


def _low_noise(policies: Mapping[str, PolicyResult]) -> tuple[str, dict[str, tuple[float, ...]]]:
    """Costs by day: against the reference price where every policy has one."""
    reference = {
        name: policy.reference_by_day_bps
        for name, policy in policies.items()
        if policy.reference_by_day_bps is not None
    }
    if len(reference) == len(policies):
        return "reference cost", reference
    return "raw shortfall", {name: policy.shortfall_by_day_bps for name, policy in policies.items()}
