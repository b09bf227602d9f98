"""What was sent without a connection, and what was not dealt with in time, arrives later."""

from __future__ import annotations

from pathlib import Path

from tests.support.fix_sessions import (
    CLIENT,
    ROUTER,
    Notebook,
    acceptor,
    free_port,
    initiator,
    order,
    report,
    running,
    wait_until,
)


def test_reports_sent_while_logged_off_arrive_after_the_next_logon(tmp_path: Path) -> None:
    """A client that was away hears everything, in order and once."""
    client, port = Notebook(), free_port()
    router = acceptor(tmp_path / "router", Notebook(), port=port)
    assert router.send(report("before the start"))
    with running(router):
        router.send(report("before the logon"))
        oms = initiator(tmp_path / "client", client, port)
        with running(oms):
            wait_until(client.has("before the start", "before the logon"))
        router.send(report("while away"))
        oms = initiator(tmp_path / "client", client, port)
        with running(oms):
            wait_until(lambda: router.is_logged_on(CLIENT))
            router.send(report("back again"))
            wait_until(lambda: "back again" in client.texts)

    assert ["before the start", "before the logon", "while away", "back again"] == client.texts
    assert [True, True, True, False] == [got.is_possible_dup for got in client.incoming]


def test_resuming_from_a_number_asks_for_everything_since(tmp_path: Path) -> None:
    """
    What the session had delivered when the process was killed, and the journal had not got, is
    delivered again; what is dealt with is not.
    """
    client = Notebook()
    router = acceptor(tmp_path / "router", Notebook())
    with running(router):
        oms = initiator(tmp_path / "client", client, router.port)
        with running(oms):
            wait_until(lambda: router.is_logged_on(CLIENT))
            for text in ("one", "two", "three"):
                router.send(report(text))
            wait_until(client.has("one", "two", "three"))
        dealt_with = client.incoming[0].seq_num
        again = Notebook()
        oms = initiator(tmp_path / "client", again, router.port)
        oms.resume_from(ROUTER, dealt_with + 1)
        with running(oms):
            wait_until(again.has("two", "three"))
            router.send(report("four"))
            wait_until(again.has("two", "three", "four"))

    numbers = [incoming.seq_num for incoming in client.incoming]
    assert numbers[1:] == [incoming.seq_num for incoming in again.incoming[:2]]
    assert [True, True, False] == [incoming.is_possible_dup for incoming in again.incoming]


def test_an_acceptor_can_resume_from_a_number_too(tmp_path: Path) -> None:
    """The client's orders do not come again: clients do not repeat them, and neither do ours."""
    again = Notebook()
    port = free_port()
    at_router = Notebook()
    router = acceptor(tmp_path / "router", at_router, port=port)
    oms = initiator(tmp_path / "client", Notebook(), port)
    with running(oms):
        with running(router):
            wait_until(lambda: oms.is_logged_on(ROUTER))
            oms.send(order("an order"))
            oms.send(report("a report", ROUTER))
            wait_until(at_router.has("an order", "a report"))
        router = acceptor(tmp_path / "router", again, port=port)
        router.resume_from(CLIENT, 1)
        with running(router):
            wait_until(again.has("a report"))


def test_resuming_never_skips_what_has_not_come(tmp_path: Path) -> None:
    """A mark ahead of the session, by a kill at the wrong moment, must not lose a report."""
    client, port = Notebook(), free_port()
    router = acceptor(tmp_path / "router", Notebook(), port=port)
    with running(router):
        oms = initiator(tmp_path / "client", client, port)
        oms.resume_from(ROUTER, 1_000)
        with running(oms):
            wait_until(lambda: router.is_logged_on(CLIENT))
            router.send(report("the second message"))
            wait_until(client.has("the second message"))

    assert 2 == client.incoming[0].seq_num
