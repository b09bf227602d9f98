"""A message that is rejected or passed over is told; a session that cannot go on is told too."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.fix_sessions import (
    CLIENT,
    PATIENCE_S,
    ROUTER,
    SOH,
    Notebook,
    Peer,
    acceptor,
    initiator,
    report,
    running,
    wait_until,
)


@contextmanager
def client_of_a_router(folder: Path) -> Iterator[tuple[Peer, Notebook]]:
    """A scripted client that is logged on; whatever happens, its later messages arrive."""
    sink = Notebook()
    router = acceptor(folder, sink)
    with running(router), Peer(router.port) as peer:
        peer.log_on()
        yield peer, sink
        peer.say("D", (58, "after"))
        wait_until(lambda: sink.has_heard("after"))
        assert [] == sink.fatals


def test_a_tag_that_says_two_things_is_rejected_and_told(tmp_path: Path) -> None:
    """Which of two prices is meant, nobody can say."""
    with client_of_a_router(tmp_path) as (peer, sink):
        peer.say("8", (31, "10.0"), (31, "11.0"))
        reject = peer.hear("3")
        wait_until(lambda: sink.rejects)

    assert ("2", "8", "31") == (reject[45], reject[372], reject[371])
    assert [(CLIENT, 2, "8", "Tag appears more than once (tag 31)")] == sink.rejects


def test_a_message_without_its_target_is_told(tmp_path: Path) -> None:
    """QuickFIX answers it with a business reject of its own."""
    with client_of_a_router(tmp_path) as (peer, sink):
        whole = peer.made("8", (37, "1"))
        body = whole.split(SOH.encode(), 2)[2].rsplit(b"10=", 1)[0].replace(b"56=ROUTER\x01", b"")
        data = f"8=FIX.4.4{SOH}9={len(body)}{SOH}".encode() + body
        peer.write(data + f"10={sum(data) % 256:03d}{SOH}".encode())
        assert "2" == peer.hear("3", "j")[45]
        wait_until(lambda: sink.rejects)

    assert (CLIENT, 2, "8") == sink.rejects[0][:3]


def garbled(data: bytes) -> bytes:
    """The message with a wrong checksum."""
    return data[:-4] + (b"000" if data[-4:-1] != b"000" else b"001") + data[-1:]


def test_a_message_that_is_noise_once_is_asked_for_again(tmp_path: Path) -> None:
    """As the standard says: a garbled message is as one that never came."""
    with client_of_a_router(tmp_path) as (peer, sink):
        peer.write(garbled(peer.made("D", (58, "2"))))
        peer.say("D", (58, "3"))
        assert "2" == peer.hear("2")[7]
        peer.say("D", (43, "Y"), (122, "20260101-00:00:00"), (58, "2"), num="2")
        wait_until(lambda: sink.texts == ["2", "3"])

    assert [] == sink.rejects + sink.stuck


def test_a_message_that_comes_unreadable_again_is_passed_over_and_told(tmp_path: Path) -> None:
    """Else nothing of this client would be processed any more."""
    with client_of_a_router(tmp_path) as (peer, sink):
        peer.write(garbled(peer.made("D", (58, "2"))))
        peer.say("D", (58, "3"))
        peer.hear("2")
        again = peer.made("D", (43, "Y"), (122, "20260101-00:00:00"), (58, "2"), num="2")
        peer.write(garbled(again))
        reject = peer.hear("3")
        peer.say("0")
        wait_until(lambda: sink.texts == ["3"])

    assert ("2", "D") == (reject[45], reject[372])
    ((counterparty, seq_num, msg_type, text),) = sink.rejects
    assert (CLIENT, 2, "D") == (counterparty, seq_num, msg_type)
    assert "came 2 times and cannot be read" in text


@pytest.mark.parametrize("length", ["999999999", "2147483647", "-1", "-999", "x", "", "2"])
def test_a_false_length_of_data_harms_nobody(tmp_path: Path, length: str) -> None:
    """QuickFIX reads as much memory as it is told to: it must not be told what is data."""
    text = f"AB{SOH}CDEF!"
    with client_of_a_router(tmp_path) as (peer, sink):
        peer.say("D", (354, length), (355, text))
        peer.say("D", (354, length), (355, text), num="2")
        wait_until(lambda: sink.rejects)

    assert (CLIENT, 2, "D") == sink.rejects[0][:3]


def test_a_logon_that_resets_the_numbers_says_so(tmp_path: Path) -> None:
    """What was waiting for the client never arrives: whoever has it must send it again."""
    sink = Notebook()
    router = acceptor(tmp_path, sink)
    with running(router):
        with Peer(router.port) as peer:
            peer.log_on()
        wait_until(lambda: sink.logouts)
        router.send(report("waiting"))
        with Peer(router.port) as peer:
            peer.say("A", (98, "0"), (108, "30"), (141, "Y"))
            answer = peer.hear("A")
            wait_until(lambda: len(sink.logons) == 2)
            router.send(report("new"))
            first = peer.hear("8")

    assert ("1", "Y") == (answer[34], answer[141])
    assert ("2", "new") == (first[34], first[58])
    assert [CLIENT] == sink.resets


def test_a_reset_in_the_middle_of_a_session_ends_it_and_begins_another(tmp_path: Path) -> None:
    """Reports on their way at that moment are lost like those that wait."""
    sink = Notebook()
    router = acceptor(tmp_path, sink)
    with running(router), Peer(router.port) as peer:
        peer.log_on()
        peer.say("A", (98, "0"), (108, "30"), (141, "Y"), num="1")
        peer.hear("A")
        wait_until(lambda: len(sink.logons) == 2)

    assert [CLIENT] == sink.resets
    assert (CLIENT, "the counterparty reset the session's numbers") == sink.logouts[0]


class FallenBack:
    """A venue that has lost its numbers: it logs on with 1, whatever we expect."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(PATIENCE_S)
        self.port: int = self._listening.getsockname()[1]

    def answer(self, *more: tuple[int, str], hang_up: bool = True) -> dict[int, str]:
        """Answer one logon with number 1."""
        connection, _ = self._listening.accept()
        peer = Peer.of(connection, ours=ROUTER, theirs=CLIENT)
        logon = peer.hear("A")
        peer.say("A", (98, "0"), (108, "30"), *more)
        if hang_up:
            assert peer.is_hung_up()
            peer.hang_up()
        else:
            self.peer = peer
        return logon

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()


