"""A trading day outlives its processes: names, limits, switches and executions of the morning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.domain import Alert, ChildFill, ConfigError, ReportKind, ReportParent, SendChild, Side
from penstock.journal import RecordKind, read_journal, replay
from penstock.runtime.building import engine_of_journal
from penstock.runtime.control import Do, Request
from penstock.runtime.inbox import Asked, Message
from penstock.runtime.inbox import Side as Facing
from penstock.runtime.marks import Marks
from penstock.runtime.opening import Opener, session_names
from penstock.wire.fix import FixMessage, Incoming, Outgoing
from tests.support.killable_routers import Execution, SmallWorld, small_conf

End = Callable[[SmallWorld], None]
ENDS: list[Any] = [
    pytest.param(SmallWorld.stop, id="stopped"),
    pytest.param(SmallWorld.kill, id="killed"),
]


class Nowhere:
    """A FIX engine that takes everything and delivers nothing."""

    def to_client(self, outgoing: Outgoing) -> bool:
        return True

    def to_venue(self, outgoing: Outgoing) -> bool:
        return True


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    """A router that has worked one order to its end."""
    world = SmallWorld(tmp_path)
    world.start()
    world.client.order("first", Side.BUY, 900)
    work(world)
    return world


def work(world: SmallWorld) -> None:
    """Until every order of the client is over."""
    while not all(order.is_over for order in world.client.orders.values()):
        world.round()


def tell(world: SmallWorld, message: FixMessage, **more: str) -> list[dict[int, str]]:
    """What the client hears after a message."""
    assert world.process is not None
    n_before = len(world.to_client)
    fields = {**dict(message.fields), **{int(tag[1:]): value for tag, value in more.items()}}
    incoming = Incoming("OMS", message.msg_type, 1_000, False, fields, world.clock())
    world.process.router.take(Message(Facing.OMS, incoming))
    return [dict(said.fields) for said in world.to_client[n_before:]]


def do(world: SmallWorld, request: Request) -> None:
    """An operator's wish."""
    assert world.process is not None
    world.process.router.take(Asked(request, lambda answer: None))


def report_on(world: SmallWorld, execution: Execution) -> list[ReportParent]:
    """A late fill of a child and the bust of what it has executed; what the engine reports."""
    assert world.process is not None
    report = {11: execution.cl_ord_id, 37: "V1", 55: "TEST", 54: "1", 39: "2"}
    late = {**report, 17: "late-1", 150: "F", 31: "100.01", 32: "7"}
    bust = {**report, 17: "bust-1", 19: execution.exec_id, 150: "H"}
    for fields in (late, bust):
        incoming = Incoming(execution.mic, "8", 1_000, False, fields, world.clock())
        world.process.router.take(Message(Facing.VENUE, incoming))
    return [command for command in commands(world) if isinstance(command, ReportParent)][-2:]


def order_ids(world: SmallWorld) -> set[str]:
    """Every OrderID that the client was told."""
    return {dict(message.fields)[37] for message in world.to_client}


def commands(world: SmallWorld) -> list[Any]:
    """Every command of the newest journal."""
    assert world.process is not None
    return [
        command
        for entry in read_journal(world.process.opened.journal)
        if entry.kind is RecordKind.COMMANDS
        for command in entry.commands
    ]


@pytest.mark.parametrize("end", ENDS)
def test_a_client_order_id_is_taken_for_the_day(world: SmallWorld, end: End) -> None:
    """An order sent again with 97=Y after a restart is answered with its state, never worked."""
    again = world.client.said[0]
    end(world)
    world.start()
    n_sent = sum(isinstance(command, SendChild) for command in commands(world))
    repeated = tell(world, again, t97="Y")
    another = tell(world, again)

    assert n_sent == sum(isinstance(command, SendChild) for command in commands(world))
    assert ["I"] == [said[150] for said in repeated]
    assert [("8", "6")] == [(said[150], said[103]) for said in another]


@pytest.mark.parametrize("end", ENDS)
def test_switches_outlive_a_restart(world: SmallWorld, end: End) -> None:
    """A venue that a person has switched off stays off until a person switches it on."""
    do(world, Request(do=Do.VENUE_OFF, operator="ann", venue="LITA"))
    end(world)
    world.start()
    world.client.order("second", Side.BUY, 900)
    work(world)
    assert world.process is not None
    second = max(world.process.opened.parts.engine.parents)
    venues = {
        command.order.venue_idx
        for command in commands(world)
        if isinstance(command, SendChild) and command.order.parent_id == second
    }

    assert world.process.router.status().venues["LITA"].is_off
    assert venues
    assert 1 not in venues


@pytest.mark.parametrize("end", ENDS)
def test_limits_used_outlive_a_restart(world: SmallWorld, end: End) -> None:
    """What a client has traded today counts against its day."""
    assert world.process is not None
    used = world.process.opened.parts.engine._core.risk._exposure.client_value("OMS")
    end(world)
    world.start()
    assert world.process is not None

    assert used > 0
    assert used == world.process.opened.parts.engine._core.risk._exposure.client_value("OMS")


@pytest.mark.parametrize("end", ENDS)
def test_a_late_fill_and_a_bust_find_the_order_of_the_morning(world: SmallWorld, end: End) -> None:
    """They are booked on that order and told to its client, whatever happened in between."""
    end(world)
    world.start()
    assert world.process is not None
    first = min(world.process.opened.parts.engine.parents)
    execution = world.venues.executions[-1]
    told = report_on(world, execution)

    assert [(first, ReportKind.FILL), (first, ReportKind.BUST)] == [
        (report.parent_id, report.kind) for report in told
    ]
    assert [7, execution.shares] == [report.last_shares for report in told]


