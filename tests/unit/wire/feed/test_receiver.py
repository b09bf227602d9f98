"""The receiver: what it hands out, when it does not, and how it gets whole again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from penstock.book import MAX_LEVELS, Books
from penstock.domain import (
    NS_PER_MS,
    Event,
    FeedGap,
    FeedRecovered,
    FeedStale,
    Ns,
    Side,
    TapeFlag,
    TapeKind,
    Universe,
)
from penstock.wire.feed import FeedOutput, FeedPublisher, FeedReceiver, repair
from tests.support.feed_links import feed_universe
from tests.support.tapes import Message, clear, gap, level, snapshot_end, status, tape, trade

BUY, SELL = Side.BUY, Side.SELL
ONE_VENUE = feed_universe(n_venues=1, n_instruments=1)
START_NS = 1_772_461_800_000_000_000
RETRY_MS, STALE_AFTER_MS = 200, 1_000


class Ends:
    """Both ends of a feed and a clock; what the test does not deliver is lost."""

    def __init__(self, universe: Universe = ONE_VENUE) -> None:
        self.universe, self.now_ns = universe, Ns(START_NS)
        self.receiver = FeedReceiver(universe, stale_after_ns=Ns(STALE_AFTER_MS * NS_PER_MS))
        self.books = Books(
            len(universe.instruments), len(universe.venues), np.ones(len(universe.venues), np.bool_)
        )
        self.restart()

    def restart(self) -> None:
        """Another publisher takes over."""
        self.wait(1)
        self.publisher = FeedPublisher(self.universe, started_ns=self.now_ns)

    def wait(self, n_ms: float) -> None:
        """Let the receiver notice that time has passed."""
        self.now_ns = Ns(self.now_ns + round(n_ms * NS_PER_MS))
        self.receiver.tick(self.now_ns)

    def send(self, *messages: Message) -> list[bytes]:
        """Datagrams that are under way: one for each message."""
        rows = tape(messages)
        return [d for i in range(len(rows)) for d in self.publisher.publish(rows, i, i + 1)]

    def deliver(self, *datagrams: bytes) -> None:
        """They arrive."""
        for datagram in datagrams:
            self.receiver.receive(datagram, self.now_ns)

    def take(self) -> FeedOutput:
        """What came up, applied to the books."""
        output = self.receiver.take()
        self.books.apply(output.tape, 0, len(output.tape))
        return output

    def answers(self, requests: Sequence[bytes]) -> list[bytes]:
        """What the publisher answers."""
        return [part for request in requests for part in self.publisher.snapshot(request)]

    def start(self, *messages: Message) -> Ends:
        """The state after the first snapshot, which contains these messages; all is taken."""
        self.send(*messages)
        self.wait(0)
        self.deliver(*self.answers(self.take().requests))
        self.take()
        return self

    def mend(self) -> FeedOutput:
        """Ask, answer, and take what comes of it."""
        self.wait(RETRY_MS)
        self.deliver(*self.answers(self.take().requests))
        return self.take()


def kinds(output: FeedOutput) -> list[str]:
    """Kinds of the rows, by name."""
    return [TapeKind(kind).name for kind in output.tape["kind"]]


def told(output: FeedOutput) -> list[type[Event]]:
    """Which events came up."""
    return [type(event) for event in output.events]


def prices(output: FeedOutput) -> list[int]:
    """Prices of the levels."""
    levels: list[int] = output.tape["price_ticks"][output.tape["kind"] == TapeKind.LEVEL].tolist()
    return levels


# ---- start ---------------------------------------------------------------------------------


def test_at_start_nothing_is_known_and_every_venue_is_asked_for() -> None:
    """GAP rows, because books from an earlier run may still be there; no event, no news yet."""
    ends = Ends(feed_universe(n_venues=2, n_instruments=3))
    ends.wait(0)
    output = ends.take()

    assert 6 * ["GAP"] == kinds(output)
    assert [] == output.events
    assert [b"\0REQV0  \0\0\0\1", b"\0REQV1  \0\0\0\1"] == output.requests
    assert not ends.receiver.is_whole(0)


def test_the_first_snapshot_starts_a_venue() -> None:
    """FeedRecovered, because the engine may remember a gap from before a crash."""
    ends = Ends()
    ends.send(level(BUY, 1_000, 200), level(SELL, 1_002, 300))
    ends.wait(0)
    ends.deliver(*ends.answers(ends.take().requests))
    output = ends.take()

    assert ["CLEAR", "STATUS", "LEVEL", "LEVEL", "SNAPSHOT_END"] == kinds(output)
    assert [FeedRecovered] == told(output)
    assert [(1_000, 200)] == ends.books.depth(0, 0, BUY)
    assert [(1_002, 300)] == ends.books.depth(0, 0, SELL)


def test_a_book_from_an_earlier_run_is_not_believed_before_the_first_snapshot() -> None:
    """A journal brings it back as it was; what happened in between nobody heard."""
    ends = Ends()
    ends.books.apply(tape([clear(seq=1), level(seq=2), snapshot_end(seq=3)]), 0, 3)
    assert ends.books.is_valid(0, 0)

    ends.wait(0)
    ends.take()

    assert not ends.books.is_valid(0, 0)


# ---- in step -------------------------------------------------------------------------------


def test_messages_are_stamped_and_numbered_within_venue_and_instrument() -> None:
    """As books want them; the venue's own stamp stays."""
    universe = feed_universe(n_venues=2, n_instruments=2)
    ends = Ends(universe).start()
    ends.deliver(
        *ends.send(
            level(now=7), level(venue=1, now=8), level(instrument=1, now=9), level(now=10),
        )
    )  # fmt: skip
    rows = ends.take().tape

    # GAP and the three rows of an empty snapshot have come before.
    assert [(0, 0, 5), (1, 0, 5), (0, 1, 5), (0, 0, 6)] == [
        (int(r["venue_idx"]), int(r["instrument_idx"]), int(r["seq"])) for r in rows
    ]
    assert [7, 8, 9, 10] == rows["event_ns"].tolist()
    assert {int(ends.now_ns)} == set(rows["recv_ns"].tolist())


