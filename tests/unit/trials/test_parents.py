"""A day's parents: a matter of scenario and seed alone, and within what the scenario says."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from penstock.domain import ConfigError, ParentOrder, Side, from_seconds
from penstock.sim import Scenario, check_scenario
from penstock.trials import parents_of_day
from tests.support.small_days import small_scenario


def with_parents(scenario: Scenario, **wish: object) -> Scenario:
    """The scenario with other parents."""
    return msgspec.structs.replace(
        scenario, parents=msgspec.structs.replace(scenario.parents, **wish)
    )


MANY = with_parents(small_scenario(), n_per_day=2_000)


@pytest.fixture(scope="module")
def many() -> list[ParentOrder]:
    """Enough parents to meet every corner of the rules."""
    return parents_of_day(MANY, 1)


def test_the_seed_alone_decides() -> None:
    """Nothing of the run is an argument, so every policy gets the same orders."""
    assert parents_of_day(MANY, 1) == parents_of_day(MANY, 1)
    assert parents_of_day(MANY, 1) != parents_of_day(MANY, 2)


def test_other_venues_and_prices_leave_the_parents_alone() -> None:
    """Their stream is their own: a market that is tuned keeps its orders."""
    scenario = small_scenario()
    other = msgspec.structs.replace(
        scenario,
        venues=scenario.venues[2:],
        price=msgspec.structs.replace(scenario.price, jump_interval_s=0.0),
    )

    assert parents_of_day(scenario, 1) == parents_of_day(other, 1)


def test_numbers_count_up_in_the_order_of_arrival(many: list[ParentOrder]) -> None:
    """A parent's number is how a report names it."""
    arrivals_ns = [order.arrival_ns for order in many]

    assert list(range(1, 2_001)) == [order.parent_id for order in many]
    assert sorted(arrivals_ns) == arrivals_ns


def test_sizes_are_round_lots_within_the_scenario(many: list[ParentOrder]) -> None:
    """Fractions of daily volume, rounded to lots: a limit may be passed by half a lot."""
    wish, stock = MANY.parents, MANY.instrument
    sizes = np.array([order.size_shares for order in many])

    assert np.all(sizes % stock.round_lot_shares == 0)
    assert sizes.min() >= wish.size_min_adv_frac * stock.adv_shares - stock.round_lot_shares / 2
    assert sizes.max() <= wish.size_max_adv_frac * stock.adv_shares + stock.round_lot_shares / 2


def test_sizes_are_uniform_in_the_logarithm(many: list[ParentOrder]) -> None:
    """Half of them below the geometric mean of the limits, not below the middle."""
    wish = MANY.parents
    middle = MANY.instrument.adv_shares * np.sqrt(wish.size_min_adv_frac * wish.size_max_adv_frac)
    below = np.mean([order.size_shares < middle for order in many])

    assert pytest.approx(0.5, abs=0.05) == below


def test_a_size_below_one_lot_is_one_lot() -> None:
    """Rounding may not make an order of nothing."""
    tiny = with_parents(small_scenario(), size_min_adv_frac=1e-9, size_max_adv_frac=2e-9)

    assert {100} == {order.size_shares for order in parents_of_day(tiny, 1)}


def test_terms_are_those_of_the_scenario(many: list[ParentOrder]) -> None:
    """Every horizon, urgency and side that may occur does, and no other."""
    wish = MANY.parents

    assert {from_seconds(horizon_s) for horizon_s in wish.horizon_s} == {
        order.horizon_ns for order in many
    }
    assert set(wish.urgency_frac) == {order.urgency_frac for order in many}
    assert set(Side) == {order.side for order in many}
    assert {wish.client} == {order.client for order in many}
    assert {None} == {order.limit_ticks for order in many}


def test_the_share_of_buys_is_the_scenarios() -> None:
    """The ends are exact; a day of buys only is a legal wish."""
    buys = parents_of_day(with_parents(small_scenario(), buy_frac=1.0), 1)
    sells = parents_of_day(with_parents(small_scenario(), buy_frac=0.0), 1)

    assert {Side.BUY} == {order.side for order in buys}
    assert {Side.SELL} == {order.side for order in sells}


def test_every_horizon_fits_between_lead_in_and_the_end(many: list[ParentOrder]) -> None:
    """A parent that the closing bell cuts off would measure the bell."""
    lead_in_ns = from_seconds(MANY.parents.lead_in_s)

    assert MANY.start_ns + lead_in_ns <= min(order.arrival_ns for order in many)
    assert MANY.end_ns - lead_in_ns >= max(order.deadline_ns for order in many)


def test_the_shortest_day_that_is_allowed_holds_one_moment_of_arrival() -> None:
    """The limit of `check_scenario` and the arithmetic here are the same rule."""
    scenario = small_scenario()
    longest_s = 2.0 * scenario.parents.lead_in_s + max(scenario.parents.horizon_s)
    about = msgspec.structs.replace(scenario.scenario, duration_s=longest_s)
    shortest = msgspec.structs.replace(scenario, scenario=about)
    check_scenario(shortest, "shortest.toml")
    orders = parents_of_day(shortest, 1)

    assert {shortest.start_ns + from_seconds(60.0)} == {order.arrival_ns for order in orders}
    with pytest.raises(ConfigError, match="lengthen the session"):
        check_scenario(with_parents(shortest, horizon_s=(180.1,)), "short.toml")
