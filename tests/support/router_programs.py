"""Routers as processes, with a client and venues that speak FIX to them and say little."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from penstock.domain import Ns, Shares, Side
from penstock.runtime import RouterRefusedError, RouterUnreachableError, ask_router
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

    def start(self, *options: str, stderr: int | None = None) -> subprocess.Popen[str]:
        """Start it; what it says is in `said`, unless its stderr goes elsewhere."""
        with (self.folder / "said").open("a") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "penstock.cli", "run", str(self.conf), *options],
                stderr=said if stderr is None else stderr,
                text=True,
            )
        self._running.append(process)
        return process

    def started(self, *options: str, stderr: int | None = None) -> subprocess.Popen[str]:
        """Start it and wait until it answers."""
        process = self.start(*options, stderr=stderr)

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


@contextmanager
def venues_of(program: Program, folder: Path) -> Iterator[Counterparty]:
    """Three venues that listen and say nothing by themselves."""
    sink = Counterparty()
    acceptor = FixAcceptor(
        setup(sink, folder / "venues"),
        sessions=[(mic, "PENSTOCK") for mic in MICS],
        host="127.0.0.1",
        port=program.fix_port,
    )
    acceptor.start()
    yield sink
    acceptor.stop()


@contextmanager
def client_of(program: Program, folder: Path) -> Iterator[tuple[FixInitiator, Counterparty]]:
    """An OMS; it logs on as soon as there is a router."""
    sink = Counterparty()
    initiator = FixInitiator(
        setup(sink, folder / "oms"),
        our_comp_id="OMS",
        endpoints=[Endpoint("PENSTOCK", "127.0.0.1", program.oms_port)],
    )
    initiator.start()
    yield initiator, sink
    initiator.stop()
