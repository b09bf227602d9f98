"""What a venue does with our orders, in a market where nothing else happens."""

import pytest

from penstock.domain import (
    ChildAck,
    ChildCancelReject,
    ChildFill,
    ChildReject,
    ChildReplaced,
    Liquidity,
    Ns,
    Side,
    Tif,
)
from penstock.sim import ScriptOp, World
from tests.support.worlds import (
    ACK_US,
    LIT,
    ORDER_IN_US,
    OTHER_LIT,
    POOL,
    Client,
    Row,
    child,
    quiet_market,
    quotes,
    script,
    us,
)

BID, ASK = 1_000_000, 1_000_100


def client_in(rows: list[Row], order_in_us: int = ORDER_IN_US, min_shares: int = 1) -> Client:
    """A client in the quiet market with this script."""
    scenario = quiet_market(order_in_us, min_shares)
    return Client(World(scenario, 1, script=script(scenario, rows)))


def test_a_take_buys_what_is_displayed_and_the_rest_is_cancelled() -> None:
    """Immediate or cancel: 500 are there, 700 were wanted."""
    client = client_in(quotes())
    client.take(1, LIT, Side.BUY, 700, ASK)
    client.wait(0.01)

    assert ["ChildAck", "ChildFill", "ChildCancelled"] == client.of(1)
    fill = client.fills(1)[0]
    assert (500, ASK, Liquidity.TAKE) == (fill.size_shares, fill.price_ticks, fill.liquidity)
    assert 500 * 3_000 == fill.fee_usd_micros
    assert "TNYA-1" == fill.exec_id


def test_a_report_takes_both_ways_of_the_latency() -> None:
    """A command arrives after order-in, and what it causes is known after ack."""
    client = client_in(quotes())
    client.take(1, LIT, Side.BUY, 100, ASK)
    client.wait(0.01)

    ack, fill = client.events
    assert us(ORDER_IN_US) == ack.event_ns - client.start_ns
    assert us(ORDER_IN_US + ACK_US) == ack.recv_ns - client.start_ns
    assert ack.recv_ns == fill.recv_ns


@pytest.mark.parametrize("venue_idx", [LIT, POOL])
def test_every_command_waits_for_the_decision_before_it_leaves(venue_idx: int) -> None:
    """
    The simulator charges 50 us of thinking to every command of every policy: orders, replaces and
    cancels reach their venue 50 us later, to the nanosecond, and everything else is the same.
    """
    at_once, later = (said_to_a_busy_client(venue_idx, latency_us) for latency_us in (0, 50))

    assert ["ChildAck", "ChildReplaced", "ChildCancelled"] == [name for name, _, _ in at_once]
    assert [
        (name, event_ns + us(50), recv_ns + us(50)) for name, event_ns, recv_ns in at_once
    ] == later


def said_to_a_busy_client(venue_idx: int, decision_latency_us: float) -> list[tuple[str, int, int]]:
    """Reports on an order, its replace and its cancel, sent a millisecond apart; with times."""
    scenario = quiet_market(decision_latency_us=decision_latency_us)
    client = Client(World(scenario, 1, script=script(scenario, quotes())))
    client.wait(0.01)
    if venue_idx == POOL:
        client.peg(1, venue_idx, Side.BUY, 300, ASK)
    else:
        client.post(1, venue_idx, Side.BUY, 300, BID)
    client.wait(0.001)
    client.replace(1, venue_idx, 200, BID)
    client.wait(0.001)
    client.cancel(1, venue_idx)
    client.wait(0.01)
    return [(type(event).__name__, event.event_ns, event.recv_ns) for event in client.events]


def test_the_clock_stops_at_the_first_report() -> None:
    """The host must be able to decide on it before anything else happens."""
    client = client_in(quotes())
    client.take(1, LIT, Side.BUY, 100, ASK)
    outgoing, client._outgoing = client._outgoing, []
    _, events = client.world.advance(Ns(client.start_ns + us(1_000_000)), outgoing)

    assert client.world.now_ns == client.start_ns + us(ORDER_IN_US + ACK_US)
    assert ["ChildAck", "ChildFill"] == [type(event).__name__ for event in events]


def test_a_post_waits_behind_the_queue() -> None:
    """500 displayed shares stand in front: a market order of 600 reaches 100 of ours."""
    client = client_in([*quotes(), (1.0, ScriptOp.MARKET, LIT, -1, 0, 600, -1)])
    client.post(1, LIT, Side.BUY, 300, BID)
    client.wait(2.0)

    fill = client.fills(1)[0]
    assert ["ChildAck", "ChildFill"] == client.of(1)
    assert (100, BID, Liquidity.MAKE) == (fill.size_shares, fill.price_ticks, fill.liquidity)
    assert -100 * 2_000 == fill.fee_usd_micros


