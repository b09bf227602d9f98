"""Routing's kernels equal the slow reference: rows, sequences, and the plan of every policy."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from penstock.routing import (
    BestStaticPolicy,
    Policy,
    ProportionalPolicy,
    StaticPolicy,
    SupervisedPolicy,
    SweepPolicy,
    order_by_index,
    row_index,
    sequence_cost,
)
from tests.support import naive_routing
from tests.support.naive_routing import NaiveDecision
from tests.support.routing_frames import Desk, EchoModel
from tests.support.routing_markets import Market, markets

Parts = list[tuple[float, float, float, float]]

some_parts = st.lists(
    st.tuples(
        st.floats(-2.0, 3.0),
        st.floats(0.01, 1.0),
        st.floats(0.0, 1.0),
        st.floats(0.0, 0.5),
    ),
    max_size=6,
)
clean_ups = st.floats(-1.0, 4.0)


def cost_of(parts: Parts, clean_up_bps: float) -> float:
    """The kernel's cost of the parts in this order."""
    table = np.array(parts, np.float64).reshape(-1, 4)
    slippage, fill, leakage, wait = (np.ascontiguousarray(column) for column in table.T)
    return sequence_cost(slippage, fill, leakage, wait, clean_up_bps)


@given(some_parts, clean_ups)
def test_cost_of_a_sequence_is_the_recursion(parts: Parts, clean_up: float) -> None:
    """The kernel runs from the back; the definition runs from the front."""
    expected = naive_routing.sequence_cost(parts, clean_up)

    assert math.isclose(expected, cost_of(parts, clean_up), abs_tol=1e-12)


@given(some_parts, clean_ups)
def test_order_by_index_is_the_best_of_all_sequences(parts: Parts, clean_up: float) -> None:
    """Every subset in every order is tried: up to 1,957 sequences; none may be cheaper."""
    best_bps, _ = naive_routing.cheapest_sequence(parts, clean_up)
    index = np.array([row_index(*part) for part in parts], np.float64)
    order = np.zeros(len(parts), np.int64)

    n_kept = order_by_index(index, clean_up, order)
    chosen = [parts[i] for i in order[:n_kept]]

    assert abs(best_bps - cost_of(chosen, clean_up)) <= 1e-12


@given(markets())
def test_rows_equal_the_reference(market: Market) -> None:
    """Quotes, limits, masks and minimum sizes decide together; eight tidy cases would miss most."""
    desk, naive = market.desk(), market.decision()
    naive_routing.build_rows(naive)
    rows = desk.rows

    for r, row in enumerate(naive.rows):
        found = {
            name: rows[name][r].item()
            for name in (
                "venue_idx",
                "tactic",
                "excluded",
                "limit_ticks",
                "size_shares",
                "available_shares",
                "rest_ns",
            )
        }
        assert {
            "venue_idx": row.venue,
            "tactic": int(row.tactic),
            "excluded": int(row.excluded),
            "limit_ticks": row.limit_ticks,
            "size_shares": row.size_shares,
            "available_shares": row.available_shares,
            "rest_ns": row.rest_ns,
        } == found
        assert math.isclose(row.fee_bps, rows["fee_bps"][r], rel_tol=1e-12)


def built(market: Market) -> tuple[Desk, NaiveDecision]:
    """Both sides, rows described; the reference knows the parts of usable rows."""
    desk, naive = market.desk(), market.decision()
    naive_routing.build_rows(naive)
    for r, row in enumerate(naive.rows):
        if not row.excluded:
            row.parts = market.parts[r]
    return desk, naive


def assert_same_plan(naive: NaiveDecision, desk: Desk) -> None:
    """Rank, stage and shares to the share; scores and costs to rounding."""
    rows = desk.rows
    for name in ("rank", "stage", "alloc_shares"):
        assert [getattr(row, name) for row in naive.rows] == rows[name].tolist(), name
    for name in ("score", "cost_bps"):
        expected = [getattr(row, name) for row in naive.rows]
        np.testing.assert_allclose(rows[name], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("policy", "reference"),
    [
        (SweepPolicy(), naive_routing.sweep_touch),
        (ProportionalPolicy(), naive_routing.proportional),
    ],
    ids=["sweep", "proportional"],
)
@given(market=markets())
def test_plan_without_a_list_equals_the_reference(
    policy: Policy, reference: Callable[[NaiveDecision], None], market: Market
) -> None:
    """Takes only: who gets how much, in which order."""
    desk, naive = built(market)
    policy.plan(desk.frame)
    reference(naive)

    assert_same_plan(naive, desk)


@given(markets())
def test_static_plan_equals_the_reference(market: Market) -> None:
    """Where the walk goes on depends on what was sent when."""
    assume(market.waterfall)
    desk, naive = built(market)
    StaticPolicy(market.waterfall_array()).plan(desk.frame)
    naive_routing.static(naive, market.waterfall)

    assert_same_plan(naive, desk)


@given(markets())
def test_paced_plan_equals_the_reference(market: Market) -> None:
    """Waves of takes, and what is too dear so early."""
    assume(market.waterfall)
    desk, naive = built(market)
    pace = market.config.baseline.pace
    BestStaticPolicy(market.waterfall_array(), pace).plan(desk.frame)
    naive_routing.paced(naive, market.waterfall)

    assert_same_plan(naive, desk)


@given(markets())
def test_supervised_plan_equals_the_reference(market: Market) -> None:
    """Scores, both plans and the choice between them."""
    assume(market.waterfall)
    desk, naive = built(market)
    policy = SupervisedPolicy(EchoModel(), market.waterfall_array(), market.config)
    policy.plan(desk.frame)
    naive_routing.supervised(naive, market.waterfall)

    assert_same_plan(naive, desk)
