"""From evidence to the first draft of a scenario: what can be read off, is; the rest is assumed."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from penstock.domain import NS_PER_S, TICKS_PER_USD
from penstock.sim import Scenario
from penstock.sim.codes import N_OTHERS
from penstock.sim.scenario.tables import About, InstrumentTable
from penstock.sim.scenario.traders import (
    Flow,
    Impact,
    Makers,
    Others,
    Parents,
    Price,
)
from penstock.trials.calibration.activity import Spells, fit_spells
from penstock.trials.calibration.bursts import Bursts, fit_bursts, sign_memory
from penstock.trials.calibration.draft import ASSUMED, Draft
from penstock.trials.calibration.evidence import Evidence
from penstock.trials.calibration.impact import imbalance_weight, impact_slope
from penstock.trials.calibration.sample import Sample
from penstock.trials.calibration.venue_fit import FittedVenue, lit_venues, pools
from penstock.trials.calibration.volatility import volatility_of

_DAY_NS: Final = 86_400 * NS_PER_S
# Half spreads of three makers, as parts of half the mean spread.
_HALF_SPREADS: Final = (0.1, 0.5, 1.0)
_SLOW_S, _FAST_S = 300, 10
_MAX_MULTIPLIER: Final = 50.0
_MEMORY_AT_LEAST: Final = 0.02  # of signs: below, chance would do
_OTHERS_PART: Final = 0.3
_PARENT_S: Final = 120.0

SHORTEST_S: Final = 2.0 * Parents().lead_in_s + 1.0
"""Of a recorded stretch: orders of ours keep away from both ends of the session made of it."""


def first_draft(evidence: Evidence, name: str) -> Draft:
    """
    A scenario of the evidence's market, before it has been held against a simulation.

    Args:
        name: of the scenario.
    """
    sample = evidence.sample
    spells, origins = _spells(evidence)
    fitted = [*lit_venues(evidence, spells.mean_activity), *pools(evidence)]
    start_s = sample.start_ns % _DAY_NS / NS_PER_S
    scenario = Scenario(
        scenario=About(
            name=name,
            description=f"{sample.label}, {len(fitted)} venues: calibrated, no claim of realism",
            mode="generated",
            day=sample.day,
            start_s=start_s,
            duration_s=sample.duration_s,
        ),
        instrument=InstrumentTable(
            symbol=sample.symbol,
            price_usd=round(float(np.nanmean(sample.quotes.mid_ticks)) / TICKS_PER_USD, 2),
            increment_usd=sample.increment_ticks / TICKS_PER_USD,
            adv_shares=max(100, evidence.adv_shares),
        ),
        venues=tuple(venue.table for venue in fitted),
        price=_price(evidence, origins),
        impact=_impact(evidence, origins),
        flow=_flow(evidence, spells, origins),
        makers=_makers(sample, origins),
        others=_others(evidence, origins),
        parents=_parents(sample.duration_s, origins),
    )
    origins |= {
        "scenario.day": "of the data",
        "scenario.start_s": "09:35 or the start of the data",
        "scenario.duration_s": "length of the stretch that was measured",
        "instrument.price_usd": "mean midpoint",
        "instrument.adv_shares": "shares printed on that one day: no twenty-day average is at hand",
        "instrument.increment_usd": "quoting step of US stocks above a dollar",
    }
    origins |= _venue_origins(fitted)
    return Draft(scenario, origins)


def venue_map(evidence: Evidence) -> dict[int, int]:
    """Place in the scenario's venues of each venue of the sample that has one."""
    fitted = lit_venues(evidence, 1.0)
    return {idx: place for place, venue in enumerate(fitted) for idx in venue.sample_idxs}


def _venue_origins(fitted: list[FittedVenue]) -> dict[str, str]:
    return {
        f"venues[{place}].{key}": origin
        for place, venue in enumerate(fitted)
        for key, origin in venue.origins.items()
    }


def _spells(evidence: Evidence) -> tuple[Spells, dict[str, str]]:
    sample = evidence.sample
    spells = fit_spells(evidence.taken.time_ns, sample.start_ns, sample.end_ns)
    keys = ("flow.busy_multiplier", "flow.calm_mean_s", "flow.busy_mean_s")
    if spells is None or spells.busy_multiplier > _MAX_MULTIPLIER:
        none = Spells(calm_mean_s=20.0, busy_mean_s=6.0, busy_multiplier=1.0)
        return none, dict.fromkeys(keys, "no spells: counts fit none")
    why = "growth of the dispersion of counts from 1 to 160 s; a quarter of the time busy, assumed"
    return spells, dict.fromkeys(keys, why)


def _price(evidence: Evidence, origins: dict[str, str]) -> Price:
    """
    The default's mix of noise, drift and information, scaled to the two-scale volatility.

    A tape does not tell how much of a move was knowable. In the long run each part adds to the
    variance of a second: noise², 2 · sd² · tau of the drift, mean square of a piece over its mean
    interval.
    """
    default = Price()
    low, high = default.jump_min_bps, default.jump_max_bps
    jumps = (low * low + low * high + high * high) / 3.0 / default.jump_interval_s
    drift = 2.0 * default.drift_sd_bps_per_s**2 * default.drift_tau_s
    sd = math.sqrt(default.noise_bps_per_sqrt_s**2 + jumps + drift)
    found = volatility_of(evidence.sample)
    scale = found / sd
    why = f"two-scale volatility {found:.3g} bps per sqrt(s), in the default's mix of three parts"
    for key in ("noise_bps_per_sqrt_s", "drift_sd_bps_per_s", "jump_min_bps", "jump_max_bps"):
        origins[f"price.{key}"] = why
    return Price(
        noise_bps_per_sqrt_s=default.noise_bps_per_sqrt_s * scale,
        drift_sd_bps_per_s=default.drift_sd_bps_per_s * scale,
        jump_min_bps=low * scale,
        jump_max_bps=high * scale,
    )