def test_a_repeated_datagram_is_dropped_and_counted() -> None:
    """Networks repeat; a print counted twice is wrong flow."""
    ends = Ends().start()
    datagrams = ends.send(trade(), trade())
    ends.deliver(*datagrams, *datagrams, datagrams[0])

    assert 2 == len(ends.take().tape)
    assert 3 == ends.receiver.counters.n_duplicates


def test_of_a_datagram_that_overlaps_only_the_new_is_handed_out() -> None:
    """A server may send old messages again in other pieces."""
    ends = Ends().start()
    rows = tape([level(BUY, ticks) for ticks in (1_000, 1_001, 1_002)])
    (whole,) = FeedPublisher(ONE_VENUE, started_ns=ends.now_ns).publish(rows, 0, 3)
    ends.deliver(*ends.publisher.publish(rows, 0, 2), whole)

    assert [1_000, 1_001, 1_002] == prices(ends.take())
    assert 0 == ends.receiver.counters.n_gaps


def test_time_never_runs_backwards_in_the_output() -> None:
    """Two sockets, two stamps; a tape is sorted by the time of receipt."""
    ends = Ends().start()
    first, second = ends.send(level(), level())
    ends.receiver.receive(first, Ns(ends.now_ns + 1_000))
    ends.receiver.receive(second, Ns(ends.now_ns + 400))

    assert [1_000, 1_000] == (ends.take().tape["recv_ns"] - ends.now_ns).tolist()


def test_any_number_of_rows_waits_to_be_taken() -> None:
    """A slow taker loses nothing."""
    ends = Ends().start()
    rows = tape([level(BUY, 1_000 + i) for i in range(10_000)])
    ends.deliver(*ends.publisher.publish(rows, 0, len(rows)))

    assert list(range(1_000, 11_000)) == prices(ends.take())
    assert 0 == len(ends.take().tape)


def test_what_was_taken_does_not_change_any_more() -> None:
    """It goes through a queue into another thread."""
    ends = Ends().start()
    ends.deliver(*ends.send(level(BUY, 1_000)))
    taken = ends.take()
    ends.deliver(*ends.send(level(BUY, 2_000)))
    ends.take()

    assert [1_000] == prices(taken)


