"""Opening a run: what a restart finds, carries on, and refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from penstock.domain import (
    ConfigError,
    Control,
    ControlAction,
    FeedGap,
    JournalError,
    Record,
    Side,
    VenueDown,
)
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.journal import RecordKind, read_context, read_journal, replay
from penstock.models import dump_model, synthetic_model
from penstock.runtime.building import engine_of_journal, policy_by_ref
from penstock.runtime.config import RouterConf
from penstock.runtime.control import Answer, Do, Request
from penstock.runtime.inbox import Asked, Stop
from penstock.runtime.marks import Marks
from penstock.runtime.opened import Opened
from penstock.runtime.opening import Opener, run_id, session_names
from penstock.runtime.recovery import newest_journal
from penstock.runtime.status import NO_SURROUNDINGS
from penstock.store import Registry
from penstock.wire.fix import Outgoing
from tests.support.killable_routers import SmallWorld, small_conf


class Nowhere:
    """A FIX engine that takes everything and delivers nothing."""

    def __init__(self) -> None:
        self.reports: list[Outgoing] = []

    def to_client(self, outgoing: Outgoing) -> bool:
        self.reports.append(outgoing)
        return True

    def to_venue(self, outgoing: Outgoing) -> bool:
        return True


def opened_again(conf: RouterConf, *, is_fresh: bool = False) -> tuple[Opened, Nowhere]:
    """What a start on these files makes."""
    wires = Nowhere()
    marks = Marks(conf.paths.marks, session_names(conf))
    opener = Opener(conf=conf, marks=marks, wires=wires, say=lambda line: None)
    return opener.open(is_fresh=is_fresh), wires


@pytest.fixture
def killed(tmp_path: Path) -> SmallWorld:
    """A world whose router was killed in the middle of two orders."""
    world = SmallWorld(tmp_path)
    world.start()
    world.client.order("buy", Side.BUY, 2_000)
    world.client.order("sell", Side.SELL, 3_000)
    for _ in range(4):
        world.round()
    return world


def test_a_recovered_router_is_the_one_that_died(killed: SmallWorld) -> None:
    """Engine, desks, timers and standing, by their hashes: whatever they would do next, it does."""
    assert killed.process is not None
    parts = killed.process.opened.parts
    facts = (parts.engine.state_hash(), parts.oms_desk.state_hash(), parts.venue_desk.state_hash())
    timers = sorted(parts.timers._out)
    killed.kill()
    again = opened_again(killed.conf)[0].parts

    assert facts == (
        again.engine.state_hash(),
        again.oms_desk.state_hash(),
        again.venue_desk.state_hash(),
    )
    assert timers == sorted(again.timers._out)
    assert parts.timers.due_ns == again.timers.due_ns
    assert vars(parts.standing).keys() == vars(again.standing).keys()
    assert parts.standing.working == again.standing.working
    assert parts.run == again.run


def test_after_a_restart_nothing_is_up_and_no_book_believed(killed: SmallWorld) -> None:
    """What another process saw of sessions and feeds says nothing about now."""
    killed.kill()
    opened, _ = opened_again(killed.conf)
    opened.router(NO_SURROUNDINGS)
    events = [e.event for e in read_journal(opened.journal) if e.kind is RecordKind.EVENT][-6:]

    assert {0, 1, 2} == {event.venue_idx for event in events if isinstance(event, FeedGap)}
    assert {0, 1, 2} == {event.venue_idx for event in events if isinstance(event, VenueDown)}
    assert not any(opened.parts.standing.is_up)


def test_reports_above_the_mark_are_told_again_with_the_same_id(killed: SmallWorld) -> None:
    """All of them if the marks are lost: a client counts each ExecID once."""
    told = list(killed.to_client)
    killed.kill()
    killed.conf.paths.marks.unlink()
    opened, wires = opened_again(killed.conf)
    opened.router(NO_SURROUNDINGS)

    assert len(told) == len(wires.reports)
    for before, after in zip(told, wires.reports, strict=True):
        again = dict(after.message.fields)
        assert "Y" == again.pop(97)
        assert dict(before.fields) == again


def test_an_event_without_commands_is_answered_before_anything_else(killed: SmallWorld) -> None:
    """The kill fell between the two records: what the core says now is what it would have said."""
    killed.kill()
    journal = newest_journal(killed.conf.paths.journals)
    assert journal is not None
    entries = list(read_journal(journal))
    last = [entry for entry in entries if entry.kind is RecordKind.COMMANDS and entry.commands][-1]
    whole = journal.read_bytes()
    journal.write_bytes(whole[: last.offset])
    opened, _ = opened_again(killed.conf)

    assert last.payload == list(read_journal(opened.journal))[-1].payload


def test_a_run_is_a_trading_day_however_its_last_process_ended(killed: SmallWorld) -> None:
    """What clients and operators did today is not forgotten because somebody pressed Ctrl-C."""
    assert killed.process is not None
    first = killed.process.opened.parts.run
    killed.stop()
    opened, _ = opened_again(killed.conf)

    assert opened.is_recovered
    assert first == opened.parts.run
    assert 1 == len(list(killed.conf.paths.journals.glob("*.journal")))


def test_another_trading_day_is_another_run(killed: SmallWorld) -> None:
    """A new one begins, and its order numbers are new."""
    assert killed.process is not None
    first = killed.process.opened.parts.run
    killed.stop()
    conf = small_conf(killed.conf.paths.run_dir, ("day = 20260302", "day = 20260303"))
    opened, _ = opened_again(conf)

    assert not opened.is_recovered
    assert first != opened.parts.run
    assert 2 == len(list(killed.conf.paths.journals.glob("*.journal")))


def test_fresh_begins_anew_whatever_was(killed: SmallWorld) -> None:
    """The old journal stays as it is."""
    killed.kill()
    before = newest_journal(killed.conf.paths.journals)
    assert before is not None
    content = before.read_bytes()
    opened, wires = opened_again(killed.conf, is_fresh=True)
    opened.router(NO_SURROUNDINGS)

    assert not opened.is_recovered
    assert before.name < opened.journal.name
    assert content == before.read_bytes()
    assert [] == wires.reports


def test_a_killed_router_stays_killed(killed: SmallWorld) -> None:
    """A restart is not a person's word; also when it was ended in order."""
    assert killed.process is not None
    router = killed.process.router
    router.take(Asked(Request(do=Do.KILL, operator="ann"), lambda answer: None))
    killed.round()
    killed.kill()
    opened, _ = opened_again(killed.conf)

    assert opened.router(NO_SURROUNDINGS).status().is_killed


