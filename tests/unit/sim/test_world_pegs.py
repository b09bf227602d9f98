"""Pegs in the lit books of a world: ours, those of noise traders, and the quotes they follow."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from penstock.domain import (
    ChildFill,
    ChildReject,
    ChildReplaced,
    Liquidity,
    Ns,
    Side,
    TapeFlag,
    TapeKind,
    Tif,
)
from penstock.sim import Scenario, ScriptOp, World
from penstock.sim.codes import FAR as NEVER
from penstock.sim.matching.pegs import next_in_reach
from penstock.sim.scenario.tables import Halt
from tests.support.worlds import (
    LIT,
    OTHER_LIT,
    Client,
    Row,
    plain_day,
    quiet_market,
    quotes,
    script,
)

BID, ASK = 1_000_000, 1_000_100
MID = 1_000_050
FAR = ASK + 5_000


def client_in(rows: list[Row]) -> Client:
    """A client in the quiet market with this script."""
    scenario = quiet_market()
    return Client(World(scenario, 1, script=script(scenario, rows)))


def sale(at_s: float, shares: int, script_id: int = 1, ticks: int = 0) -> Row:
    """Somebody sells at the venue of our pegs."""
    return (at_s, ScriptOp.MARKET, LIT, -1, ticks, shares, script_id)


def move(at_s: float, side: int, old: int, new: int, script_id: int) -> list[Row]:
    """Both exchanges move one side of their quotes; the first cancels come at the same moment."""
    rows: list[Row] = []
    for venue_idx in (LIT, OTHER_LIT):
        rows.append((at_s, ScriptOp.CANCEL, venue_idx, side, old, 0, 1_000 + 10 * venue_idx + side))
        rows.append((at_s, ScriptOp.ADD, venue_idx, side, new, 500, script_id + venue_idx))
    return rows


def test_a_midpoint_child_rests_in_a_lit_book_and_pays_the_midpoint_fee() -> None:
    """Nobody sees it, a seller meets it before the bid, and the print says that it was hidden."""
    client = client_in([*quotes(), sale(0.1, 300)])
    client.peg(1, LIT, Side.BUY, 200, FAR)
    client.wait(0.2)

    assert ["ChildAck", "ChildFill"] == client.of(1)
    fill = client.fills(1)[0]
    assert (200, MID, Liquidity.MIDPOINT) == (fill.size_shares, fill.price_ticks, fill.liquidity)
    assert 200 * 1_000 == fill.fee_usd_micros
    assert [(LIT, MID, 200), (LIT, BID, 100)] == client.trades()
    rows = client.tape[client.tape["kind"] == TapeKind.TRADE]
    assert [True, False] == [bool(row["flags"] & TapeFlag.HIDDEN) for row in rows]
    levels = client.tape[client.tape["kind"] == TapeKind.LEVEL]
    assert MID not in set(levels["price_ticks"].tolist())


def test_the_audit_knows_the_venue_and_the_liquidity_of_a_pegs_fill() -> None:
    """One row an execution, numbered as the venue numbers them."""
    client = client_in([*quotes(), sale(0.1, 300)])
    client.peg(1, LIT, Side.BUY, 200, FAR)
    client.wait(0.2)

    (row,) = client.world.audit()
    assert (1, LIT, MID, 200, int(Liquidity.MIDPOINT), 1) == (
        row["child_id"], row["venue_idx"], row["price_ticks"], row["size_shares"],
        row["liquidity"], row["exec_no"],
    )  # fmt: skip


def test_a_peg_follows_the_quote() -> None:
    """The bid rises by two increments, so the midpoint by one; the peg pays that."""
    rows = [*quotes(ask=ASK + 300), *move(0.1, 1, BID, BID + 200, 50), sale(0.2, 100)]
    client = client_in(rows)
    client.peg(1, LIT, Side.BUY, 100, FAR)
    client.wait(0.3)

    assert [BID + 300] == [fill.price_ticks for fill in client.fills(1)]


def test_an_immediate_midpoint_child_trades_with_what_is_there_or_is_cancelled() -> None:
    """Nobody stands at the midpoint, then somebody does."""
    client = client_in(quotes())
    client.peg(1, LIT, Side.BUY, 100, FAR, tif=Tif.IOC)
    client.wait(0.01)

    assert ["ChildAck", "ChildCancelled"] == client.of(1)
    client.peg(2, LIT, Side.SELL, 100, BID - 5_000)
    client.wait(0.01)
    client.peg(3, LIT, Side.BUY, 100, FAR, tif=Tif.IOC)
    client.wait(0.01)
    assert ["ChildAck", "ChildCancelled"] == client.of(3)  # our own peg: not with ourselves
    assert ["ChildAck"] == client.of(2)


def test_a_pegs_minimum_and_limit_hold() -> None:
    """Sales that are too small pass it by; beyond its limit it does not follow."""
    client = client_in([*quotes(), sale(0.1, 100), sale(0.2, 150, 2)])
    client.peg(1, LIT, Side.BUY, 300, FAR, min_shares=150)
    client.peg(2, LIT, Side.BUY, 300, BID - 100)
    client.wait(0.3)

    assert [150] == [fill.size_shares for fill in client.fills(1)]
    assert [] == client.fills(2)


def test_a_peg_is_cancelled_and_replaced_like_any_order() -> None:
    """A new limit within the midpoint is where it stands from then on."""
    client = client_in([*quotes(ask=ASK + 300), sale(0.1, 50, ticks=BID + 100)])
    client.peg(1, LIT, Side.BUY, 100, FAR)
    client.wait(0.01)
    client.replace(1, LIT, 80, BID + 100)
    client.wait(0.2)
    client.cancel(1, LIT)
    client.wait(0.01)

    assert ["ChildAck", "ChildReplaced", "ChildFill", "ChildCancelled"] == client.of(1)
    assert [(50, BID + 100)] == [(f.size_shares, f.price_ticks) for f in client.fills(1)]
    assert [80] == [e.size_shares for e in client.events if isinstance(e, ChildReplaced)]


def test_a_peg_with_a_limit_between_two_increments_is_refused() -> None:
    """A lit book has increments, even for prices that nobody displays."""
    client = client_in(quotes())
    client.peg(1, LIT, Side.BUY, 100, ASK + 1)
    client.wait(0.01)

    assert ["bad_price"] == [e.reason for e in client.events if isinstance(e, ChildReject)]


def test_an_insider_sees_pegs_among_hidden_shares() -> None:
    """At the midpoint they are better than the touch."""
    client = client_in(quotes())
    client.peg(1, LIT, Side.BUY, 300, FAR)
    client.wait(0.01)

    hidden = client.world.hidden().hidden_shares
    assert (300, 0) == (hidden[LIT, 0], hidden[OTHER_LIT, 0])


def pegged_day(
    duration_s: float = 120.0, delay_us: float = 100.0, hidden_frac: float = 0.1
) -> Scenario:
    """The reference day with pegs and icebergs among the noise traders' orders."""
    day = plain_day(duration_s)
    change = msgspec.structs.replace
    venues = [
        venue
        if venue.lit is None
        else change(
            venue,
            lit=change(
                venue.lit, midpoint_frac=0.06, primary_frac=0.04, iceberg_frac=0.3,
                nbbo_delay_us=delay_us, hidden_frac=hidden_frac,
            ),
        )
        for venue in day.venues
    ]  # fmt: skip
    return change(day, venues=tuple(venues))


