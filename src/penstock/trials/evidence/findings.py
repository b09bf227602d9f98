"""What mechanisms of a market cost its clients: each switched on and off, over the same seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from penstock.sim import Scenario
from penstock.sim.scenario.tables import VenueChange
from penstock.sim.scenario.traders import PoolClass
from penstock.trials.evidence.clients import Rests, mean_markout_bps, pool_rests, sweep_costs_bps
from penstock.trials.statistics import Estimate, estimate, excludes_zero, paired_difference

FADE_PROB: Final = 0.6
PAUSE_S: Final = 0.003  # between two venues of a slow sweep; makers react within half a millisecond
TOXIC_FRAC: Final = 0.8
CONTRA_PER_S: Final = 1.0  # so that half an hour has fills enough
SWEEPS_S: Final = 1_200.0
RESTS_S: Final = 1_800.0
MINIMUM_SHARES: Final = 200
PINGS: Final = (
    PoolClass(name="natural", frac=0.2, contra_shares=600.0, informed_frac=0.0),
    PoolClass(name="pings", frac=0.8, contra_shares=100.0, informed_frac=0.9),
)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One mechanism, measured: figures by case and seed, and the difference that it makes."""

    title: str
    unit: str
    by_case: dict[str, tuple[float, ...]]  # one figure a seed
    difference: Estimate  # of the two cases that `says` names, paired by seed
    sign: int  # of a difference that shows what `says` says
    says: str

    @property
    def is_shown(self) -> bool:
        """Whether the interval lies on the side of zero that was expected."""
        return excludes_zero(self.difference) and self.difference.mean * self.sign > 0.0

    def case(self, name: str) -> Estimate:
        """Mean and interval of one case."""
        return estimate(self.by_case[name])


def findings(day: Scenario, mic: str, seeds: Sequence[int]) -> list[Finding]:
    """
    All of them.

    Args:
        day: a generated market of half an hour and more.
        mic: its dark pool that the findings about pools are made in.
    """
    return [fading(day, seeds), toxicity(day, mic, seeds), pings(day, mic, seeds)]


def fading(day: Scenario, seeds: Sequence[int]) -> Finding:
    """A sweep in pieces against one at once, with makers that fade and with makers that do not."""
    cases = {}
    for word, fade_prob in (("fading", FADE_PROB), ("steadfast", 0.0)):
        makers = msgspec.structs.replace(day.makers, fade_prob=fade_prob)
        market = msgspec.structs.replace(_shortened(day, SWEEPS_S), makers=makers)
        for pause, pause_s in (("at once", 0.0), ("3 ms apart", PAUSE_S)):
            cases[f"{word}, {pause}"] = tuple(
                float(sweep_costs_bps(market, seed, pause_s).mean()) for seed in seeds
            )
    return Finding(
        title="Cost of a sweep against M* before it",
        unit="bps",
        by_case=cases,
        difference=paired_difference(cases["fading, 3 ms apart"], cases["fading, at once"]),
        sign=1,
        says="a slow sweep costs more where makers fade",
    )


def toxicity(day: Scenario, mic: str, seeds: Sequence[int]) -> Finding:
    """The same pool but for the share of its contra orders that know where the price is going."""
    cases = {
        word: tuple(
            mean_markout_bps(pool_rests(pool_day(day, mic, informed_frac=frac), seed, mic))
            for seed in seeds
        )
        for word, frac in (("honest", 0.0), ("toxic", TOXIC_FRAC))
    }
    return Finding(
        title="Markout of what rests in a pool",
        unit="bps, ten seconds later, by shares",
        by_case=cases,
        difference=paired_difference(cases["toxic"], cases["honest"]),
        sign=-1,
        says="a toxic pool has worse markouts than an honest one",
    )


def pings(day: Scenario, mic: str, seeds: Sequence[int]) -> Finding:
    """A pool full of small orders that know, without a minimum quantity of ours and with one."""
    market = pool_day(day, mic, informed_frac=0.0, classes=PINGS)
    cases = {
        word: tuple(
            mean_of_fills_bps(pool_rests(market, seed, mic, min_shares=minimum)) for seed in seeds
        )
        for word, minimum in (("no minimum", 0), ("minimum of 200", MINIMUM_SHARES))
    }
    return Finding(
        title="Markout of a fill in a pool of pings",
        unit="bps, ten seconds later, by fills",
        by_case=cases,
        difference=paired_difference(cases["minimum of 200"], cases["no minimum"]),
        sign=1,
        says="a minimum quantity keeps small informed orders out",
    )


def mean_of_fills_bps(rests: Rests) -> float:
    """Over fills, whatever their size."""
    return float(np.mean(rests.markout_bps))


def pool_day(day: Scenario, mic: str, *changes: VenueChange, **pool_keys: Any) -> Scenario:
    """Half an hour of the market in which one pool is busy, leaks nothing, and is changed so."""
    venues = list(day.venues)
    place = next(place for place, venue in enumerate(venues) if venue.mic == mic)
    pool = venues[place].pool
    assert pool is not None, f"{mic} is no pool"
    pool = msgspec.structs.replace(pool, contra_per_s=CONTRA_PER_S, leak_prob=0.0, **pool_keys)
    venues[place] = msgspec.structs.replace(venues[place], pool=pool, changes=changes, spells=None)
    return msgspec.structs.replace(_shortened(day, RESTS_S), venues=tuple(venues))


def _shortened(day: Scenario, duration_s: float) -> Scenario:
    shorter_s = min(duration_s, day.scenario.duration_s)
    return msgspec.structs.replace(
        day, scenario=msgspec.structs.replace(day.scenario, duration_s=shorter_s)
    )
