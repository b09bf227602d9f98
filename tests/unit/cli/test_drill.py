"""`penstock drill`: figures, exit status, traces."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from penstock.cli.drill import command

A_LAW = "penstock.runtime.drill.audit.venue_laws.MOST_QUESTIONS"


def run(*args: str) -> tuple[int, str, str]:
    """Exit status, stdout, stderr."""
    result = CliRunner().invoke(command, args)
    return result.exit_code, result.stdout, result.stderr


def test_the_json_holds_what_the_design_asks_for() -> None:
    """One object on stdout; progress on stderr, also where there is no terminal."""
    status, stdout, stderr = run("--days", "3", "--seed", "20261201", "--workers", "1", "--json")
    figures = json.loads(stdout)

    assert 0 == status
    assert (3, 20_261_201, 0) == (figures["days"], figures["seed"], figures["violations"])
    assert figures["events"] > 0
    assert {"bust", "killed", "disk_full"} <= set(figures["faults"])
    assert "3 of 3 days" in stderr


def test_the_table_has_the_same_figures() -> None:
    """For people."""
    status, stdout, _ = run("--days", "2", "--seed", "20261201", "--workers", "1")

    assert 0 == status
    assert "2 days" in stdout
    assert "violations  0" in stdout


def test_one_day_can_be_seen_with_its_log() -> None:
    """What the router wrote, line by line."""
    status, stdout, stderr = run("--seed", "20261201", "--day", "1")

    assert 0 == status
    assert "seed 20261201, day 1" in stdout
    assert "is logged on" in stderr


def test_a_broken_law_ends_with_status_3_and_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trace is shrunk, and playing it breaks the law again."""
    monkeypatch.setattr(A_LAW, 0)
    args = ("--days", "4", "--seed", "20261201", "--workers", "1", "--traces", str(tmp_path))

    status, _, stderr = run(*args)
    traces = sorted(tmp_path.glob("*-bounded.json"))

    assert 3 == status
    assert traces
    assert f"penstock drill --trace {traces[0]}" in stderr

    status, _, stderr = run("--trace", str(traces[0]), "--traces", str(tmp_path))

    assert 3 == status
    assert "BROKEN" in stderr
