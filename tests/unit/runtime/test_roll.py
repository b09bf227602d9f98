"""A day that rolls: open orders end by rule, limits and fees advance, nothing is lost."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest

from penstock.domain import NS_PER_S, DayCarried, OrderCarried, Side
from penstock.journal import RecordKind, read_journal, replay
from penstock.runtime.archiving import archive_journals
from penstock.runtime.building import engine_of_journal
from penstock.runtime.control import Do, Request
from penstock.runtime.day_config import DayTable
from penstock.runtime.inbox import Asked, Message, Stop
from penstock.runtime.inbox import Side as Facing
from penstock.runtime.trading_days import Session, TradingDays
from penstock.wire.fix import Incoming
from tests.support.killable_routers import START, SmallWorld, small_conf

ROLL_S = 15


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    """A router whose Monday ends a quarter of a minute after its start, with an order at work."""
    world = SmallWorld(tmp_path)
    world.conf = small_conf(
        tmp_path, ("day = 20260302\n", ""), ("default_horizon_s = 8.0", "default_horizon_s = 900.0")
    )
    roll_ns = START + ROLL_S * NS_PER_S
    world.days = TradingDays(
        table=DayTable(),
        sessions=tuple(
            Session(day=day, open_ns=START, close_ns=roll_ns, roll_ns=roll_ns + k * 10**14)
            for k, day in enumerate((20260302, 20260303, 20260304))
        ),
    )
    world.start()
    world.clock.now_ns = roll_ns - NS_PER_S
    world.client.order("monday", Side.BUY, 900_000, urgency_frac=0.0)
    world.round()
    return world


def until_rolled(world: SmallWorld) -> None:
    """Until the router has ended its day."""
    assert world.process is not None
    for _ in range(2 * ROLL_S * 20):
        if world.process.router.is_over:
            return
        world.round()
    raise AssertionError("the day does not end")


def day_of(world: SmallWorld) -> int:
    """The day whose rules apply."""
    assert world.process is not None
    return world.process.opened.parts.universe.day


def last_report(world: SmallWorld, name: str) -> dict[int, str]:
    """What the client was told last about an order."""
    told = [dict(message.fields) for message in world.to_client]
    return next(fields for fields in reversed(told) if fields.get(11, "").startswith(name))


def test_open_orders_end_with_the_day(world: SmallWorld) -> None:
    """Their children are cancelled, the client is told why, and another run begins."""
    assert world.process is not None
    first = world.process.opened
    until_rolled(world)
    world.roll()
    second = world.process.opened
    told = last_report(world, "monday")

    assert "4" == told[39]
    assert "end of the trading day" in told[58]
    assert world.venues.is_empty
    assert (20260302, 20260303) == (first.parts.universe.day, second.parts.universe.day)
    assert first.parts.run != second.parts.run
    assert not second.parts.engine.parents
    assert 0 == second.parts.engine._core.risk._exposure.client_value("OMS")


def test_the_next_day_is_worked_in_the_same_process(world: SmallWorld) -> None:
    """Sessions stay up; a ClOrdID of yesterday may come again."""
    until_rolled(world)
    world.roll()
    world.client.order("monday", Side.BUY, 300)
    for _ in range(40):
        world.round()
    assert world.process is not None
    opened = world.process.opened
    replayed = replay(opened.journal, engine_of_journal(opened.journal))

    assert "2" == last_report(world, "monday")[39]
    assert replayed.difference is None
    assert all(opened.parts.standing.is_up)


def test_a_router_that_was_down_over_the_roll_ends_the_day_when_it_is_back(
    world: SmallWorld,
) -> None:
    """It first asks the venues; then yesterday ends by rule, and today begins."""
    world.kill()
    world.clock.now_ns += 60 * NS_PER_S
    world.start()
    day_at_start = day_of(world)
    until_rolled(world)
    world.roll()

    assert 20260302 == day_at_start
    assert 20260303 == day_of(world)
    assert "4" == last_report(world, "monday")[39]


def test_a_stop_during_the_roll_ends_the_process(world: SmallWorld) -> None:
    """What is left of the day is the next start's."""
    assert world.process is not None
    world.clock.now_ns += ROLL_S * NS_PER_S
    world.process.router.wake()
    was_rolling = world.process.router.is_rolling
    world.process.router.take(Stop("SIGTERM"))

    assert was_rolling
    assert not world.process.router.is_rolling


