"""Dark pools: what crosses, at which price, and what does not."""

import numpy as np
import pytest

from penstock.domain import Liquidity, Side, TapeFlag, TapeKind, Tif
from penstock.sim import ScriptOp, World
from tests.support.worlds import (
    LIT,
    OTHER_LIT,
    OTHER_POOL,
    POOL,
    POOL_DELAY_US,
    Client,
    Row,
    quiet_market,
    quotes,
    script,
    us,
)

BID, ASK = 1_000_000, 1_000_100
MID = 1_000_050
ANY = 0


def client_in(rows: list[Row]) -> Client:
    """A client in the quiet market with this script."""
    scenario = quiet_market()
    return Client(World(scenario, 1, script=script(scenario, rows)))


def hidden(at_s: float, side: int, shares: int, script_id: int, limit: int = ANY) -> Row:
    """Hidden interest in the first pool."""
    return (at_s, ScriptOp.DARK_ADD, POOL, side, limit, shares, script_id)


def test_an_immediate_peg_meets_hidden_interest_at_the_midpoint() -> None:
    """200 are hidden there, 500 were wanted: the rest is cancelled, nothing is displayed."""
    client = client_in([*quotes(), hidden(-0.5, -1, 200, 1)])
    client.peg(1, POOL, Side.BUY, 500, ASK, tif=Tif.IOC)
    client.wait(0.01)

    assert ["ChildAck", "ChildFill", "ChildCancelled"] == client.of(1)
    fill = client.fills(1)[0]
    assert (200, MID, Liquidity.MIDPOINT) == (fill.size_shares, fill.price_ticks, fill.liquidity)
    assert 200 * 1_000 == fill.fee_usd_micros


def test_a_resting_peg_waits_for_the_other_side() -> None:
    """What comes later trades with it, first come first served."""
    client = client_in([*quotes(), hidden(1.0, -1, 300, 1), hidden(2.0, -1, 300, 2)])
    client.peg(1, POOL, Side.BUY, 400, ASK)
    client.wait(3.0)

    assert [(300, MID), (100, MID)] == [(f.size_shares, f.price_ticks) for f in client.fills(1)]
    assert ["ChildAck", "ChildFill", "ChildFill"] == client.of(1)


def test_earlier_interest_trades_first() -> None:
    """A pool knows one price, so time alone decides."""
    client = client_in([*quotes(), hidden(-0.5, 1, 300, 1), hidden(1.0, -1, 350, 2)])
    client.peg(1, POOL, Side.BUY, 400, ASK)
    client.wait(2.0)

    assert [50] == [fill.size_shares for fill in client.fills(1)]


def test_a_minimum_is_asked_of_each_execution() -> None:
    """200 are too few for a minimum of 250; 300 from one counterparty are enough."""
    client = client_in([*quotes(), hidden(-0.5, -1, 200, 1), hidden(1.0, -1, 300, 2)])
    client.peg(1, POOL, Side.BUY, 400, ASK, min_shares=250)
    client.wait(2.0)

    assert [300] == [fill.size_shares for fill in client.fills(1)]


def test_a_rest_smaller_than_the_minimum_may_trade() -> None:
    """After 300 of 400 the minimum of 250 cannot be met any more, so it is waived."""
    client = client_in([*quotes(), hidden(1.0, -1, 300, 1), hidden(2.0, -1, 300, 2)])
    client.peg(1, POOL, Side.BUY, 400, ASK, min_shares=250)
    client.wait(3.0)

    assert [300, 100] == [fill.size_shares for fill in client.fills(1)]


def test_a_limit_inside_the_spread_keeps_a_peg_from_the_midpoint() -> None:
    """We pay at most the limit; the midpoint is above it, so nothing trades until it falls."""
    rows = [
        *quotes(),
        hidden(-0.5, -1, 200, 1),
        # Both markets fall by a cent after a second; then a new seller looks in.
        *[(1.0, ScriptOp.CANCEL, v, 1, 0, 0, 1_000 + 10 * v + 1) for v in (LIT, OTHER_LIT)],
        *[(1.0, ScriptOp.CANCEL, v, -1, 0, 0, 1_000 + 10 * v - 1) for v in (LIT, OTHER_LIT)],
        *[(1.0, ScriptOp.ADD, v, 1, BID - 100, 500, 2_000 + v) for v in (LIT, OTHER_LIT)],
        *[(1.0, ScriptOp.ADD, v, -1, BID, 500, 3_000 + v) for v in (LIT, OTHER_LIT)],
        hidden(2.0, -1, 50, 2),
    ]
    client = client_in(rows)
    client.peg(1, POOL, Side.BUY, 500, BID)
    client.wait(1.5)
    assert ["ChildAck"] == client.of(1)
    client.wait(1.0)

    assert [(200, MID - 100), (50, MID - 100)] == [
        (fill.size_shares, fill.price_ticks) for fill in client.fills(1)
    ]


