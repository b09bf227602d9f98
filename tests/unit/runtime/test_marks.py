"""Marks: two numbers a session that outlive the process that wrote them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.domain import JournalError
from penstock.runtime.marks import Marks

SESSIONS = ["oms/OMS", "venue/LITA"]


def test_a_new_file_starts_at_nothing(tmp_path: Path) -> None:
    """Every session is asked for everything, and no run is known."""
    marks = Marks(tmp_path / "marks", SESSIONS)

    assert [0, 0] == [marks.consumed(name) for name in SESSIONS]
    assert [0, 0] == [marks.reported(name) for name in SESSIONS]
    assert ("", False) == (marks.run, marks.is_clean)
    marks.close()


def test_numbers_are_found_again(tmp_path: Path) -> None:
    """Also by a process that knows another session, and no longer one of these."""
    marks = Marks(tmp_path / "marks", SESSIONS)
    marks.start_run("abc123")
    marks.set_consumed("oms/OMS", 17)
    marks.set_reported("oms/OMS", 4)
    marks.set_consumed("venue/LITA", 2**40)
    marks.close()

    again = Marks(tmp_path / "marks", ["venue/LITB", "oms/OMS"])

    assert "abc123" == again.run
    assert (17, 4) == (again.consumed("oms/OMS"), again.reported("oms/OMS"))
    assert 2**40 == again.consumed("venue/LITA")
    assert 0 == again.consumed("venue/LITB")
    again.close()


def test_a_new_run_counts_reports_anew_and_sessions_on(tmp_path: Path) -> None:
    """Sequence numbers belong to the session, reports to the run."""
    marks = Marks(tmp_path / "marks", SESSIONS)
    marks.start_run("first")
    marks.set_consumed("oms/OMS", 17)
    marks.set_reported("oms/OMS", 4)
    marks.end_run()

    assert marks.is_clean
    marks.start_run("second")

    assert ("second", False) == (marks.run, marks.is_clean)
    assert (17, 0) == (marks.consumed("oms/OMS"), marks.reported("oms/OMS"))
    marks.close()


def test_a_session_that_starts_over_goes_down(tmp_path: Path) -> None:
    """A counterparty may reset its numbers; then what counts is where it is now."""
    marks = Marks(tmp_path / "marks", SESSIONS)
    marks.set_consumed("oms/OMS", 900)
    marks.set_consumed("oms/OMS", 1)

    assert 1 == marks.consumed("oms/OMS")
    marks.close()


def test_a_killed_process_loses_no_mark(tmp_path: Path) -> None:
    """The store goes to the page cache, which belongs to the kernel and not to the process."""
    path = tmp_path / "marks"
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from penstock.runtime.marks import Marks\n"
        f"marks = Marks(Path(sys.argv[1]), {SESSIONS!r})\n"
        "for n in range(1, 1001): marks.set_consumed('venue/LITA', n)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False, env=os.environ)

    marks = Marks(path, SESSIONS)

    assert 1_000 == marks.consumed("venue/LITA")
    marks.close()


@pytest.mark.parametrize("content", [b"", b"something else entirely", b"PENMARKS" + b"\0" * 200])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """Numbers read from something else would skip messages."""
    path = tmp_path / "marks"
    path.write_bytes(content)

    with pytest.raises(JournalError, match="move the file away"):
        Marks(path, SESSIONS)