def test_a_post_that_meets_a_quote_takes_it() -> None:
    """A day limit at the ask is marketable: it trades, and its rest is displayed."""
    client = client_in(quotes())
    client.post(1, LIT, Side.BUY, 700, ASK)
    client.wait(0.01)

    assert [(500, Liquidity.TAKE)] == [(f.size_shares, f.liquidity) for f in client.fills(1)]
    assert ["ChildAck", "ChildFill"] == client.of(1)
    last = client.tape[client.tape["venue_idx"] == LIT][-1]
    assert (1, ASK, 200) == (last["side"], last["price_ticks"], last["shares"])


@pytest.mark.parametrize(("cancel_at_us", "wins"), [(800, True), (1_040, False)])
def test_a_cancel_races_a_fill(cancel_at_us: int, wins: bool) -> None:
    """
    The order is filled at 1,000 us. A cancel that arrives before that wins; one that arrives after
    it is too late, although our screen still shows the order as live when we send it.
    """
    rows = [*quotes(), (0.001, ScriptOp.MARKET, LIT, -1, 0, 600, -1)]
    client = client_in(rows)
    client.post(1, LIT, Side.BUY, 100, BID)
    client.wait_until(client.start_ns + us(cancel_at_us - ORDER_IN_US))
    assert ["ChildAck"] == client.of(1)
    client.cancel(1, LIT)
    client.wait(0.01)

    expected = ["ChildAck", "ChildCancelled"]
    if not wins:
        expected = ["ChildAck", "ChildFill", "ChildCancelReject"]
        assert ["too_late"] == [e.reason for e in client.events if isinstance(e, ChildCancelReject)]
    assert expected == client.of(1)


def test_commands_to_a_venue_never_overtake_each_other() -> None:
    """A cancel sent right after its order finds it there."""
    client = client_in(quotes())
    client.post(1, LIT, Side.BUY, 100, BID)
    client.cancel(1, LIT)
    client.wait(0.01)

    assert ["ChildAck", "ChildCancelled"] == client.of(1)


def test_smaller_at_the_same_limit_keeps_its_place() -> None:
    """Then a market order of 550 still reaches 50 of ours; a later order stands behind."""
    rows = [
        *quotes(),
        (0.5, ScriptOp.ADD, LIT, 1, BID, 400, 1),
        (2.0, ScriptOp.MARKET, LIT, -1, 0, 550, -1),
    ]
    client = client_in(rows)
    client.post(1, LIT, Side.BUY, 300, BID)
    client.wait(1.0)
    client.replace(1, LIT, 200, BID)
    client.wait(2.0)

    replaced = next(event for event in client.events if isinstance(event, ChildReplaced))
    assert (200, BID) == (replaced.size_shares, replaced.limit_ticks)
    assert [50] == [fill.size_shares for fill in client.fills(1)]


def test_larger_goes_to_the_end_of_the_queue() -> None:
    """The later order now stands in front, so the same market order does not reach ours."""
    rows = [
        *quotes(),
        (0.5, ScriptOp.ADD, LIT, 1, BID, 400, 1),
        (2.0, ScriptOp.MARKET, LIT, -1, 0, 550, -1),
    ]
    client = client_in(rows)
    client.post(1, LIT, Side.BUY, 300, BID)
    client.wait(1.0)
    client.replace(1, LIT, 400, BID)
    client.wait(2.0)

    assert ["ChildAck", "ChildReplaced"] == client.of(1)


def test_a_replace_that_crosses_trades() -> None:
    """The replaced order keeps its fills: 300 in all, 100 filled first, then 200 at the ask."""
    rows = [*quotes(), (0.5, ScriptOp.MARKET, LIT, -1, 0, 600, -1)]
    client = client_in(rows)
    client.post(1, LIT, Side.BUY, 250, BID)
    client.wait(1.0)
    client.replace(1, LIT, 300, ASK)
    client.wait(1.0)

    assert ["ChildAck", "ChildFill", "ChildReplaced", "ChildFill"] == client.of(1)
    assert [(100, BID), (200, ASK)] == [(f.size_shares, f.price_ticks) for f in client.fills(1)]


