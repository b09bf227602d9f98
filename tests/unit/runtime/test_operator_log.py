"""Logging never blocks and never kills, whatever becomes of the file and of stderr."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.runtime.operator_log import Drain, OperatorLog, RotatedFile, operator_log

PATIENCE_S = 60.0

# A program that logs far more than a pipe holds, then does what it is there for, and ends.
TALKS = """
import sys
from pathlib import Path
from penstock.runtime.operator_log import operator_log
with operator_log(Path(sys.argv[1])) as say:
    for k in range(5_000):
        say(f"line {k} " + "x" * 200)
    Path(sys.argv[2]).write_text("worked")
"""

# One that waits for SIGTERM and logs what happens.
WAITS = """
import signal, sys, time
from pathlib import Path
from penstock.runtime.operator_log import operator_log
over = []
signal.signal(signal.SIGTERM, lambda *_: over.append(1))
with operator_log(Path(sys.argv[1])) as say:
    Path(sys.argv[2]).write_text("worked")
    while not over:
        say("here")
        time.sleep(0.01)
"""


def start(code: str, tmp_path: Path, stderr: int) -> subprocess.Popen[bytes]:
    """A program with its log in the folder."""
    arguments = [sys.executable, "-c", code, str(tmp_path / "the.log"), str(tmp_path / "done")]
    return subprocess.Popen(arguments, start_new_session=True, stderr=stderr)


def wait_for(condition: Callable[[], object]) -> None:
    """Until it holds."""
    until_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.005)


def test_a_pipe_that_nobody_reads_stops_nothing(tmp_path: Path) -> None:
    """The file has every line all the same, and the program ends by itself."""
    process = start(TALKS, tmp_path, stderr=subprocess.PIPE)
    status = process.wait(PATIENCE_S)
    lines = (tmp_path / "the.log").read_text().splitlines()
    assert process.stderr is not None
    process.stderr.close()

    assert 0 == status
    assert "worked" == (tmp_path / "done").read_text()
    assert 5_000 == len(lines)


def test_a_pipe_whose_reader_is_gone_stops_nothing(tmp_path: Path) -> None:
    """No SIGPIPE, no exception, no exit."""
    reader, writer = os.pipe()
    process = start(TALKS, tmp_path, stderr=writer)
    os.close(reader)
    os.close(writer)

    assert 0 == process.wait(PATIENCE_S)
    assert 5_000 == len((tmp_path / "the.log").read_text().splitlines())


def test_a_terminal_that_is_closed_stops_nothing(tmp_path: Path) -> None:
    """Its end sends SIGHUP, and writing to it fails."""
    main_end, other_end = os.openpty()
    process = start(WAITS, tmp_path, stderr=other_end)
    os.close(other_end)
    wait_for((tmp_path / "done").exists)
    os.close(main_end)
    process.send_signal(signal.SIGHUP)
    log = tmp_path / "the.log"
    wait_for(log.exists)
    n_bytes = log.stat().st_size
    wait_for(lambda: log.stat().st_size > n_bytes + 100)
    is_alive = process.poll() is None
    process.terminate()

    assert is_alive
    assert 0 == process.wait(PATIENCE_S)


def test_a_hang_up_has_the_file_opened_anew(tmp_path: Path) -> None:
    """A program that moves logs away tells us by SIGHUP."""
    process = start(WAITS, tmp_path, stderr=subprocess.DEVNULL)
    log = tmp_path / "the.log"
    wait_for((tmp_path / "done").exists)
    wait_for(log.exists)
    log.rename(tmp_path / "moved")
    process.send_signal(signal.SIGHUP)
    wait_for(log.exists)
    process.terminate()

    assert 0 == process.wait(PATIENCE_S)


def test_a_full_file_is_rotated_and_the_oldest_is_dropped(tmp_path: Path) -> None:
    """A day of alerts must not fill the disk."""
    file = RotatedFile(tmp_path / "the.log", max_bytes=100, n_files=3)
    for k in range(20):
        file.write(f"line {k:02} {'x' * 21}\n".encode())
    file.reopen()
    names = sorted(path.name for path in tmp_path.iterdir())

    assert ["the.log", "the.log.1", "the.log.2"] == names
    assert "line 18" in (tmp_path / "the.log").read_text()
    assert "line 17" in (tmp_path / "the.log.1").read_text()
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())


def test_a_file_of_an_earlier_start_is_gone_on_with(tmp_path: Path) -> None:
    """What an operator was told before a restart is what explains it."""
    path = tmp_path / "the.log"
    path.write_text("before\n")
    log = OperatorLog(path)
    log.say("after")
    log.close()

    assert "before\nafter\n" == path.read_text()


def test_lines_that_are_too_many_are_counted(tmp_path: Path) -> None:
    """The reader must know that something is missing."""
    written: list[bytes] = []
    gate = tmp_path / "open"

    def write(data: bytes) -> None:
        while not gate.exists():
            time.sleep(0.001)
        written.append(data)

    drain = Drain("test", write)
    for k in range(10_501):
        drain.put(f"line {k}")
    gate.touch()
    wait_for(lambda: len(written) >= 10_000)
    drain.put("last")

    assert drain.close(time.monotonic() + PATIENCE_S)
    text = b"".join(written).decode()
    n_dropped = 10_502 - text.count("line ") - text.count("last")
    assert 400 < n_dropped <= 501
    assert f"… {n_dropped:,} lines dropped\n" in text


def test_a_disk_that_fails_costs_lines_and_nothing_else(tmp_path: Path) -> None:
    """The next line is written again when it can be."""
    folder = tmp_path / "gone"
    folder.write_text("a file where a folder should be")
    log = OperatorLog(folder / "the.log")
    log.say("lost")
    drain = log._drains[0]
    wait_for(lambda: drain._n_dropped == 1)
    folder.unlink()
    log.say("kept")
    log.close()

    assert "… 1 lines dropped\nkept\n" == (folder / "the.log").read_text()


def test_signals_are_as_they_were_afterwards(tmp_path: Path) -> None:
    """Other programs in the same process decide for themselves."""
    before = signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGTTOU)
    with operator_log(tmp_path / "the.log") as say:
        say("x")
        assert before[0] is not signal.getsignal(signal.SIGHUP)

    assert before == (signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGTTOU))


def test_an_error_that_ends_the_program_is_in_the_log(tmp_path: Path) -> None:
    """Its stderr may have gone with its terminal."""
    with pytest.raises(KeyError), operator_log(tmp_path / "the.log"):
        raise KeyError("surprise")

    assert "KeyError: 'surprise'" in (tmp_path / "the.log").read_text()


@pytest.mark.parametrize("text", ["ä € 漢", "\udcff lone surrogate"])
def test_any_text_can_be_logged(tmp_path: Path, text: str) -> None:
    """What a counterparty wrote is in many a line."""
    log = OperatorLog(tmp_path / "the.log")
    log.say(text)
    log.close()

    assert (tmp_path / "the.log").read_text().endswith("\n")
