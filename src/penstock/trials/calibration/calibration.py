"""A calibration from evidence to a report: fit, simulate other days, measure how far apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from penstock.sim import check_scenario
from penstock.trials.calibration.distances import Distance, distances
from penstock.trials.calibration.draft import Draft
from penstock.trials.calibration.evidence import Evidence
from penstock.trials.calibration.fitting import first_draft
from penstock.trials.calibration.matching import Round, match
from penstock.trials.calibration.moments import Moments
from penstock.trials.calibration.sample import Floats
from penstock.trials.calibration.simulated import simulated_sample
from penstock.trials.calibration.spreads import VenueSpread, venue_spreads
from penstock.trials.calibration.statistics_of import Figures, figures_of
from penstock.trials.calibration.writing import rounded_scenario
from penstock.wire.rule605 import Rule605

LIMITS: Final = (
    "There is no public full-depth data of several venues for one stock at one time.",
    "So depth behind the best price, order lives and distances are of one venue, or assumed.",
    "Distances say how far single statistics are apart. Small ones are no claim of realism.",
    "One recorded day: nothing here says how another day would look.",
)


class CurvePoints(msgspec.Struct, frozen=True, kw_only=True):
    """A curve of the real market and the mean of the simulated days; None is not known."""

    name: str
    unit: str
    x_name: str
    x: tuple[float, ...]
    real: tuple[float | None, ...]
    simulated: tuple[float | None, ...]


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """What one calibration found, as JSON holds it."""

    scenario: str  # name
    symbol: str
    day: int
    sources: tuple[str, ...]
    seconds: float  # length of the stretch
    seeds: tuple[int, ...]  # of the distances; a fit looks at others
    real: Moments
    rounds: tuple[Round, ...]  # the first draft, then one for each round of matching
    distances: tuple[Distance, ...]
    curves: tuple[CurvePoints, ...]
    venues_real: tuple[VenueSpread, ...]
    venues_simulated: tuple[VenueSpread, ...]  # of the first seed
    rule605: Rule605 | None
    exchange_year_frac: dict[str, float] | None  # of that year, all stocks
    limits: tuple[str, ...] = LIMITS
    machine: str = ""
    command: str = ""


class Calibrated(NamedTuple):
    """The scenario, the report, and what its plots are drawn from."""

    draft: Draft
    report: Calibration
    real: Figures
    simulated: tuple[Figures, ...]


def calibrate(
    evidence: Evidence,
    name: str,
    sources: Sequence[str],
    *,
    n_rounds: int,
    seeds: Sequence[int],
    on_step: Callable[[], None] = lambda: None,
) -> Calibrated:
    """
    Fit a scenario to the evidence and measure its distances on days of their own.

    Args:
        name: of the scenario.
        sources: names of the files, for the report.
        seeds: days for the distances.
        on_step: called `n_steps` times.
    Raises:
        ConfigError: the evidence makes no scenario that could be run, such as a price below fifty
            increments.
    """
    draft, moments, rounds = match(first_draft(evidence, name), evidence, n_rounds, on_step)
    draft = Draft(rounded_scenario(draft.scenario), draft.origins)
    check_scenario(draft.scenario, name)
    real, sample = figures_of(evidence.sample), evidence.sample
    middle_ns = (sample.start_ns + sample.end_ns) // 2
    halves = (
        figures_of(sample.between(sample.start_ns, middle_ns)),
        figures_of(sample.between(middle_ns, sample.end_ns)),
    )
    simulated, spreads = [], []
    for seed in seeds:
        day = simulated_sample(
            draft.scenario,
            seed,
            duration_s=sample.duration_s,
            has_depth=len(sample.depth.time_ns) > 0,
        )
        simulated.append(figures_of(day))
        spreads.append(venue_spreads(day))
        on_step()
    shares = evidence.exchange_shares
    report = Calibration(
        scenario=name,
        symbol=sample.symbol,
        day=sample.day,
        sources=tuple(sources),
        seconds=sample.duration_s,
        seeds=tuple(seeds),
        real=moments,
        rounds=tuple(rounds),
        distances=tuple(distances(real, simulated, halves)),
        curves=tuple(_curves(real, simulated)),
        venues_real=tuple(venue_spreads(sample)),
        venues_simulated=tuple(spreads[0]),
        rule605=evidence.rule605,
        exchange_year_frac=None if shares is None else shares.frac,
    )
    return Calibrated(draft, report, real, tuple(simulated))


def n_steps(n_rounds: int, n_seeds: int) -> int:
    """How often `calibrate` calls back."""
    return n_rounds + 1 + n_seeds


def _curves(real: Figures, simulated: Sequence[Figures]) -> Iterator[CurvePoints]:
    for place, curve in enumerate(real.curves):
        several = np.array([one.curves[place].y for one in simulated])
        is_known = np.isfinite(several)
        counts = is_known.sum(axis=0)
        sums = np.where(is_known, several, 0.0).sum(axis=0)
        means = np.where(counts > 0, sums / np.maximum(1, counts), np.nan)
        yield CurvePoints(
            name=curve.name,
            unit=curve.unit,
            x_name=curve.x_name,
            x=curve.x,
            real=_known(curve.y),
            simulated=_known(means),
        )


def _known(values: Floats) -> tuple[float | None, ...]:
    return tuple(value if np.isfinite(value) else None for value in values.tolist())
