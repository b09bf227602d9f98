"""The control socket: one line each way, and nothing that an operator types can break it."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import msgspec
import pytest

from penstock._control_line import socket_address
from penstock.routing import Policy
from penstock.runtime import RouterRefusedError, RouterUnreachableError, ask_router
from penstock.runtime.control import Answer, Do, Request
from penstock.runtime.control_server import ControlServer
from penstock.runtime.inbox import Asked, Item, Stop

PATIENCE_S = 60.0


class Served:
    """A server, and a thread for an engine that always says the same."""

    def __init__(self, run_dir: Path, answer: Answer) -> None:
        self.inbox: SimpleQueue[Item] = SimpleQueue()
        self.path = run_dir / "control.sock"
        self.requests: list[Request] = []
        self._answer = answer
        self._server = ControlServer(self.path, self.inbox, self._find_model)
        self._server.start()
        self._thread = Thread(target=self._engine)
        self._thread.start()

    def close(self) -> None:
        self._server.close()
        self.inbox.put(Stop("the test is over"))
        self._thread.join()

    def _engine(self) -> None:
        while isinstance(item := self.inbox.get(), Asked):
            self.requests.append(item.request)
            item.answer(self._answer)

    def _find_model(self, ref: str) -> Policy | str:
        return f"no model {ref}"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server that says yes."""
    server = Served(tmp_path, {"ok": True, "text": "done"})
    yield server
    server.close()


def exchange(path: Path, *pieces: bytes) -> bytes:
    """Send bytes as they are; what comes back until a line is whole, or the other side hangs up."""
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(10)
        with socket_address(path) as address:
            end.connect(address)
        for piece in pieces:
            end.sendall(piece)
        answer = b""
        while not answer.endswith(b"\n"):
            piece = end.recv(4_096)
            if not piece:
                break
            answer += piece
        return answer


def test_a_request_reaches_the_engine_with_the_name_of_who_asks(
    served: Served, tmp_path: Path
) -> None:
    """The journal names the operator."""
    answer = ask_router(tmp_path, "venue_off", venue="LITA", operator="ann")

    assert {"text": "done"} == answer
    assert [Request(do=Do.VENUE_OFF, venue="LITA", operator="ann")] == served.requests


def test_only_the_owner_may_connect(served: Served) -> None:
    """Whoever can write to it can stop all trading."""
    assert 0o600 == stat.S_IMODE(served.path.stat().st_mode)


@pytest.mark.parametrize(
    "line",
    [
        b"hello\n",
        b'{"do":"dance"}\n',
        b'{"do":"kill","colour":"red"}\n',
        b"[]\n",
        b"\xff\xfe\n",
        b'{"do":"use_model","model":"nothing"}\n',
    ],
)
def test_what_is_no_request_is_refused_and_the_next_one_answered(
    served: Served, line: bytes
) -> None:
    """A typing error must not cost the connection, or more."""
    refused = msgspec.json.decode(exchange(served.path, line))
    accepted = msgspec.json.decode(exchange(served.path, b'{"do":"sta', b'tus"}\n'))

    assert not refused["ok"]
    assert refused["error"]
    assert accepted["ok"]


def test_a_line_without_an_end_is_cut_off(served: Served) -> None:
    """Memory is not for whoever finds the socket."""
    end = socket.socket(socket.AF_UNIX)
    end.settimeout(10)
    end.connect(str(served.path))
    with end, pytest.raises(OSError, match=r"[Rr]eset|[Pp]ipe"):
        end.sendall(b"x" * 65_536_000)


def test_an_answer_longer_than_a_buffer_arrives_whole(tmp_path: Path) -> None:
    """A status with a thousand venues is one line too."""
    server = Served(tmp_path, {"ok": True, "text": "x" * 3_000_000})
    try:
        assert 3_000_000 == len(ask_router(tmp_path, "status", timeout_s=30.0)["text"])
    finally:
        server.close()


