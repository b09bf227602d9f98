"""What a market does to its clients as one HTML page: a plot for each finding."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from penstock.trials.evidence.findings import Finding
from penstock.trials.evidence.queue_place import HORIZON_S, QueuePlace
from penstock.trials.page_document import document, origin
from penstock.trials.page_figures import FONT
from penstock.trials.page_parts import plot, text

_INK, _QUIET, _GRID, _MEAN = "#1f2933", "#9aa5b1", "#e8ecf0", "#a3195b"


def market_page(
    found: Sequence[Finding],
    places: Sequence[QueuePlace],
    *,
    about: str,
    command: str,
    machine: str,
) -> str:
    """
    A page that works from a file, offline: the same findings give the same page.

    Args:
        about: scenario and seeds.
    """
    plots = "".join(
        plot(
            finding_figure(one),
            div_id=f"finding-{place}",
            title=f"{one.title}, {one.unit}",
            caption=f"Dots are seeds, bars are means with 95 % intervals. {said(one)}",
        )
        for place, one in enumerate(found)
    )
    plots += plot(
        queue_figure(places),
        div_id="queue",
        title=f"Chance of a fill within {HORIZON_S:g} s, by place in the queue",
        caption=f"The matching kernel over {places[0].n_days:,} days a place, with 95 % intervals, "
        "and the closed form of a death process (Cont, Stoikov & Talreja 2010).",
    )
    return document(
        "what the market does to its clients",
        f"<h1>What the market does to its clients</h1>\n<p>{text(about)}</p>\n{plots}",
        origin(command, machine),
    )


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
    _lay_out(figure, 90 + 50 * len(one.by_case), one.unit)
    figure.update_layout(yaxis={"autorange": "reversed"})
    return figure


def queue_figure(places: Sequence[QueuePlace]) -> go.Figure:
    """The closed form as a line, what the kernel did as points."""
    ahead = [place.n_ahead for place in places]
    reach = [max(hi - p.filled_frac, p.filled_frac - lo) for p in places for lo, hi in [p.ci95]]
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=ahead, y=[round(place.expected_prob, 6) for place in places], mode="lines",
            name="closed form", line={"color": _QUIET, "width": 2},
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=ahead, y=[round(place.filled_frac, 6) for place in places], mode="markers",
            name="matching kernel", marker={"color": _MEAN, "size": 8},
            error_y={"array": [round(half, 6) for half in reach]},
        )
    )  # fmt: skip
    _lay_out(figure, 320, "orders ahead")
    figure.update_layout(showlegend=True, yaxis={"rangemode": "tozero", "gridcolor": _GRID})
    return figure


def _lay_out(figure: go.Figure, height_px: int, x_title: str) -> None:
    figure.update_layout(
        template=None,
        height=height_px,
        margin={"l": 8, "r": 14, "t": 8, "b": 8},
        font={"family": FONT, "size": 13, "color": _INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        showlegend=False,
        xaxis={"title": {"text": x_title}, "gridcolor": _GRID, "automargin": True},
        yaxis={"automargin": True},
    )
