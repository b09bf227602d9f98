"""The comparison as tables for a terminal, one a scenario."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from penstock.trials.compare import Comparison, PolicyResult, ScenarioResult
from penstock.trials.page_words import (
    DIFF_DECIMALS,
    NOT_KNOWN,
    baseline_sentence,
    contrast_sentence,
    days_in_words,
    disagreement_sentence,
    finding,
    finding_sentence,
    gap_sentences,
    interval,
    is_learned,
    number,
    parents_in_words,
    percent,
    plus_minus,
    training_day_sentence,
    unfilled_sentence,
    unmeasured_sentence,
)


def comparison_tables(comparison: Comparison) -> list[Table]:
    """
    One table a scenario: costs are means in bps over days, ± half of the 95 % interval.

    The line under a table names the baseline and says what the intervals allow to be said. All
    strings are plain text to Rich: a name in brackets (`ibm[thin]`) is not its markup.
    """
    return [_table(name, scenario) for name, scenario in comparison.scenarios.items()]


def plain_table(title: str | Text, caption: str | Text | None = None) -> Table:
    """An empty table as all of ours look: a line under the headings, and no box."""
    return Table(
        title=title, caption=caption, box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )


def _table(name: str, scenario: ScenarioResult) -> Table:
    about = f"{name} · {days_in_words(scenario)} · {parents_in_words(scenario)} · costs in bps"
    table = plain_table(Text(about, style="bold"), Text(_line_under(scenario)))
    table.title_justify = table.caption_justify = "left"
    table.caption_style = "default"
    table.show_edge = False
    table.add_column("policy", no_wrap=True)
    for heading in ("shortfall", "reference", "vs baseline", "fill %", "seconds"):
        table.add_column(heading, justify="right")
    for policy, result in scenario.policies.items():
        table.add_row(*(Text(cell) for cell in _row(policy, result, scenario)))
    return table


def _row(policy: str, result: PolicyResult, scenario: ScenarioResult) -> tuple[str, ...]:
    return (
        policy,
        plus_minus(result.shortfall_bps, result.ci95),
        plus_minus(result.reference_cost_bps, result.reference_ci95),
        _against(policy, result, scenario),
        percent(result.completion_frac),
        number(result.time_to_complete_s, 1),
    )


def _against(policy: str, result: PolicyResult, scenario: ScenarioResult) -> str:
    if policy == scenario.best_baseline:
        return "baseline"
    found = finding(result, len(scenario.seeds))
    if found is None:
        return NOT_KNOWN
    mean, ci95 = found.difference.mean, found.difference.ci95
    return (
        f"{number(mean, DIFF_DECIMALS, signed=True)} {interval(ci95, DIFF_DECIMALS, signed=True)}"
    )


def _line_under(scenario: ScenarioResult) -> str:
    """The baseline, a sentence for each learned policy (for each if none is), and warnings."""
    lines = [f"{baseline_sentence(scenario)}."]
    others = [name for name in scenario.policies if name != scenario.best_baseline]
    for name in [name for name in others if is_learned(name)] or others:
        found = finding(scenario.policies[name], len(scenario.seeds))
        if found is not None and scenario.best_baseline is not None:
            lines.append(f"{finding_sentence(name, found, scenario.best_baseline)}.")
    lines.extend(f"{sentence}." for sentence in gap_sentences(scenario))
    warnings = (
        contrast_sentence(scenario),
        disagreement_sentence(scenario),
        training_day_sentence(scenario),
        unfilled_sentence(scenario),
        unmeasured_sentence(scenario),
        *(f"INVALID: {problem}" for problem in scenario.problems),
    )
    lines.extend(f"{warning}." for warning in warnings if warning is not None)
    return "\n".join(lines)
