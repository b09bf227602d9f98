"""The brake of a router that is a process: it answers whatever clients, operators and pipes do."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty

import pytest

from penstock.domain import Control, SendChild
from penstock.journal import RecordKind, read_journal
from penstock.runtime.recovery import newest_journal
from penstock.wire.sessions import FixInitiator
from tests.support.router_programs import (
    PATIENCE_S,
    Counterparty,
    Program,
    an_order,
    client_of,
    settle,
    venues_of,
    wait_for,
)

N_ORDERS = 1_500


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


def kill(program: Program, *options: str) -> tuple[int, dict[str, object]]:
    """Exit status and figures of `penstock kill`."""
    done = subprocess.run(
        [sys.executable, "-m", "penstock.cli", "kill", str(program.conf), "--json", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}


def sent_after_the_kill(program: Program) -> list[int]:
    """Children that were sent after the journal had the kill."""
    journal = newest_journal(program.run_dir / "journals")
    assert journal is not None
    is_killed = False
    sent: list[int] = []
    for entry in read_journal(journal):
        if entry.kind is RecordKind.EVENT:
            is_killed = is_killed or isinstance(entry.event, Control)
        elif entry.kind is RecordKind.COMMANDS and is_killed:
            sent += [c.order.child_id for c in entry.commands if isinstance(c, SendChild)]
    assert is_killed
    return sent


def answered(sink: Counterparty, names: set[str], program: Program) -> dict[str, str]:
    """The first answer to each order: 39 OrdStatus; waits until all have one."""
    found: dict[str, str] = {}

    def all_there() -> bool:
        with suppress(Empty):
            while True:
                fields = sink.heard.get_nowait().fields
                if fields.get(11) in names:
                    found.setdefault(fields[11], fields.get(39, ""))
        return names == set(found)

    wait_for(all_there, program)
    return found


def test_a_kill_overtakes_a_burst_and_every_order_of_it_is_answered(
    program: Program,
    venues: Counterparty,
    client: tuple[FixInitiator, Counterparty],
) -> None:
    """Nothing is sent after it, nothing is left without an answer, and then the router is idle."""
    program.started()
    initiator, sink = client
    settle(initiator, sink, program)
    names = [f"burst-{k}" for k in range(N_ORDERS)]
    for name in names:
        initiator.send(an_order(name))
    status, figures = kill(program, "--wait", "60")
    states = answered(sink, set(names), program)

    assert 0 == status, figures
    assert 0 == figures["in_doubt"]
    assert figures["cancels"] == figures["acknowledged"]
    assert [] == sent_after_the_kill(program)
    assert {"0", "8"} >= set(states.values())
    wait_for(lambda: program.status()["queue_depth"] == 0, program)
    assert program.status()["is_killed"]


def test_a_script_that_asks_and_never_reads_does_not_take_the_brake_away(
    program: Program,
) -> None:
    """Sixteen thousand questions on one connection; the kill comes on another."""
    program.started()
    mad = socket.socket(socket.AF_UNIX)
    mad.connect(str(program.run_dir / "control.sock"))
    mad.setblocking(False)
    with mad:
        with suppress(BlockingIOError):
            mad.sendall(b'{"do":"status"}\n' * 16_000)
        status, figures = kill(program)

    assert 0 == status, figures
    assert {"cancels": 0, "acknowledged": 0, "in_doubt": 0} == {
        key: figures[key] for key in ("cancels", "acknowledged", "in_doubt")
    }
    assert program.status()["is_killed"]


def test_a_pipe_that_nobody_reads_and_a_hang_up_stop_nothing(program: Program) -> None:
    """Its log is in a file; the lines that the pipe does not take are lost, and nothing else."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4_096)
    os.set_blocking(writer, True)
    process = program.started(stderr=writer)
    os.close(writer)
    process.send_signal(signal.SIGHUP)
    status, figures = kill(program)
    process.terminate()

    assert 0 == status, figures
    assert 0 == process.wait(PATIENCE_S)
    os.close(reader)
    log = (program.run_dir / "router.log").read_text()
    assert "control:" in log
    assert "closed" in log


def test_a_kill_that_no_router_hears_is_an_error(program: Program) -> None:
    """With the command that starts one."""
    status, figures = kill(program)

    assert 2 == status
    assert "penstock run" in str(figures["error"])
