"""A day of a market as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

import plotly.graph_objects as go

from penstock.trials.calibration.page_figures import lay_out
from penstock.trials.page_document import document, origin
from penstock.trials.page_parts import cell, head, plot, row_head, table, text
from penstock.trials.portrait.measures import LEAST_QUOTED_FRAC, Portrait
from penstock.trials.portrait.table import (
    VENUE_COLUMNS,
    facts,
    under_whom,
    venue_caption,
    venue_rows,
)

_MINUTES = "minutes since the start"
_COLOURS = (
    "#a3195b", "#1c6ea4", "#b7791f", "#2b7a78", "#6b4fa0", "#5b6b7b", "#2f6f3e", "#9c4221",
)  # fmt: skip


def portrait_page(found: Portrait, *, command: str, machine: str) -> str:
    """A page that works from a file, offline: the same day gives the same page."""
    title = f"{found.market}, seed {found.seed}"
    said = "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in facts(found))
    rows = (
        f"<tr>{row_head(first)}{''.join(cell(value) for value in rest)}</tr>"
        for first, *rest in venue_rows(found)
    )
    main = f"""<h1>{text(title)}</h1>
<p>{text(found.symbol)} on {found.day}, {found.duration_s:,.0f} seconds, as a listener to all venues
heard them. No order of ours was sent.</p>
<dl>{said}</dl>
<section><h2>Venues</h2>{table(head(*VENUE_COLUMNS), rows, venue_caption(found))}</section>
<section><h2>The day</h2><div class="pair">{"".join(_plots(found))}</div></section>"""
    return document(f"a day of {found.market}", main, origin(command, machine))


def _plots(found: Portrait) -> Iterator[str]:
    bin_min = f"{found.bin_s / 60.0:g} minutes"
    yield plot(
        _line(_ends_min(found, len(found.mids_usd)), found.mids_usd, "USD"),
        div_id="price", title="Midpoint",
        caption="Where there is none, the last one.",
    )  # fmt: skip
    middles_min = _middles_min(found, len(found.spread_bps_by_bin))
    spread = _line(middles_min, found.spread_bps_by_bin, "bps")
    spread.update_yaxes(rangemode="tozero")
    yield plot(
        spread, div_id="spread", title="Spread",
        caption=f"Mean over time in every {bin_min}; a gap: a bid below an offer for less than "
        f"{LEAST_QUOTED_FRAC:.0%} of it.",
    )  # fmt: skip
    traded = {one.venue: one.shares_by_bin if one.n_shares else () for one in found.venues}
    yield plot(
        _bars(middles_min, traded, _MINUTES),
        div_id="volume", title="Shares by venue",
        caption=f"Shares printed in every {bin_min}{under_whom(found)}.",
    )  # fmt: skip
    shown = {one.venue: one.depth_shares for one in found.venues}
    yield plot(
        _bars([1.0, 2.0, 3.0, 4.0, 5.0], shown, "price, the venue's best is 1"),
        div_id="depth", title="Displayed depth",
        caption="Shares on a side at each price, mean over seconds.",
    )  # fmt: skip


def _ends_min(found: Portrait, n_parts: int) -> list[float]:
    return [round((k + 1) * found.duration_s / n_parts / 60.0, 3) for k in range(n_parts)]


def _middles_min(found: Portrait, n_parts: int) -> list[float]:
    return [round((k + 0.5) * found.duration_s / n_parts / 60.0, 3) for k in range(n_parts)]


def _line(minutes: list[float], values: Sequence[float | None], unit: str) -> go.Figure:
    shown = [None if value is None else float(f"{value:.8g}") for value in values]
    mode = "lines" if len(values) > 50 else "lines+markers"
    figure = go.Figure(
        go.Scatter(x=minutes, y=shown, mode=mode,
                   line={"color": _COLOURS[0], "width": 2}, marker={"size": 5})
    )  # fmt: skip
    lay_out(figure, _MINUTES, unit)
    figure.update_layout(showlegend=False)
    return figure


def _bars(x: list[float], by_venue: Mapping[str, Sequence[float]], x_title: str) -> go.Figure:
    """Stacked; a venue that has none is left out, and the others keep their colours."""
    figure = go.Figure()
    for (venue, shares), colour in zip(by_venue.items(), cycle(_COLOURS), strict=False):
        if not shares:
            continue
        values = [float(f"{value:.6g}") for value in shares]
        figure.add_trace(go.Bar(x=x, y=values, name=venue, marker_color=colour))
    lay_out(figure, x_title, "shares")
    figure.update_layout(barmode="stack", bargap=0.15)
    return figure