# ---- gaps ----------------------------------------------------------------------------------


def test_a_hole_is_told_at_once_and_nothing_after_it_is_handed_out() -> None:
    """The book is invalid before anybody can act on what came after the hole."""
    ends = Ends().start(level(BUY, 1_000))
    ends.wait(RETRY_MS)
    _, late = ends.send(level(BUY, 1_001), level(BUY, 1_002))
    ends.deliver(late)
    output = ends.take()

    assert ["GAP"] == kinds(output)
    assert [FeedGap] == told(output)
    assert 1 == len(output.requests)
    assert not ends.books.is_valid(0, 0)
    ends.deliver(*ends.send(level(BUY, 1_003)))
    assert [] == kinds(ends.take())


def test_a_snapshot_and_all_that_came_after_it_mend_a_hole() -> None:
    """CLEAR … SNAPSHOT_END, then what the snapshot did not contain yet, then FeedRecovered."""
    ends = Ends().start(level(BUY, 1_000))
    ends.wait(RETRY_MS)
    ends.deliver(ends.send(level(BUY, 1_001), level(BUY, 1_002))[1])
    snapshot = ends.answers(ends.take().requests)
    ends.deliver(*ends.send(level(BUY, 1_003), level(BUY, 1_002, 0)))  # after the snapshot
    ends.deliver(*snapshot)
    output = ends.take()

    assert kinds(output) == ["CLEAR", "STATUS", *["LEVEL"] * 3, "SNAPSHOT_END", *["LEVEL"] * 2]
    assert [FeedRecovered] == told(output)
    assert [(1_003, 100), (1_001, 100), (1_000, 100)] == ends.books.depth(0, 0, BUY)
    assert ends.receiver.is_whole(0)


def test_what_the_snapshot_contains_is_not_handed_out_again() -> None:
    """A print heard in the gap and before the snapshot would move no book, but count as flow."""
    ends = Ends().start()
    ends.wait(RETRY_MS)
    ends.deliver(ends.send(trade(), trade())[1])
    requests = ends.take().requests
    ends.deliver(*ends.send(trade()))  # before the snapshot is made, after it was asked for
    ends.deliver(*ends.answers(requests))
    late = ends.send(trade())
    ends.deliver(*late)

    assert ["CLEAR", "STATUS", "SNAPSHOT_END", "TRADE"] == kinds(ends.take())


def test_a_hole_after_the_snapshot_needs_another_snapshot() -> None:
    """Half a repair is none."""
    ends = Ends().start()
    ends.wait(RETRY_MS)
    ends.deliver(ends.send(level(BUY, 1_001), level(BUY, 1_002))[1])
    snapshot = ends.answers(ends.take().requests)
    ends.deliver(ends.send(level(BUY, 1_003), level(BUY, 1_004))[1])
    ends.deliver(*snapshot)

    assert [] == kinds(ends.take())
    output = ends.mend()
    assert [1_004, 1_003, 1_002, 1_001] == prices(output)
    assert [FeedRecovered] == told(output)


def test_a_late_datagram_fills_the_hole_after_the_snapshot() -> None:
    """Reordering costs a snapshot, not two."""
    ends = Ends().start()
    ends.wait(RETRY_MS)
    ends.deliver(ends.send(level(BUY, 1_001), level(BUY, 1_002))[1])
    snapshot = ends.answers(ends.take().requests)
    overtaken, ahead = ends.send(level(BUY, 1_003), level(BUY, 1_004))
    ends.deliver(ahead, *snapshot, overtaken)

    assert [1_002, 1_001, 1_003, 1_004] == prices(ends.take())


def test_a_lost_last_datagram_is_noticed_by_the_next_heartbeat() -> None:
    """No later message would tell."""
    ends = Ends().start()
    ends.send(level(BUY, 1_000))
    ends.deliver(*ends.publisher.heartbeat())

    assert [FeedGap] == told(ends.take())
    assert [1_000] == prices(ends.mend())


def test_the_end_of_a_session_tells_of_a_loss_as_a_heartbeat_does() -> None:
    """The last chance to notice; by itself it is no loss."""
    ends = Ends().start()
    ends.deliver(*ends.publisher.end_of_session())
    assert [] == ends.take().events

    ends.send(level())
    ends.deliver(*ends.publisher.end_of_session())
    assert [FeedGap] == told(ends.take())


