"""A journal that still grows is read record by record, each once, and nothing half written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.domain import JournalError, Ns, Timer
from penstock.journal import Entry, JournalWriter, follow, read_journal


def timer(seq: int) -> Timer:
    """A timer that came back at its own number."""
    return Timer(seq=seq, event_ns=Ns(seq), recv_ns=Ns(seq), timer_id=seq)


def seqs_until_none(entries: Iterator[Entry | None]) -> list[int]:
    """Numbers of the events that are there now."""
    return [entry.event.seq for entry in iter(lambda: next(entries), None)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Nothing there yet."""
    return tmp_path / "day.journal"


def test_what_is_written_later_is_read_later_and_nothing_twice(path: Path) -> None:
    """The reader waits at the end, as often as it has to."""
    with JournalWriter.create(path, {}) as writer:
        entries = follow(path)

        assert [] == seqs_until_none(entries)
        writer.append_event(timer(1))
        writer.append_event(timer(2))
        assert [1, 2] == seqs_until_none(entries)
        assert [] == seqs_until_none(entries)
        writer.append_event(timer(3))
        assert [3] == seqs_until_none(entries)


def test_reading_goes_on_where_an_earlier_reader_stopped(path: Path) -> None:
    """`end_offset` of the last record is all that has to be remembered."""
    with JournalWriter.create(path, {}) as writer:
        for seq in (1, 2, 3):
            writer.append_event(timer(seq))
    first = next(read_journal(path))

    assert [2, 3] == seqs_until_none(follow(path, first.end_offset))
    assert path.stat().st_size == list(read_journal(path))[-1].end_offset


@pytest.mark.parametrize("n_left_bytes", [1, 10, 16, 20])
def test_a_record_cut_short_is_left_and_the_one_in_its_place_is_read(
    path: Path, n_left_bytes: int
) -> None:
    """A router that was killed in a write cuts it off when it goes on, and writes another."""
    with JournalWriter.create(path, {}) as writer:
        writer.append_event(timer(1))
        n_whole_bytes = path.stat().st_size
        writer.append_event(timer(2))
    with path.open("r+b") as file:
        file.truncate(n_whole_bytes + n_left_bytes)
    entries = follow(path)

    assert [1] == seqs_until_none(entries)
    assert [] == seqs_until_none(entries)
    with JournalWriter.resume(path) as writer:
        writer.append_event(timer(1_000_000))
    assert [1_000_000] == seqs_until_none(entries)


def test_damage_is_refused_when_it_is_still_there_at_the_second_look(path: Path) -> None:
    """The first look may have met a record that was just being cut off and replaced."""
    with JournalWriter.create(path, {}) as writer:
        for seq in (1, 2, 3):
            writer.append_event(timer(seq))
    first = next(read_journal(path))
    data = bytearray(path.read_bytes())
    data[first.end_offset + 20] ^= 0xFF
    path.write_bytes(data)
    entries = follow(path)

    assert [1] == seqs_until_none(entries)
    with pytest.raises(JournalError, match="damaged"):
        next(entries)
