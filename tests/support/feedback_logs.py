"""Journals to write feedback logs from, and logs as plain values to compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import create_engine, select

from penstock.domain import Command, Event, Ns
from penstock.journal import JournalWriter
from penstock.routing import RoutingConfig, static_policy
from penstock.store.feedback import write_feedback
from penstock.store.feedback.schema import IN_ORDER
from penstock.trials import Setting, run_day
from tests.support.engines import Rig
from tests.support.small_days import small_scenario

RUN = "k3f9"


class JournaledRig(Rig):
    """A rig whose events and commands are journalled as a live router's are."""

    def __init__(self, journal: Path, *, run: str = RUN, **options: Any) -> None:
        self.journal = journal
        self.writer = JournalWriter.create(journal, live_context(run))
        super().__init__(**options)

    def give(self, kind: Callable[..., Event], after_ns: int = 0, **fields: Any) -> list[Command]:
        """One event and its commands; both are in the journal when this returns."""
        self.now = Ns(self.now + after_ns)
        self._n_events += 1
        event = kind(seq=self._n_events, event_ns=self.now, recv_ns=self.now, **fields)
        self.writer.append_event(event)
        self.answer = self.engine.on_event(event)
        self.writer.append_commands(self.answer)
        return self.answer


def live_context(run: str, started_ns: int = 7) -> dict[str, Any]:
    """What a live router's journal says of itself, as far as the log reads it."""
    venues = [{"mic": f"XVN{k}", "name": f"Venue {k}", "kind": "exchange"} for k in range(3)]
    return {
        "kind": "live",
        "run": run,
        "started_ns": started_ns,
        "policy": "static",
        "config": {"venues": venues, "instruments": [{"symbol": "AAA"}, {"symbol": "BBB"}]},
    }


def journal_of_small_day(path: Path, seed: int = 1) -> Path:
    """Ten minutes of the reference market, five parents, under the static waterfall."""
    scenario = small_scenario()
    universe, routing = scenario.universe(), RoutingConfig()
    policy = static_policy(universe, routing)
    context = {"policy": "static", "scenario": msgspec.to_builtins(scenario), "seed": seed}
    run_day(Setting(scenario), seed, policy, policy, journal=path, journal_context=context)
    return path


def written(journal: Path, database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Write what the journal holds now; the log's content."""
    write_feedback(journal, database, until=lambda: True)
    return content(database)


def content(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        found = {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in IN_ORDER
        }
    engine.dispose()
    return found


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query gives."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
    engine.dispose()
    return found