def test_a_drain_that_was_cut_short_is_over_with_its_process(killed: SmallWorld) -> None:
    """The orders stay stopped; new ones are taken again."""
    assert killed.process is not None
    killed.process.router.take(Stop("SIGTERM"))
    killed.kill()
    opened, _ = opened_again(killed.conf)
    router = opened.router(NO_SURROUNDINGS)
    events = [e.event for e in read_journal(opened.journal) if e.kind is RecordKind.EVENT]
    actions = [event.action for event in events if isinstance(event, Control)]

    assert [ControlAction.DRAIN, ControlAction.RESUME] == actions
    assert "running" == router.status().state
    assert not opened.parts.standing.is_drained


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("take_usd = 0.0,", "take_usd = 0.001,", "the configuration: venues"),
        ("mid_rest_ns = 400_000_000", "mid_rest_ns = 4", "the configuration: routing"),
        ("drain_s = 2.0", 'policy = "sweep"', "the configuration: router.policy"),
        ("day = 20260302", "day = 20260303", "the configuration: router.day"),
        ('clients = ["OMS"]', 'clients = ["OTHER"]', "the configuration: oms.clients"),
    ],
)
def test_settings_that_would_have_decided_otherwise_are_refused(
    killed: SmallWorld, old: str, new: str, where: str
) -> None:
    """The replay would part from the journal somewhere, and nobody would know why."""
    killed.kill()
    conf = small_conf(killed.conf.paths.run_dir, (old, new))

    with pytest.raises(ConfigError) as caught:
        opened_again(conf)

    assert [where] == [problem.where for problem in caught.value.problems]


def test_ports_and_times_may_change(killed: SmallWorld) -> None:
    """They decide nothing."""
    killed.kill()
    conf = small_conf(
        killed.conf.paths.run_dir,
        ('fix = "127.0.0.1:1"', 'fix = "127.0.0.1:2"'),
        ("= 2.0", "= 9.0"),
    )

    assert opened_again(conf)[0].is_recovered


