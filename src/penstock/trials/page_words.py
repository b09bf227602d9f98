"""A comparison in words and figures: how numbers, intervals and findings are written everywhere."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from penstock.routing import BASELINES
from penstock.trials.compare import PolicyResult, ScenarioResult, Versus
from penstock.trials.judging import INSIDERS
from penstock.trials.statistics import MIN_DAYS, Estimate, excludes_zero

NOT_KNOWN: Final = "not known"
BEST: Final = "best_baseline"  # key of `PolicyResult.versus`

COST_DECIMALS: Final = 2
ENOUGH_FILLED_FRAC: Final = 0.9
DIFF_DECIMALS: Final = 3  # differences are an order of magnitude smaller than costs


class Finding(NamedTuple):
    """A difference from the strongest baseline, and on which of the two costs it was measured."""

    measure: str
    difference: Estimate


def number(value: float | None, decimals: int = COST_DECIMALS, *, signed: bool = False) -> str:
    """A number for people: a real minus, thousands apart, no minus before a zero."""
    if value is None or not math.isfinite(value):
        return NOT_KNOWN
    sign = "+" if signed else "-"
    text = format(value, f"{sign},.{decimals}f")
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return text.replace("-", "\N{MINUS SIGN}")


def interval(
    ci95: tuple[float, float] | None, decimals: int = COST_DECIMALS, *, signed: bool = False
) -> str:
    """Both ends of an interval in brackets."""
    if ci95 is None:
        return f"interval {NOT_KNOWN}"
    low, high = (number(end, decimals, signed=signed) for end in ci95)
    return f"[{low}, {high}]"


def plus_minus(value: float | None, ci95: tuple[float, float] | None) -> str:
    """A mean and half the width of its interval."""
    if value is None:
        return NOT_KNOWN
    half = None if ci95 is None else (ci95[1] - ci95[0]) / 2
    return f"{number(value)} ± {number(half)}"


def percent(frac: float | None, decimals: int = 1) -> str:
    """A fraction as a percentage, without the sign: that stands in the heading."""
    return number(None if frac is None else 100 * frac, decimals)


def raw_difference(versus: Versus, n_days: int) -> Estimate:
    """The difference of raw shortfalls."""
    return Estimate(mean=versus.diff_bps, ci95=versus.ci95, n_days=n_days)


def reference_difference(versus: Versus, n_days: int) -> Estimate | None:
    """The difference of costs against the reference price; None where there is no such price."""
    if versus.reference_diff_bps is None:
        return None
    return Estimate(mean=versus.reference_diff_bps, ci95=versus.reference_ci95, n_days=n_days)


def finding(policy: PolicyResult, n_days: int) -> Finding | None:
    """
    The difference from the strongest baseline that a claim rests on; None if there is none.

    Reference cost where it is known: it has the same mean as raw shortfall and less noise.
    """
    versus = policy.versus.get(BEST)
    if versus is None:
        return None
    reference = reference_difference(versus, n_days)
    if reference is not None:
        return Finding("reference cost", reference)
    return Finding("raw shortfall", raw_difference(versus, n_days))


def verdict(difference: Estimate) -> str:
    """
    What a difference lets us say; nothing, unless its interval lies on one side of zero.

    And nothing from a few days: theirs is an interval made of a spread that two or three of them
    happen to have, and the smallest is the luckiest.
    """
    if difference.n_days < MIN_DAYS:
        return f"no verdict from {difference.n_days} seed{'s' * (difference.n_days > 1)}"
    if not excludes_zero(difference):
        return "no difference shown"
    word = "cheaper" if difference.mean < 0 else "dearer"
    return f"{word} by {number(abs(difference.mean), DIFF_DECIMALS)} bps"


def why(difference: Estimate) -> str:
    """The interval behind a verdict, and where it lies."""
    if difference.ci95 is None:
        return "a single seed gives no interval"
    if difference.n_days < MIN_DAYS:
        found = interval(difference.ci95, DIFF_DECIMALS, signed=True)
        return f"95 % interval {found}, but fewer than {MIN_DAYS} seeds say little of their spread"
    where = "excludes zero" if excludes_zero(difference) else "includes zero"
    return f"95 % interval {interval(difference.ci95, DIFF_DECIMALS, signed=True)} {where}"


def finding_sentence(name: str, found: Finding, baseline: str) -> str:
    """One policy against the strongest baseline, as a sentence without its full stop."""
    return (
        f"{name} against {baseline}: {verdict(found.difference)} on {found.measure} "
        f"({why(found.difference)})"
    )


def baseline_sentence(scenario: ScenarioResult) -> str:
    """Which baseline was strongest, and on which seeds that was found out."""
    if scenario.best_baseline is None:
        return "No baseline was compared"
    n_baselines = sum(name in BASELINES for name in scenario.policies)
    if scenario.baseline_seeds and not set(scenario.baseline_seeds) & set(scenario.seeds):
        how = f"strongest on other seeds ({seeds_in_words(scenario.baseline_seeds)})"
    elif n_baselines == 1:
        how = "the only one compared"
    else:
        how = "chosen on the judged seeds themselves, which flatters it"
    return f"Baseline: {scenario.best_baseline}, {how}"


def seeds_in_words(seeds: tuple[int, ...]) -> str:
    """Seeds as a range where they are one."""
    ordered = sorted(seeds)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]} to {ordered[-1]}"
    return ", ".join(map(str, ordered))


def parents_in_words(scenario: ScenarioResult) -> str:
    """Parents that each policy routed; a range if policies differ."""
    counts = [policy.n_parents for policy in scenario.policies.values()]
    if not counts:
        return "no parents"
    low, high = min(counts), max(counts)
    return f"{low:,} parents each" if low == high else f"{low:,} to {high:,} parents each"


def unfilled_sentence(scenario: ScenarioResult) -> str | None:
    """Policies that leave much undone, whose cost is too small for it; None if there are none."""
    idle = [
        f"{name} ({policy.completion_frac:.0%})"
        for name, policy in scenario.policies.items()
        if policy.completion_frac < ENOUGH_FILLED_FRAC
    ]
    if not idle:
        return None
    return (
        f"Parents are not filled by {', '.join(idle)}: what is left is charged at the far touch, "
        "without the impact that buying it would have, so that filling less looks cheap"
    )


def unmeasured_sentence(scenario: ScenarioResult) -> str | None:
    """Parents that are in no figure, by policy; None if there are none."""
    missing = [
        f"{policy.n_unmeasured:,} of {policy.n_parents + policy.n_unmeasured:,} ({name})"
        for name, policy in scenario.policies.items()
        if policy.n_unmeasured > 0
    ]
    if not missing:
        return None
    return (
        f"Parents in no figure here: {', '.join(missing)}; they had no midpoint to be measured "
        "against when they came, or no end within the day"
    )


def training_day_sentence(scenario: ScenarioResult) -> str | None:
    """A warning where a recorded day judges the model that was trained on it; else None."""
    if not scenario.is_training_day:
        return None
    return "Mind: the model was trained on this very recorded day, so this is no test of it"


def days_in_words(scenario: ScenarioResult) -> str:
    """How many days were lived through; a replay lives through one recorded day again and again."""
    n = len(scenario.seeds)
    if scenario.mode == "replay":
        return f"one recorded day, run {n} times" if n > 1 else "one recorded day, run once"
    return f"{n} days" if n != 1 else "one day"


def day_word(scenario: ScenarioResult) -> str:
    """What a seed stands for: a day of its own, or one more run of the recorded day."""
    return "run" if scenario.mode == "replay" else "day"


def is_learned(policy: str) -> bool:
    """True for what is neither a baseline nor an insider."""
    return policy not in (*BASELINES, *INSIDERS)


def contrast_sentence(scenario: ScenarioResult) -> str | None:
    """The one contrast that was fixed beforehand, corrected for the others of the run."""
    contrast = scenario.contrast
    if contrast is None or contrast.detectable_bps is None:
        return None
    asked = f"Fixed beforehand: {contrast.policy} against {contrast.against} on {contrast.measure}"
    days = f"{contrast.n_days} {day_word(scenario)}s"
    if contrast.p_holm is None:
        return f"{asked}, p not known: the difference is the same on all {days}"
    if contrast.n_days < MIN_DAYS:
        return f"{asked}, p not given: {days} are too few"
    return (
        f"{asked}, p = {contrast.p_holm:.2g} (Holm, over the scenarios of this run); {days} like "
        f"these show {contrast.detectable_bps:.3f} bps with a chance of 80 %"
    )


def gap_sentences(scenario: ScenarioResult) -> list[str]:
    """What part of an insider's gain each learned policy has, or that the insider has none."""
    if len(scenario.seeds) < MIN_DAYS:
        return []
    lines = []
    for insider, by_policy in scenario.gaps.items():
        for policy, gap in by_policy.items():
            if not is_learned(policy):
                continue
            if gap.closed_frac is None or gap.ci95 is None:
                lines.append(f"What {insider} gains over the baseline may be nothing here")
                break
            low, high = gap.ci95
            lines.append(
                f"{policy} has {gap.closed_frac:.0%} of what {insider} gains over the baseline "
                f"(95 % interval {low:.0%} to {high:.0%})"
            )
    return lines


def disagreement_sentence(scenario: ScenarioResult) -> str | None:
    """A warning where raw and reference differences do not agree; None where they do."""
    if len(scenario.seeds) < MIN_DAYS:
        return None
    apart = [
        name
        for name, policy in scenario.policies.items()
        if (versus := policy.versus.get(BEST)) is not None
        and versus.disagreement_ci95 is not None
        and not versus.disagreement_ci95[0] <= 0.0 <= versus.disagreement_ci95[1]
    ]
    if not apart:
        return None
    return (
        f"Raw and reference differences of {', '.join(apart)} are further apart than their noise "
        "explains (one in twenty is, by chance)"
    )