def test_a_gap_at_one_venue_leaves_the_others_alone() -> None:
    """Each venue is a stream of its own."""
    ends = Ends(feed_universe(n_venues=2, n_instruments=1)).start()
    ends.deliver(ends.send(level(venue=0), level(venue=0))[1], *ends.send(level(venue=1)))
    output = ends.take()

    assert [(0, "GAP"), (1, "LEVEL")] == list(
        zip(output.tape["venue_idx"].tolist(), kinds(output), strict=True)
    )
    assert [0] == [event.venue_idx for event in output.events]  # type: ignore[union-attr]


def test_a_request_is_repeated_after_a_while_and_not_before() -> None:
    """Requests and answers get lost too; a burst of losses must not become a burst of requests."""
    ends = Ends().start()
    ends.wait(RETRY_MS)
    ends.deliver(*ends.send(level(), level(), level())[1:])
    n_requests = [len(ends.take().requests)]
    for _ in range(6):
        ends.wait(RETRY_MS / 2)
        ends.deliver(*ends.publisher.heartbeat())
        n_requests.append(len(ends.take().requests))

    assert [1, 0, 1, 0, 1, 0, 1] == n_requests


def test_parts_of_two_equal_snapshots_make_one() -> None:
    """In a quiet market a lossy link still gets a long snapshot through."""
    ends = Ends().start()
    ends.wait(RETRY_MS)
    ends.send(*[level(BUY, 1_000 + i) for i in range(100)])
    ends.deliver(*ends.publisher.heartbeat())
    first = ends.answers(ends.take().requests)
    assert 3 == len(first)
    ends.deliver(first[0], first[2])
    ends.wait(RETRY_MS)
    second = ends.answers(ends.take().requests)
    ends.deliver(second[1])

    assert 100 == len(prices(ends.take()))
    assert ends.receiver.is_whole(0)


def test_parts_of_different_snapshots_are_not_mixed() -> None:
    """The market moved in between."""
    ends = Ends().start()
    ends.wait(RETRY_MS)
    ends.send(*[level(BUY, 1_000 + i) for i in range(100)])
    ends.deliver(*ends.publisher.heartbeat())
    first = ends.answers(ends.take().requests)
    ends.deliver(first[0], first[2])
    ends.deliver(*ends.send(level(BUY, 1_000, 0)))
    ends.wait(RETRY_MS)
    second = ends.answers(ends.take().requests)
    ends.deliver(second[1], first[1])
    assert not ends.receiver.is_whole(0)

    ends.deliver(second[0], second[2])
    assert ends.receiver.is_whole(0)
    assert sorted(prices(ends.take())) == list(range(1_001, 1_100))


def test_an_answer_from_before_the_gap_is_of_no_use() -> None:
    """It lacks what was handed out since, and would take it back."""
    ends = Ends()
    ends.wait(0)
    old = ends.answers(ends.take().requests)
    ends.deliver(*old)
    ends.wait(RETRY_MS)
    handed_out = ends.send(trade())
    ends.deliver(*handed_out)
    overtaken, ahead = ends.send(level(BUY, 1_001), level(BUY, 1_002))
    ends.deliver(ahead)
    ends.take()
    ends.deliver(*old, *handed_out, overtaken)  # everything since then, a second time

    assert [] == kinds(ends.take())
    assert not ends.receiver.is_whole(0)


def test_a_snapshot_that_nobody_asked_for_is_dropped() -> None:
    """Whole is whole; and a number that was never asked is somebody else's."""
    ends = Ends().start(level(BUY, 1_000))
    ends.deliver(*ends.publisher.snapshot(b"\0REQV0  \0\0\0\1"))
    assert [] == kinds(ends.take())

    ends.deliver(ends.send(level(), level())[1])
    ends.deliver(*ends.publisher.snapshot(b"\0REQV0  \0\0\0\x63"))
    assert not ends.receiver.is_whole(0)


