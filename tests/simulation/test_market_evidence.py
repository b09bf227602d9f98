"""What a market does to its clients, each with its figure: docs/market-evidence.md shows them."""

from __future__ import annotations

import numpy as np

from penstock.sim.scenario.tables import VenueChange
from penstock.trials.evidence import TOXIC_FRAC, fading, pings, pool_day, pool_rests, toxicity
from penstock.trials.statistics import Estimate, paired_difference
from tests.support.worlds import plain_day

DAY = plain_day(1_800.0)
SEEDS = range(1, 9)
PDRK = "PDRK"
TURN_S = 900.0


def interval(found: Estimate) -> tuple[float, float]:
    """Its 95 % interval, which several seeds always have."""
    assert found.ci95 is not None
    return found.ci95


def test_a_slow_sweep_costs_more_than_one_at_once_because_makers_fade() -> None:
    """What is pulled before the second venue is asked is bought at the next price."""
    found = fading(DAY, SEEDS)
    steadfast = paired_difference(
        found.by_case["steadfast, 3 ms apart"], found.by_case["steadfast, at once"]
    )

    assert interval(found.difference)[0] > 0.05
    assert interval(steadfast)[0] < 0.0 < interval(steadfast)[1]
    assert steadfast.half_width < interval(found.difference)[0]


def test_a_toxic_pool_has_worse_markouts_than_an_honest_one() -> None:
    """The same pool but for the share of its contra orders that know where the price is going."""
    found = toxicity(DAY, PDRK, SEEDS)

    assert interval(found.case("honest"))[1] > 0.0
    assert interval(found.case("toxic"))[1] < 0.0
    assert interval(found.difference)[1] < -0.1


def test_a_pool_that_turns_has_worse_markouts_after_the_turn_only() -> None:
    """Before it, it is the honest pool to the last fill."""
    turn = VenueChange(at_s=TURN_S, informed_frac=TOXIC_FRAC)
    days = (pool_day(DAY, PDRK, informed_frac=0.0), pool_day(DAY, PDRK, turn, informed_frac=0.0))
    honest_after: list[float] = []
    turned_after: list[float] = []
    for seed in SEEDS:
        honest, turned = (pool_rests(day, seed, PDRK) for day in days)
        n_before = int((honest.at_s < TURN_S).sum())
        np.testing.assert_array_equal(honest.at_s[:n_before], turned.at_s[:n_before])
        np.testing.assert_array_equal(honest.shares[:n_before], turned.shares[:n_before])
        for rests, after in ((honest, honest_after), (turned, turned_after)):
            late = rests.at_s >= TURN_S
            after.append(float(np.average(rests.markout_bps[late], weights=rests.shares[late])))

    assert interval(paired_difference(turned_after, honest_after))[1] < -0.1


def test_a_minimum_quantity_keeps_small_informed_orders_out() -> None:
    """Most contra orders are pings of about 100 shares that know; a minimum of 200 meets few."""
    assert interval(pings(DAY, PDRK, SEEDS).difference)[0] > 0.0
