"""Pools by size, minimum quantities of hidden orders, and classes of contra orders."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from penstock.domain import ConfigError, Side, Tif
from penstock.sim import Scenario, ScriptOp, World, check_scenario
from penstock.sim.pool_classes import class_drawn, class_rows
from penstock.sim.scenario.traders import PoolClass
from tests.support.worlds import POOL, Client, plain_day, quiet_market, quotes, script

PINT, PDRK = 0, 1
MID = 1_000_050
PINGS = (
    PoolClass(name="natural", frac=0.4),
    PoolClass(name="pings", frac=0.6, contra_shares=100.0, informed_frac=0.9, leak_prob=0.0),
)


def with_pool(scenario: Scenario, venue_idx: int, **changes: Any) -> Scenario:
    """The scenario with these keys of one pool changed."""
    venues = list(scenario.venues)
    pool = venues[venue_idx].pool
    assert pool is not None
    pool = msgspec.structs.replace(pool, **changes)
    venues[venue_idx] = msgspec.structs.replace(venues[venue_idx], pool=pool)
    return msgspec.structs.replace(scenario, venues=tuple(venues))


@pytest.mark.parametrize(("priority", "expected"), [("time", [50]), ("size", [])])
def test_size_priority_serves_the_larger_order_first(priority: str, expected: list[int]) -> None:
    """300 came first, ours of 200 second, 400 third; a seller of 350 comes last."""
    scenario = with_pool(quiet_market(), POOL, priority=priority)
    rows = [
        *quotes(),
        (-0.5, ScriptOp.DARK_ADD, POOL, 1, 0, 300, 1),
        (1.0, ScriptOp.DARK_ADD, POOL, 1, 0, 400, 2),
        (2.0, ScriptOp.DARK_ADD, POOL, -1, 0, 350, 3),
    ]
    client = Client(World(scenario, 1, script=script(scenario, rows)))
    client.peg(1, POOL, Side.BUY, 200, MID + 50)
    client.wait(3.0)

    assert expected == [fill.size_shares for fill in client.fills(1)]


def test_what_an_order_has_left_decides_its_place() -> None:
    """400 lose 300 to a seller, so ours of 200 are the largest when the next one comes."""
    scenario = with_pool(quiet_market(), POOL, priority="size")
    rows = [
        *quotes(),
        (-0.5, ScriptOp.DARK_ADD, POOL, 1, 0, 400, 1),
        (1.0, ScriptOp.DARK_ADD, POOL, -1, 0, 300, 2),
        (2.0, ScriptOp.DARK_ADD, POOL, -1, 0, 150, 3),
    ]
    client = Client(World(scenario, 1, script=script(scenario, rows)))
    client.peg(1, POOL, Side.BUY, 200, MID + 50)
    client.wait(3.0)

    assert [150] == [fill.size_shares for fill in client.fills(1)]


def filled_by_pings(interest_min_frac: float) -> int:
    """What hidden interest gives to an immediate order of 100 shares, every second."""
    day = with_pool(
        plain_day(900.0), PDRK, interest_min_frac=interest_min_frac, contra_per_s=0.0,
        interest_shares=5_000.0, size_tail=50.0, zero_frac=0.0,
    )  # fmt: skip
    client = Client(World(day, 5))
    for child_id in range(1, 600):
        side = Side.BUY if child_id % 2 else Side.SELL
        client.peg(child_id, PDRK, side, 100, 850_000 + 50_000 * side, tif=Tif.IOC)
        client.wait(1.0)
    return int(client.world.audit()["size_shares"].sum())


def test_hidden_interest_may_refuse_small_orders() -> None:
    """With a minimum of half its size, next to none of it is found by orders of 100 shares."""
    assert filled_by_pings(0.0) > 5_000
    assert filled_by_pings(0.5) < filled_by_pings(0.0) / 5


def test_every_draw_is_of_a_class_in_its_share() -> None:
    """Four tenths and six tenths of 1,024 draws; in a pool without classes all are of the first."""
    day = with_pool(plain_day(), PDRK, classes=PINGS)
    rows = class_rows(day.venues)
    drawn = np.array([class_drawn(rows, PDRK, draw) for draw in range(1_024)])

    assert [410, 614] == np.bincount(drawn).tolist()
    assert {0} == {class_drawn(rows, PINT, draw) for draw in (0, 500, 1_023)}


def test_one_class_of_everything_is_no_class() -> None:
    """A pool whose only class names nothing is the pool itself, to the bit."""
    plain = World(plain_day(), 3)
    classed = World(with_pool(plain_day(), PDRK, classes=(PoolClass(name="all", frac=1.0),)), 3)
    for world in (plain, classed):
        world.advance(world.scenario.end_ns)

    assert plain.state_hash() == classed.state_hash()


def test_insiders_know_the_mean_of_the_classes() -> None:
    """Four tenths know what the pool's own do, 0.15; six tenths 0.9."""
    day = plain_day()
    pool = day.venues[PDRK].pool
    assert pool is not None
    usual = World(day, 3).hidden()
    classed = World(with_pool(day, PDRK, classes=PINGS), 3).hidden()

    assert pool.informed_frac == usual.informed_frac[PDRK]
    assert classed.informed_frac[PDRK] == pytest.approx(
        0.4 * pool.informed_frac + 0.6 * 0.9, abs=0.001
    )
    assert classed.leak_ticks[PDRK] == pytest.approx(0.4 * usual.leak_ticks[PDRK], rel=0.01)
    assert usual.informed_frac[PINT] == classed.informed_frac[PINT]


@pytest.mark.parametrize("fracs", [(0.5, 0.4), (0.2,) * 5], ids=["not one", "five"])
def test_classes_that_cannot_be_drawn_are_refused(fracs: tuple[float, ...]) -> None:
    """They must add up to one, and there is room for four."""
    classes = tuple(PoolClass(name="some", frac=frac) for frac in fracs)
    with pytest.raises(ConfigError) as caught:
        check_scenario(with_pool(plain_day(), PDRK, classes=classes), "my.toml")

    assert ["my.toml: venues[1] (PDRK).pool.classes"] == [
        one.where for one in caught.value.problems
    ]