def test_a_journal_without_a_day_in_the_settings_keeps_its_own(killed: SmallWorld) -> None:
    """An unfinished run of yesterday is gone on with under yesterday's rules."""
    killed.kill()
    conf = small_conf(killed.conf.paths.run_dir, ("day = 20260302\n", ""))
    opened, _ = opened_again(conf)

    assert 20260302 == opened.parts.universe.day


def test_a_journal_that_replays_otherwise_is_refused_with_the_byte(
    killed: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the program has changed: it sets no timers any more."""
    killed.kill()
    monkeypatch.setattr("penstock.engine.core.Core.set_timer", lambda *_: None)

    with pytest.raises(JournalError, match="byte") as caught:
        opened_again(killed.conf)

    assert "--fresh" in str(caught.value)
    assert "SetTimer" in caught.value.problems[0].expected


def test_a_foreign_journal_is_refused(killed: SmallWorld, tmp_path: Path) -> None:
    """One of a simulated day, say: it has no run and no configuration."""
    killed.kill()
    journal = newest_journal(killed.conf.paths.journals)
    assert journal is not None
    journal.write_bytes(b"something else")

    with pytest.raises(JournalError, match="PENJ"):
        opened_again(killed.conf)
    assert not opened_again(killed.conf, is_fresh=True)[0].is_recovered


def learned_conf(run_dir: Path, ref: str) -> RouterConf:
    """A router that wants a model of a registry beside its files."""
    return small_conf(
        run_dir,
        (
            "drain_s = 2.0",
            f'policy = "supervised"\nmodel = "{ref}"\nmodels_dir = "{run_dir}/models"',
        ),
    )


def registered(run_dir: Path) -> str:
    """A model in that registry; its hash."""
    model = synthetic_model(
        feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION, n_trees=4
    )
    return Registry(run_dir / "models").add(dump_model(model), "small").sha256


def test_a_missing_model_is_no_error(tmp_path: Path) -> None:
    """The fall-back decides, every record says so, and so does the program."""
    opened, _ = opened_again(learned_conf(tmp_path, "nothing"))

    assert "nothing" in opened.missing_model
    assert opened.parts.engine._core.decider.policy is None
    assert "" == read_context(opened.journal)["model_sha256"]


def test_a_model_that_was_swapped_in_is_there_again_after_a_restart(tmp_path: Path) -> None:
    """The journal names it by its hash; the registry has it."""
    sha256 = registered(tmp_path)
    world = SmallWorld(tmp_path)
    conf = learned_conf(tmp_path, "nothing")
    world.conf = conf
    world.start()
    policy = policy_by_ref(conf, "small")
    assert not isinstance(policy, str)
    answers: list[Answer] = []
    assert world.process is not None
    asked = Asked(Request(do=Do.USE_MODEL, model="small"), answers.append, policy)
    world.process.router.take(asked)
    world.client.order("buy", Side.BUY, 2_000)
    for _ in range(4):
        world.round()
    state_hash = world.process.opened.parts.engine.state_hash()
    world.kill()
    opened, _ = opened_again(conf)
    records = [
        command.decision
        for entry in read_journal(opened.journal)
        if entry.kind is RecordKind.COMMANDS
        for command in entry.commands
        if isinstance(command, Record)
    ]

    replayed = replay(opened.journal, engine_of_journal(opened.journal))

    assert answers[0]["ok"]
    assert replayed.difference is None
    assert state_hash == replayed.state_hash
    assert {sha256} == {record.versions.model_sha256 for record in records}
    assert state_hash == opened.parts.engine.state_hash()
    shutil.rmtree(tmp_path / "models")
    with pytest.raises(JournalError, match="model"):
        opened_again(conf)


def test_an_unknown_model_is_refused_with_what_there_is(tmp_path: Path) -> None:
    """At the operator's terminal, not in the engine."""
    conf = learned_conf(tmp_path, "nothing")
    registered(tmp_path)
    found = policy_by_ref(conf, "nothing")

    assert isinstance(found, str)
    assert "small@1" in found
    static = policy_by_ref(conf, "static")
    assert not isinstance(static, str)
    assert "" == static.model_sha256


def test_run_names_are_short_and_new_every_millisecond() -> None:
    """They stand in every order number that leaves the house."""
    first, second = run_id(1_772_460_000_000_000_000), run_id(1_772_460_000_001_000_000)

    assert (8, 8) == (len(first), len(second))
    assert first < second
    assert first.isalnum()
