"""The router's loop body: what it says and when, driven without a socket or a thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.domain import (
    Alert,
    AlertLevel,
    Control,
    ControlAction,
    Ns,
    ParentState,
    SendChild,
    Side,
    VenueDown,
    VenueUp,
)
from penstock.journal import Entry, RecordKind, read_journal
from penstock.runtime.control import Answer, Do, Request
from penstock.runtime.inbox import Asked, Fatal, LoggedOn, LoggedOut, Message, Notice, Stop
from penstock.runtime.inbox import Side as Facing
from penstock.runtime.router import Router
from penstock.runtime.venue_links import ASK_AGAIN_NS
from penstock.wire.fix import Incoming, Outgoing
from tests.support.killable_routers import SmallWorld


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    """A router that has started, all venues up, the market open."""
    small = SmallWorld(tmp_path)
    small.start()
    small.round()
    return small


def router_of(world: SmallWorld) -> Router:
    """The one that runs."""
    assert world.process is not None
    return world.process.router


def journal_of(world: SmallWorld) -> list[Entry]:
    """Its records so far."""
    assert world.process is not None
    return list(read_journal(world.process.opened.journal))


def events_of(world: SmallWorld, kind: type[Any]) -> list[Any]:
    """Its events of one kind."""
    found = [entry.event for entry in journal_of(world) if entry.kind is RecordKind.EVENT]
    return [event for event in found if isinstance(event, kind)]


def alerts_of(world: SmallWorld) -> list[str]:
    """Codes of the core's alerts."""
    return [
        command.code
        for entry in journal_of(world)
        if entry.kind is RecordKind.COMMANDS
        for command in entry.commands
        if isinstance(command, Alert)
    ]


def ask(world: SmallWorld, do: Do, **details: Any) -> Answer:
    """What it answers to an operator."""
    answers: list[Answer] = []
    request = Request(do=do, operator="ann", **details)
    router_of(world).take(Asked(request, answers.append))
    (answer,) = answers
    return answer


