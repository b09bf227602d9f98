"""The learned model's section of the comparison page: trained on what, and how good it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from penstock.domain import NS_PER_S
from penstock.models import ModelCard
from penstock.trials.compare import Comparison
from penstock.trials.page_figures import calibration_figure
from penstock.trials.page_parts import cell, head, no_plot, plot, table, text
from penstock.trials.page_words import NOT_KNOWN, number, percent

_PART_UNITS: Final = {
    "slippage_bps": ("Slippage", "bps"),
    "fill_frac": ("Fill fraction", "0 to 1"),
    "time_to_fill_s": ("Time to fill", "s"),
    "leakage_bps": ("Leakage", "bps"),
}


def model_section(comparison: Comparison, cards: Mapping[str, ModelCard]) -> str:
    """What each model is, by its file's hash; without a card, why there is nothing to show."""
    models = [_with_card(card, place, sha256) for place, (sha256, card) in enumerate(cards.items())]
    return f"""<section id="model">
<h2>The {"models" if len(models) > 1 else "model"}</h2>
{"".join(models) or _without_card(comparison)}
</section>"""


def _without_card(comparison: Comparison) -> str:
    if comparison.model is None:
        return "<p>No learned policy was compared, so there is no model to show.</p>"
    trained_on = comparison.model_trained_on or NOT_KNOWN
    return f"""<p>The model's card was not given with this comparison.</p>
<dl>
<dt>Content hash</dt><dd><code>{text(comparison.model)}</code></dd>
<dt>Trained on</dt><dd>{text(trained_on)}</dd>
</dl>"""


def _with_card(card: ModelCard, place: int, sha256: str) -> str:
    return f"""<p class="facts">It forecasts, for every venue and tactic, what a child order there
will cost and how it will end; the policy orders venues by these forecasts.</p>
<dl>
<dt>Model</dt><dd>{text(card.name)}, version {text(card.version)} ({text(card.kind)},
{sum(one.n_trees for one in card.heads):,} trees, {card.n_features} features)</dd>
<dt>Trained on</dt><dd>{text(card.trained_on)}</dd>
<dt>Outcomes known after</dt><dd>{number(card.horizon_ns / NS_PER_S, 0)} s</dd>
<dt>Content hash</dt><dd><code>{text(sha256)}</code></dd>
</dl>
<h3>Forecasts against the average of the venue</h3>
{_metrics(card)}
<h3>Calibration of the fill fraction</h3>
<div class="narrow">{_calibration(card, place)}</div>"""


def _metrics(card: ModelCard) -> str:
    if not card.metrics:
        return "<p>Not known: the card holds no measurements.</p>"
    heading = head(
        ("Part", ""),
        ("Rows", "held out"),
        ("Error of the model", "root mean square"),
        ("Error of the venue average", "root mean square"),
        ("Squared error removed", "%"),
        ("Bias", "forecast minus outcome"),
        ("Log loss", "nats"),
        ("Log loss of the venue average", "nats"),
    )
    caption = (
        "Measured on held-out rows that no tree saw. The venue average is the mean outcome of the "
        "venue and tactic in the rows that were fitted: what a table could do without a model. "
        "Squared error removed above zero is better than that; single outcomes are mostly luck, so "
        "even a good model removes only some of it. Log loss is measured for the fill fraction "
        "only; lower is better."
    )
    return table(heading, _metric_rows(card), caption) + _worse_than_average(card)


def _worse_than_average(card: ModelCard) -> str:
    parts = [
        _PART_UNITS.get(part, (part, ""))[0].lower()
        for part, measures in card.metrics.items()
        if measures.get("r2_vs_baseline", 0.0) < 0.0
    ]
    if not parts:
        return ""
    return f"""<p class="facts">Worse than the average of the venue: {text(", ".join(parts))}.
A table would forecast this better; more days of experience usually mend it.</p>"""


def _metric_rows(card: ModelCard) -> Iterator[str]:
    for part, measures in card.metrics.items():
        name, unit = _PART_UNITS.get(part, (part, ""))
        cells = (
            cell(number(measures.get("n_rows"), 0)),
            cell(number(measures.get("rmse"), 3)),
            cell(number(measures.get("baseline_rmse"), 3)),
            cell(percent(measures.get("r2_vs_baseline"))),
            cell(number(measures.get("bias"), 3, signed=True)),
            cell(_where_measured(measures, "log_loss")),
            cell(_where_measured(measures, "baseline_log_loss")),
        )
        shown = f"{name}, {unit}" if unit else name
        yield f'<tr><th scope="row">{text(shown)}</th>{"".join(cells)}</tr>'


def _where_measured(measures: dict[str, float], measure: str) -> str:
    return number(measures[measure], 3) if measure in measures else "\N{EN DASH}"


def _calibration(card: ModelCard, place: int) -> str:
    title = "Forecast against what happened"
    if not card.calibration:
        return no_plot(title, "Not known: the card holds no calibration.")
    drawn = plot(
        calibration_figure(card.calibration),
        div_id=f"calibration-{place}",
        title=title,
        caption="Each dot is a tenth of the held-out rows, by forecast. On the dotted line the "
        "forecast is right on average; below it the model expected more to fill than did.",
    )
    rows = (
        f'<tr><th scope="row">{number(one.forecast_frac, 3)}</th>'
        f"{cell(number(one.observed_frac, 3))}{cell(number(one.n_rows, 0))}</tr>"
        for one in card.calibration
    )
    heading = head(("Forecast", "fill fraction"), ("Happened", "fill fraction"), ("Rows", ""))
    listed = table(heading, rows, "The figures behind the plot.")
    return f"{drawn}\n<details><summary>Figures</summary>{listed}</details>"
