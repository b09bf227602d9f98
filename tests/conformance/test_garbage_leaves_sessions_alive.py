"""Whatever bytes reach the port, who is logged on stays so."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from penstock.wire.sessions import FixAcceptor, FixInitiator
from tests.support.fix_sessions import (
    CLIENT,
    ROUTER,
    SOH,
    Notebook,
    Peer,
    acceptor,
    initiator,
    order,
    report,
    running,
    wait_until,
)

OTHERS = [f"OTHER{k}" for k in range(12)]
LOGON = ((98, "0"), (108, "30"))
MALFORMED: list[tuple[str, tuple[tuple[int, str], ...], str]] = [
    ("2", ((7, "abc"), (16, "0")), ""),
    ("2", ((7, "1"), (16, "18446744073709551615")), ""),
    ("2", (), ""),
    ("4", ((123, "perhaps"), (36, "5")), ""),
    ("4", ((123, "Y"), (36, "zz")), ""),
    ("0", (), "x"),
    ("D", ((11, "a"),), "99999999999999999999999999"),
    ("D", ((11, "a"), (11, "b")), ""),
    ("D", (), "1"),
    ("", (), ""),
    ("\xff", ((58, "\xff\xfe"),), ""),
    ("A", LOGON, ""),
]


@contextmanager
def session(folder: Path) -> Iterator[tuple[FixAcceptor, FixInitiator, Notebook, Notebook]]:
    """A router with one client logged on, and others that may."""
    at_router, at_client = Notebook(), Notebook()
    names = [(ROUTER, name) for name in (CLIENT, *OTHERS)]
    router = acceptor(folder / "router", at_router, sessions=names)
    with running(router):
        oms = initiator(folder / "client", at_client, router.port)
        with running(oms):
            wait_until(lambda: oms.is_logged_on(ROUTER) and router.is_logged_on(CLIENT))
            yield router, oms, at_router, at_client
            # Still the same session, in both directions.
            oms.send(order("still there?"))
            wait_until(lambda: "still there?" in at_router.texts)
            router.send(report("still here"))
            wait_until(at_client.has("still here"))
            assert [(CLIENT, ROUTER)] == [logon for logon in at_router.logons if logon[0] == CLIENT]
            assert [] == at_router.fatals + at_client.fatals


def test_bytes_that_are_no_fix_end_their_own_connection_only(tmp_path: Path) -> None:
    """A port scanner, a browser, a client with the wrong port."""
    rng = random.Random(11)
    with session(tmp_path) as (router, *_):
        for data in (
            b"GET / HTTP/1.1\r\nHost: router\r\n\r\n",
            bytes(rng.randrange(256) for _ in range(5_000)),
            b"8=FIX.4.4" + SOH.encode() + b"9=abc" + SOH.encode() + b"35=A" + SOH.encode(),
            b"8=FIX.4.4\x019=-5\x0135=A\x0110=000\x01",
            b"8=FIX.4.4\x019=5\x0135=A\x0110=999\x01",
            b"",
        ):
            with Peer(router.port) as stranger:
                stranger.write(data)
        with Peer(router.port) as stranger:  # says half a message and waits: hung up on
            stranger.write(b"8=FIX.4.4\x019=70\x0135=A")
            assert stranger.is_hung_up()


def test_a_logon_with_an_absurd_heartbeat_is_refused_with_a_reason(tmp_path: Path) -> None:
    """QuickFIX takes any text for a number here, and then ends the process over it."""
    heartbeats = ["abc", "0", "-5", "1.5", "99999999999999999999", None]
    with session(tmp_path) as (router, _, at_router, _):
        for other, heartbeat in zip(OTHERS, heartbeats, strict=False):
            with Peer(router.port, ours=other) as peer:
                proposed = [(108, heartbeat)] if heartbeat is not None else []
                peer.say("A", (98, "0"), *proposed)
                reason = peer.hear("5")[58]
                assert peer.is_hung_up()
            assert "HeartBtInt must be 1 to 3600 whole seconds" in reason, heartbeat
        wait_until(lambda: len(at_router.logouts) == len(heartbeats))
        assert all("HeartBtInt must be" in told for _, told in at_router.logouts)


def test_malformed_messages_of_one_session_do_not_touch_another(tmp_path: Path) -> None:
    """One client's bad day is not everybody's."""
    with session(tmp_path) as (router, *_):
        for other, (msg_type, body, num) in zip(OTHERS, MALFORMED, strict=False):
            with Peer(router.port, ours=other) as peer:
                peer.log_on()
                peer.say(msg_type, *body, num=num)
                peer.say("1", (112, "well?"), num="9")
                assert peer.is_answered_or_hung_up(), (msg_type, body, num)


def test_text_that_no_encoding_has_arrives_as_text_that_can_be_journalled(tmp_path: Path) -> None:
    """A byte that is no UTF-8 would otherwise fail where the journal encodes it."""
    sink = Notebook()
    router = acceptor(tmp_path, sink)
    with running(router), Peer(router.port) as peer:
        peer.log_on()
        peer.say("D", (11, "a\xff"), (58, "x"))
        wait_until(sink.has("x"))

    assert "a\N{REPLACEMENT CHARACTER}" == sink.incoming[0].fields[11]
