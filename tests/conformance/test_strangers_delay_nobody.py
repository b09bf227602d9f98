"""Who reaches the port without logging on is kept away from the thread that serves the sessions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.wire.sessions import gate
from tests.support.fix_sessions import (
    CLIENT,
    ROUTER,
    SOH,
    Notebook,
    Peer,
    acceptor,
    running,
    wait_until,
)

FOREVER_S = 3_600.0
HALF = f"8=FIX.4.4{SOH}9=70{SOH}35=A".encode()


@contextlib.contextmanager
def a_client(folder: Path) -> Iterator[tuple[Peer, Notebook, int]]:
    """A client of a router, logged on; and the router's port."""
    sink = Notebook()
    names = [(ROUTER, CLIENT), (ROUTER, "SECOND")]
    router = acceptor(folder, sink, sessions=names)
    with running(router), Peer(router.port) as peer:
        peer.log_on()
        yield peer, sink, router.port
        peer.say("D", (58, "after all"))
        wait_until(lambda: sink.has_heard("after all"))
        assert [] == sink.fatals


def test_half_a_logon_and_a_byte_now_and_then_delay_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each order arrives while the strangers are still waiting to be heard."""
    monkeypatch.setattr(gate, "_LOGON_S", FOREVER_S)
    with a_client(tmp_path) as (peer, sink, port), contextlib.ExitStack() as stack:
        strangers = [stack.enter_context(Peer(port)) for _ in range(5)]
        for at in range(len(HALF)):
            for stranger in strangers:
                stranger.write(HALF[at : at + 1])
            if at % 6 == 0:
                peer.say("D", (58, str(at)))
                wait_until(lambda text=str(at): sink.has_heard(text))  # type: ignore[misc]
        still_waiting = [stranger.is_let_wait() for stranger in strangers]

    assert [True] * 5 == still_waiting


def test_a_thousand_connections_keep_no_client_out(tmp_path: Path) -> None:
    """The one that has waited longest goes first; whoever logs on at once is let in."""
    with a_client(tmp_path) as (peer, sink, port), contextlib.ExitStack() as stack:
        for n in range(1_000):
            caller = stack.enter_context(contextlib.closing(_Silent(port)))
            if n % 250 == 0:
                peer.say("D", (58, str(n)))
                wait_until(lambda text=str(n): sink.has_heard(text))  # type: ignore[misc]
        second = stack.enter_context(Peer(port, ours="SECOND"))
        second.log_on()
        second.say("D", (58, "second"))
        wait_until(lambda: sink.has_heard("second"))
        assert caller is not None


class _Silent:
    """A connection on which nothing is said."""

    def __init__(self, port: int) -> None:
        self._peer = Peer(port)

    def close(self) -> None:
        """Leave without a word."""
        self._peer.hang_up()


def test_a_stranger_is_hung_up_on_when_his_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether he says nothing, or half a logon."""
    monkeypatch.setattr(gate, "_LOGON_S", 0.1)
    with a_client(tmp_path) as (_, _, port), Peer(port) as silent, Peer(port) as half:
        half.write(HALF)

        assert silent.is_hung_up()
        assert half.is_hung_up()


NO_LOGONS = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"8=FIX.4.2\x019=",
    b"8=FIX.4.4\x019=99999\x0135=A\x01",
    b"8=FIX.4.4\x019=5\x0135=0\x01",
    b"8=FIX.4.4\x019=5\x0135=A\x0110=000\x01",
    b"8=FIX.4.4\x019=-5\x01",
    HALF + b"\x01" + b"x" * 5_000,
]


@pytest.mark.parametrize("data", NO_LOGONS, ids=range(len(NO_LOGONS)))
def test_what_cannot_become_a_logon_is_hung_up_on_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    """A port scanner, a browser, TLS, another version."""
    monkeypatch.setattr(gate, "_LOGON_S", FOREVER_S)
    with a_client(tmp_path) as (_, _, port), Peer(port) as stranger:
        stranger.write(data)

        assert stranger.is_hung_up()


@pytest.mark.parametrize(
    "more", [((98, "0"), (98, "1")), ((122, "yesterday"),), ((58, "a"), (58, "b"))]
)
def test_a_logon_that_is_no_message_keeps_nobody_out(
    tmp_path: Path, more: tuple[tuple[int, str], ...]
) -> None:
    """QuickFIX leaves such a connection open, and the session taken for ever."""
    with a_client(tmp_path) as (_, sink, port), Peer(port, ours="SECOND") as second:
        second.say("A", (108, "30"), *more)
        assert second.is_hung_up()
        with Peer(port, ours="SECOND") as again:
            assert "A" == again.log_on()[35]
            wait_until(lambda: ("SECOND", ROUTER) in sink.logons)


def test_a_logon_in_pieces_is_a_logon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks cut where they like."""
    monkeypatch.setattr(gate, "_LOGON_S", FOREVER_S)
    with a_client(tmp_path) as (_, sink, port), Peer(port, ours="SECOND") as second:
        data = second.made("A", (98, "0"), (108, "30"))
        for at in range(len(data)):
            second.write(data[at : at + 1])

        assert "A" == second.hear("A")[35]
        wait_until(lambda: ("SECOND", ROUTER) in sink.logons)
