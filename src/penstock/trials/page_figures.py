"""The plots of the comparison page: what is drawn, in which colours, with what on the axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

import plotly.graph_objects as go

from penstock.models import CalibrationBin
from penstock.trials.compare import Comparison, ScenarioResult
from penstock.trials.page_words import BEST, DIFF_DECIMALS, interval, number

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
_INK, _QUIET, _GRID, _ZERO = "#1f2933", "#52606d", "#e8ecf0", "#7b8794"

_TITLE_FONT: Final = {"color": _QUIET, "size": 13}

_ROW_PX: Final = 46  # height of one policy in a plot
_SCATTER_HALF: Final = 0.26  # of the distance between two policies: dots stay in their own row


class Look(NamedTuple):
    """How a policy is drawn: told apart by colour, and by shape where colours cannot be seen."""

    colour: str
    symbol: str


# The known policies keep their look from page to page; others get the spare ones in turn. Colours
# are dark enough to read as text on white and differ in lightness as well as in hue.
_LOOKS: Final = {
    "static": Look("#5b6b7b", "square"),
    "sweep": Look("#b7791f", "diamond"),
    "proportional": Look("#2b7a78", "triangle-up"),
    "supervised": Look("#a3195b", "circle"),
    "q": Look("#3949ab", "star"),
}
_SPARE: Final = (
    Look("#6b4fa0", "pentagon"),
    Look("#2f6f3e", "hexagon"),
    Look("#9c4221", "triangle-down"),
    Look("#1c6ea4", "cross"),
    Look("#806000", "x"),
)


def looks(comparison: Comparison) -> dict[str, Look]:
    """One look for each policy of the comparison, the same in all scenarios."""
    names = dict.fromkeys(
        name for scenario in comparison.scenarios.values() for name in scenario.policies
    )
    unknown = [name for name in names if name not in _LOOKS]
    spare = {name: _SPARE[k % len(_SPARE)] for k, name in enumerate(unknown)}
    return {name: _LOOKS.get(name) or spare[name] for name in names}


def cost_figure(
    scenario: ScenarioResult, style: Mapping[str, Look], *, reference: bool
) -> go.Figure:
    """Mean cost of each policy with its 95 % interval; only policies whose cost is known."""
    figure = go.Figure()
    for name, result in scenario.policies.items():
        mean = result.reference_cost_bps if reference else result.shortfall_bps
        ci95 = result.reference_ci95 if reference else result.ci95
        if mean is None:
            continue
        figure.add_trace(
            go.Scatter(
                x=[mean],
                y=[_label(name)],
                error_x=_error_bar(mean, ci95, style[name].colour),
                mode="markers",
                marker=_marker(style[name], size=11),
                hovertemplate=f"{_label(name)}: {number(mean)} bps<br>{interval(ci95)}"
                "<extra></extra>",
            )
        )
    names = list(scenario.policies)
    measure = "reference cost" if reference else "raw shortfall"
    _lay_out(figure, height=_rows_px(len(names)), x_title=f"{measure}, bps")
    _policy_axis(figure, names)
    return figure


def difference_figure(
    scenario: ScenarioResult, style: Mapping[str, Look], *, reference: bool
) -> go.Figure:
    """Each policy minus the strongest baseline: a dot a day, the mean, its interval, zero."""
    figure = go.Figure()
    baseline = scenario.best_baseline
    assert baseline is not None, "nothing to take the difference from"
    names = [name for name in scenario.policies if name != baseline]
    for row, name in enumerate(names):
        versus = scenario.policies[name].versus[BEST]
        mean = versus.reference_diff_bps if reference else versus.diff_bps
        ci95 = versus.reference_ci95 if reference else versus.ci95
        by_day = _by_day(scenario, name, reference=reference)
        other_by_day = _by_day(scenario, baseline, reference=reference)
        if mean is None or by_day is None or other_by_day is None:
            continue
        differences = [own - other for own, other in zip(by_day, other_by_day, strict=True)]
        figure.add_trace(_dots(differences, scenario.seeds, row, style[name]))
        figure.add_trace(
            go.Scatter(
                x=[mean],
                y=[row],
                error_x=_error_bar(mean, ci95, _INK),
                mode="markers",
                marker={"symbol": style[name].symbol, "size": 11, "color": _INK},
                hovertemplate=f"{_label(name)}: mean {number(mean, DIFF_DECIMALS, signed=True)} bps"
                f"<br>{interval(ci95, DIFF_DECIMALS, signed=True)}<extra></extra>",
            )
        )
    figure.add_vline(x=0, line={"color": _ZERO, "width": 1.5})
    measure = "reference cost" if reference else "raw shortfall"
    _lay_out(
        figure,
        height=_rows_px(len(names)) + 24,
        x_title=f"{measure} minus that of {_label(baseline)}, bps",
    )
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[_label(name) for name in names],
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    return figure


def on_one_scale(*figures: go.Figure) -> None:
    """Give plots beside each other the same x axis, so that a longer line is a wider interval."""
    ends = []
    for trace in (trace for figure in figures for trace in figure.data):
        ends += list(trace.x)
        if trace.error_x.array is not None:
            ends += [trace.x[0] + trace.error_x.array[0], trace.x[0] - trace.error_x.arrayminus[0]]
    if ends:
        margin = 0.04 * (max(ends) - min(ends)) or 1.0
        for figure in figures:
            figure.update_xaxes(range=[min(ends) - margin, max(ends) + margin])


def trade_off_figure(scenario: ScenarioResult, style: Mapping[str, Look]) -> go.Figure:
    """Cost against time to complete, one mark a policy."""
    figure = go.Figure()
    reference = has_reference(scenario)
    for name, result in scenario.policies.items():
        mean = result.reference_cost_bps if reference else result.shortfall_bps
        ci95 = result.reference_ci95 if reference else result.ci95
        if mean is None:
            continue
        figure.add_trace(
            go.Scatter(
                x=[result.time_to_complete_s],
                y=[mean],
                name=_label(name),
                error_y=_error_bar(mean, ci95, style[name].colour),
                mode="markers",
                marker=_marker(style[name], size=12),
                hovertemplate=f"{_label(name)}: {number(mean)} bps {interval(ci95)}<br>"
                f"{number(result.time_to_complete_s, 1)} s<extra></extra>",
            )
        )
    measure = "reference cost" if reference else "raw shortfall"
    _lay_out(figure, height=360, x_title="mean time to complete, s")
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False},
    )
    figure.update_xaxes(rangemode="tozero")
    _y_title(figure, f"{measure}, bps")
    return figure


def calibration_figure(calibration: Iterable[CalibrationBin]) -> go.Figure:
    """Forecast fill fraction against what happened, one dot a tenth; on the line is honest."""
    bins = list(calibration)
    colour = _LOOKS["supervised"].colour
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[0, 1], y=[0, 1], mode="lines", line={"color": _ZERO, "dash": "dot"}, hoverinfo="skip"
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[one.forecast_frac for one in bins],
            y=[one.observed_frac for one in bins],
            mode="lines+markers",
            line={"color": colour, "width": 1},
            marker={"color": colour, "size": 9},
            customdata=[[f"{one.n_rows:,}"] for one in bins],
            hovertemplate="forecast %{x:.3f}<br>happened %{y:.3f}<br>%{customdata[0]} rows"
            "<extra></extra>",
        )
    )
    _lay_out(figure, height=380, x_title="fill fraction, forecast")
    figure.update_xaxes(range=[-0.03, 1.03])
    figure.update_yaxes(range=[-0.03, 1.03])
    _y_title(figure, "fill fraction, happened")
    return figure


def has_reference(scenario: ScenarioResult) -> bool:
    """True if the market has a reference price, so that every policy has a cost against it."""
    return bool(scenario.policies) and all(
        result.reference_cost_bps is not None for result in scenario.policies.values()
    )


def _by_day(scenario: ScenarioResult, name: str, *, reference: bool) -> Sequence[float] | None:
    result = scenario.policies[name]
    return result.reference_by_day_bps if reference else result.shortfall_by_day_bps


def _dots(differences: list[float], seeds: Sequence[int], row: int, look: Look) -> go.Scatter:
    # Golden-ratio steps spread neighbours apart, and the same day lies at the same height always.
    heights = [row + _SCATTER_HALF * (2 * ((k * 0.618034) % 1) - 1) for k in range(len(seeds))]
    return go.Scatter(
        x=differences,
        y=heights,
        mode="markers",
        marker={"color": look.colour, "size": 6, "opacity": 0.4},
        customdata=[
            [seed, number(d, DIFF_DECIMALS, signed=True)]
            for seed, d in zip(seeds, differences, strict=True)
        ],
        hovertemplate="seed %{customdata[0]}: %{customdata[1]} bps<extra></extra>",
    )


def _error_bar(mean: float, ci95: tuple[float, float] | None, colour: str) -> dict[str, object]:
    if ci95 is None:
        return {"visible": False}
    return {
        "type": "data",
        "symmetric": False,
        "array": [ci95[1] - mean],
        "arrayminus": [mean - ci95[0]],
        "color": colour,
        "thickness": 2,
        "width": 5,
    }


def _marker(look: Look, *, size: int) -> dict[str, object]:
    return {"color": look.colour, "symbol": look.symbol, "size": size}


def _label(name: str) -> str:
    """Plotly reads some HTML in texts; a policy's name is never meant as that."""
    return escape(name, quote=False)


def _rows_px(n_rows: int) -> int:
    return 90 + _ROW_PX * n_rows


def _policy_axis(figure: go.Figure, names: Sequence[str]) -> None:
    labels = [_label(name) for name in names]
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=labels,
        range=[len(labels) - 0.5, -0.5],
        showgrid=False,
    )


def _y_title(figure: go.Figure, title: str) -> None:
    figure.update_yaxes(title={"text": title, "standoff": 10, "font": _TITLE_FONT}, showgrid=True)


def _lay_out(figure: go.Figure, *, height: int, x_title: str) -> None:
    axis = {
        "automargin": True,
        "fixedrange": True,  # a finger on a phone scrolls the page, not the plot
        "gridcolor": _GRID,
        "linecolor": _GRID,
        "zeroline": False,
    }
    figure.update_layout(
        template=None,
        height=height,
        margin={"l": 8, "r": 14, "t": 10, "b": 8},
        font={"family": FONT, "size": 13, "color": _INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        hoverlabel={"bgcolor": "white", "font": {"family": FONT, "size": 13, "color": _INK}},
        xaxis=axis,
        yaxis=axis,
    )
    figure.update_xaxes(title={"text": x_title, "standoff": 10, "font": _TITLE_FONT})
