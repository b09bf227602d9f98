"""Written before, whole or not at all: what the order journal promises when things fail."""

import errno
import os
from pathlib import Path

import pytest

from penstock.domain import Command, Event, JournalError, Ns, TapeArray, Timer, empty_tape
from penstock.journal import (
    Fsync,
    JournaledEngine,
    JournalWriter,
    RecordKind,
    read_journal,
    scan,
)
from penstock.journal.format import RECORD_MAGIC, pack_record


def timer(seq: int) -> Timer:
    """A timer that came back at its own number."""
    return Timer(seq=seq, event_ns=Ns(seq), recv_ns=Ns(seq), timer_id=seq)


class Peeking:
    """An engine that looks into its own journal while it is told something."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seen: list[RecordKind] = []

    def on_market(self, tape: TapeArray, lo: int, hi: int) -> None:
        self.seen.append(list(read_journal(self._path))[-1].kind)

    def on_event(self, event: Event) -> list[Command]:
        last = list(read_journal(self._path))[-1]
        assert event == last.event
        self.seen.append(last.kind)
        return []

    def state_hash(self) -> str:
        return ""


def test_the_journal_has_it_before_the_engine_does(tmp_path: Path) -> None:
    """A kill between the two must leave a journal that knows more, never less."""
    path = tmp_path / "day.journal"
    with JournalWriter.create(path, {}) as writer:
        engine = Peeking(path)
        journaled = JournaledEngine(engine, writer)
        journaled.on_event(timer(1))
        journaled.on_market(empty_tape(3), 0, 3)

    assert [RecordKind.EVENT, RecordKind.MARKET] == engine.seen


@pytest.mark.parametrize(("fsync", "n_per_record"), [(Fsync.ALWAYS, 1), (Fsync.NEVER, 0)])
def test_the_disk_is_waited_for_as_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fsync: Fsync, n_per_record: int
) -> None:
    """The latency figures say which; so must the disk."""
    writer = JournalWriter.create(tmp_path / "day.journal", {}, fsync)
    calls: list[int] = []
    monkeypatch.setattr(os, "fsync", calls.append)
    for seq in range(1, 4):
        writer.append_event(timer(seq))
    assert 3 * n_per_record == len(calls)
    writer.close()

    assert 3 * n_per_record + 1 == len(calls)


def test_a_full_disk_ends_the_writer_and_leaves_whole_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a record followed by whole ones would be damage that nobody can mend."""
    path = tmp_path / "day.journal"
    writer = JournalWriter.create(path, {})
    writer.append_event(timer(1))
    write, n_left = os.write, [10]

    def almost_full(descriptor: int, data: bytes | memoryview) -> int:
        if n_left[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        n_left[0] -= 10
        return write(descriptor, bytes(data[:10]))

    monkeypatch.setattr(os, "write", almost_full)
    with pytest.raises(JournalError, match="no space left"):
        writer.append_event(timer(2))
    monkeypatch.undo()
    with pytest.raises(JournalError, match="an earlier write failed"):
        writer.append_event(timer(3))
    writer.close()

    assert [timer(1)] == [entry.event for entry in read_journal(path)]
    assert 0 == scan(path).n_torn_bytes


def test_two_processes_cannot_write_one_journal(tmp_path: Path) -> None:
    """Two routers that think they are one would interleave their records."""
    path = tmp_path / "day.journal"
    with (
        JournalWriter.create(path, {}),
        pytest.raises(JournalError, match="another process"),
    ):
        JournalWriter.resume(path)
    JournalWriter.resume(path).close()


@pytest.mark.parametrize("n_lost", [700, 1_500, 4_096])
def test_pages_lost_with_the_power_are_a_torn_end(tmp_path: Path, n_lost: int) -> None:
    """The file has its length, and zeros where the disk never got the bytes."""
    path = tmp_path / "day.journal"
    with JournalWriter.create(path, {}) as writer:
        writer.append_event(timer(1))
        tape = empty_tape(100)
        tape["price_ticks"] = tape["shares"] = 2**60 + 12345
        tape["flags"] = 7
        writer.append_market(tape, 0, len(tape))
    whole = path.read_bytes()
    kept = (len(whole) - n_lost) // 512 * 512
    path.write_bytes(whole[:kept] + b"\0" * (len(whole) - kept))

    assert [timer(1)] == [entry.event for entry in read_journal(path)]
    JournalWriter.resume(path).close()
    assert 0 == scan(path).n_torn_bytes


def test_damage_in_the_last_record_is_no_torn_end(tmp_path: Path) -> None:
    """Somebody edited it: what follows from it must not be believed in silence."""
    path = tmp_path / "day.journal"
    with JournalWriter.create(path, {}) as writer:
        writer.append_event(timer(1))
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)

    with pytest.raises(JournalError, match="checksum"):
        list(read_journal(path))


@pytest.mark.parametrize("n_bytes", [4, 12, 17])
def test_a_header_cut_short_says_that_nothing_was_lost(tmp_path: Path, n_bytes: int) -> None:
    """Killed in its first moment: the file can go."""
    path = tmp_path / "day.journal"
    JournalWriter.create(path, {"seed": 1}).close()
    path.write_bytes(path.read_bytes()[:n_bytes])

    with pytest.raises(JournalError, match="nothing was ever journalled"):
        list(read_journal(path))


@pytest.mark.parametrize(
    ("record", "match"),
    [
        (pack_record(RecordKind.EVENT, b"\xc1"), "whole record that is none"),
        (pack_record(RecordKind.COMMANDS, b"\x01"), "whole record that is none"),
    ],
)
def test_a_record_of_another_release_is_an_error_in_words(
    tmp_path: Path, record: bytes, match: str
) -> None:
    """Whole, and not ours to read."""
    path = tmp_path / "day.journal"
    JournalWriter.create(path, {}).close()
    path.write_bytes(path.read_bytes() + record)
    (entry,) = read_journal(path)

    with pytest.raises(JournalError, match=match):
        _ = entry.event if entry.kind is RecordKind.EVENT else entry.commands


def test_a_kind_that_nobody_knows_is_damage(tmp_path: Path) -> None:
    """Skipping it could skip an order."""
    path = tmp_path / "day.journal"
    JournalWriter.create(path, {}).close()
    record = pack_record(RecordKind.EVENT, b"x").replace(
        RECORD_MAGIC + b"\x01", RECORD_MAGIC + b"\x09"
    )
    path.write_bytes(path.read_bytes() + record)

    with pytest.raises(JournalError, match="the frame of a record"):
        list(read_journal(path))
