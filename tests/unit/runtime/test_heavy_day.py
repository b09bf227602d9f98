"""A heavy day in small: what memory holds, and what a restart has to do, do not grow with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.domain import NS_PER_MS, Ns
from penstock.engine import Engine
from penstock.runtime.snapshots import SnapshotTimes
from tests.support.heavy_days import HeavyDay
from tests.support.killable_routers import small_conf

N_ORDERS = 400
TIMES = SnapshotTimes(least_events=1_000, most_events=1_000, quiet_ns=Ns(0))
CHANGES = (
    ("mid_rest_ns = 400_000_000", "mid_rest_ns = 0"),
    ("[engine]", "[engine]\nforget_after_ns = 1_000_000_000"),
)


def test_memory_and_restart_do_not_grow_with_the_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Orders that are over are packed; a restart replays what came after the last snapshot."""
    conf = small_conf(tmp_path, *CHANGES)
    day = HeavyDay(conf, step_ns=20 * NS_PER_MS, times=TIMES)
    day.open_market()
    day.work(N_ORDERS // 2)
    n_halfway = len(day.opened.parts.engine.parents)
    day.work(N_ORDERS // 2, first=1 + N_ORDERS // 2)
    engine = day.opened.parts.engine
    day.close()
    n_replayed = 0
    whole = Engine.on_event

    def on_event(engine: Engine, event: object) -> object:
        nonlocal n_replayed
        n_replayed += 1
        return whole(engine, event)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "on_event", on_event)
    again = HeavyDay(conf, times=TIMES)

    assert n_halfway == len(engine.parents) < N_ORDERS // 4
    assert N_ORDERS == len(engine.parents) + engine.n_forgotten
    assert N_ORDERS == again.opened.parts.standing.n_parents
    assert n_replayed < 1_100
    assert day.opened.parts.venue_desk.state_hash() == again.opened.parts.venue_desk.state_hash()
