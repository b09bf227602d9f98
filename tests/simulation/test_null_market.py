"""The null scenario: venues that differ in nothing, so no choice among them may pay."""

from __future__ import annotations

import msgspec
import numpy as np

from penstock.domain import Ns, from_seconds
from penstock.routing import BaselineConfig, Pace, RoutingConfig, Step
from penstock.sim import Scenario
from penstock.sim.scenario.tables import Fees
from penstock.trials import Bench, Market, read_scenario
from penstock.trials.compare import low_noise_by_day
from penstock.trials.evaluation import DayTask, run_days
from tests.support.worlds import SCENARIOS

DAYS = range(1, 11)
HORIZON_S = (20.0, 40.0)


def shortened() -> Scenario:
    """Twenty minutes of it with forty orders."""
    scenario = read_scenario(SCENARIOS / "null.toml")
    about = msgspec.structs.replace(scenario.scenario, duration_s=1_200.0)
    parents = msgspec.structs.replace(scenario.parents, n_per_day=40, horizon_s=HORIZON_S)
    return msgspec.structs.replace(scenario, scenario=about, parents=parents)


def costs_bps(scenario: Scenario, venue: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Mean cost by day against the reference price of posting and taking at one venue only."""
    routing = RoutingConfig(
        post_rest_ns=Ns(from_seconds(5.0)),
        post_share_frac=1.0,
        waterfall=(Step(venue=venue, tactic="post"), Step(venue=venue, tactic="take")),
        baseline=BaselineConfig(pace=Pace(take_after_frac=0.5)),
    )
    bench = Bench(Market("null", scenario, None, ()), routing, None)
    days = run_days(bench, [DayTask(seed, "best_static") for seed in DAYS], 1, lambda: None)
    return np.array(low_noise_by_day(days))


def z(differences_bps: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """How many standard errors the mean is from zero."""
    error = differences_bps.std(ddof=1) / np.sqrt(len(differences_bps))
    return float(differences_bps.mean() / error)


def test_venues_of_the_null_scenario_differ_in_their_names_only() -> None:
    """Not in fees, delays, traders or makers."""
    scenario = read_scenario(SCENARIOS / "null.toml")
    nameless = {
        msgspec.json.encode(msgspec.structs.replace(venue, mic="XXXX", name=""))
        for venue in scenario.venues
    }

    assert 4 == len(scenario.venues)
    assert 1 == len(nameless)
    assert not scenario.regimes
    assert not scenario.halts


def test_no_venue_of_the_null_scenario_is_better_than_another() -> None:
    """
    Nobody wins by choosing the first, and the same days show a fee of 0.003 USD a share, 0.35 bps:
    a test that could not tell would prove nothing.
    """
    scenario = shortened()
    first, last = costs_bps(scenario, "NUL1"), costs_bps(scenario, "NUL4")
    *others, dearer = scenario.venues
    assert isinstance(dearer.fees, Fees)
    fees = msgspec.structs.replace(
        dearer.fees,
        take_usd=dearer.fees.take_usd + 0.003,
        make_usd=dearer.fees.make_usd + 0.003,
    )
    taxed = msgspec.structs.replace(
        scenario, venues=(*others, msgspec.structs.replace(dearer, fees=fees))
    )

    assert abs(z(last - first)) < 3.0, z(last - first)
    assert z(costs_bps(taxed, "NUL4") - first) > 3.0
