"""The router as a process, with real sockets and FIX sessions: starting, working, ending, dying."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from penstock.domain import Ns, Shares, Side
from penstock.journal import scan
from penstock.runtime import RouterRefusedError, RouterUnreachableError, ask_router
from penstock.runtime.recovery import newest_journal
from penstock.wire.fix import FixMessage, Incoming, Outgoing, new_order, status_request
from penstock.wire.sessions import (
    Endpoint,
    FixAcceptor,
    FixInitiator,
    SessionSetup,
    resends_reports,
)
from tests.support.killable_routers import CONF

pytest.importorskip("quickfix", reason='quickfix is not installed: pip install "penstock[fix]"')

PATIENCE_S = 120.0  # the first start after a change compiles; a bound, not a measurement
MICS = ("DRKA", "LITA", "LITB")


class Counterparty:
    """A sink that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: SimpleQueue[Incoming] = SimpleQueue()
        self.logged_on: SimpleQueue[str] = SimpleQueue()

    def on_message(self, incoming: Incoming) -> None:
        self.heard.put(incoming)

    def on_logon(self, counterparty: str, our_comp_id: str, *, was_reset: bool) -> None:
        self.logged_on.put(our_comp_id)

    def on_logout(self, counterparty: str, reason: str, our_comp_id: str) -> None:
        pass

    def on_reject_sent(
        self, counterparty: str, our_comp_id: str, ref_seq_num: int, ref_msg_type: str, text: str
    ) -> None:
        raise AssertionError(text)

    def on_stuck(self, counterparty: str, our_comp_id: str, text: str) -> None:
        raise AssertionError(text)

    def on_fatal(self, where: str, error: Exception) -> None:
        raise AssertionError(where) from error


def setup(sink: Counterparty, store_dir: Path) -> SessionSetup:
    """Of a session at the other end."""
    return SessionSetup(
        sink=sink,
        clock_ns=lambda: Ns(time.time_ns()),
        store_dir=store_dir,
        may_resend=resends_reports,
        heartbeat_s=5,
        is_logging=False,
    )


class Program:
    """A router in a folder of its own, on free ports; venues that never fill can be had."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_dir = folder / "run"
        self.oms_port, self.fix_port, self.feed_port = free_ports(3)
        self.conf = folder / "router.toml"
        text = CONF.format(run_dir=self.run_dir)
        text = text.replace('"127.0.0.1:1"', f'"127.0.0.1:{self.fix_port}"')
        text = text.replace("[oms]", f"[oms]\nport = {self.oms_port}")
        text = text.replace("[feed]", f'[feed]\nlisten = "127.0.0.1:{self.feed_port}"')
        self.conf.write_text(text, encoding="utf-8")
        self._running: list[subprocess.Popen[str]] = []

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start it; what it says is in `said`."""
        with (self.folder / "said").open("a") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "penstock.cli", "run", str(self.conf), *options],
                stderr=said,
                text=True,
            )
        self._running.append(process)
        return process

    def started(self, *options: str) -> subprocess.Popen[str]:
        """Start it and wait until it answers."""
        process = self.start(*options)

        def answers() -> bool:
            assert process.poll() is None, self.said
            try:
                return bool(self.status()["pid"] == process.pid)
            except (RouterUnreachableError, RouterRefusedError):
                return False

        wait_for(answers, self)
        return process

    @property
    def said(self) -> str:
        """Its log so far."""
        return (self.folder / "said").read_text()

    def status(self) -> dict[str, Any]:
        """How it stands."""
        status: dict[str, Any] = ask_router(self.run_dir, "status", timeout_s=1.0)["status"]
        return status

    def close(self) -> None:
        """Whatever still runs."""
        for process in self._running:
            process.kill()
            process.wait()


def free_ports(n: int) -> list[int]:
    """Ports that nobody uses now."""
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(condition: Callable[[], bool], program: Program) -> None:
    """Until it holds; a long bound, because the machine may be busy."""
    until_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until_s, program.said
        time.sleep(0.02)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A router that is not started yet."""
    one = Program(tmp_path)
    yield one
    one.close()


@pytest.fixture
def venues(program: Program, tmp_path: Path) -> Iterator[Counterparty]:
    """Three venues that listen and say nothing by themselves."""
    sink = Counterparty()
    acceptor = FixAcceptor(
        setup(sink, tmp_path / "venues"),
        sessions=[(mic, "PENSTOCK") for mic in MICS],
        host="127.0.0.1",
        port=program.fix_port,
    )
    acceptor.start()
    yield sink
    acceptor.stop()


@pytest.fixture
def client(program: Program, tmp_path: Path) -> Iterator[tuple[FixInitiator, Counterparty]]:
    """An OMS; it logs on as soon as there is a router."""
    sink = Counterparty()
    initiator = FixInitiator(
        setup(sink, tmp_path / "oms"),
        our_comp_id="OMS",
        endpoints=[Endpoint("PENSTOCK", "127.0.0.1", program.oms_port)],
    )
    initiator.start()
    yield initiator, sink
    initiator.stop()


def next_report(sink: Counterparty, program: Program) -> dict[int, str]:
    """The next message that a counterparty hears."""
    try:
        return dict(sink.heard.get(timeout=PATIENCE_S).fields)
    except Empty:
        raise AssertionError(f"nothing was heard; the router said:\n{program.said}") from None


def settle(initiator: FixInitiator, sink: Counterparty, program: Program) -> None:
    """
    Ask until an answer comes: what is said right after a logon may be skipped together with what
    the other side missed before.
    """
    wait_for(lambda: initiator.is_logged_on("PENSTOCK"), program)
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        now_ns = Ns(time.time_ns())
        question = status_request(cl_ord_id="nothing", symbol="TEST", side=Side.BUY, now_ns=now_ns)
        initiator.send(Outgoing("PENSTOCK", question))
        with suppress(Empty):
            while sink.heard.get(timeout=1.0).fields.get(150) != "I":
                pass
            return


def an_order(name: str) -> Outgoing:
    """A buy of 500."""
    message: FixMessage = new_order(
        cl_ord_id=name,
        symbol="TEST",
        side=Side.BUY,
        size_shares=Shares(500),
        now_ns=Ns(time.time_ns()),
    )
    return Outgoing("PENSTOCK", message)


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
    assert "kill" in penstock("kill")
    shown = penstock("status")
    assert "KILLED" in shown
    assert "LITA down" in shown
    assert "SWITCHED OFF" in shown
    assert "resume" in penstock("resume")
    assert not program.status()["is_killed"]