def test_the_pool_sees_quotes_late() -> None:
    """The midpoint is the one of a moment ago, and may be stale: that is what latency costs."""
    rows = [
        *quotes(),
        hidden(-0.5, -1, 500, 1),
        *[(1.0, ScriptOp.CANCEL, v, -1, 0, 0, 1_000 + 10 * v - 1) for v in (LIT, OTHER_LIT)],
        *[(1.0, ScriptOp.ADD, v, -1, ASK + 100, 500, 3_000 + v) for v in (LIT, OTHER_LIT)],
    ]
    early, late = client_in(rows), client_in(rows)
    for client, after_us in ((early, POOL_DELAY_US - 10), (late, POOL_DELAY_US + 10)):
        client.wait_until(client.start_ns + us(1_000_000 + after_us - 100))
        client.peg(1, POOL, Side.BUY, 100, ASK + 100, tif=Tif.IOC)
        client.wait(0.01)

    assert MID == early.fills(1)[0].price_ticks
    assert MID + 50 == late.fills(1)[0].price_ticks


def test_nothing_crosses_while_one_side_of_the_market_is_empty() -> None:
    """There is no midpoint, and a pool does not make one up."""
    rows = [row for row in quotes() if row[3] == 1]
    client = client_in([*rows, hidden(-0.5, -1, 500, 1)])
    client.peg(1, POOL, Side.BUY, 100, ASK, tif=Tif.IOC)
    client.wait(0.01)

    assert ["ChildAck", "ChildCancelled"] == client.of(1)


def test_a_peg_can_be_cancelled_and_replaced() -> None:
    """Smaller keeps its place; what it was is gone."""
    client = client_in([*quotes(), hidden(1.0, -1, 500, 1)])
    client.peg(1, POOL, Side.BUY, 400, ASK)
    client.peg(2, POOL, Side.BUY, 400, ASK)
    client.wait(0.01)
    client.replace(1, POOL, 100, ASK)
    client.wait(2.0)
    client.cancel(2, POOL)
    client.cancel(1, POOL)
    client.wait(0.01)

    assert ["ChildAck", "ChildReplaced", "ChildFill", "ChildCancelReject"] == client.of(1)
    assert ["ChildAck", "ChildFill"] == client.of(2)[:2]
    assert [100] == [fill.size_shares for fill in client.fills(1)]
    assert [400] == [fill.size_shares for fill in client.fills(2)]


def test_our_pegs_do_not_trade_with_each_other() -> None:
    """Buying from ourselves is not a fill."""
    client = client_in(quotes())
    client.peg(1, POOL, Side.BUY, 400, ASK)
    client.peg(2, POOL, Side.SELL, 400, BID)
    client.wait(1.0)

    assert ["ChildAck"] == client.of(1)
    assert ["ChildAck"] == client.of(2)


def test_a_pool_that_is_full_says_so() -> None:
    """Room is bounded; an order that does not fit is cancelled with its reason, not lost."""
    client = client_in(quotes())
    for child_id in range(1, 41):
        client.peg(child_id, POOL, Side.BUY, 100, ASK)
    client.wait(1.0)

    cancelled = [child_id for child_id in range(1, 41) if "ChildCancelled" in client.of(child_id)]
    assert list(range(33, 41)) == cancelled


@pytest.mark.parametrize("pool", [POOL, OTHER_POOL])
def test_prints_of_pools_do_not_say_which_pool(pool: int) -> None:
    """The tape says that it was off exchange, and no more: that is what a TRF print tells."""
    rows = [*quotes(), (-0.5, ScriptOp.DARK_ADD, pool, -1, ANY, 200, 1)]
    client = client_in(rows)
    client.peg(1, pool, Side.BUY, 200, ASK, tif=Tif.IOC)
    client.wait(0.01)

    prints = client.tape[client.tape["kind"] == TapeKind.TRADE]
    assert [(POOL, 0, MID, 200, int(TapeFlag.OFF_EXCHANGE))] == [
        (
            int(r["venue_idx"]),
            int(r["side"]),
            int(r["price_ticks"]),
            int(r["shares"]),
            int(r["flags"]),
        )
        for r in prints
    ]


def test_hidden_interest_is_known_to_insiders() -> None:
    """And to nobody else: the tape shows none of it."""
    client = client_in([*quotes(), hidden(-0.5, -1, 200, 1), hidden(-0.4, -1, 300, 2)])
    client.wait(0.01)

    truth = client.world.hidden()
    assert [0, 500] == list(truth.pool_shares[POOL])
    assert POOL not in np.unique(client.tape["venue_idx"])