def test_a_kill_outlives_the_day(world: SmallWorld) -> None:
    """Only a person lifts it."""
    assert world.process is not None
    world.process.router.take(Asked(Request(do=Do.KILL, operator="ann"), lambda answer: None))
    until_rolled(world)
    world.roll()

    assert world.process.router.status().is_killed


def test_what_a_venue_leaves_open_is_carried_into_the_next_day(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In doubt or live: it is asked about, late reports find it, and its client hears the end."""
    assert world.process is not None
    monkeypatch.setattr(type(world.venues), "_carry_out", lambda venues, command: None)
    world.client.order("stuck", Side.SELL, 400)
    until_rolled(world)
    world.roll()
    opened = world.process.opened
    events = [e.event for e in read_journal(opened.journal) if e.kind is RecordKind.EVENT]
    carried = {event.parent_id for event in events if isinstance(event, OrderCarried)}
    open_children = [c for c in opened.parts.engine.children.values() if not c.state.is_terminal]

    assert carried
    assert 1 == sum(isinstance(event, DayCarried) for event in events)
    assert 20260303 == day_of(world)
    assert open_children
    child = open_children[0].order
    mic = opened.parts.universe.venues[child.venue_idx].mic
    before = opened.parts.engine.parents[child.parent_id].filled_shares
    fields: dict[int, str] = {
        11: f"{opened.parts.run}-{child.child_id}",
        37: "V",
        17: "late",
        150: "F",
        39: "1",
        31: "100.00",
        32: "5",
    }
    incoming = Incoming(mic, "8", 10_000, False, fields, world.clock())
    world.process.router.take(Message(Facing.VENUE, incoming))

    assert before + 5 == opened.parts.engine.parents[child.parent_id].filled_shares


@pytest.mark.parametrize("policy", ["accept", "reject"])
def test_orders_after_the_close_are_accepted_or_rejected_as_configured(
    world: SmallWorld, policy: str
) -> None:
    """With a reason that a trader understands; the same order sent again gets its state."""
    world.conf = small_conf(
        world.conf.paths.run_dir,
        ("day = 20260302\n", ""),
        ("[feed]", f'[day]\noutside_hours = "{policy}"\n[feed]'),
    )
    assert world.days is not None
    first = msgspec.structs.replace(world.days.sessions[0], close_ns=START)
    world.days = msgspec.structs.replace(world.days, sessions=(first, *world.days.sessions[1:]))
    world.stop()
    world.start()
    world.client.order("late", Side.BUY, 300)
    world.round()
    told = last_report(world, "late")

    assert ("8" == told[39]) == (policy == "reject")
    if policy == "reject":
        assert "the market closed at 2026-03-02 14:00:00" in told[58]


def journals(folder: Path, *moments: str) -> None:
    """Files named as journals are."""
    for moment in moments:
        (folder / f"{moment}-abc.journal").write_bytes(b"PENJ" + moment.encode() * 100)


def names(folder: Path) -> list[str]:
    """What is there."""
    return sorted(path.name for path in folder.iterdir())


def test_journals_of_earlier_days_are_compressed_and_kept(tmp_path: Path) -> None:
    """All but the last two: the feedback log may still be reading the one before."""
    journals(tmp_path, "20260301T000000Z", "20260302T000000Z", "20260303T000000Z")
    (tmp_path / "20260301T000000Z-abc.snapshot").write_bytes(b"x")
    archive_journals(tmp_path, DayTable(), START)
    packed = tmp_path / "20260301T000000Z-abc.journal.gz"

    assert b"PENJ" + b"20260301T000000Z" * 100 == gzip.decompress(packed.read_bytes())
    assert [packed.name, "20260302T000000Z-abc.journal"] == names(tmp_path)[:2]
    assert 3 == len(names(tmp_path))


def test_journals_beyond_the_retention_are_removed(tmp_path: Path) -> None:
    """Without one, none ever is."""
    journals(tmp_path, "20200101T000000Z", "20260228T000000Z", "20260301T000000Z")
    journals(tmp_path, "20260302T000000Z")
    archive_journals(tmp_path, DayTable(), START)
    kept = len(names(tmp_path))
    archive_journals(tmp_path, DayTable(retention_days=30), START)

    assert 4 == kept
    assert "20260228T000000Z-abc.journal.gz" == names(tmp_path)[0]