def test_a_gap_too_long_to_keep_is_mended_by_a_later_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Memory is bounded; what was let go is in what is asked for afterwards."""
    monkeypatch.setattr(repair, "MAX_KEPT_ROWS", 50)
    ends = Ends().start()
    ends.wait(RETRY_MS)
    ends.deliver(ends.send(level(BUY, 1), level(BUY, 2))[1])
    early = ends.answers(ends.take().requests)
    ends.deliver(*ends.send(*[level(BUY, 1_000 + i) for i in range(120)]))
    ends.deliver(*early)
    assert not ends.receiver.is_whole(0)

    output = ends.mend()
    assert 122 == len(prices(output))
    assert [FeedRecovered] == told(output)
    assert 2 == ends.receiver.counters.n_overflows


# ---- staleness -----------------------------------------------------------------------------


def test_silence_is_stale_and_heartbeats_are_not_silence() -> None:
    """A pool that prints nothing all day is alive."""
    ends = Ends().start()
    for _ in range(10):
        ends.wait(500)
        ends.deliver(*ends.publisher.heartbeat())
    assert [] == ends.take().events

    ends.wait(STALE_AFTER_MS - 1)
    assert [] == ends.take().events
    ends.wait(1)
    assert [FeedStale] == told(ends.take())
    assert ends.receiver.is_stale(0)
    ends.wait(STALE_AFTER_MS)
    assert [] == ends.take().events, "it is told once"


def test_a_silent_venue_that_speaks_again_and_lost_nothing_has_recovered() -> None:
    """No snapshot is needed: the numbers say so."""
    ends = Ends().start()
    ends.wait(STALE_AFTER_MS)
    ends.take()
    ends.deliver(*ends.send(level()))
    output = ends.take()

    assert ["LEVEL"] == kinds(output)
    assert [FeedRecovered] == told(output)
    assert not ends.receiver.is_stale(0)


def test_a_silent_venue_that_speaks_again_after_a_loss_is_mended_first() -> None:
    """FeedRecovered means both: heard, and whole."""
    ends = Ends().start()
    ends.wait(STALE_AFTER_MS)
    ends.take()
    ends.send(level())
    ends.deliver(*ends.publisher.heartbeat())

    assert [FeedGap] == told(ends.take())
    assert [FeedRecovered] == told(ends.mend())


def test_a_venue_that_was_never_heard_is_stale_too() -> None:
    """Nobody may wait for ever for a publisher that was not started."""
    ends = Ends()
    ends.wait(0)
    ends.wait(STALE_AFTER_MS)

    assert [FeedStale] == told(ends.take())


def test_old_datagrams_and_snapshots_are_no_sign_of_life() -> None:
    """A network that repeats the past says nothing about now."""
    ends = Ends()
    ends.wait(0)
    snapshot = ends.answers(ends.take().requests)
    ends.deliver(*snapshot)
    beat = ends.publisher.heartbeat()
    old = ends.send(level())
    ends.deliver(*old)
    ends.wait(STALE_AFTER_MS - 1)
    ends.deliver(*old, *beat, *snapshot)
    ends.wait(1)

    assert ends.receiver.is_stale(0)


def test_a_snapshot_of_a_silent_stream_does_not_end_the_silence() -> None:
    """The port that answers requests is not the one that sends the market."""
    ends = Ends()
    ends.wait(0)
    ends.wait(STALE_AFTER_MS)
    requests = ends.take().requests
    ends.deliver(*ends.answers(requests))
    output = ends.take()

    assert ["CLEAR", "STATUS", "SNAPSHOT_END"] == kinds(output)
    assert [] == output.events
    ends.deliver(*ends.publisher.heartbeat())
    assert [FeedRecovered] == told(ends.take())


# ---- another publisher ---------------------------------------------------------------------


@pytest.mark.parametrize("n_before", [0, 1, 5])
def test_a_publisher_started_anew_is_a_gap_whatever_its_numbers(n_before: int) -> None:
    """Behind, level or ahead of the old one: its messages are not the next ones."""
    ends = Ends().start()
    ends.deliver(*ends.send(*[level(BUY, 1_000 + i) for i in range(n_before)]))
    ends.take()
    ends.restart()
    ends.deliver(*ends.send(level(BUY, 2_000)))
    assert [FeedGap] == told(ends.take())

    output = ends.mend()
    assert [FeedRecovered] == told(output)
    assert [(2_000, 100)] == ends.books.depth(0, 0, BUY)


def test_a_heartbeat_is_enough_to_notice_a_new_publisher() -> None:
    """It may have nothing to say yet, and what the old one said is not true any more."""
    ends = Ends().start(level(BUY, 1_000))
    ends.restart()
    ends.deliver(*ends.publisher.heartbeat())
    assert [FeedGap] == told(ends.take())

    ends.mend()
    assert [] == ends.books.depth(0, 0, BUY)


def test_late_datagrams_of_a_dead_publisher_disturb_nobody() -> None:
    """It was replaced; only the network still speaks of it."""
    ends = Ends().start()
    late = ends.send(level(BUY, 1_000))
    ends.restart()
    ends.deliver(*ends.publisher.heartbeat())
    ends.mend()
    ends.deliver(*late)

    assert [] == kinds(ends.take())
    assert ends.receiver.is_whole(0)


def test_a_snapshot_of_the_old_publisher_does_not_end_the_gap_of_a_restart() -> None:
    """Asked for, answered, and then overtaken by the restart."""
    ends = Ends().start(level(BUY, 1_000))
    ends.wait(RETRY_MS)
    ends.deliver(ends.send(level(), level())[1])
    answer_of_the_old = ends.answers(ends.take().requests)
    ends.restart()
    ends.deliver(*ends.publisher.heartbeat())
    ends.deliver(*answer_of_the_old)
    assert not ends.receiver.is_whole(0)

    assert [FeedRecovered] == told(ends.mend())
    assert [] == ends.books.depth(0, 0, BUY)


def test_two_publishers_of_one_venue_are_not_believed() -> None:
    """Which of them speaks for the venue is for a person to find out."""
    ends = Ends().start()
    other = FeedPublisher(ONE_VENUE, started_ns=Ns(START_NS + 10**10))
    for _ in range(10):
        ends.deliver(*other.heartbeat(), *ends.publisher.heartbeat())
        ends.wait(RETRY_MS)
        requests = ends.take().requests
        ends.deliver(*other.heartbeat(), *ends.publisher.heartbeat(), *ends.answers(requests))

    assert not ends.receiver.is_whole(0)


def test_a_publisher_taken_for_dead_is_listened_to_when_all_others_are_silent() -> None:
    """It may have been brought back; whatever speaks for the venue then is news."""
    ends = Ends().start()
    old = ends.publisher
    ends.restart()
    ends.deliver(*ends.publisher.heartbeat())
    ends.mend()
    ends.publisher = old
    ends.wait(STALE_AFTER_MS)
    ends.take()
    ends.deliver(*old.heartbeat())
    assert [FeedGap] == told(ends.take())

    assert [FeedRecovered] == told(ends.mend())


def test_an_invented_number_is_overcome_by_the_next_snapshot() -> None:
    """What the publisher had not sent when it answered was never true."""
    ends = Ends().start()
    beat = bytearray(ends.publisher.heartbeat()[0])
    beat[10] = 0x20  # 2^61
    ends.deliver(bytes(beat))
    assert [FeedGap] == told(ends.take())

    assert [FeedRecovered] == told(ends.mend())


# ---- strangers and damage ------------------------------------------------------------------


def test_venues_and_instruments_of_others_are_left_out_and_counted() -> None:
    """A publisher may have more than we trade; its numbers count on all the same."""
    wide = feed_universe(n_venues=2, n_instruments=2)
    narrow = msgspec.structs.replace(
        ONE_VENUE,
        instruments=(msgspec.structs.replace(wide.instruments[1], instrument_idx=0),),
    )
    ends = Ends(narrow)
    ends.publisher = FeedPublisher(wide, started_ns=Ns(START_NS))
    ends.start()
    ends.deliver(
        *ends.send(level(BUY, 1, instrument=0), level(BUY, 2, instrument=1), level(BUY, 3, venue=1))
    )

    assert [2] == prices(ends.take())
    counters = ends.receiver.counters
    assert (1, 4) == (counters.n_foreign, counters.n_skipped_rows)  # three rows of the snapshot
    assert (0, 0) == (counters.n_gaps, counters.n_malformed)


def cut(datagram: bytes) -> bytes:
    """Without its last byte."""
    return datagram[:-1]


def grown(datagram: bytes) -> bytes:
    """With a byte too many."""
    return datagram + b"\0"


def of_no_kind(datagram: bytes) -> bytes:
    """Its last message says nothing that there is."""
    return datagram[:-2] + b"\x63" + datagram[-1:]


def from_sequence_zero(datagram: bytes) -> bytes:
    """Numbers start at 1."""
    return datagram[:10] + bytes(8) + datagram[18:]


@pytest.mark.parametrize("damage", [cut, grown, of_no_kind, from_sequence_zero])
def test_a_damaged_datagram_is_dropped_whole_and_so_becomes_a_gap(damage: Any) -> None:
    """Half a datagram is not believed; the next number shows that it is missing."""
    ends = Ends().start()
    bad, good = ends.send(level(BUY, 1_000), level(BUY, 1_001))
    ends.deliver(damage(bad))
    assert [] == kinds(ends.take())
    assert 1 == ends.receiver.counters.n_malformed

    ends.deliver(good)
    assert [FeedGap] == told(ends.take())


def test_datagrams_longer_than_any_of_ours_are_dropped() -> None:
    """The longest that UDP can carry, and one that claims to be a snapshot."""
    ends = Ends().start()
    front = ends.publisher.snapshot(b"\0REQV0  \0\0\0\1")[0][:32]
    ends.deliver(bytes(65_507), front + bytes(38 * 40))

    assert 2 == ends.receiver.counters.n_malformed


def test_a_part_beyond_the_last_is_malformed() -> None:
    """It would never be missed, and never used."""
    ends = Ends()
    ends.wait(0)
    part = bytearray(ends.answers(ends.take().requests)[0])
    part[26:28] = part[28:30]
    ends.deliver(bytes(part))

    assert 1 == ends.receiver.counters.n_malformed


# ---- books that are special ----------------------------------------------------------------


def test_a_halted_book_comes_through_a_snapshot_crossed_and_halted() -> None:
    """Orders cross while they wait for the auction."""
    ends = Ends().start(
        status(int(TapeFlag.HALTED)), level(BUY, 1_005, 100), level(SELL, 1_000, 100)
    )

    assert ends.books.is_valid(0, 0)
    assert [(1_005, 100)] == ends.books.depth(0, 0, BUY)
    assert 1 == ends.books.meta[0]["is_halted"]


def test_a_halt_that_ended_in_a_gap_has_ended() -> None:
    """The snapshot says that there is no halt, not only that there is one."""
    ends = Ends().start(status(int(TapeFlag.HALTED)))
    ends.send(status(0))
    ends.deliver(*ends.publisher.heartbeat())
    ends.mend()

    assert 0 == ends.books.meta[0]["is_halted"]


def test_a_book_too_deep_to_keep_knows_after_a_snapshot_that_there_is_more() -> None:
    """When all that is kept is gone, the side is unknown, not empty."""
    deep = [level(BUY, 1_000 + i, 100) for i in range(MAX_LEVELS + 10)]
    ends = Ends().start(*deep)
    best = ends.books.depth(0, 0, BUY)
    assert best is not None
    assert MAX_LEVELS == len(best)

    ends.deliver(*ends.send(*[level(BUY, ticks, 0) for ticks, _ in best]))
    ends.take()
    assert not ends.books.is_valid(0, 0)


@pytest.mark.parametrize(
    ("before", "after"), [([gap()], []), ([gap(), clear(), level(BUY, 999)], [snapshot_end()])]
)
def test_what_the_publisher_itself_lost_is_not_believed(
    before: list[Message], after: list[Message]
) -> None:
    """Until it is whole again itself."""
    ends = Ends().start(*before)
    assert ends.receiver.is_whole(0)
    assert not ends.books.is_valid(0, 0)

    ends.deliver(*ends.send(*(after or [clear(), level(BUY, 999), snapshot_end()])))
    ends.take()
    assert [(999, 100)] == ends.books.depth(0, 0, BUY)
