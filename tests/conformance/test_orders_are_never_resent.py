"""Asked to repeat everything, a session repeats reports and skips orders."""

from __future__ import annotations

from pathlib import Path

from penstock.wire.fix import FixMessage, MsgType, Outgoing
from penstock.wire.sessions import resends_reports
from tests.support.fix_sessions import (
    CLIENT,
    ROUTER,
    Notebook,
    Peer,
    acceptor,
    initiator,
    order,
    report,
    running,
    wait_until,
)


def test_a_resend_from_1_gets_gap_fills_for_orders_and_reports_again(tmp_path: Path) -> None:
    """An order sent again hours later would trade; a report not sent again would be lost."""
    router = acceptor(tmp_path, Notebook())
    sent = [
        order("order 2", CLIENT),
        report("report 3"),
        order("order 4", CLIENT),
        order("order 5", CLIENT),
        report("report 6"),
        order("order 7", CLIENT),
    ]
    with running(router), Peer(router.port) as peer:
        peer.log_on()
        wait_until(lambda: router.is_logged_on(CLIENT))
        for outgoing in sent:
            assert router.send(outgoing)
        for _ in sent:
            peer.hear("8", "D")
        peer.say("2", (7, "1"), (16, "0"))
        answers = [peer.hear("4", "8", "D") for _ in range(5)]

    heard = [(answer[35], answer[34], answer.get(36) or answer[58]) for answer in answers]
    assert [
        ("4", "1", "3"),  # 1 was our logon, 2 an order: go on at 3
        ("8", "3", "report 3"),
        ("4", "4", "6"),
        ("8", "6", "report 6"),
        ("4", "7", "8"),
    ] == heard
    assert ["Y"] * 5 == [answer[43] for answer in answers]


def test_a_venue_that_lost_our_orders_asks_for_them_in_vain(tmp_path: Path) -> None:
    """The same between two of ours: what was sent without a connection is never sent."""
    at_venue = Notebook()
    venue = acceptor(tmp_path / "venue", at_venue)
    with running(venue):
        router = initiator(tmp_path / "router", Notebook(), venue.port)
        assert router.send(order("into the dark"))
        with running(router):
            wait_until(lambda: router.is_logged_on(ROUTER))
            router.send(order("by daylight"))
            wait_until(at_venue.has("by daylight"))


def test_reports_are_resent_and_orders_and_questions_are_not() -> None:
    """The rule that the router, its clients and its venues share."""
    kinds = [value for name, value in vars(MsgType).items() if name.isupper()]

    assert {"D", "F", "G", "H"} == {kind for kind in kinds if not resends_reports(kind)}


def test_a_possible_resend_says_so_in_the_header(tmp_path: Path) -> None:
    """97 stands before the body, wherever its maker put it; 43 is the session's to set."""
    client = Notebook()
    router = acceptor(tmp_path / "router", Notebook())
    with running(router):
        oms = initiator(tmp_path / "client", client, router.port)
        with running(oms):
            wait_until(lambda: router.is_logged_on(CLIENT))
            fields = ((37, "1"), (58, "again"), (97, "Y"), (43, "Y"))
            router.send(Outgoing(CLIENT, FixMessage("8", fields)))
            wait_until(client.has("again"))

    assert "Y" == client.incoming[0].fields[97]
    assert not client.incoming[0].is_possible_dup