def test_a_size_that_is_filled_already_is_refused() -> None:
    """100 are filled: a new total of 100 would be an order of nothing."""
    client = client_in([*quotes(), (0.5, ScriptOp.MARKET, LIT, -1, 0, 600, -1)])
    client.post(1, LIT, Side.BUY, 250, BID)
    client.wait(1.0)
    client.replace(1, LIT, 100, BID)
    client.cancel(1, LIT)
    client.wait(1.0)

    assert ["ChildAck", "ChildFill", "ChildCancelReject", "ChildCancelled"] == client.of(1)


def test_our_own_orders_never_trade_with_each_other() -> None:
    """The newest loses: what of it would have met our own is cancelled."""
    client = client_in([(-1.0, ScriptOp.ADD, LIT, -1, ASK, 100, 1)])
    client.post(1, LIT, Side.BUY, 300, BID)
    client.wait(0.01)
    client.post(2, LIT, Side.SELL, 300, BID)
    client.wait(0.01)

    assert ["ChildAck"] == client.of(1)
    assert ["ChildAck", "ChildCancelled"] == client.of(2)


@pytest.mark.parametrize(
    ("venue_idx", "shares", "limit", "is_midpoint", "reason"),
    [
        (LIT, 100, ASK + 1, False, "bad_price"),
        (LIT, 100, 0, False, "bad_price"),
        (LIT, 10, ASK, False, "below_min_size"),
        (LIT, 200_000_000, ASK, False, "bad_size"),
        (POOL, 100, ASK, False, "not_offered"),
        (POOL, 100, 0, True, "bad_price"),
        (POOL, 10, ASK, True, "below_min_size"),
    ],
)
def test_an_order_that_the_venue_cannot_take_is_rejected(
    venue_idx: int, shares: int, limit: int, is_midpoint: bool, reason: str
) -> None:
    """With the reason, after both latencies, and nothing else happens."""
    client = client_in(quotes(), min_shares=50)
    if is_midpoint:
        client.peg(1, venue_idx, Side.BUY, shares, limit)
    else:
        client.take(1, venue_idx, Side.BUY, shares, limit)
    client.wait(0.01)

    assert ["ChildReject"] == client.of(1)
    reject = client.events[0]
    assert isinstance(reject, ChildReject)
    assert reason == reject.reason


def test_a_child_id_used_twice_is_rejected_and_the_first_lives_on() -> None:
    """The second must not disturb the first: it may be a resend after a reconnect."""
    client = client_in([*quotes(), (1.0, ScriptOp.MARKET, LIT, -1, 0, 600, -1)])
    client.post(1, LIT, Side.BUY, 100, BID)
    client.wait(0.01)
    client.post(1, OTHER_LIT, Side.BUY, 100, BID)
    client.wait(2.0)

    assert ["ChildAck", "ChildReject", "ChildFill"] == client.of(1)


@pytest.mark.parametrize(("child_id", "venue_idx"), [(77, LIT), (1, OTHER_LIT)])
def test_a_cancel_of_what_the_venue_never_saw_is_refused(child_id: int, venue_idx: int) -> None:
    """An id that nobody sent, or one that lives at another venue."""
    client = client_in(quotes())
    client.post(1, LIT, Side.BUY, 100, BID)
    client.wait(0.01)
    client.cancel(child_id, venue_idx)
    client.wait(0.01)

    refusals = [event for event in client.events if isinstance(event, ChildCancelReject)]
    assert [(child_id, venue_idx, "never_seen")] == [
        (event.child_id, event.venue_idx, event.reason) for event in refusals
    ]


def test_an_immediate_order_with_a_minimum_takes_all_or_nothing_of_it() -> None:
    """Less than the minimum is there, so nothing trades."""
    client = client_in(quotes())
    client.take(1, LIT, Side.BUY, 400, ASK)
    client.wait(0.01)
    client.send(child(2, LIT, Side.BUY, 300, ASK, tif=Tif.IOC, min_shares=200))
    client.wait(0.01)

    assert ["ChildAck", "ChildFill"] == client.of(1)
    assert ["ChildAck", "ChildCancelled"] == client.of(2)


def test_events_are_numbered_in_the_order_in_which_they_are_handed_over() -> None:
    """The sequence number is the core's only notion of order."""
    client = client_in(quotes())
    for child_id in (1, 2, 3):
        client.take(child_id, LIT, Side.BUY, 100, ASK)
    client.wait(0.01)

    assert list(range(1, 7)) == [event.seq for event in client.events]
    assert 3 == sum(isinstance(event, ChildAck) for event in client.events)
    assert 3 == sum(isinstance(event, ChildFill) for event in client.events)
