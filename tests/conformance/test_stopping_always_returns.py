"""However a session stands, stopping ends, and leaves no thread behind."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from penstock.wire.fix import Incoming
from tests.support.fix_sessions import (
    CLIENT,
    ROUTER,
    Notebook,
    Peer,
    acceptor,
    free_port,
    initiator,
    report,
    running,
    wait_until,
)


def _fix_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("fix-")]


def test_a_session_ends_with_a_logout_and_no_thread(tmp_path: Path) -> None:
    """The counterparty hears that we leave, and what comes too late is refused."""
    client = Notebook()
    router = acceptor(tmp_path / "router", Notebook())
    with running(router):
        oms = initiator(tmp_path / "client", client, router.port)
        with running(oms):
            wait_until(lambda: oms.is_logged_on(ROUTER))
            router.stop()
            assert not router.is_logged_on(CLIENT)
            assert not router.send(report("too late"))
            wait_until(lambda: client.logouts)

    assert (ROUTER, "the program is stopping") == client.logouts[0]
    assert [] == _fix_threads()


def test_a_counterparty_that_does_not_answer_the_logout_is_left(tmp_path: Path) -> None:
    """It may have hung; we do not wait for it for ever."""
    sink = Notebook()
    router = acceptor(tmp_path, sink)
    with running(router), Peer(router.port) as peer:
        peer.log_on()
        wait_until(lambda: router.is_logged_on(CLIENT))
        router.stop()

    assert [(CLIENT, "the program is stopping")] == sink.logouts
    assert [] == _fix_threads()


def test_sides_that_never_started_or_never_met_stop_too(tmp_path: Path) -> None:
    """And a second stop does nothing."""
    unstarted = acceptor(tmp_path / "unstarted", Notebook())
    lonely = initiator(tmp_path / "lonely", Notebook(), free_port())
    lonely.start()
    for side in (unstarted, lonely, unstarted, lonely):
        side.stop()

    assert [] == _fix_threads()


def test_a_port_that_is_called_all_the_time_can_be_closed(tmp_path: Path) -> None:
    """Callers come and go while we stop: QuickFIX's own way of stopping would crash here."""
    for _ in range(30):
        router = acceptor(tmp_path, Notebook())
        router.start()
        callers = [Peer(router.port) for _ in range(3)]
        router.stop()
        for caller in callers:
            caller.hang_up()

    assert [] == _fix_threads()


class Sticky(Notebook):
    """A sink that does not return until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def on_message(self, incoming: Incoming) -> None:
        super().on_message(incoming)
        self.let_go.wait()


def test_a_sink_that_hangs_does_not_hang_the_stop(tmp_path: Path) -> None:
    """Whoever stops a program that hangs wants it to stop."""
    sticky = Sticky()
    router = acceptor(tmp_path, sticky)
    router.start()
    with Peer(router.port) as peer:
        peer.log_on()
        peer.say("D", (11, "1"), (58, "x"))
        wait_until(sticky.has("x"))
        began_s = time.monotonic()
        router.stop(timeout_s=0.5)
        took_s = time.monotonic() - began_s
        sticky.let_go.set()

    assert took_s < 10
    wait_until(lambda: not _fix_threads(), "the thread that was let go")
