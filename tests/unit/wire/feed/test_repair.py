"""Joining a snapshot to its stream: the rules that hardly ever matter, one by one."""

from __future__ import annotations

import pytest

from penstock.domain import TapeArray, empty_tape
from penstock.wire.feed import repair
from penstock.wire.feed.framing import Part
from penstock.wire.feed.repair import Heard, Repair, Splice

NOW, OTHER = b"V0  00000B", b"V0  00000A"


def rows(*numbers: int) -> TapeArray:
    """Messages that carry a number of their own, to know them by."""
    made = empty_tape(len(numbers))
    made["event_ns"] = numbers
    return made


def heard(sequence: int, n: int = 1, *, asked: int = 1, session: bytes = NOW) -> Heard:
    """Messages `sequence` and on."""
    return Heard(asked, session, sequence, rows(*range(sequence, sequence + n)))


def part(
    next_sequence: int, i: int = 0, of: int = 1, *, request: int = 1, session: bytes = NOW
) -> Part:
    """The front of a part of a snapshot."""
    return Part(session, request, next_sequence, i, of)


def numbers(splice: Splice | None) -> list[int]:
    """The messages after the snapshot, which is one row here."""
    assert splice is not None
    return [int(n) for piece in splice.rows[1:] for n in piece["event_ns"]]


def test_what_follows_the_snapshot_is_joined_in_order_each_message_once() -> None:
    """Pieces may come in any order, overlap, and begin before the snapshot's end."""
    mending = Repair(0)
    for piece in (heard(9, 2), heard(3, 4), heard(5, 3), heard(8), heard(2), heard(5)):
        mending.hear(piece)
    mending.add_part(part(4), rows(0))
    splice = mending.splice()

    assert [4, 5, 6, 7, 8, 9, 10] == numbers(splice)
    assert splice is not None
    assert (NOW, 11) == (splice.session, splice.next_sequence)


def test_a_hole_is_filled_by_the_piece_that_was_missing_and_by_no_other() -> None:
    """Also by one that begins before the hole and ends behind it."""
    mending = Repair(0)
    mending.add_part(part(4), rows(0))
    mending.hear(heard(7))
    assert mending.splice() is None
    mending.hear(heard(8))
    assert mending.splice() is None
    mending.hear(heard(3, 4))

    assert [4, 5, 6, 7, 8] == numbers(mending.splice())


def test_what_was_heard_before_the_request_need_not_join() -> None:
    """It is in the snapshot, or from a publisher that has ended, or was never true."""
    mending = Repair(0)
    mending.hear(heard(1_000_000, asked=1))
    mending.hear(heard(7, asked=1, session=OTHER))
    mending.add_part(part(4, request=2), rows(0))
    splice = mending.splice()

    assert [] == numbers(splice)
    assert splice is not None
    assert [OTHER] == splice.dead_sessions


def test_what_was_heard_since_the_request_must_be_of_the_same_session() -> None:
    """Else nobody can tell which of the two is the newer."""
    mending = Repair(0)
    mending.hear(heard(7, asked=2, session=OTHER))
    mending.add_part(part(4, request=2), rows(0))
    assert mending.splice() is None

    mending.add_part(part(4, request=3), rows(0))  # the same, but now it was asked for later
    assert [] == numbers(mending.splice())


def test_an_older_snapshot_does_not_replace_a_newer_one() -> None:
    """Answers overtake each other too."""
    mending = Repair(0)
    assert mending.add_part(part(9, 0, 2, request=2), rows(0))
    assert not mending.add_part(part(4, 0, 2, request=1), rows(0))
    assert not mending.add_part(part(8, 0, 2, request=2), rows(0))
    assert not mending.add_part(part(9, 0, 2, request=2), rows(0))
    assert mending.splice() is None

    assert mending.add_part(part(9, 1, 2, request=2), rows(0))
    splice = mending.splice()
    assert splice is not None
    assert 9 == splice.next_sequence


def test_when_too_much_was_kept_only_a_later_snapshot_will_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was let go may have been of any session, and have gone further than what is left."""
    monkeypatch.setattr(repair, "MAX_KEPT_ROWS", 3)
    mending = Repair(0)
    assert mending.hear(heard(8, 3, asked=1))
    mending.add_part(part(4, request=1), rows(0))
    assert not mending.hear(heard(4, asked=2))  # late

    assert mending.splice() is None
    assert not mending.add_part(part(4, request=2), rows(0))
    assert mending.splice() is None
    assert mending.add_part(part(11, request=3), rows(0))
    assert mending.splice() is not None


def test_heartbeats_are_kept_within_bounds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """They hold no rows, but there may be millions before anybody answers."""
    monkeypatch.setattr(repair, "MAX_KEPT_DATAGRAMS", 10)
    mending = Repair(0)

    assert 2 == [mending.hear(heard(5, 0)) for _ in range(21)].count(False)
