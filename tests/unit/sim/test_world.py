"""The generated market: who shares luck with whom, and what its traders do."""

import msgspec
import numpy as np
import pytest

from penstock.book import Books
from penstock.domain import Ns, Side, TapeArray, TapeKind
from penstock.sim import ScriptOp, World
from tests.support.worlds import (
    LIT,
    OTHER_LIT,
    POOL,
    Client,
    plain_day,
    quiet_market,
    quotes,
    script,
)

DAY = plain_day(120.0)
PECN, PNYA, PNYB = 2, 3, 4


def run(seed: int, pieces: int = 1) -> tuple[World, TapeArray]:
    """A day without us, cut into so many calls."""
    client = Client(World(DAY, seed))
    for piece in range(1, pieces + 1):
        client.wait_until(DAY.start_ns + (DAY.end_ns - DAY.start_ns) * piece // pieces)
    return client.world, client.tape


def test_same_seed_same_day() -> None:
    """Hash and tape, to the bit: a run can be repeated from its seed alone."""
    (one, tape), (other, same_tape) = run(7), run(7)

    assert one.state_hash() == other.state_hash()
    assert tape.tobytes() == same_tape.tobytes()


def test_another_seed_is_another_day() -> None:
    """Else the seed would decide nothing."""
    assert run(7)[0].state_hash() != run(8)[0].state_hash()


@pytest.mark.parametrize("pieces", [2, 7, 997])
def test_time_may_be_cut_anywhere(pieces: int) -> None:
    """How often the host looks must not change what it sees."""
    whole, tape = run(7)
    cut, same_tape = run(7, pieces)

    assert whole.state_hash() == cut.state_hash()
    assert tape.tobytes() == same_tape.tobytes()


def test_our_orders_do_not_disturb_the_luck_of_others() -> None:
    """
    Every component keeps its own stream and clock: after the same time all of them stand at the
    same draw, whatever we did, so two policies can be compared pair by pair.
    """
    without, client = World(DAY, 7), Client(World(DAY, 7))
    without.advance(DAY.end_ns)
    for child_id in range(1, 60):
        side = Side.BUY if child_id % 3 else Side.SELL
        touch = client.world._state.touches["ticks"][-2:]
        client.take(child_id, PECN + child_id % 3, side, 400, int(touch[int(side is Side.BUY)]))
        client.wait(2.0)
    client.wait_until(DAY.end_ns)

    assert client.world.state_hash() != without.state_hash()
    np.testing.assert_array_equal(without._state.streams, client.world._state.streams)
    # All clocks but the makers' reactions, which are no draws of a stream.
    n_clocks = 5 + 5 + 3
    np.testing.assert_array_equal(
        without._state.clocks[:n_clocks], client.world._state.clocks[:n_clocks]
    )


def test_the_feed_rebuilds_the_books() -> None:
    """
    What a listener builds from the tape is what the venues display, once the last message has
    arrived: nothing is missing, and the numbering has no holes.
    """
    client = Client(World(DAY, 7))
    client.wait(100.0)
    while client.world._state.world["tape_n"] > client.world._state.world["tape_ready"]:
        client.wait(1e-6)
    books = Books(1, len(DAY.venues), np.array([venue.protected for venue in DAY.venues]))
    books.apply(client.tape, 0, len(client.tape))

    truth = client.world._state.touches
    for venue_idx in (PECN, PNYA, PNYB):
        rows = client.tape[client.tape["venue_idx"] == venue_idx]
        assert list(range(1, len(rows) + 1)) == rows["seq"].tolist()
        for column in (0, 1):
            n_levels = books.meta[venue_idx][("n_bids", "n_asks")[column]]
            best = books.levels[venue_idx, column, n_levels - 1]
            assert tuple(truth[venue_idx * 2 + column]) == tuple(best)
    assert tuple(truth["ticks"][-2:]) == tuple(books.nbbo[0][["bid_ticks", "ask_ticks"]])
    assert tuple(truth["shares"][-2:]) == tuple(books.nbbo[0][["bid_shares", "ask_shares"]])


def test_nothing_is_handed_over_before_it_has_arrived() -> None:
    """A decision that knew the future would look like skill."""
    world = World(DAY, 7)
    for _ in range(500):
        before_ns = world.now_ns
        batch, _ = world.advance(Ns(before_ns + 100_000_000))
        recv_ns = batch.tape["recv_ns"][batch.lo : batch.hi]

        assert (recv_ns <= world.now_ns).all()
        assert (recv_ns > before_ns).all() or before_ns == DAY.start_ns
        assert (np.diff(recv_ns) >= 0).all()


def test_a_session_starts_with_the_books_as_they_stand() -> None:
    """A listener needs no history: each lit venue sends a snapshot, numbered from 1."""
    client = Client(World(DAY, 7))
    client.wait(0.002)

    kinds = client.tape["kind"]
    assert 3 == np.count_nonzero(kinds == TapeKind.CLEAR)
    assert 3 == np.count_nonzero(kinds == TapeKind.SNAPSHOT_END)
    assert np.count_nonzero(kinds == TapeKind.LEVEL) > 20


def test_a_long_quiet_stretch_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bounded buffer: calls return early, without events, and nothing is lost."""
    day = plain_day(600.0)
    whole = World(day, 7)
    batch, _ = whole.advance(day.end_ns)
    tape = batch.tape[batch.lo : batch.hi].copy()
    monkeypatch.setattr("penstock.sim.world.MAX_BATCH", 2**14)
    parted = World(day, 7)
    pieces = []
    while parted.now_ns < day.end_ns:
        batch, events = parted.advance(day.end_ns)
        pieces.append(batch.tape[batch.lo : batch.hi].copy())
        assert [] == events

    assert len(pieces) > 1
    assert tape.tobytes() == np.concatenate(pieces).tobytes()
    assert whole.state_hash() == parted.state_hash()


def test_books_are_whole_after_a_day() -> None:
    """No venue crossed, no share in two queues: the matching kernel's own invariants."""
    world, _ = run(7)

    assert [] == world.problems()


def test_the_market_looks_like_a_large_cap() -> None:
    """
    Wide bounds, so that a broken mechanism shows: mostly a one-cent spread, every venue at the best
    price most of the time, the thick one thickest, trades at all venues.
    """
    day = plain_day(1_200.0)
    client = Client(World(day, 7))
    spreads, at_best, touch = [], np.zeros(3), np.zeros(3)
    n_looks = 1_000
    for _ in range(n_looks):
        client.wait(1.2)
        rows = client.world._state.touches
        bid_ticks, ask_ticks = rows["ticks"][-2:]
        spreads.append((ask_ticks - bid_ticks) / 100)
        for i, venue_idx in enumerate((PECN, PNYA, PNYB)):
            at_best[i] += rows[venue_idx * 2]["ticks"] == bid_ticks
            touch[i] += rows[venue_idx * 2]["shares"]

    assert min(spreads) >= 0.0
    assert 0.8 < np.mean(np.array(spreads) == 1.0) < 0.99
    assert (at_best / n_looks > 0.6).all()
    assert touch[0] < touch[2] < touch[1]
    trades = client.tape[client.tape["kind"] == TapeKind.TRADE]
    by_venue = np.bincount(trades["venue_idx"], weights=trades["shares"], minlength=5)
    assert by_venue[1] == 0.0
    assert (by_venue[[0, 2, 3, 4]] > 1_000).all()


def test_our_buying_moves_the_price_and_part_of_it_stays() -> None:
    """Permanent and transient impact, as the scenario says, on top of the same day without us."""
    calm = msgspec.structs.replace(DAY.flow, imbalance_weight_frac=0.0)
    day = msgspec.structs.replace(DAY, flow=calm)
    without, client = World(day, 7), Client(World(day, 7))
    ask = int(client.world._state.touches["ticks"][-1])
    client.take(1, PNYA, Side.BUY, 1_000, ask)
    client.wait(0.01)
    without.advance(client.world.now_ns)
    shares = sum(fill.size_shares for fill in client.fills(1))

    assert shares > 0
    audit = client.world.audit()
    permanent = 4.0 * 85.0 * shares / 120_000  # bps per percent of ADV, ticks per bps, one percent
    moved = client.world.reference_price_ticks() - without.reference_price_ticks()
    assert audit["permanent_ticks"].sum() == pytest.approx(permanent)
    assert moved == pytest.approx(permanent)
    assert audit["transient_ticks"].sum() == pytest.approx(2.5 * permanent)
    difference = client.world.hidden().transient_ticks - without.hidden().transient_ticks
    assert difference == pytest.approx(2.5 * permanent)


def test_the_audit_knows_the_price_before_each_execution() -> None:
    """A sweep moves the reference price fill by fill: each is judged by the one before it."""
    client = Client(World(DAY, 7))
    before = client.world.reference_price_ticks()
    ask = int(client.world._state.touches["ticks"][-1])
    client.take(1, PNYA, Side.BUY, 2_000, ask + 200)
    client.wait(0.01)

    audit = client.world.audit()
    assert len(audit) > 1
    expected = before + np.concatenate([[0.0], np.cumsum(audit["permanent_ticks"])[:-1]])
    np.testing.assert_allclose(expected, audit["reference_ticks"], rtol=0, atol=1e-6)
    assert (audit["side"] == 1).all()
    assert (audit["child_id"] == 1).all()


def test_the_price_of_a_quiet_market_is_unknown() -> None:
    """Without a price process or a scripted one there is no M*, and no number pretends to be it."""
    scenario = quiet_market()
    world = World(scenario, 1, script=script(scenario, quotes()))

    assert np.isnan(world.reference_price_ticks())


def test_depth_is_what_is_displayed_price_by_price() -> None:
    """Best first, prices with nothing shown left out; a pool's book is empty."""
    rows = [
        *quotes(shares=500),
        (-0.5, ScriptOp.ADD, LIT, 1, 999_700, 200, 1),
        (-0.5, ScriptOp.ADD, LIT, 1, 999_700, 100, 2),
        (-0.5, ScriptOp.ADD, LIT, -1, 1_000_400, 700, 3),
    ]
    scenario = quiet_market()
    world = World(scenario, 1, script=script(scenario, rows))
    world.advance(Ns(world.now_ns + 1_000_000))

    assert [[500, 300, 0], [500, 700, 0]] == world.displayed_depth(LIT, 3).tolist()
    assert [[500], [500]] == world.displayed_depth(OTHER_LIT, 1).tolist()
    assert not world.displayed_depth(POOL, 5).any()
