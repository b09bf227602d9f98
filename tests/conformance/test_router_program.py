"""The router as a process, with real sockets and FIX sessions: starting, working, ending, dying."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.journal import scan
from penstock.runtime.recovery import newest_journal
from penstock.wire.sessions import FixInitiator
from tests.support.router_programs import (
    PATIENCE_S,
    Counterparty,
    Program,
    an_order,
    client_of,
    next_report,
    settle,
    venues_of,
    wait_for,
)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A router that is not started yet."""
    one = Program(tmp_path)
    yield one
    one.close()


@pytest.fixture
def venues(program: Program, tmp_path: Path) -> Iterator[Counterparty]:
    """Three venues that listen and say nothing by themselves."""
    with venues_of(program, tmp_path) as sink:
        yield sink


@pytest.fixture
def client(program: Program, tmp_path: Path) -> Iterator[tuple[FixInitiator, Counterparty]]:
    """An OMS; it logs on as soon as there is a router."""
    with client_of(program, tmp_path) as ends:
        yield ends


def test_it_starts_logs_on_answers_orders_and_ends_in_order(
    program: Program,
    venues: Counterparty,
    client: tuple[FixInitiator, Counterparty],
) -> None:
    """The whole way of an order that finds no market: accepted, and cancelled at the end."""
    process = program.started()
    wait_for(lambda: {"up"} == {v["state"] for v in program.status()["venues"].values()}, program)
    initiator, sink = client
    settle(initiator, sink, program)
    initiator.send(an_order("first"))

    assert "0" == next_report(sink, program)[150]
    process.send_signal(signal.SIGTERM)
    assert 0 == process.wait(PATIENCE_S), program.said
    ended = next_report(sink, program)
    assert ("4", "first") == (ended[150], ended[11])
    assert "nothing is open" in program.said
    assert not (program.run_dir / "control.sock").exists()


def test_after_a_kill_it_goes_on_with_the_same_run(
    program: Program,
    venues: Counterparty,
    client: tuple[FixInitiator, Counterparty],
) -> None:
    """The order is still there, and its client hears of it again."""
    initiator, sink = client
    process = program.started()
    run = program.status()["run"]
    settle(initiator, sink, program)
    initiator.send(an_order("first"))
    next_report(sink, program)
    process.kill()
    process.wait()
    again = program.started()
    status = program.status()

    assert (run, 1) == (status["run"], status["parents"]["working"])
    wait_for(lambda: program.status()["clients"]["OMS"]["is_logged_on"], program)
    again.terminate()
    assert 0 == again.wait(PATIENCE_S), program.said
    report = next_report(sink, program)
    while report.get(97) == "Y":  # the kill may have come before the mark: it is told again
        report = next_report(sink, program)
    assert "4" == report[150]


def test_a_second_router_in_the_same_folder_is_refused(program: Program) -> None:
    """Two would write one journal; the error says who is there."""
    first = program.started()
    second = program.start()

    assert 2 == second.wait(PATIENCE_S)
    assert f"already running as pid {first.pid}" in program.said
    assert program.status()["pid"] == first.pid


def test_a_port_in_use_is_one_clear_error(program: Program) -> None:
    """Before the long preparations."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", program.oms_port))
        taken.listen()
        process = program.start()

        assert 2 == process.wait(PATIENCE_S)
    assert f"oms.port = {program.oms_port}" in program.said
    assert "choose another" in program.said
    assert "Traceback" not in program.said


def test_a_feed_port_in_use_is_one_clear_error(program: Program) -> None:
    """The same for market data."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", program.feed_port))
        process = program.start()

        assert 2 == process.wait(PATIENCE_S)
    assert "feed.listen" in program.said


def test_garbage_on_its_ports_does_not_end_it(program: Program) -> None:
    """Whoever scans the network must not stop trading."""
    program.started()
    with socket.socket() as end:
        end.connect(("127.0.0.1", program.oms_port))
        end.sendall(os.urandom(4_096) + b"8=FIX.4.4\x019=5\x0135=A\x0110=000\x01")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        for size in (0, 1, 19, 20, 1_400, 60_000):
            end.sendto(os.urandom(size), ("127.0.0.1", program.feed_port))
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(str(program.run_dir / "control.sock"))
        end.sendall(os.urandom(1_000) + b"\n")

    wait_for(lambda: program.status()["feed"]["n_malformed"] >= 5, program)
    assert "running" == program.status()["state"]


def test_a_second_signal_ends_it_at_once(program: Program) -> None:
    """Its journal is whole all the same, and the next start recovers it."""
    process = program.started()
    process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)

    assert process.wait(PATIENCE_S) in (0, 130), program.said
    journal = newest_journal(program.run_dir / "journals")
    assert journal is not None
    assert 0 == scan(journal).n_torn_bytes


def test_the_shell_commands_reach_it(program: Program) -> None:
    """Kill, resume, venue and status, as typed."""
    program.started()

    def penstock(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "penstock.cli", *words, str(program.conf)],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    assert "venue_off LITA" in penstock("venue", "off", "LITA")
    assert "0 of 0 cancels acknowledged, 0 in doubt" in penstock("kill")
    shown = penstock("status")
    assert "KILLED" in shown
    assert "LITA down" in shown
    assert "SWITCHED OFF" in shown
    assert "resume" in penstock("resume")
    assert not program.status()["is_killed"]
