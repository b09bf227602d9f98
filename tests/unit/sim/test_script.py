"""The scripted flow: what each operation does to the venues, and what is refused."""

import math
from typing import Any

import numpy as np
import pytest

from penstock.domain import Side, TapeError, TapeFlag, TapeKind
from penstock.sim import ScriptArray, ScriptOp, World, check_script, empty_script
from penstock.sim.script import live_orders_at_most, targets_of
from tests.support.worlds import LIT, OTHER_LIT, POOL, Client, Row, quiet_market, quotes, script

SCENARIO = quiet_market()
BID, ASK = 1_000_000, 1_000_100


def client_in(rows: list[Row]) -> Client:
    """A client in the quiet market with this script."""
    return Client(World(SCENARIO, 1, script=script(SCENARIO, rows)))


def levels(client: Client, venue_idx: int) -> dict[tuple[int, int], int]:
    """What the tape says is displayed at the end."""
    shown: dict[tuple[int, int], int] = {}
    for row in client.tape:
        if row["venue_idx"] == venue_idx and row["kind"] == TapeKind.LEVEL:
            shown[int(row["side"]), int(row["price_ticks"])] = int(row["shares"])
    return {level: shares for level, shares in shown.items() if shares}


def test_an_add_rests_where_it_does_not_cross() -> None:
    """An ask of 800 at the bid takes the 500 there; its rest is displayed."""
    client = client_in([*quotes(), (1.0, ScriptOp.ADD, LIT, -1, BID, 800, 1)])
    client.wait(2.0)

    assert [(LIT, BID, 500)] == client.trades()
    assert {(-1, BID): 300, (-1, ASK): 500} == levels(client, LIT)


def test_a_cancel_takes_shares_or_all() -> None:
    """A part keeps the order's place; 0 and more than it has take the whole."""
    rows = [
        (-1.0, ScriptOp.ADD, LIT, 1, BID, 500, 1),
        (-1.0, ScriptOp.ADD, LIT, -1, ASK, 500, 2),
        (-1.0, ScriptOp.ADD, OTHER_LIT, 1, BID, 500, 3),
        (1.0, ScriptOp.CANCEL, LIT, 0, 0, 200, 1),
        (1.0, ScriptOp.CANCEL, LIT, 0, 0, 0, 2),
        (1.0, ScriptOp.CANCEL, OTHER_LIT, 0, 0, 900, 3),
    ]
    client = client_in(rows)
    client.wait(2.0)

    assert {(1, BID): 300} == levels(client, LIT)
    assert {} == levels(client, OTHER_LIT)


def test_what_we_took_stays_taken() -> None:
    """The script cancels an order that we have bought: nothing happens, nothing is missed."""
    client = client_in([*quotes(), (1.0, ScriptOp.CANCEL, LIT, 0, 0, 0, 1_000 + 10 * LIT - 1)])
    client.take(1, LIT, Side.BUY, 500, ASK)
    client.wait(2.0)

    assert [500] == [fill.size_shares for fill in client.fills(1)]
    assert {(1, BID): 500} == levels(client, LIT)
    assert [] == client.world.problems()


@pytest.mark.parametrize(("limit", "traded"), [(ASK, 500), (0, 800)])
def test_a_market_order_goes_as_far_as_its_limit(limit: int, traded: int) -> None:
    """0 is any price; what is left over is gone."""
    rows = [
        *quotes(),
        (-1.0, ScriptOp.ADD, LIT, -1, ASK + 100, 300, 1),
        (1.0, ScriptOp.MARKET, LIT, 1, limit, 5_000, -1),
    ]
    client = client_in(rows)
    client.wait(2.0)

    assert traded == sum(shares for _, _, shares in client.trades())
    assert (1, ASK) not in levels(client, LIT)


@pytest.mark.parametrize(("venue_idx", "flags"), [(LIT, 0), (POOL, int(TapeFlag.OFF_EXCHANGE))])
def test_a_print_is_on_the_tape_and_nowhere_else(venue_idx: int, flags: int) -> None:
    """For trades that met nothing displayed."""
    client = client_in([*quotes(), (1.0, ScriptOp.PRINT, venue_idx, 1, BID + 37, 123, -1)])
    client.wait(2.0)

    row = client.tape[client.tape["kind"] == TapeKind.TRADE][0]
    assert (venue_idx, 1, BID + 37, 123, flags) == (
        int(row["venue_idx"]), int(row["side"]), int(row["price_ticks"]), int(row["shares"]),
        int(row["flags"]),
    )  # fmt: skip
    assert {(1, BID): 500, (-1, ASK): 500} == levels(client, LIT)


