"""The journal loses nothing that was written, and believes nothing that was damaged."""

from pathlib import Path

import pytest

from penstock.domain import (
    Command,
    Event,
    JournalError,
    Ns,
    SetTimer,
    TapeArray,
    Timer,
    empty_tape,
)
from penstock.journal import (
    Entry,
    Fsync,
    JournaledEngine,
    JournalWriter,
    RecordKind,
    read_context,
    read_journal,
    replay,
    scan,
)


class EchoEngine:
    """Answers every timer with another, `lag_ns` later."""

    def __init__(self, lag_ns: int = 5) -> None:
        self._lag_ns = lag_ns
        self.n_messages = 0

    def on_market(self, tape: TapeArray, lo: int, hi: int) -> None:
        self.n_messages += hi - lo
        tape["shares"][lo:hi] += 0  # a kernel may write into what it is given

    def on_event(self, event: Event) -> list[Command]:
        return [SetTimer(at_ns=event.recv_ns, timer_id=1, due_ns=Ns(event.recv_ns + self._lag_ns))]

    def state_hash(self) -> str:
        return str(self.n_messages)


def timer(seq: int) -> Timer:
    """A timer that came back at its own number."""
    return Timer(seq=seq, event_ns=Ns(seq), recv_ns=Ns(seq), timer_id=seq)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of three events, with a slice of market data before the last."""
    path = tmp_path / "day.journal"
    with JournalWriter.create(path, {"seed": 7}) as writer:
        engine = JournaledEngine(EchoEngine(), writer)
        engine.on_event(timer(1))
        engine.on_event(timer(2))
        engine.on_market(empty_tape(10), 2, 6)
        engine.on_event(timer(3))
    return path


def kinds(entries: list[Entry]) -> str:
    """E for an event, C for commands, M for market data."""
    return "".join(entry.kind.name[0] for entry in entries)


def test_what_was_written_is_read_back_in_order(path: Path) -> None:
    """The order of records is the order of calls: replay depends on it."""
    entries = list(read_journal(path))

    assert kinds(entries) == "ECECMEC"
    assert entries[0].event == timer(1)
    assert len(entries[4].tape) == 4
    assert {"seed": 7} == read_context(path)


def test_a_replay_of_the_same_engine_finds_no_difference(path: Path) -> None:
    """This is the promise that a recorded run can be checked by anybody."""
    report = replay(path, EchoEngine())

    assert report.difference is None
    assert (3, 3, 4) == (report.n_events, report.n_commands, report.n_messages)


def test_a_replay_by_another_engine_names_the_first_difference(path: Path) -> None:
    """The event and both commands are shown, so that the cause can be found."""
    report = replay(path, EchoEngine(lag_ns=6))

    assert report.difference is not None
    assert "due_ns=6" in report.difference.recorded
    assert "due_ns=7" in report.difference.replayed
    assert "timer_id=1" in report.difference.event


def test_a_file_cut_anywhere_keeps_every_whole_record(path: Path) -> None:
    """A killed process leaves a prefix of the file: nothing before the cut may be lost."""
    whole = path.read_bytes()
    offsets = [entry.offset for entry in read_journal(path)]
    for n_bytes in range(offsets[0], len(whole)):
        path.write_bytes(whole[:n_bytes])

        n_whole = sum(1 for offset in [*offsets[1:], len(whole)] if offset <= n_bytes)
        found = scan(path)
        assert n_whole == found.n_records
        assert n_bytes == found.n_whole_bytes + found.n_torn_bytes


def test_a_changed_byte_is_never_read_as_something_else(path: Path) -> None:
    """Any single changed byte before the end is an error that says where; it is never skipped."""
    whole = path.read_bytes()
    for idx in range(len(whole)):
        path.write_bytes(whole[:idx] + bytes([whole[idx] ^ 0x40]) + whole[idx + 1 :])

        with pytest.raises(JournalError):
            list(read_journal(path))


def test_writing_goes_on_after_a_cut(path: Path) -> None:
    """After a restart the torn record is cut off and the journal continues."""
    path.write_bytes(path.read_bytes()[:-3])
    with JournalWriter.resume(path, Fsync.ALWAYS) as writer:
        writer.append_event(timer(4))

    assert kinds(list(read_journal(path))) == "ECECMEE"
    assert 0 == scan(path).n_torn_bytes


def test_a_journal_is_never_overwritten(path: Path) -> None:
    """Yesterday's orders are evidence."""
    before = path.read_bytes()
    with pytest.raises(JournalError, match="never overwritten"):
        JournalWriter.create(path, {})

    assert before == path.read_bytes()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "which starts with PENJ"),
        (b"PK\x03\x04 something else entirely", "which starts with PENJ"),
        (b"PENJ\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "journal format 1"),
    ],
)
def test_another_file_is_refused_in_words(tmp_path: Path, content: bytes, problem: str) -> None:
    """The error says what was expected and what is there."""
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=problem):
        scan(path)


def test_zeros_left_by_a_power_cut_end_the_journal(path: Path) -> None:
    """A file system may have grown the file without filling it."""
    n_records = scan(path).n_records
    path.write_bytes(path.read_bytes() + bytes(4096))

    assert n_records == scan(path).n_records
    assert 4096 == scan(path).n_torn_bytes


def test_an_empty_slice_leaves_no_record(tmp_path: Path) -> None:
    """Most calls bring no market data; a record each would double the file."""
    path = tmp_path / "quiet.journal"
    with JournalWriter.create(path, {}) as writer:
        writer.append_market(empty_tape(3), 1, 1)

    assert [] == list(read_journal(path))
    assert RecordKind.MARKET not in [entry.kind for entry in read_journal(path)]
