"""What a market does to its clients as one HTML page: a plot for each finding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go
import plotly.offline

from penstock import __version__
from penstock.trials.market_findings import Finding
from penstock.trials.page_figures import FONT
from penstock.trials.page_parts import plot, text
from penstock.trials.page_style import STYLE

# The browser itself refuses what the page must not do: nothing is loaded from anywhere.
_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
_INK, _QUIET, _GRID, _MEAN = "#1f2933", "#9aa5b1", "#e8ecf0", "#a3195b"


def market_page(found: Sequence[Finding], *, command: str, machine: str) -> str:
    """A page that works from a file, offline: the same findings give the same page."""
    plots = "".join(
        plot(
            finding_figure(one),
            div_id=f"finding-{place}",
            title=f"{one.title}, {one.unit}",
            caption=f"Dots are seeds, bars are means with 95 % intervals. {said(one)}",
        )
        for place, one in enumerate(found)
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>Penstock: what the market does to its clients</title>
<style>{STYLE}</style>
<script>{plotly.offline.get_plotlyjs()}</script>
</head>
<body>
<main>
<h1>What the market does to its clients</h1>
{plots}
</main>
<footer><dl>
<dt>Command</dt><dd><code>{text(command)}</code></dd>
<dt>Machine</dt><dd>{text(machine)}</dd>
<dt>Version</dt><dd>penstock {text(__version__)}</dd>
</dl></footer>
</body>
</html>
"""


def said(one: Finding) -> str:
    """The finding in a sentence: what differs, by how much, and whether that shows anything."""
    reach = one.difference.half_width
    verdict = one.says if one.is_shown else f"not shown here that {one.says}"
    return f"Difference {one.difference.mean:+.2f} ± {reach:.2f} bps: {verdict}."


def finding_figure(one: Finding) -> go.Figure:
    """A row for each case: a dot for each seed, and the mean with its interval."""
    figure = go.Figure()
    for name, values in one.by_case.items():
        mean = one.case(name)
        figure.add_trace(
            go.Scatter(
                x=[round(value, 6) for value in values], y=[name] * len(values), mode="markers",
                marker={"color": _QUIET, "size": 6}, hoverinfo="x",
            )
        )  # fmt: skip
        figure.add_trace(
            go.Scatter(
                x=[round(mean.mean, 6)], y=[name], mode="markers", hoverinfo="x",
                marker={"color": _MEAN, "size": 10, "symbol": "diamond"},
                error_x={"array": [round(mean.half_width, 6)] if mean.ci95 else [0.0]},
            )
        )  # fmt: skip
    figure.update_layout(
        template=None,
        height=90 + 50 * len(one.by_case),
        margin={"l": 8, "r": 14, "t": 8, "b": 8},
        font={"family": FONT, "size": 13, "color": _INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        showlegend=False,
        xaxis={"title": {"text": one.unit}, "gridcolor": _GRID, "automargin": True},
        yaxis={"autorange": "reversed", "automargin": True},
    )
    return figure