def test_nothing_leaves_before_the_journal_has_it(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first law. The last record when a child leaves is the one that decided it."""
    journalled_at_sending: list[list[int]] = []
    taken_over = world.hand_over

    def watch(outgoing: Outgoing, box: Any) -> bool:
        if outgoing.message.msg_type == "D":
            last = journal_of(world)[-1]
            sent = [c.order.child_id for c in last.commands if isinstance(c, SendChild)]
            journalled_at_sending.append(sent)
        return taken_over(outgoing, box)

    monkeypatch.setattr(world, "hand_over", watch)
    world.client.order("buy", Side.BUY, 2_000)
    world.round()

    assert journalled_at_sending
    assert all(journalled_at_sending)


def test_time_and_numbers_never_go_back(world: SmallWorld) -> None:
    """Stamps of several threads may be a little out of order; the journal's are not."""
    router = router_of(world)
    late = Incoming("LITA", "8", 1, False, {11: "x"}, Ns(1))
    router.take(Message(Facing.VENUE, late))
    router.take(LoggedOut(Facing.VENUE, "LITA", "gone"))
    world.client.order("buy", Side.BUY, 2_000)
    world.round()
    found = [entry.event for entry in journal_of(world) if entry.kind is RecordKind.EVENT]

    first = 1

    assert list(range(first, first + len(found))) == [event.seq for event in found]
    assert sorted(event.recv_ns for event in found) == [event.recv_ns for event in found]


def test_a_message_is_marked_after_its_events_are_journalled(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way round a kill in between would lose it for good."""
    assert world.process is not None
    n_events: list[int] = []
    before = len(journal_of(world))
    monkeypatch.setattr(
        world.process.marks, "set_consumed", lambda *_: n_events.append(len(journal_of(world)))
    )
    world.client.order("buy", Side.BUY, 2_000)
    world.round()

    assert n_events[0] >= before + 2


def test_a_venue_whose_session_is_lost_gets_nothing_and_comes_back_reconciled(
    world: SmallWorld,
) -> None:
    """What was live stays live; the venue's word settles it; only then may more be sent."""
    router = router_of(world)
    world.client.order("sell", Side.SELL, 3_000)
    world.round()
    live_at = {
        child.order.venue_idx
        for child in world.process.opened.parts.engine.children.values()  # type: ignore[union-attr]
        if not child.state.is_terminal
    }
    venue = world.venues.universe.venues[min(live_at)]
    router.take(LoggedOut(Facing.VENUE, venue.mic, "connection lost"))
    n_sent = sum(world.venues.n_received.values())

    assert VenueDown is type(events_of(world, VenueDown)[-1])
    assert "down" == router.status().venues[venue.mic].state
    router.take(LoggedOn(Facing.VENUE, venue.mic))
    assert "reconciling" == router.status().venues[venue.mic].state
    assert n_sent == sum(world.venues.n_received.values())
    world.round()
    assert "up" == router.status().venues[venue.mic].state
    assert venue.venue_idx == events_of(world, VenueUp)[-1].venue_idx
    assert any(name.startswith("H ") for name in world.venues.n_received)


def test_a_venue_that_does_not_answer_is_asked_again_and_a_person_told(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it has answered, its children are in doubt and it stays down."""
    router = router_of(world)
    world.client.order("sell", Side.SELL, 3_000)
    world.round()
    asked: list[Outgoing] = []

    def swallow(outgoing: Outgoing, box: Any) -> bool:
        asked.append(outgoing)
        return True

    monkeypatch.setattr(world, "hand_over", swallow)
    for mic in world.venues.said:
        router.take(LoggedOut(Facing.VENUE, mic, "connection lost"))
        router.take(LoggedOn(Facing.VENUE, mic))
    n_questions = len([o for o in asked if o.message.msg_type == "H"])
    world.clock.now_ns += ASK_AGAIN_NS
    router.wake()

    assert n_questions > 0
    assert 2 * n_questions == len([o for o in asked if o.message.msg_type == "H"])
    assert any("asked again" in alert for alert in router.status().alerts)


def test_status_counts_what_has_happened(world: SmallWorld) -> None:
    """One look tells whether it works and how fast."""
    before = router_of(world).status()
    world.client.order("buy", Side.BUY, 2_000, horizon_ns=Ns(2_000_000_000))
    while not world.client.orders["buy"].is_over:
        world.round()
    after = router_of(world).status()

    assert before.is_ready
    assert (0, 0) == (before.parents.working, before.parents.done)
    assert (0, 1) == (after.parents.working, after.parents.done)
    assert 0 == after.children.live
    assert len(world.venues.executions) == after.n_fills
    assert after.decision_us.n == after.n_decisions > 0
    assert 1 == after.wire_us.n
    assert ("static", "") == (after.decided_by, after.fallback_reason)


def test_kill_cancels_everything_and_resume_takes_orders_again(world: SmallWorld) -> None:
    """With the operator's name in the journal."""
    world.client.order("buy", Side.BUY, 2_000)
    world.round()

    assert ask(world, Do.KILL)["ok"]
    world.round()
    world.client.order("refused", Side.BUY, 500)
    world.round()
    assert router_of(world).status().is_killed
    assert not router_of(world).status().is_ready
    assert world.client.orders["buy"].is_over
    assert ParentState.REJECTED is world.client.orders["refused"].state
    assert ask(world, Do.RESUME)["ok"]
    world.client.order("later", Side.BUY, 500)
    world.round()
    assert ParentState.REJECTED is not world.client.orders["later"].state
    controls = [(control.action, control.operator) for control in events_of(world, Control)]
    assert [(ControlAction.KILL, "ann"), (ControlAction.RESUME, "ann")] == controls


def test_a_venue_can_be_switched_off_and_on(world: SmallWorld) -> None:
    """By its MIC; an unknown one is refused with the known ones."""
    assert ask(world, Do.VENUE_OFF, venue="LITA")["ok"]
    assert router_of(world).status().venues["LITA"].is_off
    assert ask(world, Do.VENUE_ON, venue="LITA")["ok"]
    assert not router_of(world).status().venues["LITA"].is_off
    assert "LITB" in ask(world, Do.VENUE_OFF, venue="XXXX")["error"]


def test_an_instrument_can_be_restricted(world: SmallWorld) -> None:
    """By its symbol."""
    assert ask(world, Do.RESTRICT, symbol="TEST")["ok"]
    world.client.order("buy", Side.BUY, 500)
    world.round()

    assert ParentState.REJECTED is world.client.orders["buy"].state
    assert "TEST" in ask(world, Do.RESTRICT, symbol="NONE")["error"]


def test_stop_cancels_waits_and_is_over(world: SmallWorld) -> None:
    """And answers no operator any more, except about how it stands."""
    world.client.order("buy", Side.BUY, 2_000)
    world.round()
    router = router_of(world)
    router.take(Stop("SIGTERM"))

    assert not router.is_over
    assert "draining" == router.status().state
    assert "closing" in ask(world, Do.RESUME)["error"]
    assert ask(world, Do.STATUS)["ok"]
    world.round()
    assert (True, True) == (router_of(world).is_over, router.is_idle)
    assert 0 == router.exit_status
    assert world.client.orders["buy"].is_over


def test_a_drain_does_not_wait_for_ever(world: SmallWorld) -> None:
    """A venue that does not answer must not keep the process."""
    world.client.order("buy", Side.BUY, 2_000)
    world.round()
    router = router_of(world)
    for mic in world.venues.said:
        router.take(LoggedOut(Facing.VENUE, mic, "gone"))
    router.take(Stop("SIGTERM"))
    world.clock.now_ns += 2_000_000_001

    assert router.is_over
    assert not router.is_idle


def test_a_fatal_error_kills_cancels_and_ends_with_status_3(world: SmallWorld) -> None:
    """What cannot go on must not leave orders behind."""
    world.client.order("buy", Side.BUY, 2_000)
    world.round()
    router = router_of(world)
    router.take(Fatal("venue FIX engine", RuntimeError("callback")))
    world.round()

    assert router.is_over
    assert 3 == router.exit_status
    (control,) = events_of(world, Control)
    assert ControlAction.KILL is control.action
    assert "venue FIX engine: RuntimeError: callback" in control.operator


def test_a_notice_of_another_thread_is_told_and_decides_nothing(world: SmallWorld) -> None:
    """The journal is for what decides."""
    n_records = len(journal_of(world))
    router_of(world).take(Notice(AlertLevel.WARNING, "store_writer", "ended with status 1"))

    assert n_records == len(journal_of(world))
    assert "store_writer: ended with status 1" in router_of(world).status().alerts[-1]


def test_a_report_that_nobody_can_read_makes_the_router_ask(world: SmallWorld) -> None:
    """Where a child stands must not stay open; the answer is the venue's word."""
    world.client.order("sell", Side.SELL, 3_000)
    world.round()
    live = [
        child.order
        for child in world.process.opened.parts.engine.children.values()  # type: ignore[union-attr]
        if not child.state.is_terminal
    ]
    mic = world.venues.universe.venues[live[0].venue_idx].mic
    n_heard = len(world.venues.said[mic])
    garbled = Incoming(mic, "3", n_heard + 1, False, {45: "9"}, Ns(1))
    router_of(world).take(Message(Facing.VENUE, garbled))
    world.round()

    asked = [name for name in world.venues.n_received if name.startswith("H ")]
    assert len([order for order in live if order.venue_idx == live[0].venue_idx]) == len(asked)
    assert "up" == router_of(world).status().venues[mic].state


def test_an_order_that_vanishes_on_the_way_is_asked_about_and_decided_anew(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Handed over is not delivered: what leaves while the other side still asks for what it missed is
    skipped without a word. Found with real sessions.
    """
    taken_over = world.hand_over
    vanished: list[str] = []

    def lose_orders(outgoing: Outgoing, box: Any) -> bool:
        if outgoing.message.msg_type == "D":
            vanished.append(dict(outgoing.message.fields)[11])
            return True
        return taken_over(outgoing, box)

    monkeypatch.setattr(world, "hand_over", lose_orders)
    world.client.order("buy", Side.BUY, 2_000)
    world.round()
    monkeypatch.setattr(world, "hand_over", taken_over)
    for _ in range(60):  # three seconds
        world.round()

    assert vanished
    assert {f"H {name}" for name in vanished} <= set(world.venues.n_received)
    assert "never_arrived" in alerts_of(world)
    assert not {f"D {name}" for name in vanished} & set(world.venues.n_received)
    assert world.client.fills


def test_a_cancel_that_vanishes_is_asked_for_again(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the order would rest for ever, and its parent never end."""
    taken_over = world.hand_over

    def lose_cancels(outgoing: Outgoing, box: Any) -> bool:
        return True if outgoing.message.msg_type == "F" else taken_over(outgoing, box)

    world.client.order("buy", Side.BUY, 2_000)
    world.round()
    monkeypatch.setattr(world, "hand_over", lose_cancels)
    world.client.cancel("buy")
    world.round()
    monkeypatch.setattr(world, "hand_over", taken_over)
    monkeypatch.setattr(world.venues, "tick", lambda: None)  # nothing fills meanwhile
    for _ in range(60):
        world.round()

    assert world.client.orders["buy"].is_over
    assert world.venues.is_empty


def test_every_item_type_is_understood(world: SmallWorld) -> None:
    """A new one that is forgotten would end the process at its first appearance."""
    from typing import get_args

    from penstock.runtime.inbox import Item

    known: dict[type, Callable[[Any], None]] = router_of(world)._take  # type: ignore[assignment]
    assert set(get_args(Item)) == set(known)
