"""What goes wrong in our own code must not silence a session: QuickFIX would never call again."""

from __future__ import annotations

import threading
from pathlib import Path

from penstock.wire.fix import Incoming
from tests.support.fix_sessions import (
    CLIENT,
    ROUTER,
    Notebook,
    acceptor,
    initiator,
    order,
    report,
    running,
    wait_until,
)


class Clumsy(Notebook):
    """A sink that fails in everything it is asked, once it has written it down."""

    def on_message(self, incoming: Incoming) -> None:
        super().on_message(incoming)
        raise RuntimeError(f"cannot read {incoming.fields[58]}")

    def on_logon(self, counterparty: str, our_comp_id: str, *, was_reset: bool) -> None:
        super().on_logon(counterparty, our_comp_id, was_reset=was_reset)
        raise RuntimeError("cannot log on")

    def on_logout(self, counterparty: str, reason: str, our_comp_id: str) -> None:
        super().on_logout(counterparty, reason, our_comp_id)
        raise RuntimeError("cannot log out")


class Hopeless(Clumsy):
    """A sink that cannot even be told of its failures."""

    def on_fatal(self, where: str, error: Exception) -> None:
        super().on_fatal(where, error)
        raise RuntimeError("cannot even be told")


def test_a_sink_that_raises_hears_of_it_and_its_session_goes_on(tmp_path: Path) -> None:
    """An exception that reached QuickFIX would end the process."""
    clumsy, client = Clumsy(), Notebook()
    router = acceptor(tmp_path / "router", clumsy)
    with running(router):
        oms = initiator(tmp_path / "client", client, router.port)
        with running(oms):
            wait_until(lambda: oms.is_logged_on(ROUTER) and router.is_logged_on(CLIENT))
            for text in ("one", "two"):
                oms.send(order(text))
            wait_until(clumsy.has("one", "two"))
            router.send(report("still here"))
            wait_until(client.has("still here"))

    said = [f"{where}: {error}" for where, error in clumsy.fatals]
    assert [
        "on_logon: cannot log on",
        "on_message: cannot read one",
        "on_message: cannot read two",
        "on_logout: cannot log out",
    ] == said
    assert [] == client.fatals


def test_a_sink_that_cannot_be_told_either_changes_nothing(tmp_path: Path) -> None:
    """There is nobody left to tell; the session is worth more than the message."""
    hopeless, client = Hopeless(), Notebook()
    router = acceptor(tmp_path / "router", hopeless)
    with running(router):
        oms = initiator(tmp_path / "client", client, router.port)
        with running(oms):
            wait_until(lambda: oms.is_logged_on(ROUTER))
            for text in ("one", "two"):
                oms.send(order(text))
            wait_until(hopeless.has("one", "two"))

    assert [] == [thread for thread in threading.enumerate() if thread.name.startswith("fix-")]
