"""What a parent cost against M*, by hand; and which parents have no cost at all."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from penstock.domain import NS_PER_S, Ns, Shares, Side, UsdMicros
from penstock.routing import RoutingConfig, static_policy
from penstock.sim import Scenario, ScriptOp
from penstock.sim.layout import AUDIT_DTYPE
from penstock.tca import Execution
from penstock.trials import Day, Setting, parents_of_day, run_day
from penstock.trials.day import _against_reference
from tests.support.worlds import LIT, OTHER_LIT, Row, quiet_market, quotes, script

MID = 1_000_000


def execution(
    side: Side, *, size: int = 1_000, filled: int = 800, fees_usd_micros: int = 3_000_000
) -> Execution:
    """A parent; at its end the rest could be had 530 ticks beyond MID. 1e5 ticks are 1 bps."""
    return Execution(
        parent_id=1, side=side, size_shares=Shares(size), filled_shares=Shares(filled),
        paid_ticks_shares=0, fees_usd_micros=UsdMicros(fees_usd_micros),
        arrival_mid_ticks_x2=2 * MID, clean_up_ticks=MID + int(side) * 530.0, arrival_ns=Ns(0),
        end_ns=Ns(1), n_children=2, n_decisions=1,
    )  # fmt: skip


def truths(side: Side, *rows: tuple[int, int, float, float]) -> list[Any]:
    """Audit rows of shares, price, M* and own lasting impact, relative to MID for a buyer."""
    audit = np.zeros(len(rows), AUDIT_DTYPE)
    for i, (shares, price, m_star, permanent) in enumerate(rows):
        audit[i]["size_shares"] = shares
        audit[i]["price_ticks"] = MID + int(side) * price
        audit[i]["reference_ticks"] = MID + int(side) * m_star
        audit[i]["permanent_ticks"] = int(side) * permanent
    return list(audit)


@pytest.mark.parametrize("side", Side)
def test_cost_against_the_reference_with_unfilled_shares_by_hand(side: Side) -> None:
    """
    1,000 wanted. 600 at 100 where M* was 40: 36,000 ticks; they move it by 3 with 400 to do: 1,200.
    200 at 200 where M* was 150: 10,000; they move it by 1.5 with 200 to do: 300. 3 USD of fees:
    30,000. The last 200 could be had at 530 where M* ended at 480: 10,000. 87,500 in all.
    """
    rows = truths(side, (600, 100, 40.0, 3.0), (200, 200, 150.0, 1.5))
    end_ticks = MID + int(side) * 480.0

    reference_bps, leakage_bps = _against_reference(execution(side), end_ticks, rows)

    assert pytest.approx(0.875) == reference_bps
    assert pytest.approx(0.015) == leakage_bps


@pytest.mark.parametrize("side", Side)
def test_a_whole_fill_has_nothing_to_clean_up(side: Side) -> None:
    """50 ticks better than M*, 1 USD of rebate: 60,000 ticks earned; the end does not count."""
    rows = truths(side, (1_000, -20, 30.0, 9.0))
    done = execution(side, filled=1_000, fees_usd_micros=-1_000_000)

    assert pytest.approx((-0.6, 0.0)) == _against_reference(done, MID + 10_000.0, rows)


@pytest.mark.parametrize("side", Side)
def test_a_late_fill_beyond_the_size_is_paid_for_and_causes_nothing(side: Side) -> None:
    """The second fill comes after all that was wanted: its price counts, its impact does not."""
    rows = truths(side, (1_000, 10, 0.0, 2.0), (100, 20, 0.0, 2.0))
    done = execution(side, filled=1_100, fees_usd_micros=0)

    assert pytest.approx((0.12, 0.0)) == _against_reference(done, float(MID), rows)


@pytest.mark.parametrize("side", Side)
def test_a_parent_that_nobody_filled_costs_its_clean_up(side: Side) -> None:
    """1,000 shares at 530 where M* ended at 480: half a bp."""
    nothing = execution(side, filled=0, fees_usd_micros=0)

    assert pytest.approx((0.5, 0.0)) == _against_reference(nothing, MID + int(side) * 480.0, [])


def test_without_a_reference_price_both_are_not_known() -> None:
    """Also where nothing filled: what was not measured is not 0."""
    rows = truths(Side.BUY, (1_000, 10, math.nan, math.nan))
    for found in (
        _against_reference(execution(Side.BUY), math.nan, rows),
        _against_reference(execution(Side.BUY), math.nan, []),
    ):
        assert [True, True] == [math.isnan(value) for value in found]


def quiet_day(rows: list[Row], n_parents: int = 3) -> Day:
    """A scripted day under the static waterfall, of mode replay."""
    scenario = _with_parents(quiet_market(), n_parents)
    policy = static_policy(scenario.universe(), RoutingConfig())
    return run_day(Setting(scenario, script(scenario, rows)), 1, policy, policy)


def _with_parents(scenario: Scenario, n_per_day: int) -> Scenario:
    parents = msgspec.structs.replace(scenario.parents, n_per_day=n_per_day)
    return msgspec.structs.replace(scenario, parents=parents)


def test_parents_without_a_midpoint_are_counted() -> None:
    """A market that never opens: they have no cost, and nobody may think that they never were."""
    day = quiet_day([])

    assert [] == day.costs
    assert 3 == day.n_unmeasured


def test_a_day_that_measures_every_parent_leaves_none() -> None:
    """The control of the test above."""
    day = quiet_day(quotes(shares=1_000_000))

    assert 3 == len(day.costs)
    assert 0 == day.n_unmeasured


def test_a_replay_has_no_reference_price_even_for_what_never_filled() -> None:
    """
    All quotes go a second after the parent came, while it still rests in the pools: it has an
    arrival midpoint, and nothing to take. What a replay calls M*, the midpoint shown, must not slip
    in as the price at the end.
    """
    (parent,) = parents_of_day(_with_parents(quiet_market(), 1), 1)
    gone_s = (parent.arrival_ns - quiet_market().start_ns) / NS_PER_S + 1.0
    cancels: list[Row] = [
        (gone_s, ScriptOp.CANCEL, venue_idx, 0, 0, 0, 1_000 + 10 * venue_idx + side)
        for venue_idx in (LIT, OTHER_LIT)
        for side in (1, -1)
    ]
    shown: Row = (0.5, ScriptOp.REFERENCE, LIT, 0, 1_000_050, 0, -1)
    (cost,) = quiet_day([*quotes(), shown, *cancels], n_parents=1).costs

    assert 0.0 == cost.filled_frac
    assert math.isfinite(cost.shortfall_bps)
    assert math.isnan(cost.reference_bps)
    assert math.isnan(cost.leakage_bps)
