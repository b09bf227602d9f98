"""The store writer's keeper: started, watched, started again, ended; never waited for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest

from penstock.runtime.inbox import Item, Notice
from penstock.runtime.store_process import StoreProcess

PATIENCE_S = 120.0
WAITS = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"


def keeper(
    tmp_path: Path, code: str, database: str = "store.db"
) -> tuple[StoreProcess, SimpleQueue[Item]]:
    """One whose writer is a piece of Python."""
    inbox: SimpleQueue[Item] = SimpleQueue()
    store = StoreProcess(tmp_path / "a.journal", database, inbox, tmp_path / "store.log")
    store._command = [sys.executable, "-c", code]
    return store, inbox


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds."""
    until_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_the_command_names_the_journal_the_database_and_us(tmp_path: Path) -> None:
    """The writer ends by itself when its router is gone: that is what the number is for."""
    store = StoreProcess(tmp_path / "a.journal", "x.db", SimpleQueue(), tmp_path / "store.log")
    words = store._command

    assert ["store", str(tmp_path / "a.journal")] == words[3:5]
    assert ["--database", "x.db"] == words[5:]


def test_without_a_database_nothing_is_started(tmp_path: Path) -> None:
    """A store is optional; the journal is not."""
    store, _ = keeper(tmp_path, "pass", database="")
    store.start()
    store.look_after()

    assert store.pid is None
    store.stop(lambda line: None)


def test_a_writer_that_dies_is_told_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a wait, so that a broken one does not take the machine."""
    monkeypatch.setattr("penstock.runtime.store_process._RESTART_S", (0.0,))
    store, inbox = keeper(tmp_path, "print('out of disk'); raise SystemExit(2)")
    store.start()
    first = store.pid

    def is_again() -> bool:
        store.look_after()
        return store.pid not in (None, first)

    wait_for(is_again)
    notice = inbox.get_nowait()
    assert isinstance(notice, Notice)
    assert "status 2" in notice.text
    assert "out of disk" in (tmp_path / "store.log").read_text()
    store.stop(lambda line: None)


def test_a_stop_lets_it_finish(tmp_path: Path) -> None:
    """SIGTERM is its sign to write the rest."""
    code = WAITS + "print('up', flush=True)\ntime.sleep(60)"
    store, _ = keeper(tmp_path, code)
    store.start()
    wait_for(lambda: "up" in (tmp_path / "store.log").read_text())
    said: list[str] = []
    store.stop(said.append)

    assert store.pid is None
    assert [] == said


@pytest.mark.parametrize("code", ["raise SystemExit(2)", "import time; time.sleep(60)"])
def test_the_end_of_a_journal_is_written_although_the_writer_was_not_there(
    tmp_path: Path, code: str
) -> None:
    """Dead at the stop, or ended by the signal itself: once more, without following."""
    note = f"open({str(tmp_path / 'words')!r}, 'a').write(' '.join(sys.argv[1:]) + '|')"
    store, _ = keeper(tmp_path, f"import sys; {note}\nif '--follow' in sys.argv: {code}")
    store.start()
    wait_for((tmp_path / "words").exists)
    if "Exit" in code:

        def is_dead() -> bool:
            store.look_after()
            return store.pid is None

        wait_for(is_dead)
    said: list[str] = []
    store.stop(said.append)

    calls = (tmp_path / "words").read_text().split("|")
    assert calls[0].startswith("--follow --parent-pid")
    assert "" == calls[1], "the second call follows nothing"
    assert [] == said


def test_a_writer_that_cannot_be_started_is_told_and_trading_goes_on(tmp_path: Path) -> None:
    """A full process table, or a log folder that is gone, is no reason to stop the router."""
    store, inbox = keeper(tmp_path, "pass")
    store._log = tmp_path / "gone" / "store.log"
    store.start()
    notice = inbox.get_nowait()

    assert store.pid is None
    assert isinstance(notice, Notice)
    assert "cannot be started" in notice.text
    said: list[str] = []
    store.stop(said.append)
    assert "penstock store" in said[0]
