"""Parameters that no tape shows, moved until the simulation has the means of the tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from penstock.sim import Scenario
from penstock.sim.build_crowd import n_live_parents
from penstock.sim.codes import N_OTHERS
from penstock.trials.calibration.draft import Draft, with_lit, with_pool, with_table
from penstock.trials.calibration.evidence import Evidence
from penstock.trials.calibration.fitting import venue_map
from penstock.trials.calibration.moments import MEANS, Moments, mean_moments, moments_of
from penstock.trials.calibration.simulated import simulated_sample
from penstock.trials.calibration.venue_fit import ATS_PART

FIT_SEEDS: Final = (9_001, 9_002)
"""Days that a fit looks at; distances are measured on others."""

_DAMPING: Final = 0.7  # of a step in logs: the moments pull at each other
_STEP_LIMIT: Final = 2.0  # a factor of more than this in one round is not believed
_LIMIT: Final = 50.0  # nor more than this from where a parameter began

_TAKERS: Final = "takers_per_s"  # of all venues together

# Key, the moment that moves it, and with which power.
_TABLE_KNOBS: Final = (
    ("price.noise_bps_per_sqrt_s", "volatility_bps_per_sqrt_s", 1.0),
    ("price.drift_sd_bps_per_s", "volatility_bps_per_sqrt_s", 1.0),
    ("price.jump_min_bps", "volatility_bps_per_sqrt_s", 1.0),
    ("price.jump_max_bps", "volatility_bps_per_sqrt_s", 1.0),
    ("makers.half_spread_increments", "spread_increments", 1.0),
    # Limit orders that come while makers' quotes are old take them: makers who look more often
    # leave fewer takers, and more changes of the quote.
    ("makers.hysteresis_increments", "quote_changes_per_s", -0.5),
    ("makers.hysteresis_increments", _TAKERS, 0.5),
    ("makers.wake_ms", _TAKERS, 1.0),
    ("flow.excitation_same_frac", "sign_follow", 1.0),
    ("others.parents_per_hour", "sign_memory", 0.5),
)
_LIT_KNOBS: Final = (
    ("market_shares", "taker_shares", 1.0),
    ("maker_shares", "touch_shares", 1.0),
)
# As many orders rest as before: only how often they change is matched.
_UNSEEN_KNOBS: Final = (
    ("add_per_s", "quote_changes_per_s", 1.0),
    ("order_life_s", "quote_changes_per_s", -1.0),
    ("order_life_s", "touch_shares", 1.0),
    ("depth_increments", "spread_increments", 1.0),
)
_POOL_KNOBS: Final = (
    ("contra_per_s", "off_exchange_per_s", 1.0),
    ("interest_per_s", "off_exchange_per_s", 1.0),
)


_MOST: Final = {"flow.excitation_same_frac": 1.0}
_LEAST: Final = {"makers.wake_ms": 20.0}  # more looks take time and change nothing


class _Steps(NamedTuple):
    """Factors of one round."""

    by_moment: dict[str, float]
    takers: tuple[float, ...]  # by venue


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One simulation of a fit, and what it gave."""

    simulated: Moments
    misfit: float  # root mean square of log ratios, simulated over real


def match(
    draft: Draft, evidence: Evidence, n_rounds: int, on_round: Callable[[], None]
) -> tuple[Draft, Moments, list[Round]]:
    """
    The draft after `n_rounds` of moment matching, the market's moments, and how each round stood.

    Impact is not among them: what our own orders do to a price cannot be told from what follows the
    trades of others, who knew things.

    Each parameter belongs to one moment and moves by (real / simulated)^0.7, at most twofold a
    round. The round that was closest is kept, so more rounds are never worse on the fit's own days.
    Moments that are zero on either side move nothing.

    Args:
        on_round: called after each simulation.
    Source: the method of simulated moments, McFadden (1989), Econometrica 57(5), with as many
        parameters as moments and a fixed-point step in place of a search.
    """
    places = venue_map(evidence)
    real = moments_of(evidence.sample, places, len(draft.scenario.venues))
    real = _with_pools_part(real, evidence)
    scenario, start, rounds = draft.scenario, draft.scenario, []
    best, best_misfit = scenario, float("inf")
    for _ in range(n_rounds + 1):
        simulated = _simulated(scenario, evidence)
        on_round()
        rounds.append(Round(simulated=simulated, misfit=misfit(real, simulated)))
        if rounds[-1].misfit < best_misfit:
            best, best_misfit = scenario, rounds[-1].misfit
        scenario = _moved(scenario, start, _steps(real, simulated), evidence)
    origins = _origins(draft, evidence) if n_rounds else {}
    return Draft(best, draft.origins | origins), real, rounds


def misfit(real: Moments, simulated: Moments) -> float:
    """Root mean square of the log ratios of all moments; venues' rates count by their sum."""
    ratios = [np.log(_ratio(getattr(real, field), getattr(simulated, field))) for field in MEANS]
    ratios.append(np.log(_ratio(sum(real.takers_per_s), sum(simulated.takers_per_s))))
    return float(np.sqrt(np.mean(np.square(ratios))))