def test_a_journal_without_its_tail_makes_no_name_twice(tmp_path: Path) -> None:
    """
    A machine that stops may lose the journal's end (fsync = "never"). What the lost part sent stays
    out there: its reports raise an alert, and nobody else's order is given its fills.
    """
    world = SmallWorld(tmp_path)
    world.start()
    world.client.order("lost", Side.BUY, 900)
    for _ in range(3):
        world.round()
    assert world.process is not None
    journal = world.process.opened.journal
    lost = list(world.venues.executions)
    world.kill()
    whole = journal.read_bytes()
    offsets = [entry.offset for entry in read_journal(journal)]
    told_before = named(world)
    sent_before = set(world.venues.n_received)
    for offset in offsets[1:]:
        journal.write_bytes(whole[:offset])
        again = SmallWorld(tmp_path)
        again.clock.now_ns = world.clock.now_ns
        again.start()
        again.client.order("new", Side.SELL, 900)
        for _ in range(2):
            again.round()

        assert not told_before & named(again)
        assert not sent_before & set(again.venues.n_received)
        check_foreign_fill(again, lost[0].cl_ord_id)
        again.kill()


def named(world: SmallWorld) -> set[tuple[int, str]]:
    """OrderIDs and ExecIDs that the client was told and that are no repetition."""
    told = [dict(message.fields) for message in world.to_client]
    return {(tag, said[tag]) for said in told if said.get(97) != "Y" for tag in (17, 37)}


def check_foreign_fill(world: SmallWorld, cl_ord_id: str) -> None:
    """A fill of the lost order: booked on no order of the new client."""
    assert world.process is not None
    parts = world.process.opened.parts
    new = max(parts.engine.parents)
    before = parts.engine.parents[new].filled_shares
    fields = {11: cl_ord_id, 37: "V", 17: "lost-1", 150: "F", 39: "2", 31: "100.01", 32: "5"}
    incoming = Incoming("LITA", "8", 1_000, False, fields, world.clock())
    world.process.router.take(Message(Facing.VENUE, incoming))
    last = [e for e in read_journal(world.process.opened.journal) if e.kind is RecordKind.EVENT][-1]
    alerts = [command for command in commands(world)[-3:] if isinstance(command, Alert)]

    assert before == parts.engine.parents[new].filled_shares
    if isinstance(last.event, ChildFill) and last.event.child_id not in parts.engine.children:
        assert "unknown_child" in {alert.code for alert in alerts}


def changed(world: SmallWorld, *changes: tuple[str, str]) -> None:
    """Other settings from the next start on."""
    world.conf = small_conf(world.conf.paths.run_dir, *changes)


def test_changed_settings_go_on_in_another_journal_of_the_day(world: SmallWorld) -> None:
    """After a stop in good order; names, limits, switches and late reports are as before."""
    assert world.process is not None
    engine = world.process.opened.parts.engine
    used = engine._core.risk._exposure.client_value("OMS")
    run, old = world.process.opened.parts.run, world.process.opened.journal
    again = world.client.said[0]
    do(world, Request(do=Do.VENUE_OFF, operator="ann", venue="LITA"))
    do(world, Request(do=Do.RESTRICT, operator="ann", symbol="TEST"))
    world.stop()
    changed(world, ("mid_rest_ns = 400_000_000", "mid_rest_ns = 300_000_000"))
    world.start()
    assert world.process is not None
    opened = world.process.opened
    status = world.process.router.status()
    carried = opened.parts.engine._core.risk._exposure.client_value("OMS")
    repeated = tell(world, again, t97="Y")
    told = report_on(world, world.venues.executions[-1])

    assert (run, True) == (opened.parts.run, old.name < opened.journal.name)
    assert 300_000_000 == opened.parts.conf.routing.mid_rest_ns
    assert used == carried
    assert status.venues["LITA"].is_off
    assert opened.parts.engine._core.risk._switches.deny_instrument(0) is not None
    assert ["I"] == [said[150] for said in repeated]
    assert [ReportKind.FILL, ReportKind.BUST] == [report.kind for report in told]
    assert {run} == {report_id.split("-")[0] for report_id in order_ids(world)}


def test_a_carried_day_is_recovered_like_any_other(world: SmallWorld) -> None:
    """The new journal has all that it needs: the old one may be gone."""
    assert world.process is not None
    old = world.process.opened.journal
    world.stop()
    changed(world, ("mid_rest_ns = 400_000_000", "mid_rest_ns = 300_000_000"))
    world.start()
    world.client.order("second", Side.BUY, 900)
    work(world)
    assert world.process is not None
    parts = world.process.opened.parts
    facts = (parts.engine.state_hash(), parts.oms_desk.state_hash(), parts.venue_desk.state_hash())
    replayed = replay(world.process.opened.journal, engine_of_journal(world.process.opened.journal))
    world.kill()
    old.unlink()
    opener = Opener(
        conf=world.conf,
        marks=Marks(world.conf.paths.marks, session_names(world.conf)),
        wires=Nowhere(),
        say=lambda line: None,
    )
    again = opener.open().parts

    assert replayed.difference is None
    assert facts == (
        again.engine.state_hash(),
        again.oms_desk.state_hash(),
        again.venue_desk.state_hash(),
    )


def test_a_symbol_that_has_orders_cannot_be_taken_away(world: SmallWorld) -> None:
    """Reports of the morning name it by its number."""
    world.stop()
    changed(world, ('symbol = "TEST"', 'symbol = "OTHER"'))

    with pytest.raises(ConfigError, match="another trading day"):
        world.start()
