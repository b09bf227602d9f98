"""A log that a kill may hit at any byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.runtime import read_lines
from penstock.runtime.lines_log import LinesLog

LINES = [{"n": 1, "text": "first"}, {"n": 2, "text": "a line\nin a line"}, {"n": 3, "text": "ü"}]


def written(path: Path, lines: list[dict[str, Any]]) -> None:
    """Lines, added by a program that then ended."""
    log = LinesLog(path)
    for line in lines:
        log.add(line)
    log.close()


def test_a_line_is_in_the_file_when_add_returns(tmp_path: Path) -> None:
    """Whatever happens next, it was written down first."""
    path = tmp_path / "folder" / "log.jsonl"
    log = LinesLog(path)
    log.add(LINES[0])

    assert LINES[:1] == list(read_lines(path))
    log.close()


def test_lines_come_back_as_they_were(tmp_path: Path) -> None:
    """Line feeds and letters of any alphabet included."""
    path = tmp_path / "log.jsonl"
    written(path, LINES)

    assert LINES == list(read_lines(path))


def test_a_log_is_gone_on_with(tmp_path: Path) -> None:
    """A program that starts again keeps what it knew."""
    path = tmp_path / "log.jsonl"
    written(path, LINES[:1])
    written(path, LINES[1:])

    assert LINES == list(read_lines(path))


@pytest.mark.parametrize("n_cut", [1, 5, 20])
def test_a_torn_last_line_is_left_out(tmp_path: Path, n_cut: int) -> None:
    """Half a line is not an execution."""
    path = tmp_path / "log.jsonl"
    written(path, LINES)
    path.write_bytes(path.read_bytes()[:-n_cut])

    assert LINES[:2] == list(read_lines(path))


@pytest.mark.parametrize("n_cut", [1, 5, 20])
def test_what_follows_a_torn_line_is_not_lost_with_it(tmp_path: Path, n_cut: int) -> None:
    """The next program starts a line of its own."""
    path = tmp_path / "log.jsonl"
    written(path, LINES)
    path.write_bytes(path.read_bytes()[:-n_cut])
    written(path, LINES[2:])

    assert LINES == list(read_lines(path))


def test_a_log_of_nothing_but_a_torn_line_begins_anew(tmp_path: Path) -> None:
    """The very first write was cut."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"n":')
    written(path, LINES)

    assert LINES == list(read_lines(path))
