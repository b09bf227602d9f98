"""Snapshots: a restart that replays the journal's end only, and what makes one unusable."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from penstock.domain import Ns, Side
from penstock.engine import Engine
from penstock.journal import RecordKind, read_journal
from penstock.runtime import pickling, snapshots
from penstock.runtime.marks import Marks
from penstock.runtime.opened import Opened
from penstock.runtime.opening import Opener, session_names
from penstock.runtime.snapshots import SnapshotKeeper, SnapshotTimes, snapshot_of
from penstock.wire.fix import Outgoing
from tests.support.killable_routers import SmallWorld

OFTEN = SnapshotTimes(least_events=20, most_events=20, quiet_ns=Ns(0))


class Nowhere:
    """A FIX engine that takes everything and delivers nothing."""

    def __init__(self) -> None:
        self.reports: list[Outgoing] = []

    def to_client(self, outgoing: Outgoing) -> bool:
        self.reports.append(outgoing)
        return True

    def to_venue(self, outgoing: Outgoing) -> bool:
        return True


class Replays:
    """Counts the events that engines are given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.n = 0
        whole = Engine.on_event

        def on_event(engine: Engine, event: object) -> object:
            self.n += 1
            return whole(engine, event)  # type: ignore[arg-type]

        monkeypatch.setattr(Engine, "on_event", on_event)


@pytest.fixture
def killed(tmp_path: Path) -> SmallWorld:
    """A world whose router was killed in the middle of two orders, a snapshot behind it."""
    world = SmallWorld(tmp_path)
    world.snapshot_times = OFTEN
    world.start()
    world.client.order("buy", Side.BUY, 2_000)
    world.client.order("sell", Side.SELL, 3_000)
    for _ in range(12):
        world.round()
    world.client.cancel("sell")
    for _ in range(2):
        world.round()
    world.client.cancel("buy")
    world._deliver()  # a last message, and no quiet moment behind it
    return world


def opened_again(world: SmallWorld) -> tuple[Opened, Nowhere, list[str]]:
    """What a start on these files makes, and says."""
    wires, said = Nowhere(), list[str]()
    marks = Marks(world.conf.paths.marks, session_names(world.conf))
    return Opener(conf=world.conf, marks=marks, wires=wires, say=said.append).open(), wires, said


def facts(opened: Opened) -> tuple[object, ...]:
    """Everything that a run's memory holds."""
    parts = opened.parts
    return (
        parts.engine.state_hash(),
        parts.oms_desk.state_hash(),
        parts.venue_desk.state_hash(),
        sorted(parts.timers._out),
        sorted(parts.standing.working),
        parts.standing.n_fills,
        parts.sequencer.last_seq,
    )


def journal_of(world: SmallWorld) -> Path:
    """The journal of the run."""
    (journal,) = world.conf.paths.journals.glob("*.journal")
    return journal


def n_events(journal: Path) -> int:
    """How many events a journal has."""
    return sum(entry.kind is RecordKind.EVENT for entry in read_journal(journal))


def test_a_restart_replays_only_what_came_after_the_snapshot(
    killed: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And has the same memory as one that replays everything."""
    killed.kill()
    journal = journal_of(killed)
    replays = Replays(monkeypatch)
    from_snapshot, _, said = opened_again(killed)
    n_replayed = replays.n
    from_snapshot.writer.close()
    snapshot_of(journal).unlink()
    from_journal, _, _ = opened_again(killed)

    assert any("the snapshot has" in line for line in said)
    assert 0 < n_replayed <= OFTEN.most_events + 10
    assert n_events(journal) == replays.n - n_replayed
    assert facts(from_journal) == facts(from_snapshot)


def test_a_run_goes_on_from_a_snapshot_as_from_its_journal(
    killed: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrays that were two names of one memory still are: the next decisions are the same."""
    killed.kill()
    killed.start()
    killed.client.order("third", Side.BUY, 1_500)
    for _ in range(30):
        killed.round()
    assert killed.process is not None
    lived = facts(killed.process.opened)
    killed.kill()
    snapshot_of(journal_of(killed)).unlink()
    replayed, _, _ = opened_again(killed)

    assert lived == facts(replayed)


Spoil = Callable[[SmallWorld, Path], None]


def flip_a_byte(world: SmallWorld, journal: Path) -> None:
    """The disk has lost a bit."""
    path = snapshot_of(journal)
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)


def cut(world: SmallWorld, journal: Path) -> None:
    """The machine stopped while it was written."""
    path = snapshot_of(journal)
    path.write_bytes(path.read_bytes()[:20])