def test_a_venue_whose_numbers_fell_back_is_told_and_reset(tmp_path: Path) -> None:
    """A logon every second, for ever, tells nobody anything."""
    sink, venue = Notebook(), FallenBack()
    router = initiator(tmp_path, sink, venue.port)
    router.resume_from(ROUTER, 1)
    with running(router):
        venue.answer(hang_up=False)
        venue.peer.say("0")
        wait_until(lambda: router.is_logged_on(ROUTER))
        venue.peer.hang_up()
        wait_until(lambda: sink.logouts)
        for _ in range(5):
            venue.answer()
        wait_until(lambda: sink.stuck)
        assert router.reset(ROUTER)
        logon = venue.answer((141, "Y"), hang_up=False)
        wait_until(lambda: router.is_logged_on(ROUTER))
        venue.peer.hang_up()
    venue.close()

    ((counterparty, text),) = sink.stuck
    assert ROUTER == counterparty
    assert "5 logons in a row have failed" in text
    assert "MsgSeqNum too low, expecting 3 but received 1" in text
    assert ("1", "Y") == (logon[34], logon[141])
    assert [ROUTER] == sink.resets
    assert [] == sink.fatals


def test_a_session_that_is_up_can_be_reset(tmp_path: Path) -> None:
    """From any thread: a person types it while the FIX thread works."""
    at_router, at_client = Notebook(), Notebook()
    router = acceptor(tmp_path / "router", at_router)
    with running(router):
        client = initiator(tmp_path / "client", at_client, router.port)
        with running(client):
            wait_until(lambda: client.is_logged_on(ROUTER) and router.is_logged_on(CLIENT))
            assert client.reset(ROUTER)
            wait_until(lambda: at_router.resets and at_client.resets)
            wait_until(lambda: client.is_logged_on(ROUTER) and router.is_logged_on(CLIENT))
            router.send(report("after"))
            wait_until(at_client.has("after"))

    assert [] == at_router.fatals + at_client.fatals
    assert [] == at_router.stuck + at_client.stuck


def test_a_reset_after_the_stop_is_refused(tmp_path: Path) -> None:
    """There is nothing left to reset."""
    router = acceptor(tmp_path, Notebook())
    with running(router):
        pass

    assert not router.reset(CLIENT)
