"""The few pieces of HTML that the comparison page is made of; every string is escaped here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

import plotly.graph_objects as go

from penstock.trials.page_words import NOT_KNOWN

_PLOT_CONFIG: Final = {"responsive": True, "displayModeBar": False}


def text(value: str) -> str:
    """A string as text of the page, whatever is in it."""
    return escape(value, quote=True)


def cell(value: str, *, below: str = "", below_class: str = "") -> str:
    """A table cell; `below` is a second, smaller line."""
    shown = f'<span class="unknown">{NOT_KNOWN}</span>' if value == NOT_KNOWN else text(value)
    css = f' class="{below_class}"' if below_class else ""
    second = f"<small{css}>{text(below)}</small>" if below else ""
    return f"<td>{shown}{second}</td>"


def row_head(value: str) -> str:
    """The first cell of a row: what the row is about."""
    return f'<th scope="row">{text(value)}</th>'


def head(*columns: tuple[str, str]) -> str:
    """The heading row of a table: what each column is, and in which unit."""
    cells = (
        f'<th scope="col">{text(name)}{f"<small>{text(unit)}</small>" if unit else ""}</th>'
        for name, unit in columns
    )
    return f"<thead><tr>{''.join(cells)}</tr></thead>"


def table(heading: str, rows: Iterable[str], caption: str) -> str:
    """A table that scrolls by itself where the screen is narrower; its caption does not."""
    body = "\n".join(rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}">\n'
        f"<table>\n{heading}\n<tbody>\n{body}\n</tbody>\n</table></div>\n"
        f'<p class="caption">{text(caption)}</p>'
    )


def plot(figure: go.Figure, *, div_id: str, title: str, caption: str) -> str:
    """A plot with a heading and, under it, what to read from it."""
    drawn = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=div_id,
        config=_PLOT_CONFIG,
        default_height=f"{figure.layout.height}px",
    )
    return (
        f"<figure>\n<h4>{text(title)}</h4>\n"
        f'<div role="img" aria-label="{text(title)}">{drawn}</div>\n'
        f"<figcaption>{text(caption)}</figcaption>\n</figure>"
    )


def no_plot(title: str, reason: str) -> str:
    """In place of a plot that has nothing to show: why not."""
    return f'<figure>\n<h4>{text(title)}</h4>\n<div class="empty">{text(reason)}</div>\n</figure>'