def _with_pools_part(real: Moments, evidence: Evidence) -> Moments:
    """Pools print only the ATSs' part of what a tape reports from off exchange."""
    part = ATS_PART if evidence.ats_part is None else evidence.ats_part
    return msgspec.structs.replace(real, off_exchange_per_s=part * real.off_exchange_per_s)


def _steps(real: Moments, simulated: Moments) -> _Steps:
    by_moment = {field: _step(getattr(real, field), getattr(simulated, field)) for field in MEANS}
    by_moment[_TAKERS] = _step(sum(real.takers_per_s), sum(simulated.takers_per_s))
    takers = zip(real.takers_per_s, simulated.takers_per_s, strict=True)
    return _Steps(by_moment, tuple(_step(one, other) for one, other in takers))


def _simulated(scenario: Scenario, evidence: Evidence) -> Moments:
    n_venues = len(scenario.venues)
    same = {place: place for place in range(n_venues)}
    return mean_moments(
        [
            moments_of(
                simulated_sample(scenario, seed, duration_s=evidence.sample.duration_s),
                same,
                n_venues,
            )
            for seed in FIT_SEEDS
        ]
    )


def _ratio(real: float, simulated: float) -> float:
    """Real over simulated, in bounds; 1 where either is no positive number."""
    if not (real > 0.0 and simulated > 0.0):
        return 1.0
    return float(np.clip(real / simulated, 1.0 / _LIMIT, _LIMIT))


def _step(real: float, simulated: float) -> float:
    factor = _ratio(real, simulated) ** _DAMPING
    return float(np.clip(factor, 1.0 / _STEP_LIMIT, _STEP_LIMIT))


def _within(value: float, start: float) -> float:
    """Not farther from the start than is believed."""
    return float(np.clip(value, start / _LIMIT, start * _LIMIT))


def _moved(scenario: Scenario, start: Scenario, steps: _Steps, evidence: Evidence) -> Scenario:
    """Every parameter one step on."""
    moved = scenario
    for key, moment, power in _TABLE_KNOBS:
        table, name = key.split(".")
        first = getattr(getattr(start, table), name)
        now = getattr(getattr(moved, table), name)
        factor = steps.by_moment[moment] ** power
        if isinstance(now, tuple):
            several = zip(now, first, strict=True)
            moved = with_table(
                moved, table, **{name: tuple(_within(x * factor, x0) for x, x0 in several)}
            )
        else:
            changed = min(_MOST.get(key, 1_000.0), _within(now * factor, first))
            moved = with_table(moved, table, **{name: max(_LEAST.get(key, 0.0), changed)})
    moved = _with_room(moved)
    for place, venue in enumerate(scenario.venues):
        kind = "pool" if venue.lit is None else "lit"
        flow, begun = getattr(venue, kind), getattr(start.venues[place], kind)
        changes = (
            {"market_per_s": _within(flow.market_per_s * steps.takers[place], begun.market_per_s)}
            if kind == "lit"
            else {}
        )
        for name, moment, power in _venue_knobs(kind, evidence):
            changed = changes.get(name, getattr(flow, name)) * steps.by_moment[moment] ** power
            least = 1.0 if name.endswith("_shares") else 0.0
            changes[name] = max(least, _within(changed, getattr(begun, name)))
        moved = (with_lit if kind == "lit" else with_pool)(moved, place, **changes)
    return moved


def _with_room(scenario: Scenario) -> Scenario:
    """No more of other people's parents than a world has room for."""
    crowding = n_live_parents(scenario) / (N_OTHERS / 2)
    if crowding <= 1.0:
        return scenario
    rate = scenario.others.parents_per_hour
    return with_table(scenario, "others", parents_per_hour=0.999 * rate / crowding)


def _venue_knobs(kind: str, evidence: Evidence) -> Sequence[tuple[str, str, float]]:
    if kind == "pool":
        return _POOL_KNOBS
    return _LIT_KNOBS if evidence.order_figures is not None else (*_LIT_KNOBS, *_UNSEEN_KNOBS)


def _origins(draft: Draft, evidence: Evidence) -> dict[str, str]:
    """What a fit has moved says so, beside where it began."""
    moved = {key: moment for key, moment, _ in _TABLE_KNOBS}
    for place, venue in enumerate(draft.scenario.venues):
        kind = "pool" if venue.lit is None else "lit"
        prefix = f"venues[{place}].{kind}"
        moved |= {f"{prefix}.{key}": m for key, m, _ in _venue_knobs(kind, evidence)}
        if kind == "lit":
            moved[f"{prefix}.market_per_s"] = "takers_per_s"
    return {
        key: f"matched to {moment}; began as: {draft.origins.get(key, 'default')}"
        for key, moment in moved.items()
    }
