"""Two programs with one comp id: the first goes on, the second is hung up on."""

from __future__ import annotations

from pathlib import Path

from tests.support.fix_sessions import (
    CLIENT,
    ROUTER,
    Notebook,
    Peer,
    acceptor,
    report,
    running,
    wait_until,
)


def test_a_second_logon_under_one_comp_id_is_hung_up_on_and_the_first_goes_on(
    tmp_path: Path,
) -> None:
    """Answering both would deal one client's reports to another."""
    sink = Notebook()
    router = acceptor(tmp_path, sink)
    with running(router), Peer(router.port) as first:
        first.log_on()
        with Peer(router.port) as second:
            second.say("A", (98, "0"), (108, "30"))
            assert second.is_hung_up()
        wait_until(lambda: router.is_logged_on(CLIENT))
        router.send(report("to the first"))
        first.say("D", (11, "1"), (58, "from the first"))

        assert "to the first" == first.hear("8")[58]
        wait_until(sink.has("from the first"))
        assert [(CLIENT, ROUTER)] == sink.logons
        assert [] == sink.logouts


def test_when_the_first_is_gone_the_next_may_come(tmp_path: Path) -> None:
    """A client that was cut off comes back under the same name."""
    sink = Notebook()
    router = acceptor(tmp_path, sink)
    with running(router):
        with Peer(router.port) as first:
            first.log_on()
        wait_until(lambda: sink.logouts)
        with Peer(router.port) as second:
            second.next_num = first.next_num
            second.log_on()
            wait_until(lambda: len(sink.logons) == 2)

    assert (CLIENT, "connection lost") == sink.logouts[0]


def test_unknown_comp_ids_are_hung_up_on(tmp_path: Path) -> None:
    """Neither a stranger, nor a client that mistakes us for somebody else."""
    sink = Notebook()
    router = acceptor(tmp_path, sink)
    with running(router):
        for ours, theirs in (("NOBODY", ROUTER), (CLIENT, "SOMEBODY"), (ROUTER, CLIENT)):
            with Peer(router.port, ours=ours, theirs=theirs) as stranger:
                stranger.say("A", (98, "0"), (108, "30"))
                assert stranger.is_hung_up()

    assert [] == sink.logons