def test_the_reference_price_is_the_scripts_and_unknown_before() -> None:
    """A replay has no true price of its own; NaN says so, 0 would lie."""
    client = client_in([*quotes(), (1.0, ScriptOp.REFERENCE, LIT, 0, 1_000_042, 0, -1)])
    client.wait(0.5)
    before = client.world.reference_price_ticks()
    client.take(1, LIT, Side.BUY, 100, ASK)
    client.wait(1.0)
    client.take(2, LIT, Side.BUY, 100, ASK)
    client.wait(0.1)

    assert math.isnan(before)
    assert 1_000_042.0 == client.world.reference_price_ticks()
    assert [True, False] == [math.isnan(row["reference_ticks"]) for row in client.world.audit()]


def test_hidden_interest_can_be_withdrawn() -> None:
    """Then it is not there for us."""
    rows = [
        *quotes(),
        (-0.5, ScriptOp.DARK_ADD, POOL, -1, 0, 300, 1),
        (1.0, ScriptOp.DARK_CANCEL, POOL, 0, 0, 0, 1),
    ]
    client = client_in(rows)
    client.wait(2.0)

    assert 0 == client.world.hidden().pool_shares.sum()


def test_cancels_know_their_orders() -> None:
    """By id, whatever the order of ids; an id that was never added is nobody's."""
    rows = script(
        SCENARIO,
        [
            (0.0, ScriptOp.ADD, LIT, 1, BID, 100, 9),
            (1.0, ScriptOp.ADD, LIT, 1, BID, 100, 3),
            (2.0, ScriptOp.CANCEL, LIT, 0, 0, 0, 3),
            (3.0, ScriptOp.CANCEL, LIT, 0, 0, 0, 9),
            (4.0, ScriptOp.CANCEL, LIT, 0, 0, 0, 5),
        ],
    )

    assert [-1, -1, 1, 0, -1] == targets_of(rows).tolist()
    assert 2 == live_orders_at_most(rows)
    assert 0 == live_orders_at_most(empty_script())


def test_partial_cancels_count_as_gone_once_they_sum_up() -> None:
    """Memory is sized by the most orders that can rest at one time."""
    rows = script(
        SCENARIO,
        [
            (0.0, ScriptOp.ADD, LIT, 1, BID, 100, 1),
            (1.0, ScriptOp.CANCEL, LIT, 0, 0, 60, 1),
            (2.0, ScriptOp.CANCEL, LIT, 0, 0, 60, 1),
            (3.0, ScriptOp.ADD, LIT, 1, BID, 100, 2),
        ],
    )

    assert 1 == live_orders_at_most(rows)


def changed(**values: Any) -> ScriptArray:
    """A good script, its second row spoilt."""
    rows = script(SCENARIO, quotes())
    for name, value in values.items():
        rows[name][1] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (changed(time_ns=0), "times that never go back"),
        (changed(op=9), "an operation of ScriptOp"),
        (changed(venue_idx=4), "a venue of the scenario"),
        (changed(venue_idx=-1), "a venue of the scenario"),
        (changed(venue_idx=POOL), "a lit venue for ADD, CANCEL and MARKET"),
        (changed(op=int(ScriptOp.DARK_ADD)), "a pool for DARK_ADD and DARK_CANCEL"),
        (changed(side=0), "side +1 or -1"),
        (changed(shares=0), "1 to 100,000,000 shares"),
        (changed(price_ticks=0), "a positive price"),
        (changed(price_ticks=BID + 1), "a multiple of the increment, 100 ticks"),
        (changed(script_id=1_000 + 10 * LIT + 1), "a script_id used once"),
        (np.zeros(3), "a one-dimensional array of SCRIPT_DTYPE"),
    ],
)
def test_a_script_that_cannot_be_carried_out_is_refused(rows: ScriptArray, expected: str) -> None:
    """Before anything starts, with the row and the rule."""
    with pytest.raises(TapeError) as caught:
        check_script(rows, SCENARIO)

    assert [expected] == [problem.expected for problem in caught.value.problems]
