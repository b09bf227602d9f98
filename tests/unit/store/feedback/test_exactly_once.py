"""Every step of a journal is in the log once, wherever its writer was killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sql_event

from penstock.domain import ChildAck, ChildCancelled
from penstock.journal import JournalWriter, read_journal
from penstock.store.feedback import FeedbackError, FeedbackWriter, forget_run, write_feedback
from tests.support.feedback_logs import (
    RUN,
    JournaledRig,
    content,
    journal_of_small_day,
    live_context,
    rows,
    written,
)

PATIENCE_S = 60.0


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A parent of two children, filled in pieces: some 15 records."""
    rig = JournaledRig(tmp_path / f"{RUN}.journal")
    children = rig.order(1_500)
    for child in children:
        rig.report(ChildAck, child)
        rig.fill(child, 100)
        rig.fill(child, child.size_shares - 100)
    rig.writer.close()
    return rig.journal


def test_a_writer_killed_before_a_commit_leaves_nothing_out_and_nothing_twice(
    journal: Path, tmp_path: Path
) -> None:
    """After every record once with a commit there, once without."""
    whole = written(journal, tmp_path / "whole.db")
    entries = list(read_journal(journal))
    for n_taken in range(len(entries) + 1):
        for n_committed in {0, n_taken // 2, n_taken}:
            database = tmp_path / f"{n_taken}-{n_committed}.db"
            with FeedbackWriter(database, journal) as writer:
                for k, entry in enumerate(entries[:n_taken]):
                    writer.take(entry)
                    if k + 1 == n_committed:
                        writer.commit()

            assert whole == written(journal, database), (n_taken, n_committed)


def test_a_writer_killed_within_a_batch_has_written_none_of_it(
    journal: Path, tmp_path: Path
) -> None:
    """At every statement of the transaction: position and rows come together or not at all."""
    whole = written(journal, tmp_path / "whole.db")
    n_statements = 0
    while True:
        database = tmp_path / f"{n_statements}.db"
        with FeedbackWriter(database, journal) as writer:
            for entry in read_journal(journal):
                writer.take(entry)
            before = content(database)
            die = _after(n_statements)
            sql_event.listen(writer._engine, "before_cursor_execute", die)
            try:
                writer.commit()
            except KeyboardInterrupt:
                assert before == content(database)
            else:
                break
        assert whole == written(journal, database), n_statements
        n_statements += 1
    assert n_statements > 5


def _after(n_statements: int) -> Callable[..., None]:
    """Dies at a statement, as a process would that is interrupted there."""
    n_seen = 0

    def die(*_: Any) -> None:
        nonlocal n_seen
        if n_seen == n_statements:
            raise KeyboardInterrupt
        n_seen += 1

    return die


def test_a_step_whose_commands_are_still_to_come_is_left_for_later(tmp_path: Path) -> None:
    """A router killed between an event and its commands completes the step when it goes on."""
    rig = JournaledRig(tmp_path / "day.journal")
    (child, *_) = rig.order(300)
    rig.report(ChildCancelled, child)
    rig.writer.close()
    whole = written(rig.journal, tmp_path / "whole.db")
    *_, event_entry, commands_entry = read_journal(rig.journal)
    cut = tmp_path / "cut" / "day.journal"
    cut.parent.mkdir()
    data = rig.journal.read_bytes()
    cut.write_bytes(data[: event_entry.end_offset + 5])
    database = tmp_path / "cut.db"

    written(cut, database)
    (offset,) = rows(database, "SELECT offset_bytes FROM journal_positions")
    assert (event_entry.offset,) == offset
    cut.write_bytes(data)
    got = written(cut, database)

    assert data[commands_entry.offset : commands_entry.offset + 2] == b"pj"
    assert {k: v for k, v in whole.items() if k != "runs"} == {
        k: v for k, v in got.items() if k != "runs"
    }


def test_a_torn_last_record_is_not_written_and_what_replaces_it_is(
    journal: Path, tmp_path: Path
) -> None:
    """The router cuts it off; the log never had it."""
    database = tmp_path / "log.db"
    with journal.open("ab") as file:
        file.write(b"pj\x01\x00torn")
    n_before = len(written(journal, database)["alerts"])
    with JournalWriter.resume(journal) as writer:
        rig = JournaledRig(tmp_path / "other.journal")
        rig.report(ChildAck, rig.order(100)[0])
        rig.give(ChildAck, child_id=999, venue_idx=0)
        *_, event_entry, commands_entry = read_journal(rig.journal)
        writer.append_event(event_entry.event)
        writer.append_commands(commands_entry.commands)

    assert n_before + 1 == len(written(journal, database)["alerts"])


def test_several_runs_share_a_database(tmp_path: Path) -> None:
    """The same numbers in each; one can be taken out again without touching the others."""
    alone = {}
    for run in ("one", "two"):
        rig = JournaledRig(tmp_path / f"{run}.journal", run=run)
        rig.fill(rig.order(200)[0], 200)
        rig.writer.close()
        alone[run] = written(rig.journal, tmp_path / f"{run}.db")
    both = tmp_path / "both.db"
    written(tmp_path / "one.journal", both)
    written(tmp_path / "two.journal", both)

    for name, found in content(both).items():
        assert alone["one"][name] + alone["two"][name] == found
    forget_run(both, "one")
    assert alone["two"] == content(both)


def test_a_second_writer_of_a_run_finds_out_before_it_has_written(
    journal: Path, tmp_path: Path
) -> None:
    """After a kill the old writer may still be at it when the restarted router starts its own."""
    database = tmp_path / "log.db"
    with FeedbackWriter(database, journal) as late:
        whole = written(journal, database)
        for entry in read_journal(journal):
            late.take(entry)

        with pytest.raises(FeedbackError, match="only writer of this run"):
            late.commit()
    assert whole == content(database)


def test_another_journal_under_the_same_run_is_refused(journal: Path, tmp_path: Path) -> None:
    """A trial's journal is called by its file, and files are copied and renamed."""
    database = tmp_path / "log.db"
    whole = written(journal, database)
    other = tmp_path / "other.journal"
    JournalWriter.create(other, live_context(RUN, started_ns=8)).close()

    with pytest.raises(FeedbackError, match="says something else of itself"):
        write_feedback(other, database, until=lambda: True)
    assert whole == content(database)


def test_a_journal_shorter_than_what_the_log_has_of_it_is_refused(
    journal: Path, tmp_path: Path
) -> None:
    """A machine that lost power may have lost the end of a journal that nobody synced."""
    database = tmp_path / "log.db"
    written(journal, database)
    with journal.open("r+b") as file:
        file.truncate(journal.stat().st_size // 2)

    with pytest.raises(FeedbackError, match="--anew"):
        write_feedback(journal, database, until=lambda: True)
    forget_run(database, RUN)
    assert written(journal, database)["runs"]


def store_process(journal: Path, database: Path, parent_pid: int) -> subprocess.Popen[bytes]:
    """As the router starts it."""
    arguments = ("store", str(journal), "--database", str(database))
    following = ("--follow", "--parent-pid", str(parent_pid))
    command = (sys.executable, "-m", "penstock.cli", *arguments, *following)
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def wait_until(condition: Callable[[], bool]) -> None:
    """A generous bound: the machine may be busy."""
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.02)


def n_decisions(database: Path) -> int:
    """As far as the log has come."""
    if not database.exists():
        return 0
    try:
        return int(rows(database, "SELECT COUNT(*) FROM decisions")[0][0])
    except Exception:  # noqa: BLE001 - it is just being made
        return 0


def test_a_killed_process_is_followed_by_one_that_completes_the_log(tmp_path: Path) -> None:
    """SIGKILL once it has begun; the next ends by itself after SIGTERM, having written all."""
    whole_journal = journal_of_small_day(tmp_path / "whole" / "day.journal")
    whole = written(whole_journal, tmp_path / "whole.db")
    data = whole_journal.read_bytes()
    journal, database = tmp_path / "day.journal", tmp_path / "log.db"
    journal.write_bytes(data[: len(data) // 2])
    first = store_process(journal, database, os.getpid())
    wait_until(lambda: n_decisions(database) > 0)
    first.kill()
    first.wait()
    with journal.open("ab") as file:
        file.write(data[len(data) // 2 :])

    second = store_process(journal, database, os.getpid())
    wait_until(lambda: n_decisions(database) == len(whole["decisions"]))
    second.send_signal(signal.SIGTERM)

    assert 0 == second.wait(PATIENCE_S)
    got = content(database)
    assert {k: v for k, v in whole.items() if k != "runs"} == {
        k: v for k, v in got.items() if k != "runs"
    }


def test_a_process_whose_router_is_gone_writes_the_rest_and_ends(tmp_path: Path) -> None:
    """A router that was killed can tell it nothing."""
    journal = journal_of_small_day(tmp_path / "day.journal")
    copy = shutil.copy(journal, tmp_path / "copy.journal")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    process = store_process(journal, tmp_path / "log.db", gone.pid)

    assert 0 == process.wait(PATIENCE_S)
    n_whole = len(written(Path(copy), tmp_path / "whole.db")["decisions"])
    assert n_whole == n_decisions(tmp_path / "log.db")