@pytest.fixture(scope="module")
def busy() -> Client:
    """Two minutes of that day."""
    client = Client(World(pegged_day(), 3))
    client.wait(120.0)
    return client


def test_noise_traders_meet_at_the_midpoint_of_lit_books(busy: Client) -> None:
    """Hidden prints between two increments, and never more than a quote away from it."""
    tape = busy.tape
    rows = tape[(tape["kind"] == TapeKind.TRADE) & ((tape["flags"] & TapeFlag.OFF_EXCHANGE) == 0)]
    is_between = rows["price_ticks"] % 100 != 0

    assert is_between.sum() > 10
    assert (rows["flags"][is_between] & TapeFlag.HIDDEN).all()
    assert [] == busy.world.problems()


def test_icebergs_and_both_kinds_of_peg_rest(busy: Client) -> None:
    """A guard for the others: the shares that the scenario asks for are in the books."""
    state = busy.world.state

    assert state.head[0]["n_pegs"] > 5
    assert state.head[0]["n_icebergs"] > 5
    for name in ("midpoint_cut", "primary_cut", "iceberg_cut"):
        assert (state.venues[name][2:] > state.venues["hidden_cut"][2:]).all()


def test_no_peg_stays_in_reach_of_what_it_could_trade_with() -> None:
    """
    A moved quote lets pegs in reach try: without minimums and owners none is left over, at any
    moment of a day of hidden orders between the quotes. After a halt they try at once.
    """
    day = pegged_day(60.0, delay_us=0.0, hidden_frac=0.4)
    halts = tuple(Halt(at_s=at_s, duration_s=2.01) for at_s in (10.0, 25.0, 40.0))
    world = World(msgspec.structs.replace(day, halts=halts), 4)
    state = world.state
    n_pegs = 0
    for step in range(1, 241):
        world.advance(Ns(day.start_ns + step * 250_000_000))
        n_pegs += int(state.head[0]["n_pegs"])
        for book in range(len(state.books)):
            slot = int(next_in_reach(state.books, state.orders, book, 0))
            assert slot == 0 or state.world[0]["is_halted"]

    assert n_pegs > 1_000


