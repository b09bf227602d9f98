"""The comparison as one HTML page that needs nothing else: no server, no other host, no account."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from html import escape
from importlib.metadata import version
from typing import Final

from penstock import __version__
from penstock.models import ModelCard
from penstock.trials.compare import Comparison
from penstock.trials.live import LiveSession
from penstock.trials.page_document import document
from penstock.trials.page_figures import Look, looks
from penstock.trials.page_live import live_section
from penstock.trials.page_model import model_section
from penstock.trials.page_parts import text
from penstock.trials.page_scenario import scenario_section
from penstock.trials.page_words import (
    NOT_KNOWN,
    days_in_words,
    finding,
    finding_sentence,
    is_learned,
    parents_in_words,
    training_day_sentence,
)

_LIBRARIES: Final = ("numpy", "numba", "lightgbm", "plotly")


def comparison_page(
    comparison: Comparison, cards: Mapping[str, ModelCard], live: LiveSession | None = None
) -> str:
    """
    One self-contained HTML page with every table, plot and caveat of a comparison.

    Plotly's script is inside, so the page works from a file, offline, years later. Every string is
    escaped. What is not known (a recorded day has no reference price, a single day no interval)
    is shown as "not known", never as a number. The same arguments give the same page, to the byte,
    on the same versions.

    Args:
        cards: of the learned policy's models by hash; none if no such policy was compared.
        live: a session over real sockets that went before; None if there was none.
    """
    style = looks(comparison)
    sections = "\n".join(
        scenario_section(position, name, scenario, style)
        for position, (name, scenario) in enumerate(comparison.scenarios.items(), start=1)
    )
    main = f"""{_opening(comparison, style)}
{"" if live is None else live_section(live)}
{sections}
{model_section(comparison, cards)}"""
    return document("routing policies compared", main, _footer(comparison))


def _opening(comparison: Comparison, style: Mapping[str, Look]) -> str:
    rows = "\n".join(_contents(comparison))
    names = ", ".join(f"<b>{text(name)}</b>" for name in style) or "no policy"
    return f"""<h1>Routing policies compared</h1>
<p>{names}: every policy routes the same parent orders through the same days, so that differences
are taken day by day and what all had to bear cancels.</p>
<h3>In short</h3>
<ol class="findings">
{rows}
</ol>
<p class="quiet"><b>How to read the figures.</b> Cost is in basis points (bps) of the order's value
at the arrival midpoint, fees included. <b>Positive is cost; a negative difference is cheaper.</b>
<i>Shortfall</i> is measured against the market's arrival price and carries the market's own moves.
<i>Reference cost</i> is measured against the simulated market's underlying price: in expectation
the same, with most of that noise gone, and unknown for a recorded day. After ± stands half of a
95&nbsp;% interval; its unit of chance is a day (a run, of a recorded day), not an order.
Intervals are not widened for the number of comparisons on this page.</p>
<noscript><p><b>The plots need JavaScript.</b> All figures behind them are in the tables.</p>
</noscript>"""


def _contents(comparison: Comparison) -> Iterator[str]:
    """A line for each scenario with what it says about the learned policies."""
    for position, (name, scenario) in enumerate(comparison.scenarios.items(), start=1):
        sentences = []
        for policy, result in scenario.policies.items():
            found = finding(result, len(scenario.seeds))
            if is_learned(policy) and found is not None and scenario.best_baseline is not None:
                sentences.append(finding_sentence(policy, found, scenario.best_baseline))
        warning = training_day_sentence(scenario)
        if sentences and warning is not None:
            sentences.append(warning)
        said = ". ".join(sentences) or "no learned policy was compared with a baseline"
        about = f"{scenario.mode}, {days_in_words(scenario)}, {parents_in_words(scenario)}"
        yield (
            f'<li><a href="#scenario-{position}"><b>{text(name)}</b></a> '
            f'<span class="quiet">({text(about)})</span><br>{text(said)}.</li>'
        )


def _footer(comparison: Comparison) -> str:
    hashes = "".join(
        f"<dt>State hash, {text(name)}</dt><dd><code>{text(scenario.state_hash)}</code></dd>"
        for name, scenario in comparison.scenarios.items()
    )
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    versions = f"penstock {__version__}, Python {platform.python_version()}, {libraries}"
    return f"""<dl>
<dt>Command</dt><dd><code>{text(comparison.command) or NOT_KNOWN}</code></dd>
<dt>Machine</dt><dd>{text(comparison.machine) or NOT_KNOWN}</dd>
<dt>Versions</dt><dd>{escape(versions)}</dd>
{hashes}
</dl>
<p>The same command, version and seeds give the same state hashes, to the bit.</p>"""
