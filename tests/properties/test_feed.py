"""Laws of the feed, for any loss, repetition, reordering and restart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.book import Books
from penstock.domain import FeedGap, FeedRecovered, FeedStale, Ns, Side, from_seconds
from penstock.sim import World
from penstock.wire.feed import FeedPublisher, FeedReceiver
from tests.support.feed_links import FeedLink, feed_universe
from tests.support.worlds import plain_day

UNIVERSE = feed_universe(n_venues=2, n_instruments=2)
NBBO_PRICES = ["bid_ticks", "ask_ticks", "bid_shares", "ask_shares"]

# What may happen to the next datagrams, snapshots and requests included.
steps = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 6)),
        st.tuples(st.just("deliver"), st.integers(1, 6)),
        st.tuples(st.just("deliver_last"), st.integers(1, 6)),
        st.tuples(st.just("repeat"), st.integers(0, 30)),
        st.tuples(st.just("lose"), st.integers(1, 3)),
        st.tuples(st.just("answer"), st.just(0)),
        st.tuples(st.just("heartbeat"), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([1, 50, 250, 1_100])),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=60,
)


class FaultyLink:
    """Carries datagrams from the publisher to the receiver, one fault after the other."""

    def __init__(self, seed: int) -> None:
        self.link = FeedLink(UNIVERSE, seed)
        self.under_way: list[bytes] = []
        self.arrived: list[bytes] = []

    def step(self, what: str, n: int) -> None:
        """One thing that happens. The link itself checks what the receiver makes of it."""
        link = self.link
        if what == "publish":
            self.under_way += link.publish(n)
        elif what == "deliver":
            self._arrive(self.under_way[:n])
            del self.under_way[:n]
        elif what == "deliver_last":  # overtakes all that is under way
            self._arrive(self.under_way[-n:])
            del self.under_way[-n:]
        elif what == "repeat":
            self._arrive(self.arrived[n : n + 1])
        elif what == "lose":
            del self.under_way[:n]
        elif what == "answer":
            self.under_way += link.answers()
        elif what == "heartbeat":
            self.under_way += link.publisher.heartbeat()
        elif what == "wait":
            link.wait(n)
            link.tick()
        elif what == "restart":
            link.wait(1)
            link.restart()

    def finish(self) -> None:
        """Everything still under way arrives, then nothing goes wrong any more."""
        self._arrive(self.under_way)
        self.link.settle()

    def _arrive(self, datagrams: list[bytes]) -> None:
        self.link.deliver(datagrams)
        self.arrived += datagrams


@given(st.integers(0, 2**32), steps)
@settings(deadline=None, max_examples=200)
def test_what_is_believed_is_true_and_in_the_end_everything_is(
    seed: int, schedule: list[tuple[str, int]]
) -> None:
    """
    A book that is believed is what the publisher's was at that message, whatever happened.

    `FeedLink.check` holds this after every datagram and every tick. When faults end, one repair
    puts everything in order.
    """
    faulty = FaultyLink(seed)
    faulty.link.tick()
    for what, n in schedule:
        faulty.step(what, n)

    faulty.finish()

    assert faulty.link.is_in_order()


@pytest.mark.parametrize("seed", range(12))
def test_a_long_bad_day_is_survived(seed: int) -> None:
    """Thousands of messages with every fault at once, and enough luck for repairs in between."""
    rng = np.random.default_rng(seed)
    faulty = FaultyLink(seed)
    kinds = ["publish"] * 8 + ["deliver"] * 12 + ["wait", "wait", "answer", "answer", "heartbeat"]
    kinds += ["repeat", "deliver_last"] * (seed % 2) + ["lose"] * (1 + seed % 3)
    for _ in range(1_500):
        what = kinds[int(rng.integers(len(kinds)))]
        n = int(rng.choice([1, 50, 250])) if what == "wait" else int(rng.integers(1, 8))
        faulty.step(what, n)
        if rng.random() < 0.003:
            faulty.step("restart", 0)
    link = faulty.link
    counters = link.receiver.counters

    assert counters.n_recovered > 15, "the schedule was too hard to test repairs"
    assert counters.n_gaps > 15, "the schedule was too easy to test gaps"
    assert counters.n_malformed == counters.n_foreign == 0
    assert sum(len(rows) for rows in link.handed) == counters.n_rows
    faulty.finish()
    assert link.is_in_order()


@given(st.integers(0, 2**32), st.lists(st.integers(1, 12), max_size=30))
def test_without_faults_nothing_is_told_and_every_row_is_handed_out(
    seed: int, batches: list[int]
) -> None:
    """The receiver has no false alarms."""
    link = FeedLink(UNIVERSE, seed)
    link.tick()
    link.deliver(link.answers())
    n_before = link.receiver.counters.n_rows
    for n in batches:
        link.wait(50)
        link.deliver(link.publish(n))
        link.tick()

    assert sum(batches) == link.receiver.counters.n_rows - n_before
    assert (0, 0) == (link.n_told(FeedGap), link.n_told(FeedStale))
    assert 2 == link.n_told(FeedRecovered)
    assert link.is_in_order()


@pytest.mark.parametrize("lost_frac", [0.0, 0.2])
def test_a_simulated_market_arrives_over_a_lossy_link(lost_frac: float) -> None:
    """The real thing: whole batches, deep books, and one datagram in five lost, requests too."""
    world = World(plain_day(duration_s=30.0), seed=5)
    universe, n_venues = world.universe, len(world.universe.venues)
    publisher = FeedPublisher(universe, started_ns=world.now_ns)
    receiver = FeedReceiver(universe, stale_after_ns=from_seconds(2.0))
    told, heard = (Books(1, n_venues, np.ones(n_venues, np.bool_)) for _ in range(2))
    rng = np.random.default_rng(5)
    end_ns = world.now_ns + from_seconds(20.0)
    while world.now_ns < end_ns:
        batch, _ = world.advance(Ns(world.now_ns + from_seconds(0.02)))
        told.apply(batch.tape, batch.lo, batch.hi)
        datagrams = publisher.publish(batch.tape, batch.lo, batch.hi) + publisher.heartbeat()
        is_calm = world.now_ns > end_ns - from_seconds(1.0)
        for datagram in datagrams:
            if is_calm or rng.random() >= lost_frac:
                receiver.receive(datagram, world.now_ns)
        receiver.tick(world.now_ns)
        output = receiver.take()
        for part in [p for request in output.requests for p in publisher.snapshot(request)]:
            if is_calm or rng.random() >= lost_frac:
                receiver.receive(part, world.now_ns)
        heard.apply(output.tape, 0, len(output.tape))

    last = receiver.take().tape
    heard.apply(last, 0, len(last))
    assert publisher.n_messages > 2_000
    assert (receiver.counters.n_gaps > 20) == (lost_frac > 0)
    for venue_idx in range(n_venues):
        for side in Side:
            assert (told.depth(0, venue_idx, side) or []) == heard.depth(0, venue_idx, side)
    assert (told.nbbo[NBBO_PRICES] == heard.nbbo[NBBO_PRICES]).all()


noise = st.one_of(
    st.binary(max_size=120),
    st.binary(max_size=120).map(lambda tail: b"V0  00000A" + tail),
    st.binary(max_size=120).map(lambda tail: b"\0SNPV0  00000A" + tail),
)


@given(st.lists(noise, max_size=20))
def test_no_bytes_make_the_receiver_raise(datagrams: list[bytes]) -> None:
    """Anybody can send to a UDP port."""
    receiver = FeedReceiver(UNIVERSE, stale_after_ns=Ns(10**9))
    for i, datagram in enumerate(datagrams):
        receiver.receive(datagram, Ns(i))
        receiver.receive(memoryview(datagram), Ns(i))

    assert 2 * len(datagrams) == receiver.counters.n_datagrams
    assert not any(receiver.is_whole(v) for v in range(2))


@given(st.binary(max_size=40))
def test_no_bytes_make_the_publisher_raise(request_bytes: bytes) -> None:
    """The same for the port that answers requests."""
    publisher = FeedPublisher(UNIVERSE, started_ns=Ns(0))

    assert [] == publisher.snapshot(request_bytes)


@pytest.mark.parametrize("seed", range(60))
def test_damaged_and_forged_fronts_do_no_lasting_harm(seed: int) -> None:
    """
    Datagrams with another session, sequence or count are noise: never believed, soon overcome.

    A message that was changed into another good one cannot be told from the truth: that is what
    UDP's checksum is for. So only the front is changed here.
    """
    rng = np.random.default_rng(seed)
    link = FeedLink(UNIVERSE, seed)
    link.settle()
    for _ in range(40):
        good = [*link.publish(2), *link.publisher.heartbeat()]
        for datagram in good:
            bad = bytearray(datagram)
            bad[int(rng.integers(4, 20))] = int(rng.integers(256))
            link.deliver([bytes(bad), datagram])
        link.wait(30)
        link.tick()
        link.deliver(link.answers())

    assert link.receiver.counters.n_gaps > 5, "nothing was disturbed"
    link.settle()
    assert link.is_in_order()
