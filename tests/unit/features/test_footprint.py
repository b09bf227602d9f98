"""The decaying footprint of our own executions."""

from __future__ import annotations

import math

import pytest

from penstock.domain import NS_PER_S
from penstock.features import FOOTPRINT_TAU_NS, Footprint


def test_a_footprint_fades_exponentially() -> None:
    """After one time constant 1/e of it is left."""
    footprint = Footprint(1)
    footprint.add(0, 1_000, now_ns=0)

    assert 1_000.0 == footprint.value(0, 0)
    assert 1_000.0 / math.e == pytest.approx(footprint.value(0, FOOTPRINT_TAU_NS))


def test_executions_add_up_with_their_signs() -> None:
    """What we bought and sold again leaves no trace."""
    footprint = Footprint(1)
    footprint.add(0, 1_000, now_ns=0)
    footprint.add(0, -500, now_ns=10 * NS_PER_S)

    expected = 1_000 * math.exp(-40 / 30) - 500 * math.exp(-30 / 30)
    assert expected == pytest.approx(footprint.value(0, 40 * NS_PER_S))


def test_instruments_have_footprints_of_their_own() -> None:
    """Buying one stock says nothing about another."""
    footprint = Footprint(2)
    footprint.add(1, 1_000, now_ns=0)

    assert 0.0 == footprint.value(0, 0)


def test_the_same_executions_give_the_same_hash() -> None:
    """A replay is compared with its run by this."""
    one, other = Footprint(1), Footprint(1)
    for footprint in (one, other):
        footprint.add(0, 300, now_ns=7)

    assert one.state_hash() == other.state_hash()
    assert one.state_hash() != Footprint(1).state_hash()


def test_time_does_not_go_back() -> None:
    """Reports come in the order of receipt; anything else is our own bug."""
    footprint = Footprint(1)
    footprint.add(0, 300, now_ns=7)

    with pytest.raises(AssertionError, match="order"):
        footprint.add(0, 300, now_ns=6)
