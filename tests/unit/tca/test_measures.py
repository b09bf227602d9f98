"""What an execution cost: a worked example by hand, signs, and parts that add up."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.domain import Ns, Shares, Side, UsdMicros
from penstock.tca import Execution, markout_bps, shortfall

# Buy 1,000 at a midpoint of 100.0000 USD. 600 at 100.01 and 200 at 100.02, 3 USD of fees, 200 left;
# at the end the offer stands at 100.05 and taking it costs 0.30 cents a share: 1,000,530 ticks.
#   execution    600 * 100 + 200 * 200       =   100,000 ticks
#   fees         3,000,000 micros / 100      =    30,000 ticks
#   opportunity  200 * 530                   =   106,000 ticks
# of 1,000 shares at 1,000,000 ticks: 1e9 ticks, so 100,000 ticks are 1 bps.
BOUGHT = Execution(
    parent_id=1,
    side=Side.BUY,
    size_shares=Shares(1_000),
    filled_shares=Shares(800),
    paid_ticks_shares=600 * 1_000_100 + 200 * 1_000_200,
    fees_usd_micros=UsdMicros(3_000_000),
    arrival_mid_ticks_x2=2_000_000,
    clean_up_ticks=1_000_530.0,
    arrival_ns=Ns(0),
    end_ns=Ns(1),
    n_children=2,
    n_decisions=1,
)


def mirrored(execution: Execution) -> Execution:
    """The other side at prices as far on the other side of the midpoint."""
    mid_x2 = execution.arrival_mid_ticks_x2
    return msgspec.structs.replace(
        execution,
        side=execution.side.opposite,
        paid_ticks_shares=execution.filled_shares * mid_x2 - execution.paid_ticks_shares,
        clean_up_ticks=mid_x2 - execution.clean_up_ticks,
    )


executions = st.builds(
    lambda side, size, filled_frac, price, fees, mid_x2, clean_up: Execution(
        parent_id=1,
        side=side,
        size_shares=Shares(size),
        filled_shares=Shares(int(size * filled_frac)),
        paid_ticks_shares=int(size * filled_frac) * price,
        fees_usd_micros=UsdMicros(fees),
        arrival_mid_ticks_x2=mid_x2,
        clean_up_ticks=clean_up,
        arrival_ns=Ns(0),
        end_ns=Ns(1),
        n_children=1,
        n_decisions=1,
    ),
    st.sampled_from(Side),
    st.integers(1, 10**7),
    st.floats(0.0, 1.0),
    st.integers(10_000, 10**7),
    st.integers(-(10**9), 10**9),
    st.integers(20_000, 2 * 10**7),
    st.floats(10_000.0, 1e7),
)


def test_the_worked_example() -> None:
    """By hand, above: 1.00 + 0.30 + 1.06 bps."""
    parts = shortfall(BOUGHT)

    assert pytest.approx(1.00) == parts.execution_bps
    assert pytest.approx(0.30) == parts.fees_bps
    assert pytest.approx(1.06) == parts.opportunity_bps
    assert pytest.approx(2.36) == parts.total_bps


def test_unfilled_shares_are_priced_at_the_far_touch() -> None:
    """Nothing filled and nothing paid: the whole order at the price it could be had for."""
    nothing = msgspec.structs.replace(
        BOUGHT,
        filled_shares=Shares(0),
        paid_ticks_shares=0,
        fees_usd_micros=UsdMicros(0),
    )
    parts = shortfall(nothing)

    assert (0.0, 0.0) == (parts.execution_bps, parts.fees_bps)
    assert pytest.approx(5.30) == parts.total_bps


def test_to_miss_a_price_that_came_back_is_a_gain() -> None:
    """The market fell away from a buyer: what was not bought can be had for less."""
    cheaper = msgspec.structs.replace(BOUGHT, clean_up_ticks=999_000.0)

    assert pytest.approx(-2.00) == shortfall(cheaper).opportunity_bps


def test_a_complete_order_owes_nothing_for_the_rest() -> None:
    """Wherever the market stands at the end."""
    complete = msgspec.structs.replace(BOUGHT, size_shares=Shares(800))

    assert 0.0 == shortfall(complete).opportunity_bps


def test_a_rebate_lowers_the_cost() -> None:
    """Fees are what we pay, so a rebate is negative."""
    rebate = msgspec.structs.replace(BOUGHT, fees_usd_micros=UsdMicros(-1_000_000))

    assert pytest.approx(-0.10) == shortfall(rebate).fees_bps


@given(executions)
def test_a_sell_costs_what_its_mirror_image_costs(execution: Execution) -> None:
    """Positive is cost on both sides; fees have no side."""
    ours, theirs = shortfall(execution), shortfall(mirrored(execution))

    assert pytest.approx(ours.execution_bps, abs=1e-6) == theirs.execution_bps
    assert pytest.approx(ours.opportunity_bps, abs=1e-6) == theirs.opportunity_bps
    assert ours.fees_bps == theirs.fees_bps


@given(executions)
def test_the_parts_are_the_whole_bill(execution: Execution) -> None:
    """Total is what all shares cost, filled and to be filled, over what they were worth."""
    left = execution.size_shares - execution.filled_shares
    mid = execution.arrival_mid_ticks_x2 / 2
    bill = execution.paid_ticks_shares + left * execution.clean_up_ticks
    worth = execution.size_shares * mid
    expected = (
        1e4 * (int(execution.side) * (bill - worth) + execution.fees_usd_micros / 100) / worth
    )

    assert pytest.approx(expected, rel=1e-9, abs=1e-4) == shortfall(execution).total_bps


@pytest.mark.parametrize(("side", "expected"), [(Side.BUY, 1.0), (Side.SELL, -1.0)])
def test_a_markout_against_us_is_positive(side: Side, expected: float) -> None:
    """A midpoint that rose by one bps costs who still has to buy, and helps who has to sell."""
    assert pytest.approx(expected) == markout_bps(side, 2_000_000, 2_000_200)