def _impact(evidence: Evidence, origins: dict[str, str]) -> Impact:
    sample, taken, adv = evidence.sample, evidence.taken, float(evidence.adv_shares)
    slow = max(0.0, impact_slope(sample, taken, adv, _SLOW_S))
    fast = max(slow, impact_slope(sample, taken, adv, _FAST_S))
    what = "move per percent of the day's volume, net of sides, over"
    origins["impact.permanent_bps_per_adv_pct"] = f"{what} {_SLOW_S} s; an upper bound"
    origins["impact.transient_bps_per_adv_pct"] = f"{what} {_FAST_S} s, less the permanent part"
    return Impact(
        permanent_bps_per_adv_pct=min(1_000.0, slow),
        transient_bps_per_adv_pct=min(1_000.0, fast - slow),
    )


def _flow(evidence: Evidence, spells: Spells, origins: dict[str, str]) -> Flow:
    weight = imbalance_weight(evidence.sample, evidence.taken)
    origins["flow.imbalance_weight_frac"] = "sides of takers on the imbalance of the quote before"
    origins["flow.informed_per_s"] = f"{ASSUMED}: as many looks as orders that took"
    origins["flow.informed_shares"] = f"{ASSUMED}: mean size of an order that took"
    bursts = fit_bursts(evidence.taken, spells.burst_dispersion)
    why = "no bursts: too few short gaps, or counts disperse over seconds no more than by chance"
    if bursts is not None:
        why = "bursts of takers: dispersion of counts within a second, short gaps and their signs"
    bursts = bursts or Bursts(0.0, Flow().excitation_tau_s, Flow().excitation_same_frac)
    origins |= {f"flow.{key}": why for key in Bursts._fields}
    return Flow(
        excitation_frac=bursts.excitation_frac,
        excitation_tau_s=bursts.excitation_tau_s,
        excitation_same_frac=bursts.excitation_same_frac,
        imbalance_weight_frac=weight,
        busy_multiplier=spells.busy_multiplier,
        calm_mean_s=spells.calm_mean_s,
        busy_mean_s=spells.busy_mean_s,
        informed_per_s=evidence.traded_per_s,
        informed_shares=max(1.0, float(evidence.taken.shares.mean())),
    )


def _others(evidence: Evidence, origins: dict[str, str]) -> Others:
    """Other people's parents where signs have a long memory: at first three tenths of takers."""
    if sign_memory(evidence.taken.side) < _MEMORY_AT_LEAST:
        origins["others"] = "none: signs do not correlate over tens of orders, or few came"
        return Others()
    default = Others()
    child_shares = max(100.0, float(evidence.taken.shares.mean()))
    n_children = max(1.0, default.size_adv_frac * evidence.adv_shares / child_shares)
    takes_per_s = _OTHERS_PART * evidence.traded_per_s
    origins["others"] = f"{ASSUMED}: sizes, and a mean parent that lasts {_PARENT_S:g} s"
    origins["others.parents_per_hour"] = f"{_OTHERS_PART} of orders that took, to begin with"
    origins["others.child_shares"] = "mean size of an order that took, at least a lot"
    # No more than a world has room for: see `checks`.
    most_per_hour = 0.999 * (N_OTHERS / 2) * 3_600.0 / _PARENT_S
    return Others(
        parents_per_hour=min(
            most_per_hour, 3_600.0 * takes_per_s / (n_children * default.market_frac)
        ),
        child_shares=child_shares,
        child_gap_s=_PARENT_S / n_children,
    )


def _makers(sample: Sample, origins: dict[str, str]) -> Makers:
    half = mean_spread_increments(sample) / 2.0
    origins["makers.half_spread_increments"] = (
        f"0.1, 0.5 and 1 of half the mean spread ({2 * half:.2f} increments), to begin with"
    )
    return Makers(half_spread_increments=tuple(part * half for part in _HALF_SPREADS))


def _parents(duration_s: float, origins: dict[str, str]) -> Parents:
    """The default parents, with horizons that fit into a short stretch."""
    default = Parents()
    longest = (duration_s - 2 * default.lead_in_s) / 4
    horizon_s = tuple(min(seconds, max(1.0, longest)) for seconds in default.horizon_s)
    origins["parents"] = "our own orders: not a property of the market"
    return Parents(horizon_s=horizon_s)


def mean_spread_increments(sample: Sample) -> float:
    """Quoted spread, mean over time, in increments."""
    quotes = sample.quotes
    lasts_ns = np.diff(np.append(quotes.time_ns, sample.end_ns))
    lasts_ns = np.where(quotes.is_whole, np.maximum(0, lasts_ns), 0)
    widths = (quotes.ask_ticks - quotes.bid_ticks) / sample.increment_ticks
    return float((widths * lasts_ns).sum() / max(1, lasts_ns.sum()))
