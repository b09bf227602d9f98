"""One scenario's section of the comparison page: caveats first, then findings, table and plots."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.trials.compare import PolicyResult, ScenarioResult
from penstock.trials.page_figures import (
    Look,
    cost_figure,
    difference_figure,
    has_reference,
    on_one_scale,
    trade_off_figure,
)
from penstock.trials.page_parts import cell, head, no_plot, plot, table, text
from penstock.trials.page_words import (
    BEST,
    DIFF_DECIMALS,
    NOT_KNOWN,
    baseline_sentence,
    contrast_sentence,
    day_word,
    days_in_words,
    disagreement_sentence,
    finding,
    gap_sentences,
    interval,
    number,
    parents_in_words,
    percent,
    plus_minus,
    raw_difference,
    reference_difference,
    seeds_in_words,
    unfilled_sentence,
    unmeasured_sentence,
    verdict,
    why,
)
from penstock.trials.statistics import Estimate

_NO_REFERENCE = "Not known: this market has no reference price (a recorded day has none)."


def scenario_section(
    position: int, name: str, scenario: ScenarioResult, style: Mapping[str, Look]
) -> str:
    """The section; `position` makes its anchors and plot names unique on the page."""
    return f"""<section id="scenario-{position}">
<h2>{text(name)}</h2>
<p>{text(scenario.description)}</p>
<p class="facts">{text(_facts(scenario))}</p>
{_caveats(scenario)}
{_findings(scenario, style)}
{_numbers(scenario, style)}
{_plots(position, scenario, style)}
{_days(scenario)}
</section>"""


def _facts(scenario: ScenarioResult) -> str:
    seeds = "seed" if len(scenario.seeds) == 1 else "seeds"
    replayed = () if scenario.recorded_day is None else (f"Replayed: {scenario.recorded_day}",)
    return " · ".join(
        (
            f"Mode: {scenario.mode}",
            *replayed,
            f"{days_in_words(scenario)} ({seeds} {seeds_in_words(scenario.seeds)})",
            parents_in_words(scenario),
            baseline_sentence(scenario),
        )
    )


def _caveats(scenario: ScenarioResult) -> str:
    sentences = (
        *(f"INVALID: {problem}" for problem in scenario.problems),
        contrast_sentence(scenario),
        *gap_sentences(scenario),
        disagreement_sentence(scenario),
        unfilled_sentence(scenario),
        unmeasured_sentence(scenario),
    )
    said = (*(f"{sentence}." for sentence in sentences if sentence is not None), *scenario.notes)
    notes = "".join(f"<li>{text(note)}</li>" for note in said)
    notes = notes or "<li>The scenario says nothing about itself.</li>"
    return f"<aside><strong>What this is and is not</strong><ul>{notes}</ul></aside>"


def _findings(scenario: ScenarioResult, style: Mapping[str, Look]) -> str:
    """One line for each policy but the baseline: what may be said."""
    lines = []
    for name, result in scenario.policies.items():
        found = finding(result, len(scenario.seeds))
        if found is None:
            continue
        lines.append(
            f'<li>{_swatch(style[name])}<b class="policy">{text(name)}</b>: '
            f'<span class="word {_word_class(found.difference)}">'
            f"{text(verdict(found.difference))}</span> on {text(found.measure)} "
            f'<span class="quiet">({text(why(found.difference))})</span></li>'
        )
    if not lines:
        return ""
    heading = f"<h3>Against {text(str(scenario.best_baseline))}</h3>"
    return f'{heading}\n<ul class="findings">{"".join(lines)}</ul>'


def _numbers(scenario: ScenarioResult, style: Mapping[str, Look]) -> str:
    against = scenario.best_baseline or "a baseline"
    heading = head(
        ("Policy", ""),
        ("Shortfall", "bps, ± 95 %"),
        ("Reference cost", "bps, ± 95 %"),
        (f"Shortfall minus {against}", "bps, [95 %]"),
        (f"Reference cost minus {against}", "bps, [95 %]"),
        ("Median", "bps, of parents"),
        ("95th percentile", "bps, of parents"),
        ("Completion", "%, mean of parents"),
        ("Time to complete", "s"),
        ("Fees", "bps"),
        ("Leakage", "bps"),
        ("Children", "per parent"),
    )
    rows = (_row(name, result, scenario, style[name]) for name, result in scenario.policies.items())
    caption = (
        f"Means over {day_word(scenario)}s; median and 95th percentile over parents (raw "
        "shortfall). Positive is cost, negative fees are rebates; a negative difference is cheaper "
        "than the baseline. Leakage is what the order's own lasting impact made the rest of it pay."
    )
    return f"<h3>All figures</h3>\n{table(heading, rows, caption)}"


def _row(name: str, result: PolicyResult, scenario: ScenarioResult, look: Look) -> str:
    is_baseline = name == scenario.best_baseline
    cells = (
        _cost(result.shortfall_bps, result.ci95),
        _cost(result.reference_cost_bps, result.reference_ci95),
        *_differences(result, len(scenario.seeds), is_baseline=is_baseline),
        cell(number(result.median_bps)),
        cell(number(result.p95_bps)),
        cell(percent(result.completion_frac)),
        cell(number(result.time_to_complete_s, 1)),
        cell(number(result.fees_bps)),
        cell(number(result.leakage_bps)),
        cell(number(result.children_per_parent, 1)),
    )
    row_class = ' class="baseline"' if is_baseline else ""
    return f'<tr{row_class}><th scope="row">{_swatch(look)}{text(name)}</th>{"".join(cells)}</tr>'


def _cost(mean: float | None, ci95: tuple[float, float] | None) -> str:
    if mean is not None and ci95 is None:
        return cell(number(mean), below=f"± {NOT_KNOWN}")
    return cell(plus_minus(mean, ci95))


def _differences(result: PolicyResult, n_days: int, *, is_baseline: bool) -> tuple[str, str]:
    if is_baseline:
        return cell("baseline"), cell("baseline")
    versus = result.versus.get(BEST)
    if versus is None:
        return cell(NOT_KNOWN), cell(NOT_KNOWN)
    return (
        _difference(raw_difference(versus, n_days)),
        _difference(reference_difference(versus, n_days)),
    )


def _difference(difference: Estimate | None) -> str:
    if difference is None:
        return cell(NOT_KNOWN)
    return cell(
        number(difference.mean, DIFF_DECIMALS, signed=True),
        below=interval(difference.ci95, DIFF_DECIMALS, signed=True),
    )


def _plots(position: int, scenario: ScenarioResult, style: Mapping[str, Look]) -> str:
    pairs = [_costs(position, scenario, style)]
    if scenario.best_baseline is not None and len(scenario.policies) > 1:
        pairs.append(_paired(position, scenario, style, scenario.best_baseline))
    trade_off = plot(
        trade_off_figure(scenario, style),
        div_id=f"trade-off-{position}",
        title="Cost against time to complete",
        caption="Lower is cheaper, further left is sooner: a policy that lies below and left of "
        "another is better at both. Waiting usually saves spread and risks the price moving. "
        "Lines are 95 % intervals of the cost.",
    )
    return "\n".join(pairs) + f'\n<h3>The trade-off</h3>\n<div class="narrow">{trade_off}</div>'


def _costs(position: int, scenario: ScenarioResult, style: Mapping[str, Look]) -> str:
    figures = [cost_figure(scenario, style, reference=reference) for reference in (False, True)]
    on_one_scale(*figures)
    raw = plot(
        figures[0],
        div_id=f"cost-raw-{position}",
        title="Raw shortfall",
        caption="Further left is cheaper. Lines are 95 % intervals; much of their width is the "
        "market's own moves, which all policies shared, so overlapping lines do not mean equal.",
    )
    title = "Reference cost"
    reference = (
        plot(
            figures[1],
            div_id=f"cost-reference-{position}",
            title=title,
            caption="The same orders with the market's own moves taken out, on the same scale.",
        )
        if has_reference(scenario)
        else no_plot(title, _NO_REFERENCE)
    )
    return f'<h3>Mean cost of each policy</h3>\n<div class="pair">{raw}\n{reference}</div>'


def _paired(
    position: int, scenario: ScenarioResult, style: Mapping[str, Look], baseline: str
) -> str:
    day = day_word(scenario)
    figures = [
        difference_figure(scenario, style, reference=reference) for reference in (False, True)
    ]
    on_one_scale(*figures)
    raw = plot(
        figures[0],
        div_id=f"difference-raw-{position}",
        title=f"Raw shortfall, difference by {day}",
        caption=f"A dot is one {day}: the policy's cost minus that of {baseline}. Left of the zero "
        "line is cheaper. The dark mark is the mean with its 95 % interval: a difference is shown "
        "only where that interval does not touch the zero line.",
    )
    title = f"Reference cost, difference by {day}"
    reference = (
        plot(
            figures[1],
            div_id=f"difference-reference-{position}",
            title=title,
            caption=f"The same {day}s with the market's own moves taken out: the sharper of the "
            "two, on the same scale.",
        )
        if has_reference(scenario)
        else no_plot(title, _NO_REFERENCE)
    )
    heading = f"<h3>Paired difference from {text(baseline)}</h3>"
    return f'{heading}\n<div class="pair">{raw}\n{reference}</div>'


def _days(scenario: ScenarioResult) -> str:
    """The figures behind the dots, folded away."""
    day = day_word(scenario)
    columns = [("Seed", "")]
    by_day = []
    for name, result in scenario.policies.items():
        columns.append((name, "shortfall, bps"))
        by_day.append(result.shortfall_by_day_bps)
        if result.reference_by_day_bps is not None:
            columns.append((name, "reference cost, bps"))
            by_day.append(result.reference_by_day_bps)
    rows = (
        f'<tr><th scope="row">{seed}</th>{"".join(cell(number(cost)) for cost in costs)}</tr>'
        for seed, *costs in zip(scenario.seeds, *by_day, strict=True)
    )
    caption = f"Mean cost of the parents of each {day}. Positive is cost."
    shown = table(head(*columns), rows, caption)
    return f"<details><summary>Figures {day} by {day}</summary>{shown}</details>"


def _swatch(look: Look) -> str:
    return f'<span class="swatch" style="background:{look.colour}" aria-hidden="true"></span>'


def _word_class(difference: Estimate) -> str:
    return verdict(difference).split()[0].replace("no", "none")
