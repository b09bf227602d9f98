"""Exploring: half of the parents by lot, whole parents, and with the chances written down."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from penstock.domain import Exclusion, Tactic
from penstock.learning import ExplorePolicy
from penstock.routing import SweepPolicy
from tests.support.routing_frames import Desk, ask, bid, lit, pool, row, universe

TAKE, MID, POST = Tactic.TAKE, Tactic.MID, Tactic.POST
MIXED = universe(pool(0), lit(1), lit(2))
QUOTES = [bid(1, 9_990, 400), ask(1, 10_000, 500), bid(2, 9_990, 400), ask(2, 10_000, 500)]
USABLE = [row(0, MID), row(1, TAKE), row(1, POST), row(2, TAKE), row(2, POST)]
POLICY = ExplorePolicy(SweepPolicy(), seed=3)


def plan(
    desk: Desk, parent_id: int, *, n_decisions: int = 0, must_complete: bool = False
) -> list[int]:
    """Rows of the plan for a decision of this parent, best first."""
    desk.decide(route_shares=300, must_complete=must_complete)
    desk.frame.situation["parent_id"] = parent_id
    desk.frame.situation["n_decisions"] = n_decisions
    POLICY.plan(desk.frame)
    return desk.ranked()


@pytest.fixture(name="desk")
def _desk() -> Desk:
    return Desk(MIXED, QUOTES)


@pytest.fixture(name="explored")
def _explored(desk: Desk) -> list[int]:
    """Parents of the first 2,000 that are explored: a sweep never ranks a pool."""
    return [parent_id for parent_id in range(1, 2_001) if row(0, MID) in plan(desk, parent_id)]


def test_half_of_the_parents_are_explored(explored: list[int]) -> None:
    """1,000 of 2,000, within four standard errors of 22."""
    assert abs(len(explored) - 1_000) < 90


def test_an_explored_row_had_the_chance_of_its_place(desk: Desk, explored: list[int]) -> None:
    """
    One in five for each usable row, and 1 for what no lot decided. Off-policy estimates divide by
    it: a wrong one would weigh every outcome wrongly.
    """
    ranked = plan(desk, explored[0])

    assert USABLE == sorted(ranked)
    assert [0.2] * 5 == desk.rows["propensity"][USABLE].tolist()
    excluded = np.setdiff1d(np.arange(len(desk.rows)), USABLE)
    assert [1.0] * 4 == desk.rows["propensity"][excluded].tolist()


def test_the_chance_is_the_one_that_is_written_down(desk: Desk, explored: list[int]) -> None:
    """Each of five rows comes first for a fifth of the parents, within four standard errors."""
    first = Counter(plan(desk, parent_id)[0] for parent_id in explored)
    error = (0.2 * 0.8 / len(explored)) ** 0.5

    assert set(USABLE) == set(first)
    for count in first.values():
        assert abs(count / len(explored) - 0.2) < 4 * error


def test_what_is_masked_changes_the_chances(desk: Desk, explored: list[int]) -> None:
    """Four rows are left when risk forbids one."""
    desk.decide(route_shares=300)
    desk.rows["excluded"][row(1, POST)] = Exclusion.RESTRICTED
    desk.frame.situation["parent_id"] = explored[0]
    POLICY.plan(desk.frame)

    assert row(1, POST) not in desk.ranked()
    assert 0.25 == desk.rows["propensity"][row(2, POST)]
    assert 1.0 == desk.rows["propensity"][row(1, POST)]


def test_other_parents_follow_the_base(desk: Desk, explored: list[int]) -> None:
    """To the letter, and for certain."""
    parent_id = min(set(range(1, 2_001)) - set(explored))
    ranked, sent = plan(desk, parent_id), desk.sent()
    certain = desk.rows["propensity"].tolist()
    SweepPolicy().plan(desk.frame)

    assert (desk.ranked(), desk.sent()) == (ranked, sent)
    assert [1.0] * 9 == certain


def test_a_parent_is_explored_as_a_whole(desk: Desk, explored: list[int]) -> None:
    """At every decision, each with a lot of its own; the others at none."""
    parent_id = explored[0]
    orders = {tuple(plan(desk, parent_id, n_decisions=n)) for n in range(20)}
    follower = min(set(range(1, 2_001)) - set(explored))
    followed = {tuple(plan(desk, follower, n_decisions=n)) for n in range(20)}

    assert 10 < len(orders)
    assert all(sorted(order) == USABLE for order in orders)
    assert 1 == len(followed)


def test_the_duty_to_complete_is_not_explored(desk: Desk, explored: list[int]) -> None:
    """A random row that rests would leave the order unfilled."""
    ranked = plan(desk, explored[0], must_complete=True)

    assert [row(1, TAKE)] == ranked
    assert (desk.rows["propensity"] == 1.0).all()


def test_the_same_seed_and_parent_give_the_same_lot(desk: Desk, explored: list[int]) -> None:
    """No state is kept: a replayed journal must draw the same."""
    first = plan(desk, explored[0])
    plan(desk, explored[1])
    other = ExplorePolicy(SweepPolicy(), seed=4)

    assert first == plan(desk, explored[0])
    assert POLICY.state_hash() != other.state_hash()


def test_without_usable_rows_nothing_is_sent(explored: list[int]) -> None:
    """And no chance is a division by zero."""
    desk = Desk(MIXED, [])

    assert [] == plan(desk, explored[0])
    assert (desk.rows["propensity"] == 1.0).all()