def test_venues_hear_of_a_quote_their_delay_after_it(busy: Client) -> None:
    """At any moment each reference is the NBBO of then, rebuilt here from its changes."""
    state, day = busy.world.state, pegged_day()
    now_ns = busy.world.now_ns
    n_nbbo = int(state.world[0]["n_nbbo"])
    changes = state.nbbo[: min(n_nbbo, len(state.nbbo))]
    changes = changes[np.argsort(changes["time_ns"], kind="stable")]
    for venue_idx in (2, 3, 4):
        seen = changes[changes["time_ns"] <= now_ns - int(state.venues[venue_idx]["nbbo_delay_ns"])]
        bid, ask = int(seen[-1]["bid_ticks"]), int(seen[-1]["ask_ticks"])
        expected = (bid // 100, -(ask // 100)) if 0 < bid < ask else (0, 0)

        books = state.books[2 * venue_idx : 2 * venue_idx + 2]
        assert expected == tuple(books["reference_key"].tolist())
        assert day.venues[venue_idx].lit is not None


def test_the_next_venue_to_hear_of_a_quote_is_known_at_any_moment() -> None:
    """Kept up to date change by change; here searched for, among venues near and far away."""
    day = pegged_day(20.0)
    world = World(day, 3)
    state = world.state
    lit = np.flatnonzero(state.venues["is_lit"])
    state.venues["nbbo_delay_ns"][lit] = np.linspace(1e5, 4e8, len(lit)).astype(np.int64)
    n_waiting = 0
    for step in range(1, 1_001):
        world.advance(Ns(day.start_ns + step * 20_000_000))
        dues = [
            int(state.nbbo[told % len(state.nbbo)]["time_ns"] + row["nbbo_delay_ns"])
            for row, told in zip(state.venues[lit], state.venues["n_told"][lit], strict=True)
            if told < state.world[0]["n_nbbo"]
        ]
        n_waiting += len(dues) > 0
        assert min(dues, default=int(NEVER)) == state.world[0]["news_ns"]
        assert not dues or min(dues) > world.now_ns

    assert n_waiting > 50


@pytest.mark.parametrize("step_s", [0.05, 7.0])
def test_pegs_do_not_make_a_day_depend_on_how_it_is_cut(busy: Client, step_s: float) -> None:
    """Same seed, same hash, also with pegs that come in by themselves."""
    world = World(pegged_day(), 3)
    end_ns = world.now_ns + 120_000_000_000
    while world.now_ns < end_ns:
        world.advance(Ns(min(end_ns, world.now_ns + round(step_s * 1e9))))

    assert busy.world.state_hash() == world.state_hash()


@pytest.mark.parametrize("delay_us", [0.0, 100.0, 200_000.0])
def test_pegs_wait_for_the_end_of_a_halt(delay_us: float) -> None:
    """What venues heard of too late is news when trading goes on: not one trade before, no cut."""
    plain = pegged_day(60.0, delay_us=delay_us, hidden_frac=0.4)
    halts = tuple(Halt(at_s=at_s, duration_s=2.01) for at_s in np.arange(5.0, 55.0, 5.0))
    day = msgspec.structs.replace(plain, halts=halts)
    whole, cut = Client(World(day, 4)), Client(World(day, 4))
    whole.wait(60.0)
    for _ in range(600):
        cut.wait(0.1)

    assert whole.world.state_hash() == cut.world.state_hash()
    lit = np.flatnonzero(whole.world.state.venues["is_lit"])
    tape = whole.tape[np.isin(whole.tape["venue_idx"], lit)]
    traded_s = (tape["event_ns"][tape["kind"] == TapeKind.TRADE] - day.start_ns) / 1e9
    assert len(traded_s) > 100
    for halt in halts:  # seen at the next step of the price's grid
        assert not ((traded_s > halt.at_s + 0.11) & (traded_s < halt.at_s + halt.duration_s)).any()
    for venue_idx in lit:
        assert (np.diff(tape["event_ns"][tape["venue_idx"] == venue_idx]) >= 0).all()


def test_a_peg_of_ours_does_not_shift_the_luck_of_a_day_without_pegs() -> None:
    """Venues hear of quotes from then on; nobody draws by it."""
    alone, ours = World(plain_day(30.0), 5), Client(World(plain_day(30.0), 5))
    alone.advance(Ns(alone.now_ns + 5_000_000_000))
    ours.peg(1, 3, Side.BUY, 100, 100)  # far from any trade
    ours.wait(5.0)

    assert (alone.state.streams == ours.world.state.streams).all()
    assert (alone.state.touches == ours.world.state.touches).all()
    assert not [event for event in ours.events if isinstance(event, ChildFill)]
