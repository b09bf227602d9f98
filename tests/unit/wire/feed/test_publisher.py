"""The publisher: every byte of a datagram, and what a snapshot says."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest

from penstock.book import MAX_LEVELS
from penstock.domain import ConfigError, Ns, Side, TapeFlag, TapeKind, Universe
from penstock.wire.feed import MAX_DATAGRAM_BYTES, FeedPublisher
from tests.support.feed_links import feed_universe
from tests.support.naive_feed import Row, naive_messages
from tests.support.tapes import (
    Message,
    clear,
    gap,
    level,
    nbbo,
    snapshot_end,
    status,
    tape,
    trade,
)

BUY, SELL = Side.BUY, Side.SELL
UNIVERSE = feed_universe(n_venues=2, n_instruments=2)
SYMBOLS = [instrument.symbol for instrument in UNIVERSE.instruments]
STARTED_NS = Ns(1_772_461_800_123_000_000)
REQUEST = b"\0REQV0  \0\0\0\7"


def publisher(universe: Universe = UNIVERSE) -> FeedPublisher:
    """One that has said nothing yet."""
    return FeedPublisher(universe, started_ns=STARTED_NS)


def publish(to: FeedPublisher, messages: Sequence[Message]) -> list[bytes]:
    """The datagrams of these messages, sent in one call."""
    return to.publish(tape(messages), 0, len(messages))


def said(datagrams: Sequence[bytes], front_bytes: int) -> list[Row]:
    """All messages in the datagrams."""
    rows = []
    for datagram in datagrams:
        messages = naive_messages(datagram[front_bytes:], SYMBOLS, 0)
        assert messages is not None
        rows += messages
    return rows


def snapshot_of(messages: Sequence[Message]) -> list[tuple[str, int, int, int]]:
    """What a snapshot says of the first instrument after these: kind, side, price, shares."""
    feed = publisher()
    publish(feed, messages)
    return [
        (TapeKind(row["kind"]).name, row["side"], row["price_ticks"], row["shares"])
        for row in said(feed.snapshot(REQUEST), 32)
        if row["instrument_idx"] == 0
    ]


def test_a_datagram_is_what_the_table_says_byte_by_byte() -> None:
    """Others read these bytes with nothing but docs/feed.md in hand."""
    message = level(SELL, 850_100, 300, venue=1, instrument=1, now=1_000_000_007, flags=4)

    (datagram,) = publish(publisher(), [message])

    assert b"V1  " == datagram[:4]
    assert b"99ZPVF" == datagram[4:10]  # 1,772,461,800,123 ms to the base 36, last six digits
    assert (1, 1) == struct.unpack(">QH", datagram[10:20])
    assert 36 == int.from_bytes(datagram[20:22], "big")
    assert 1_000_000_007 == int.from_bytes(datagram[22:30], "big")
    assert b"TEST1   " == datagram[30:38]
    assert 850_100 == int.from_bytes(datagram[38:46], "big")
    assert 300 == int.from_bytes(datagram[46:54], "big")
    assert (4, int(TapeKind.LEVEL), -1) == struct.unpack(">HBb", datagram[54:58])
    assert 58 == len(datagram)


def test_each_venue_counts_its_own_messages() -> None:
    """A loss at one venue must not look like one at another."""
    feed = publisher()
    first = publish(feed, [level(venue=0), level(venue=1), level(venue=0)])
    second = publish(feed, [trade(venue=1), level(venue=0)])
    fronts = [struct.unpack(">4s6xQH", d[:20]) for d in first + second]

    assert [(b"V0  ", 1, 2), (b"V1  ", 1, 1), (b"V0  ", 3, 1), (b"V1  ", 2, 1)] == fronts


def test_a_batch_is_cut_to_fit_and_loses_nothing() -> None:
    """No datagram is longer than what a network carries in one piece."""
    batch = [level(BUY, 1_000 + i, 100, now=i) for i in range(1, 501)]

    datagrams = publish(publisher(), batch)

    assert max(len(d) for d in datagrams) <= MAX_DATAGRAM_BYTES
    assert list(range(1, 501)) == [row["event_ns"] for row in said(datagrams, 20)]
    fronts = [struct.unpack(">QH", d[10:20]) for d in datagrams]
    assert all(a + n == b for (a, n), (b, _) in pairwise(fronts))


def test_only_the_rows_asked_for_are_sent() -> None:
    """The caller hands over slices of one long tape."""
    feed = publisher()
    rows = tape([level(now=n) for n in range(1, 6)])

    assert [2, 3] == [row["event_ns"] for row in said(feed.publish(rows, 1, 3), 20)]
    assert [] == feed.publish(rows, 3, 3)
    assert 2 == feed.n_messages


def test_a_heartbeat_names_the_next_message_and_uses_no_number() -> None:
    """It tells of a lost last datagram, and that a silent venue is alive."""
    feed = publisher()
    publish(feed, [level(venue=1), level(venue=1)])

    beats = [struct.unpack(">4s6xQH", d) for d in feed.heartbeat() + feed.heartbeat()]

    assert 2 * [(b"V0  ", 1, 0), (b"V1  ", 3, 0)] == beats


def test_the_end_of_a_session_is_a_heartbeat_with_a_count_of_its_own() -> None:
    """As MoldUDP64 has it."""
    ends = [struct.unpack(">4s6xQH", d) for d in publisher().end_of_session()]

    assert [(b"V0  ", 1, 0xFFFF), (b"V1  ", 1, 0xFFFF)] == ends


def test_prints_of_no_venue_are_not_sent() -> None:
    """There is no stream that they would belong to."""
    feed = publisher()

    assert [] == publish(feed, [trade(venue=-1)])
    assert (0, 1) == (feed.n_messages, feed.n_unplaced)


def test_two_starts_have_different_session_names() -> None:
    """That is how a receiver notices a restart, whatever the numbers are."""
    names = {
        FeedPublisher(UNIVERSE, started_ns=Ns(STARTED_NS + n_ms * 1_000_000)).heartbeat()[0][:10]
        for n_ms in (0, 1, 36, 60_000, 86_400_000)
    }

    assert 5 == len(names)


def test_a_snapshot_datagram_is_what_the_table_says() -> None:
    """The same as for the stream."""
    feed = publisher()
    publish(feed, [level(BUY, 1_001, 100), level(BUY, 1_000, 200, now=9)])

    (datagram,) = feed.snapshot(REQUEST)

    session = feed.heartbeat()[0][:10]
    front = struct.unpack(">4s10sIQHHH", datagram[:32])
    assert (b"\0SNP", session, 7, 3, 0, 1, 8) == front  # two instruments: 3 + 2 levels + 3
    assert [9] * 5 + [0] * 3 == [row["event_ns"] for row in said([datagram], 32)]


def test_a_long_snapshot_comes_in_numbered_parts() -> None:
    """Each is a datagram of its own, and none may be missing."""
    feed = publisher()
    publish(feed, [level(BUY, ticks, 100) for ticks in range(1, 301)])

    parts = feed.snapshot(REQUEST)

    assert max(len(part) for part in parts) <= MAX_DATAGRAM_BYTES
    fronts = [struct.unpack(">HHH", part[26:32]) for part in parts]
    assert list(range(len(parts))) == [i for i, _, _ in fronts]
    assert {len(parts)} == {n_parts for _, n_parts, _ in fronts}
    assert 300 + 2 * 3 == sum(count for _, _, count in fronts)


def test_a_snapshot_says_the_levels_that_are_left_best_first() -> None:
    """Best first, so that a reader that keeps so many levels keeps the best."""
    said_now = snapshot_of(
        [
            level(BUY, 999, 100), level(BUY, 1_000, 200), level(BUY, 998, 300),
            level(BUY, 999, 0), level(SELL, 1_003, 400), level(SELL, 1_002, 500),
            level(SELL, 1_002, 600), trade(BUY, 1_002, 100),
            level(BUY, 900, 100, instrument=1), level(BUY, 901, 100, venue=1),
        ]
    )  # fmt: skip

    assert [
        ("CLEAR", 0, 0, 0),
        ("STATUS", 0, 0, 0),
        ("LEVEL", 1, 1_000, 200),
        ("LEVEL", 1, 998, 300),
        ("LEVEL", -1, 1_002, 600),
        ("LEVEL", -1, 1_003, 400),
        ("SNAPSHOT_END", 0, 0, 0),
    ] == said_now


def test_a_snapshot_has_every_level_however_far_from_the_touch() -> None:
    """A reader must not believe that there is nothing behind the levels that it was told."""
    n = 2 * MAX_LEVELS

    assert n + 3 == len(snapshot_of([level(BUY, ticks, 100) for ticks in range(1, n + 1)]))


def test_a_halt_is_said_before_the_levels() -> None:
    """They may be crossed then, which at other times would be taken for a loss."""
    feed = publisher()
    publish(feed, [level(BUY, 1_005, 100), status(int(TapeFlag.HALTED))])

    messages = said(feed.snapshot(REQUEST), 32)

    assert [TapeKind.CLEAR, TapeKind.STATUS, TapeKind.LEVEL] == [r["kind"] for r in messages[:3]]
    assert TapeFlag.HALTED == messages[1]["flags"]
    publish(feed, [status(0)])
    assert 0 == said(feed.snapshot(REQUEST), 32)[1]["flags"]


def test_doubtful_quotes_are_sent_but_are_no_part_of_a_snapshot() -> None:
    """Books do not take them either."""
    marked = level(BUY, 1_000, 100, flags=int(TapeFlag.SUSPICIOUS))

    assert 1 == len(said(publish(publisher(), [marked]), 20))
    assert ["CLEAR", "STATUS", "SNAPSHOT_END"] == [kind for kind, *_ in snapshot_of([marked])]


def test_a_consolidated_quote_replaces_its_side() -> None:
    """It is all that is known of that side."""
    after = snapshot_of([level(BUY, 999, 100), nbbo(BUY, 1_000, 200), level(SELL, 1_001, 300)])

    assert [("LEVEL", 1, 1_000, 200), ("LEVEL", -1, 1_001, 300)] == after[2:-1]


@pytest.mark.parametrize(
    ("messages", "last"),
    [
        ([level()], "SNAPSHOT_END"),
        ([level(), gap()], "GAP"),
        ([gap(), level(), snapshot_end()], "GAP"),
        ([gap(), clear(), level()], "LEVEL"),
        ([level(), clear(), level()], "LEVEL"),
        ([gap(), clear(), level(), snapshot_end()], "SNAPSHOT_END"),
    ],
)
def test_a_book_that_is_not_whole_is_not_said_to_be(messages: list[Message], last: str) -> None:
    """A publisher that itself lost something must not spread it as the truth."""
    assert last == snapshot_of(messages)[-1][0]


@pytest.mark.parametrize(
    "request_bytes",
    [b"", REQUEST[:-1], REQUEST + b"\0", b"\0REQXXXX\0\0\0\7", b"\0SNPV0  \0\0\0\7", bytes(12)],
)
def test_what_is_no_request_gets_no_answer(request_bytes: bytes) -> None:
    """It is counted, so that somebody can look."""
    feed = publisher()

    assert [] == feed.snapshot(request_bytes)
    assert (0, 1) == (feed.n_snapshots, feed.n_bad_requests)


def test_names_that_do_not_fit_are_all_refused_at_once() -> None:
    """Before anything starts, with what to do about it."""
    venues, instruments = UNIVERSE.venues, UNIVERSE.instruments
    replace = msgspec.structs.replace
    universe = replace(
        UNIVERSE,
        venues=(replace(venues[0], mic="TOOLONG"), replace(venues[1], mic="v1")),
        instruments=(
            replace(instruments[0], symbol="NINECHARS"),
            replace(instruments[1], symbol="A B"),
        ),
    )
    alike = replace(UNIVERSE, venues=(venues[0], replace(venues[1], mic=venues[0].mic)))

    with pytest.raises(ConfigError) as refused:
        publisher(universe)
    assert ["'TOOLONG'", "'v1'", "'NINECHARS'", "'A B'"] == [
        problem.found for problem in refused.value.problems
    ]
    with pytest.raises(ConfigError, match="no two venues alike"):
        publisher(alike)


@pytest.mark.parametrize(
    "message",
    [level(BUY, 0), level(BUY, -1), trade(BUY, 0), nbbo(BUY, 0, 100), level(BUY, 1_000, -1)],
)
def test_a_row_that_no_receiver_would_take_is_our_own_mistake(message: Message) -> None:
    """Sent, it would be a gap for everybody, again and again."""
    with pytest.raises(AssertionError):
        publish(publisher(), [message])
