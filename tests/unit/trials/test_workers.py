"""Worker processes end with their parent, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.tidy.rules import ROOT

SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from penstock.trials import run_tasks

def work(folder: Path, task: int) -> int:
    (folder / f"{task}.pid").write_text(str(os.getpid()))
    while not (folder / "go").exists():
        time.sleep(0.05)
    time.sleep(0.05)  # all of them together take longer than any machine needs to hear a signal
    return task

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run_tasks(work, Path(sys.argv[1]), range(200), n_workers=2)
    except KeyboardInterrupt:
        sys.exit(130)
"""
Family = tuple[subprocess.Popen[str], list[int]]
LONG_S = 120.0  # a machine with other work


def is_alive(pid: int) -> bool:
    """A process that somebody has still to bury counts as dead."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    """A parent with two workers at work, in a process group of their own; their numbers."""
    script = tmp_path / "days.py"
    script.write_text(SCRIPT)
    parent = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + LONG_S
    found: list[str] = []
    while len(found) < 2 and time.monotonic() < until:
        time.sleep(0.05)
        found = [text for path in tmp_path.glob("*.pid") if (text := path.read_text())]
    try:
        assert 2 == len(found)
        yield parent, [int(text) for text in found]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()


def test_workers_of_a_killed_parent_end(family: Family) -> None:
    """They would wait for their next task for ever."""
    parent, workers = family

    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    until = time.monotonic() + LONG_S
    while any(map(is_alive, workers)) and time.monotonic() < until:
        time.sleep(0.05)

    assert [False, False] == [is_alive(pid) for pid in workers]


def test_sigterm_ends_the_tasks_under_way_at_once(family: Family) -> None:
    """These would never end by themselves; a service manager does not wait for a day either."""
    parent, workers = family

    parent.terminate()
    _, said = parent.communicate(timeout=LONG_S)

    assert "Traceback" not in said
    assert 143 == parent.returncode
    assert [False, False] == [is_alive(pid) for pid in workers]


@pytest.mark.parametrize("n_times", [1, 2])
def test_ctrl_c_ends_the_tasks_under_way_and_starts_no_other(
    family: Family, tmp_path: Path, n_times: int
) -> None:
    """A terminal sends it to all of them; only the parent has something to say."""
    parent, workers = family

    for _ in range(n_times):
        os.killpg(parent.pid, signal.SIGINT)
        time.sleep(0.3)
    (tmp_path / "go").touch()
    _, said = parent.communicate(timeout=LONG_S)

    assert "Traceback" not in said
    assert 130 == parent.returncode
    assert [False, False] == [is_alive(pid) for pid in workers]
    assert len(list(tmp_path.glob("*.pid"))) < 200
