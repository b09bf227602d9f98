"""The plots of a calibration's page: real in one colour, simulated days in another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from penstock.trials.calibration.statistics_of import Curve, Distribution
from penstock.trials.page_figures import FONT

_INK, _QUIET, _GRID = "#1f2933", "#52606d", "#e8ecf0"
_REAL: Final = "#1f2933"
_SIMULATED: Final = "#a3195b"
_QUANTILES: Final = np.linspace(0.0, 0.995, 200)  # one outlier would leave no room for the rest


def distribution_figure(real: Distribution, simulated: Sequence[Distribution]) -> go.Figure:
    """Distribution functions up to the 99.5th percentile: the share at or below each value."""
    figure = go.Figure()
    for place, one in enumerate(simulated):
        if len(one.values):
            _add(figure, np.quantile(one.values, _QUANTILES), _QUANTILES, place)
    if len(real.values):
        _add(figure, np.quantile(real.values, _QUANTILES), _QUANTILES, None)
    lay_out(figure, f"{real.name}, {real.unit}", "at or below", is_log_x=real.is_log)
    return figure


def curve_figure(real: Curve, simulated: Sequence[Curve]) -> go.Figure:
    """A curve of the real market, and that of each simulated day."""
    figure = go.Figure()
    for place, one in enumerate(simulated):
        _add(figure, np.array(one.x), one.y, place)
    _add(figure, np.array(real.x), real.y, None)
    lay_out(figure, real.x_name, real.unit, is_log_x=real.is_log_x)
    return figure


def _add(
    figure: go.Figure,
    x: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    y: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    seed_place: int | None,
) -> None:
    """One line; `seed_place` None is the real market."""
    is_real = seed_place is None
    figure.add_trace(
        go.Scatter(
            x=[float(f"{value:.6g}") for value in x],
            y=[None if not np.isfinite(value) else float(f"{value:.6g}") for value in y],
            name="real" if is_real else "simulated",
            legendgroup="real" if is_real else "simulated",
            showlegend=is_real or seed_place == 0,
            mode="lines" if len(x) > 50 else "lines+markers",
            line={
                "color": _REAL if is_real else _SIMULATED,
                "width": 2.5 if is_real else 1.2,
                "dash": "solid" if is_real else "dot",
            },
            opacity=1.0 if is_real else 0.6,
        )
    )


def lay_out(figure: go.Figure, x_title: str, y_title: str, *, is_log_x: bool = False) -> None:
    """Axes with their titles, a legend above, and nothing that moves under a finger."""
    axis = {"automargin": True, "fixedrange": True, "gridcolor": _GRID, "zeroline": False}
    font = {"color": _QUIET, "size": 13}
    figure.update_layout(
        template=None,
        height=320,
        margin={"l": 8, "r": 14, "t": 28, "b": 8},
        font={"family": FONT, "size": 13, "color": _INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False},
        xaxis=axis | {"type": "log" if is_log_x else "linear"},
        yaxis=axis,
    )
    figure.update_xaxes(title={"text": x_title, "standoff": 10, "font": font})
    figure.update_yaxes(title={"text": y_title, "standoff": 10, "font": font})
