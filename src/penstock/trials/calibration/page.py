"""A calibration as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from penstock.trials.calibration.calibration import Calibrated, Calibration
from penstock.trials.calibration.moments import MEANS, MOMENTS_IN_WORDS
from penstock.trials.calibration.page_figures import curve_figure, distribution_figure
from penstock.trials.calibration.table import (
    DISTANCE_COLUMNS,
    distance_row,
    number,
    simulated_days,
)
from penstock.trials.page_document import document, origin
from penstock.trials.page_parts import cell, head, no_plot, plot, row_head, table, text


def calibration_page(found: Calibrated) -> str:
    """
    Tables and plots of a calibration; works from a file, offline. Every string is escaped.

    The same calibration gives the same page, to the byte, on the same versions.
    """
    report = found.report
    title = f"{report.symbol} {report.day} and its simulation"
    distributions = "".join(_distribution_plots(found))
    limits = "".join(f"<li>{text(limit)}</li>" for limit in report.limits)
    main = f"""<h1>{text(title)}</h1>
<p>Scenario <b>{text(report.scenario)}</b>, fitted to {text(", ".join(report.sources))}:
{report.seconds:,.0f} seconds, against {simulated_days(report)} of the same length that
the fit did not see.</p>
<aside><strong>What this is not</strong><ul>{limits}</ul></aside>
{_distances(report)}
<section><h2>Distributions</h2><div class="pair">{distributions}</div></section>
<section><h2>Curves</h2><div class="pair">{"".join(_curve_plots(found))}</div></section>
{_fit(report)}
{_venues(report)}"""
    return document(title, main, origin(report.command, report.machine))


def _distances(report: Calibration) -> str:
    rows = []
    for one in report.distances:
        first, *rest = distance_row(one)
        rows.append(f"<tr>{row_head(first)}{''.join(cell(value) for value in rest)}</tr>")
    return "<section><h2>Distances</h2>" + table(
        head(*((name, "") for name in DISTANCE_COLUMNS)),
        rows,
        "0 is the same. ± is half of a 95 % interval over simulated days. Real halves: the first "
        "half of the real day against its second. KS: Kolmogorov-Smirnov. A dash: not known.",
    ) + "</section>"  # fmt: skip


def _distribution_plots(found: Calibrated) -> Iterator[str]:
    for place, real in enumerate(found.real.distributions):
        others = [one.distributions[place] for one in found.simulated]
        if not len(real.values):
            yield no_plot(real.name, "Nothing of it was recorded.")
            continue
        figure = distribution_figure(real, others)
        caption = f"{len(real.values):,} observations of the real market; to the 99.5th percentile."
        yield plot(figure, div_id=f"distribution-{place}", title=real.name, caption=caption)


def _curve_plots(found: Calibrated) -> Iterator[str]:
    captions = (
        "Flat for a random walk; falling where quotes bounce, rising where prices trend.",
        "How long buying follows buying.",
        "Where the midpoint goes after an order that took, in its direction.",
        "Ten seconds after, by size; a bin with fewer than 20 orders is left out.",
        "Displayed shares price by price; known from a file of single orders only.",
    )
    for place, (real, caption) in enumerate(zip(found.real.curves, captions, strict=True)):
        if not np.isfinite(real.y).any():
            yield no_plot(real.name, "Nothing of it was recorded.")
            continue
        figure = curve_figure(real, [one.curves[place] for one in found.simulated])
        yield plot(figure, div_id=f"curve-{place}", title=real.name, caption=caption)


def _fit(report: Calibration) -> str:
    rows = []
    first, kept = report.rounds[0], min(report.rounds, key=lambda one: one.misfit)
    for name in MEANS:
        values = [getattr(one.simulated, name) for one in (first, kept)]
        shown = [getattr(report.real, name), *values]
        label = MOMENTS_IN_WORDS[name]
        rows.append(f"<tr>{row_head(label)}{''.join(cell(number(value)) for value in shown)}</tr>")
    misfits = [first.misfit, kept.misfit]
    rows.append(
        f"<tr>{row_head('misfit')}{cell('')}{''.join(cell(number(v)) for v in misfits)}</tr>"
    )
    return "<section><h2>Fit</h2>" + table(
        head(("moment", ""), ("real", ""), ("first draft", ""), ("kept", "")),
        rows,
        f"{_kept(report)} Misfit: root mean square of the logs of simulated over real.",
    ) + "</section>"  # fmt: skip


def _kept(report: Calibration) -> str:
    """Which scenario was closest; a fit simulates its first draft before it moves anything."""
    n_rounds = len(report.rounds) - 1
    if n_rounds == 0:
        return "No round of matching: the first draft is kept."
    misfits = [one.misfit for one in report.rounds]
    best = misfits.index(min(misfits))
    rounds = f"{n_rounds} rounds" if n_rounds > 1 else "One round"
    kept = f"what round {best} gave" if best else "the first draft"
    return f"{rounds} of matching after the first draft; the closest is kept, {kept}."


def _venues(report: Calibration) -> str:
    rows = []
    for market, venues in (("real", report.venues_real), ("simulated", report.venues_simulated)):
        for one in venues:
            cells = (
                market, f"{one.share_frac:.1%}", f"{one.n_prints:,}",
                number(one.quoted_bps, 2), number(one.effective_bps, 2),
            )  # fmt: skip
            rows.append(f"<tr>{row_head(one.venue)}{''.join(cell(value) for value in cells)}</tr>")
    rule = report.rule605
    said = "" if rule is None else (
        f"<p>Rule 605, {text(rule.center)}, {rule.month}: effective spread of marketable orders "
        f"{number(rule.effective_spread_usd, 4)} dollars, {rule.executed_frac:.0%} of "
        f"{rule.covered_shares:,} covered shares executed. Another month and one market centre: "
        "shown beside, not fitted.</p>"
    )  # fmt: skip
    return "<section><h2>Venues</h2>" + table(
        head(
            ("venue", ""), ("market", ""), ("share", "of shares printed"), ("prints", ""),
            ("quoted", "bps"), ("effective", "bps"),
        ),
        rows,
        "Spreads at the venue's prints, weighted by shares. A simulated market reports all its "
        "pools under the first; a real tape reports pools and dealers under one letter.",
    ) + said + "</section>"  # fmt: skip
