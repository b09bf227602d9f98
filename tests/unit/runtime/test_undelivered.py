"""Reports that a reset of a client's session loses are sent again."""

from __future__ import annotations

from pathlib import Path

from penstock.domain import NS_PER_S, Ns, Side
from penstock.runtime.inbox import LoggedOn, LoggedOut
from penstock.runtime.inbox import Side as Facing
from penstock.runtime.undelivered import Undelivered
from penstock.wire.fix import FixMessage, Outgoing
from tests.support.killable_routers import SmallWorld

MINUTE = 60 * NS_PER_S


def report(number: int) -> Outgoing:
    """A report that says its number."""
    return Outgoing("OMS", FixMessage("8", ((17, str(number)),)))


def numbers(reports: list[Outgoing]) -> list[str]:
    """What they say."""
    return [dict(again.message.fields)[17] for again in reports]


def test_what_was_said_to_a_session_that_stayed_up_has_arrived() -> None:
    """Five minutes later its heartbeats have proven it; what came after may be lost."""
    late = Undelivered()
    late.logged_on("OMS")
    for minute in range(12):
        late.note(report(minute), Ns(minute * MINUTE))
    late.logged_out("OMS")
    late.note(report(12), Ns(600 * MINUTE))

    again = late.take("OMS")
    assert ["6", "7", "8", "9", "10", "11", "12"] == numbers(again)
    assert all((97, "Y") == message.message.fields[0] for message in again)
    assert [] == late.take("OMS")


def test_a_report_is_marked_once() -> None:
    """It may be lost twice."""
    late = Undelivered()
    late.note(report(1), Ns(0))
    (once,) = late.take("OMS")
    late.note(once, Ns(1))
    (twice,) = late.take("OMS")

    assert once == twice


def test_a_client_that_resets_its_session_hears_again_what_waited(tmp_path: Path) -> None:
    """The session's files held the fill; the reset has emptied them. The journal counts it once."""
    world = SmallWorld(tmp_path)
    world.start()
    world.round()
    world.client.order("buy", Side.BUY, 300)
    world.round()
    assert world.process is not None
    router, opened = world.process.router, world.process.opened
    sent: list[FixMessage] = getattr(opened.parts.wires, "to_clients")  # noqa: B009 - of the test's
    n_reported, n_sent = opened.parts.marks.reported("oms/OMS"), len(sent)
    for was_reset in (False, True):
        router.take(LoggedOut(Facing.OMS, "OMS", "connection lost"))
        router.take(LoggedOn(Facing.OMS, "OMS", was_reset=was_reset))
        if not was_reset:
            assert n_sent == len(sent)

    again = sent[n_sent:]
    assert again
    assert all((97, "Y") in message.fields for message in again)
    assert len(again) == len({dict(message.fields)[17] for message in again})
    assert n_reported == opened.parts.marks.reported("oms/OMS")
