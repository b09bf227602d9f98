"""Why there is no session is told to a person, once per reason and on both sides."""

from __future__ import annotations

from pathlib import Path

from tests.support.fix_sessions import (
    CLIENT,
    ROUTER,
    Notebook,
    Peer,
    acceptor,
    free_port,
    initiator,
    running,
    wait_until,
)


def test_the_reason_of_a_refusal_reaches_both_sides(tmp_path: Path) -> None:
    """A venue that does not want us today says why; we go on asking, and say it once."""
    at_venue, at_router = Notebook(), Notebook()
    asked: list[tuple[str, str]] = []

    def refuse(our_comp_id: str, their_comp_id: str) -> str:
        asked.append((our_comp_id, their_comp_id))
        return "closed for maintenance" if len(asked) < 3 else ""

    venue = acceptor(tmp_path / "venue", at_venue, refuse_logon=refuse)
    with running(venue):
        router = initiator(tmp_path / "router", at_router, venue.port)
        with running(router):
            wait_until(lambda: router.is_logged_on(ROUTER))

    assert [(ROUTER, CLIENT)] * 3 == asked
    refusal = "closed for maintenance"
    told_router, told_venue = at_router.logouts[:-1], at_venue.logouts[:-1]
    assert [(ROUTER, f"logon refused: Rejected Logon Attempt: {refusal}")] == told_router
    assert [(CLIENT, f"logon refused by us: Rejected Logon Attempt: {refusal}")] == told_venue
    assert [] == at_venue.fatals + at_router.fatals


def test_a_side_that_lost_its_numbers_is_told_so(tmp_path: Path) -> None:
    """Somebody deleted one side's session files: a person has to decide what is true."""
    at_router = Notebook()
    router = acceptor(tmp_path, at_router)
    with running(router):
        with Peer(router.port) as peer:
            peer.log_on()
            peer.say("1", (112, "x"))
            peer.hear("0")
        wait_until(lambda: at_router.logouts)
        with Peer(router.port) as peer:
            peer.say("A", (98, "0"), (108, "30"))
            reason = peer.hear("5")[58]
        wait_until(lambda: len(at_router.logouts) == 2)

    assert "MsgSeqNum too low, expecting 3 but received 1" == reason
    assert [
        (CLIENT, "connection lost"),
        (CLIENT, f"logon refused by us: {reason}"),
    ] == at_router.logouts


def test_nobody_listening_is_told_once(tmp_path: Path) -> None:
    """Asking goes on every second; saying so every second would bury everything else."""
    at_router, port = Notebook(), free_port()
    router = initiator(tmp_path / "router", at_router, port)
    with running(router):
        wait_until(lambda: at_router.logouts)
        venue = acceptor(tmp_path / "venue", Notebook(), port=port)
        with running(venue):
            wait_until(lambda: router.is_logged_on(ROUTER))
            told = list(at_router.logouts)

    assert [(ROUTER, f"no answer to the logon at 127.0.0.1:{port}")] == told


def test_the_text_of_a_logout_is_its_reason(tmp_path: Path) -> None:
    """The counterparty's words, if it has any."""
    sink = Notebook()
    router = acceptor(tmp_path, sink)
    with running(router):
        for num, text in enumerate(("going home", "")):
            with Peer(router.port) as peer:
                peer.next_num += 2 * num
                peer.log_on()
                peer.say("5", *([(58, text)] if text else []))
                peer.hear("5")
            wait_until(lambda: not router.is_logged_on(CLIENT))

    assert [(CLIENT, "going home"), (CLIENT, "the counterparty logged out")] == sink.logouts
