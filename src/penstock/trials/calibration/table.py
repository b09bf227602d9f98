"""A calibration's distances as tables for a terminal."""

from __future__ import annotations

from rich.table import Table

from penstock.trials.calibration.calibration import Calibration
from penstock.trials.calibration.distances import Distance
from penstock.trials.table import plain_table

UNKNOWN = "—"


def calibration_tables(report: Calibration) -> list[Table]:
    """Distances statistic by statistic, then the venues; for printing."""
    return [_distance_table(report), _venue_table(report)]


def number(value: float | None, decimals: int = 3) -> str:
    """A number for people; a dash where it is not known."""
    return UNKNOWN if value is None else f"{value:,.{decimals}f}"


def with_interval(value: float | None, ci95: tuple[float, float] | None) -> str:
    """A mean with half of its interval behind ±."""
    if value is None or ci95 is None:
        return number(value)
    return f"{value:,.3f} ± {(ci95[1] - ci95[0]) / 2:,.3f}"


def simulated_days(report: Calibration) -> str:
    """How many days the distances are means over."""
    n_days = len(report.seeds)
    return f"{n_days} simulated days" if n_days != 1 else "one simulated day"


def distance_row(one: Distance) -> list[str]:
    """What stands in one row of a table of distances."""
    return [
        one.label,
        one.measure,
        with_interval(one.distance, one.ci95),
        number(one.halves),
        with_interval(one.ks, one.ks_ci95),
        number(one.ks_halves),
        number(one.real),
        number(one.simulated),
    ]


DISTANCE_COLUMNS = (
    "statistic", "measure", "distance", "real halves", "KS", "KS of halves", "real", "simulated",
)  # fmt: skip
_SHOWN = ("statistic", "real", "simulated", "distance", "KS")  # on a terminal of 80 columns


def _distance_table(report: Calibration) -> Table:
    table = plain_table(
        f"{report.symbol} {report.day} against {report.scenario}, "
        f"{simulated_days(report)} of {report.seconds:,.0f} s",
        "± is half of a 95 % interval over simulated days; 0 is the same. How far the real day's "
        "halves are apart is on the page",
    )
    # The real halves and how each is measured are in the JSON and on the page.
    for name in _SHOWN:
        table.add_column(name, justify="left" if name == _SHOWN[0] else "right", no_wrap=True)
    for one in report.distances:
        cells = dict(zip(DISTANCE_COLUMNS, distance_row(one), strict=True))
        table.add_row(*(cells[name] for name in _SHOWN))
    return table


def _venue_table(report: Calibration) -> Table:
    table = plain_table("Venues: share of shares printed, spreads at their prints")
    for name in ("venue", "market", "share", "prints", "quoted bps", "effective bps"):
        table.add_column(name, justify="left" if name in {"venue", "market"} else "right")
    for market, venues in (("real", report.venues_real), ("simulated", report.venues_simulated)):
        for one in venues:
            table.add_row(
                one.venue, market, f"{one.share_frac:.1%}", f"{one.n_prints:,}",
                number(one.quoted_bps, 2), number(one.effective_bps, 2),
            )  # fmt: skip
    return table
