"""The port and the interface are the configured ones, or there is one clear error."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from penstock.domain import ConfigError
from penstock.wire.sessions import FixAcceptor
from tests.support.fix_sessions import CLIENT, ROUTER, Notebook, Peer, acceptor, running, setup


def _fix_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("fix-")]


def test_a_port_in_use_is_one_clear_error(tmp_path: Path) -> None:
    """Two routers started by mistake: the second says what is in its way."""
    first = acceptor(tmp_path / "first", Notebook())
    with running(first):
        names = [("SECOND", CLIENT)]
        second = acceptor(tmp_path / "second", Notebook(), sessions=names, port=first.port)
        with pytest.raises(ConfigError) as raised:
            second.start()

    (problem,) = raised.value.problems
    assert f"FIX acceptor 127.0.0.1:{first.port}" == problem.where
    assert "Address already in use" == problem.found
    assert f"ss -ltnp 'sport = :{first.port}'" in problem.fix
    assert [] == _fix_threads()


def test_an_address_of_another_machine_is_one_clear_error(tmp_path: Path) -> None:
    """A configuration that was copied from another machine."""
    router = FixAcceptor(
        setup(tmp_path, Notebook()), sessions=[(ROUTER, CLIENT)], host="192.0.2.1", port=0
    )
    with pytest.raises(ConfigError, match=r"FIX acceptor 192\.0\.2\.1:0"):
        router.start()


def test_a_port_is_free_again_when_its_acceptor_has_stopped(tmp_path: Path) -> None:
    """A restart within seconds finds its port."""
    first = acceptor(tmp_path, Notebook())
    with running(first), Peer(first.port) as peer:
        peer.log_on()
    second = acceptor(tmp_path, Notebook(), port=first.port)
    with running(second), Peer(second.port) as peer:
        peer.next_num = 2
        assert "A" == peer.log_on()[35]


def test_no_other_interface_answers(tmp_path: Path) -> None:
    """QuickFIX would listen on every one, for whoever knows a client's name."""
    router = acceptor(tmp_path, Notebook())
    with running(router), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", router.port), 5).close()


def test_a_store_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    """Found before anything starts."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="a folder that can be written to"):
        acceptor(tmp_path / "file", Notebook())
    with pytest.raises(ConfigError, match="a folder that can be written to"):
        acceptor(tmp_path / "file" / "below", Notebook())