def test_a_refusal_is_an_error_with_the_routers_words(tmp_path: Path) -> None:
    """The command line shows it as it shows every error."""
    server = Served(tmp_path, {"ok": False, "error": "unknown venue 'XXXX'"})
    try:
        with pytest.raises(RouterRefusedError, match="unknown venue 'XXXX'"):
            ask_router(tmp_path, "venue_off", venue="XXXX")
    finally:
        server.close()


def test_without_a_router_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    """Also where a killed one has left its socket behind."""
    with pytest.raises(RouterUnreachableError, match="penstock run"):
        ask_router(tmp_path, "status")
    left_behind = socket.socket(socket.AF_UNIX)
    left_behind.bind(str(tmp_path / "control.sock"))
    left_behind.close()
    with pytest.raises(RouterUnreachableError, match="penstock run"):
        ask_router(tmp_path, "status")


def test_a_path_longer_than_an_address_works(tmp_path: Path) -> None:
    """A Unix address has room for 107 bytes, and home directories are long."""
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    server = Served(deep, {"ok": True, "text": "deep"})
    try:
        assert {"text": "deep"} == ask_router(deep, "status")
    finally:
        server.close()


def test_an_operator_who_hangs_up_before_the_answer_harms_nobody(tmp_path: Path) -> None:
    """The thread must live on."""
    inbox: SimpleQueue[Item] = SimpleQueue()
    server = ControlServer(tmp_path / "control.sock", inbox, lambda ref: ref)
    server.start()
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(str(tmp_path / "control.sock"))
            end.sendall(b'{"do":"status"}\n')
            item = inbox.get(timeout=PATIENCE_S)
        assert isinstance(item, Asked)
        item.answer({"ok": True, "text": "late"})
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(str(tmp_path / "control.sock"))
        end.sendall(b'{"do":"kill"}\n')
        item = inbox.get(timeout=PATIENCE_S)
    server.close()

    assert isinstance(item, Asked)
    assert Do.KILL is item.request.do


def test_a_script_that_asks_and_never_reads_does_not_delay_anyone(tmp_path: Path) -> None:
    """It is not read any more; a kill from elsewhere is answered as ever."""
    server = Served(tmp_path, {"ok": True, "text": "x" * 10_000})
    mad = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    try:
        for end in mad:
            end.connect(str(server.path))
            end.setblocking(False)
            with suppress(BlockingIOError):
                end.sendall(b'{"do":"status"}\n' * 16_000)
        answer = ask_router(tmp_path, "kill", timeout_s=PATIENCE_S)
    finally:
        for end in mad:
            end.close()
        server.close()

    assert {"text": "x" * 10_000} == answer
    assert len(server.requests) < 1_000


def test_what_a_connection_may_have_unanswered_is_bounded(tmp_path: Path) -> None:
    """The engine is not asked for what nobody could be told; later it is, in order."""
    inbox: SimpleQueue[Item] = SimpleQueue()
    server = ControlServer(tmp_path / "control.sock", inbox, lambda ref: ref)
    server.start()
    end = socket.socket(socket.AF_UNIX)
    end.connect(str(server._path))
    end.sendall(b"".join(b'{"do":"kill","operator":"%d"}\n' % k for k in range(100)))
    waiting = [inbox.get(timeout=PATIENCE_S) for _ in range(16)]
    seen: list[str] = []
    n_ahead = inbox.qsize()
    while len(seen) < 100:
        item = waiting.pop(0) if waiting else inbox.get(timeout=PATIENCE_S)
        assert isinstance(item, Asked)
        seen.append(item.request.operator)
        item.answer({"ok": True})
    end.close()
    server.close()

    assert 0 == n_ahead
    assert [str(k) for k in range(100)] == seen


def test_a_new_connection_always_gets_in(tmp_path: Path) -> None:
    """A script that opens connections and forgets them must not lock the operator out."""
    server = Served(tmp_path, {"ok": True, "text": "done"})
    idle = [socket.socket(socket.AF_UNIX) for _ in range(200)]
    try:
        for end in idle:
            end.connect(str(server.path))
        answer = ask_router(tmp_path, "kill", timeout_s=PATIENCE_S)
    finally:
        for end in idle:
            end.close()
        server.close()

    assert {"text": "done"} == answer
