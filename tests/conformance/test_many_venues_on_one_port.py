"""A process that plays many venues has a comp id for each, and one port."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.wire.sessions import Endpoint, FixInitiator
from tests.support.fix_sessions import (
    Notebook,
    acceptor,
    order,
    report,
    running,
    setup,
    wait_until,
)

MICS = ("XNAS", "ARCX")


def test_every_message_knows_whom_it_addressed(tmp_path: Path) -> None:
    """One router, two venues: orders reach the one they name, reports name their own."""
    at_venues, at_router = Notebook(), Notebook()
    venues = acceptor(tmp_path / "venues", at_venues, sessions=[(mic, "ROUTER") for mic in MICS])
    with running(venues):
        router = FixInitiator(
            setup(tmp_path / "router", at_router),
            our_comp_id="ROUTER",
            endpoints=[Endpoint(mic, "127.0.0.1", venues.port) for mic in MICS],
        )
        with running(router):
            wait_until(lambda: all(venues.is_logged_on("ROUTER", mic) for mic in MICS))
            wait_until(lambda: all(router.is_logged_on(mic) for mic in MICS))
            for mic in MICS:
                router.send(order(f"to {mic}", to=mic))
                venues.send(report(f"from {mic}", to="ROUTER"), our_comp_id=mic)
            wait_until(lambda: len(at_venues.incoming) == len(at_router.incoming) == 2)

    arrived = {(got.our_comp_id, got.fields[58]) for got in at_venues.incoming}
    reported = {(got.counterparty, got.fields[58]) for got in at_router.incoming}
    assert {(mic, f"to {mic}") for mic in MICS} == arrived
    assert {(mic, f"from {mic}") for mic in MICS} == reported
    assert {("ROUTER", mic) for mic in MICS} == set(at_venues.logons)


def test_a_session_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    """A report that leaves under another venue's name would be booked at the wrong one."""
    venues = acceptor(tmp_path, Notebook(), sessions=[(mic, "ROUTER") for mic in MICS])
    with running(venues):
        with pytest.raises(AssertionError, match="2 sessions"):
            venues.send(report("from whom?", to="ROUTER"))
        with pytest.raises(AssertionError, match="0 sessions"):
            venues.send(report("to whom?", to="NOBODY"), our_comp_id="XNAS")