def lose_the_journals_end(world: SmallWorld, journal: Path) -> None:
    """The journal is the truth, whatever the snapshot knows."""
    half = [entry.offset for entry in read_journal(journal)][40]
    os.truncate(journal, half)


def forget_what_was_told(world: SmallWorld, journal: Path) -> None:
    """Reports of before the snapshot may have to be told again: only the journal has them."""
    world.conf.paths.marks.unlink()


SPOILS = [flip_a_byte, cut, lose_the_journals_end, forget_what_was_told]


@pytest.mark.parametrize("spoil", SPOILS, ids=[spoil.__name__ for spoil in SPOILS])
def test_a_snapshot_that_does_not_agree_is_left_alone(killed: SmallWorld, spoil: Spoil) -> None:
    """The whole journal is replayed, with a line that says why."""
    killed.kill()
    journal = journal_of(killed)
    spoil(killed, journal)
    opened, _, said = opened_again(killed)
    opened.writer.close()
    snapshot_of(journal).unlink()

    assert any("the snapshot is not used" in line for line in said)
    assert facts(opened_again(killed)[0]) == facts(opened)


def test_a_snapshot_of_another_program_is_left_alone(
    killed: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may keep its memory in another way."""
    killed.kill()
    monkeypatch.setattr(snapshots, "sources_sha256", lambda: "another")
    _, _, said = opened_again(killed)

    assert any("another version" in line for line in said)


def test_reports_that_may_not_have_left_are_told_again_behind_a_snapshot(
    killed: SmallWorld,
) -> None:
    """With the same ExecID, as after a whole replay."""
    told = len(killed.to_client)
    killed.kill()
    marks = Marks(killed.conf.paths.marks, session_names(killed.conf))
    marks.set_reported("oms/OMS", told - 1)
    marks.close()
    opened, _, said = opened_again(killed)

    assert any("the snapshot has" in line for line in said)
    assert dict(killed.to_client[-1].fields)[17] == dict(opened.unsent[-1].message.fields)[17]


def test_a_clean_end_leaves_nothing_to_replay(
    killed: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program takes a last snapshot."""
    assert killed.process is not None
    killed.process.opened.parts.snapshots.take()
    killed.kill()
    replays = Replays(monkeypatch)
    opened_again(killed)

    assert 0 == replays.n


def test_a_full_disk_costs_a_snapshot_and_nothing_else(
    killed: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is what counts, and it says so by itself."""

    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    assert killed.process is not None
    monkeypatch.setattr(snapshots, "take_snapshot", full)
    text = killed.process.opened.parts.snapshots.take()

    assert "No space left" in text
    assert "the next start replays" in text


def test_views_of_an_array_stay_views() -> None:
    """A copy would be changed alone."""
    whole = np.zeros(4, [("a", np.int64), ("b", np.float64), ("c", np.int8)])
    graph = [whole[["a", "c"]], whole, whole["b"][1:3]]
    some, again, part = pickling.load(pickling.dump(graph, {}), {})
    again["a"][2], again["b"][1] = 7, 2.5

    assert 7 == some[2]["a"]
    assert [2.5, 0.0] == part.tolist()


def test_shared_objects_go_by_name() -> None:
    """Settings and models are the program's, not the snapshot's."""
    model = {"big": 1}
    data = pickling.dump([model, model], {"model": model})
    first, second = pickling.load(data, {"model": model})

    assert first is model
    assert second is model
    with pytest.raises(pickle.UnpicklingError, match="model"):
        pickling.load(data, {})


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "subprocess.Popen"])
def test_nothing_but_memory_is_loaded(name: str) -> None:
    """A file in the run's folder runs no program."""
    module, _, function = name.rpartition(".")
    data = f"c{module}\n{function}\n.".encode()

    with pytest.raises(pickle.UnpicklingError, match=function):
        pickling.load(data, {})


def test_a_fork_writes_what_the_process_would_have_written(
    killed: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The router goes on meanwhile, and its files are not held by the copy."""
    assert killed.process is not None
    keeper = killed.process.opened.parts.snapshots
    assert isinstance(keeper, SnapshotKeeper)
    snapshot_of(journal_of(killed)).unlink()
    keeper._is_forked, keeper._n_events = True, 0
    texts = [keeper.look(10**19)]
    pid = keeper._writer_pid
    keeper._wait()
    killed.kill()
    replays = Replays(monkeypatch)
    opened_again(killed)

    assert [""] == texts
    assert pid > 0
    assert 0 == replays.n
