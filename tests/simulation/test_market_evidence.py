"""What a market does to its clients, each with its figure: docs/market-evidence.md shows them."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock.sim import Scenario
from penstock.sim.scenario import VenueChange
from penstock.sim.scenario_traders import PoolClass
from penstock.trials.evidence import mean_markout_bps, pool_rests, sweep_costs_bps
from penstock.trials.statistics import Estimate, estimate, paired_difference
from tests.support.worlds import reference_day

SEEDS = range(1, 9)
PAUSE_S = 0.003  # between two venues of a slow sweep; makers react within half a millisecond
PDRK = 1
TURN_S = 900.0
EVERYBODY_KNOWS, NOBODY_KNOWS = 0.8, 0.0
NATURAL_AND_PINGS = (
    PoolClass(name="natural", frac=0.2, contra_shares=600.0, informed_frac=0.0),
    PoolClass(name="pings", frac=0.8, contra_shares=100.0, informed_frac=0.9),
)


def interval(found: Estimate) -> tuple[float, float]:
    """Its 95 % interval, which several seeds always have."""
    assert found.ci95 is not None
    return found.ci95


def sweeps(fade_prob: float, pause_s: float) -> NDArray[np.float64]:
    """Mean cost of a sweep of the reference market, bps, by seed."""
    day = reference_day(1_200.0)
    makers = msgspec.structs.replace(day.makers, fade_prob=fade_prob)
    day = msgspec.structs.replace(day, makers=makers)
    return np.array([sweep_costs_bps(day, seed, pause_s).mean() for seed in SEEDS])


def test_a_slow_sweep_costs_more_than_one_at_once_because_makers_fade() -> None:
    """What is pulled before the second venue is asked is bought at the next price."""
    fading = paired_difference(sweeps(0.6, PAUSE_S), sweeps(0.6, 0.0))
    steadfast = paired_difference(sweeps(0.0, PAUSE_S), sweeps(0.0, 0.0))

    assert interval(fading)[0] > 0.05
    assert interval(steadfast)[0] < 0.0 < interval(steadfast)[1]
    assert steadfast.half_width < interval(fading)[0]


def pool_day(*changes: VenueChange, **pool_keys: Any) -> Scenario:
    """Half an hour of the reference market with a busy outside pool."""
    day = reference_day(1_800.0)
    venues = list(day.venues)
    pool = venues[PDRK].pool
    assert pool is not None
    pool = msgspec.structs.replace(pool, contra_per_s=1.0, leak_prob=0.0, **pool_keys)
    venues[PDRK] = msgspec.structs.replace(venues[PDRK], pool=pool, changes=changes)
    return msgspec.structs.replace(day, venues=tuple(venues))


@cache
def markouts(informed_frac: float) -> NDArray[np.float64]:
    """Mean markout of a rest in the pool, bps, by seed."""
    day = pool_day(informed_frac=informed_frac)
    return np.array([mean_markout_bps(pool_rests(day, seed, "PDRK")) for seed in SEEDS])


def test_a_toxic_pool_has_worse_markouts_than_an_honest_one() -> None:
    """The same pool but for the share of its contra orders that know where the price is going."""
    honest, toxic = markouts(NOBODY_KNOWS), markouts(EVERYBODY_KNOWS)
    worse = paired_difference(honest, toxic)

    assert interval(estimate(honest))[1] > 0.0
    assert interval(estimate(toxic))[1] < 0.0
    assert interval(worse)[0] > 0.1


def test_a_pool_that_turns_has_worse_markouts_after_the_turn_only() -> None:
    """Before it, it is the honest pool to the last fill."""
    turn = VenueChange(at_s=TURN_S, informed_frac=EVERYBODY_KNOWS)
    honest_after: list[float] = []
    turned_after: list[float] = []
    for seed in SEEDS:
        honest, turned = (
            pool_rests(day, seed, "PDRK")
            for day in (pool_day(informed_frac=0.0), pool_day(turn, informed_frac=0.0))
        )
        n_before = int((honest.at_s < TURN_S).sum())
        np.testing.assert_array_equal(honest.at_s[:n_before], turned.at_s[:n_before])
        np.testing.assert_array_equal(honest.shares[:n_before], turned.shares[:n_before])
        for rests, after in ((honest, honest_after), (turned, turned_after)):
            is_after = rests.at_s >= TURN_S
            after.append(np.average(rests.markout_bps[is_after], weights=rests.shares[is_after]))
    worse = paired_difference(honest_after, turned_after)

    assert interval(worse)[0] > 0.0


def test_a_minimum_quantity_keeps_small_informed_orders_out() -> None:
    """Most contra orders are pings of about 100 shares that know; a minimum of 200 meets few."""
    day = pool_day(informed_frac=0.0, classes=NATURAL_AND_PINGS)
    free, protected = (
        [pool_rests(day, seed, "PDRK", min_shares=minimum) for seed in SEEDS]
        for minimum in (0, 200)
    )
    gain = paired_difference(
        [float(rests.markout_bps.mean()) for rests in protected],
        [float(rests.markout_bps.mean()) for rests in free],
    )
    n_fills = [sum(len(rests.shares) for rests in one) for one in (free, protected)]

    assert interval(gain)[0] > 0.0
    assert n_fills[1] < n_fills[0] / 2
