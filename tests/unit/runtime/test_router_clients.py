"""What a client's table makes the router do: cancel on disconnect, copies, traces of refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.domain import CancelParent, NewParent, OrderRefused, ParentTif, Side
from penstock.journal import RecordKind, read_journal
from penstock.runtime.inbox import LoggedOut, Message
from penstock.runtime.inbox import Side as Facing
from penstock.runtime.parts import session_name
from penstock.wire.fix import Incoming, Outgoing
from tests.support.killable_routers import SmallWorld, small_conf

TABLES = """
[[clients]]
comp_id = "OMS"
cancel_on_disconnect = true
[[drop_copies]]
comp_id = "RISK"
clients = ["OMS"]
[[instruments]]"""


class CopiedWorld(SmallWorld):
    """A world whose client has agreed to much, and where each message's receiver is noted."""

    def __init__(self, run_dir: Path, tables: str = TABLES) -> None:
        super().__init__(run_dir)
        self.conf = small_conf(run_dir, ("[[instruments]]", tables))
        self.told: list[tuple[str, dict[int, str]]] = []

    def hand_over(self, outgoing: Outgoing, box: Any) -> bool:
        """Copies go nowhere but into the notes."""
        if box is self.to_client:
            self.told.append((outgoing.counterparty, dict(outgoing.message.fields)))
            if outgoing.counterparty == "RISK":
                return True
        return super().hand_over(outgoing, box)

    def told_to(self, counterparty: str) -> list[str]:
        """ExecIDs that one session has received."""
        return [fields[17] for who, fields in self.told if who == counterparty and 17 in fields]


def started(world: SmallWorld) -> SmallWorld:
    """The world with a router, all venues up, the market open."""
    world.start()
    world.round()
    return world


def events_of(world: SmallWorld, kind: type[Any]) -> list[Any]:
    """Journalled events of one kind."""
    assert world.process is not None
    entries = read_journal(world.process.opened.journal)
    found = [entry.event for entry in entries if entry.kind is RecordKind.EVENT]
    return [event for event in found if isinstance(event, kind)]


def take(world: SmallWorld, item: Any) -> None:
    """Give the router one item."""
    assert world.process is not None
    world.process.router.take(item)


def test_orders_end_with_the_session_of_a_client_that_has_agreed_to_it(tmp_path: Path) -> None:
    """Nobody could change them any more."""
    world = started(CopiedWorld(tmp_path))
    world.client.order("buy", Side.BUY, 50_000)
    world.round()
    take(world, LoggedOut(Facing.OMS, "OMS", "the line is dead"))
    take(world, LoggedOut(Facing.OMS, "OMS", "the line is dead"))
    (cancel,) = events_of(world, CancelParent)

    assert (1, "") == (cancel.parent_id, cancel.client_order_id)
    assert "cancel on disconnect" in cancel.reason
    world.stop()


def test_other_orders_go_on_without_their_clients_session(tmp_path: Path) -> None:
    """The default: a session that is lost for a second costs nothing."""
    world = started(SmallWorld(tmp_path))
    world.client.order("buy", Side.BUY, 50_000)
    world.round()
    take(world, LoggedOut(Facing.OMS, "OMS", "the line is dead"))

    assert [] == events_of(world, CancelParent)
    world.stop()


def test_copies_are_counted_like_reports(tmp_path: Path) -> None:
    """So that a restart neither loses nor repeats one."""
    world = CopiedWorld(tmp_path)
    started(world)
    world.client.order("buy", Side.BUY, 2_000)
    world.client.order("odd", Side.BUY, 0)
    world.round()
    world.stop()
    marks = world.told_to("RISK")

    assert len(marks) == len(set(marks))
    assert set(world.told_to("OMS")) - {x for x in world.told_to("OMS") if "-A" in x} <= set(marks)
    assert any(fields.get(150) == "8" for who, fields in world.told if who == "RISK")


def test_copies_that_were_not_sent_are_sent_after_a_restart(tmp_path: Path) -> None:
    """With 97=Y and the ExecID that they would have had."""
    world = CopiedWorld(tmp_path)
    started(world)
    world.client.order("buy", Side.BUY, 2_000)
    world.round()
    before = world.told_to("RISK")
    assert world.process is not None
    session = session_name(Facing.OMS, "RISK")
    world.process.marks.set_reported(session, world.process.marks.reported(session) - 2)
    world.kill()
    world.told.clear()
    world.start()
    again = [fields for who, fields in world.told if who == "RISK" and fields.get(97) == "Y"]

    assert before[-2:] == [fields[17] for fields in again]
    world.stop()


def test_a_session_that_receives_copies_trades_nothing(tmp_path: Path) -> None:
    """A good order from it is refused, whatever it names."""
    world = CopiedWorld(tmp_path)
    started(world)
    now = world.clock()
    order = {11: "x1", 55: "TEST", 54: "1", 38: "100", 40: "1"}
    take(world, Message(Facing.OMS, Incoming("RISK", "D", 1, False, order, now)))

    assert [] == events_of(world, NewParent)
    assert "may send no request" in world.told[-1][1][58]
    world.stop()


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_refused_order_is_in_the_journal(tmp_path: Path, is_killed: bool) -> None:
    """With who sent it and the reason; a restart replays over it."""
    world = started(SmallWorld(tmp_path))
    world.client.order("odd", Side.BUY, 0)
    world.round()
    if is_killed:
        world.kill()
        world.start()
    (refused,) = events_of(world, OrderRefused)

    assert ("OMS", "D", "odd", "TEST") == (
        refused.client,
        refused.msg_type,
        refused.client_order_id,
        refused.symbol,
    )
    assert "38 OrderQty" in refused.reason
    world.stop()


def test_an_account_goes_to_the_venue_and_comes_back(tmp_path: Path) -> None:
    """Through client, journal, engine and desk; after a restart as well."""
    world = CopiedWorld(tmp_path)
    started(world)
    to_venues: list[dict[int, str]] = []
    hand_over = world.hand_over

    def watch(outgoing: Outgoing, box: Any) -> bool:
        if box is not world.to_client and outgoing.message.msg_type == "D":
            to_venues.append(dict(outgoing.message.fields))
        return hand_over(outgoing, box)

    world.hand_over = watch  # type: ignore[method-assign]
    world.client.order("buy", Side.BUY, 20_000, account="ACC-1")
    world.round()
    world.kill()
    world.start()
    for _ in range(20):
        world.round()

    assert len(to_venues) > 1
    assert {"ACC-1"} == {fields.get(1) for fields in to_venues}
    assert {"ACC-1"} == {fields[1] for who, fields in world.told if who == "OMS" and 150 in fields}
    world.stop()


def test_an_immediate_order_is_over_at_once(tmp_path: Path) -> None:
    """What is displayed is taken, the rest comes back; the next start has nothing to recover."""
    world = CopiedWorld(tmp_path)
    started(world)
    world.client.order("buy", Side.BUY, 50_000, tif=ParentTif.IOC)
    for _ in range(10):
        world.round()
    last = [fields for who, fields in world.told if who == "OMS" and 150 in fields][-1]

    assert ("4", "4", "3") == (last[150], last[39], last[59])
    assert last[58].startswith("immediate or cancel; ")
    world.stop()
