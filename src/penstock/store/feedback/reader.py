"""Reading the log: one child's story, and how much there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from sqlalchemy import Connection, Table, func, select
from sqlalchemy import table as named_table
from sqlalchemy.sql import column, text

from penstock.domain import DecisionRecord
from penstock.store.feedback import schema
from penstock.store.feedback.database import FeedbackError, open_for_reading
from penstock.store.feedback.decision import decision_story, record_of
from penstock.store.feedback.moments import moments_of, outcome_of
from penstock.store.feedback.story import ChildStory, ParentStory

Found = Mapping[str, Any]


class FeedbackReader:
    """
    A log, as it is; many may read while it is written.

    Raises:
        FeedbackError: no log there, one of something else, or one of another release.
    """

    def __init__(self, database: Path | str) -> None:
        self._engine = open_for_reading(database)
        self._database = str(database)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def run_ids(self) -> list[str]:
        """Every run, the latest first; runs that do not say when they began come last."""
        started = schema.RUNS.c.started_ns
        with self._engine.connect() as connection:
            return list(
                connection.scalars(
                    select(schema.RUNS.c.run_id).order_by(
                        func.coalesce(started, 0).desc(), schema.RUNS.c.run_id
                    )
                )
            )

    def counts(self, run: str | None = None) -> dict[str, int]:
        """Rows of every table, of one run or of all."""
        with self._engine.connect() as connection:
            return {
                table.name: int(
                    connection.scalar(
                        select(func.count())
                        .select_from(table)
                        .where(table.c.run_id == run if run is not None else text("1 = 1"))
                    )
                    or 0
                )
                for table in schema.IN_ORDER
            }

    def decision(self, decision_id: int, run: str) -> DecisionRecord:
        """
        A decision as the engine made it, bit for bit.

        Raises:
            FeedbackError: there is none of that number.
        """
        with self._engine.connect() as connection:
            stored = _one(connection, schema.DECISIONS, run, decision_id=decision_id)
            if stored is None:
                raise self._missing(f"decision {decision_id} of run {run}", "the runs", "it")
            return record_of(stored, _versions(connection, run, stored["versions_id"]))

    def child(self, child_id: int, run: str | None = None) -> ChildStory:
        """
        A child from the client's order to its last report.

        Args:
            run: None is the latest run that has such a child.
        Raises:
            FeedbackError: no such run, or no such child.
        """
        runs = self.run_ids()
        with self._engine.connect() as connection:
            numbered = connection.scalars(
                select(schema.CHILDREN.c.run_id).filter_by(child_id=child_id)
            )
            having = set(numbered)
            having_in_order = [run_id for run_id in runs if run_id in having]
            if run is None and not having_in_order:
                raise self._missing(f"child {child_id}", "no child of that number", "any run")
            if run is not None and run not in having:
                raise self._missing_in_run(child_id, run, runs, having_in_order)
            run_id = having_in_order[0] if run is None else run
            others = [other for other in having_in_order if other != run_id]
            return _child_story(connection, run_id, child_id, others)

    def _missing(self, expected: str, found: str, where: str) -> FeedbackError:
        counts = self.counts()
        return FeedbackError.one(
            where=self._database,
            expected=expected,
            found=f"{found}, in {where}: {counts['runs']:,} runs, {counts['children']:,} children",
            fix="numbers are in the table `children` and in the client's fills (FIX tag 198); "
            "a log that is behind its journal is brought up by `penstock store`",
        )

    def _missing_in_run(
        self, child_id: int, run: str, runs: Sequence[str], having: Sequence[str]
    ) -> FeedbackError:
        if run not in runs:
            return FeedbackError.one(
                where=f"{self._database}: run",
                expected=f"one of {', '.join(runs[:8]) or '(there is none)'}",
                found=run,
                fix="give one of these, or leave --run out for the latest",
            )
        elsewhere = f"; runs that have one: {', '.join(having[:8])}" if having else ""
        return FeedbackError.one(
            where=f"{self._database}: run {run}",
            expected=f"child {child_id}",
            found=f"no child of that number{elsewhere}",
            fix="give another number, or another run",
        )


def _child_story(
    connection: Connection, run: str, child_id: int, other_run_ids: list[str]
) -> ChildStory:
    child = _sure(_one(connection, schema.CHILDREN, run, child_id=child_id), f"child {child_id}")
    decision_id = child["decision_id"]
    stored = _sure(
        _one(connection, schema.DECISIONS, run, decision_id=decision_id), f"decision {decision_id}"
    )
    venues = {row["venue_idx"]: row for row in _all(connection, schema.VENUES, run)}
    siblings = _all(connection, schema.CHILDREN, run, decision_id=decision_id)
    context = msgspec.json.decode(_sure(_one(connection, schema.RUNS, run), run)["context"])
    venue = venues.get(child["venue_idx"], {})
    own = {"child_id": child_id}
    # A report from another venue than the child's is none about it; the core says so in an alert.
    from_venue = own | {"venue_idx": child["venue_idx"]}
    moments = moments_of(
        child,
        _all(connection, schema.CHILD_REQUESTS, run, **own),
        _all(connection, schema.CHILD_REPORTS, run, **from_venue),
        _all(connection, schema.FILLS, run, **own),
        _all(connection, schema.BUSTS, run, **own),
        [
            row
            for row in _all(connection, schema.ALERTS, run, code="by_hand")
            if f"Child {child_id} (" in row["text"]
        ],
    )
    return ChildStory(
        run_id=run,
        other_run_ids=other_run_ids,
        venue=venue.get("mic", f"venue {child['venue_idx']}"),
        venue_name=venue.get("name", ""),
        parent=_parent_story(connection, run, child),
        decision=decision_story(
            record_of(stored, _versions(connection, run, stored["versions_id"])),
            sha256=stored["sha256"],
            row_idx=child["row_idx"],
            mics={idx: row["mic"] for idx, row in venues.items()},
            child_ids=[row["child_id"] for row in siblings],
            configured_policy=str(context.get("policy", "")),
        ),
        moments=moments,
        outcome=outcome_of(child, _sums(connection, run, child_id), moments),
        **{
            name: child[name]
            for name in (
                *("child_id", "tactic", "tif", "peg", "size_shares", "limit_ticks"),
                *("sent_ns", "row_idx"),
            )
        },
    )


def _parent_story(connection: Connection, run: str, child: Found) -> ParentStory:
    parent_id = child["parent_id"]
    parent = _sure(_one(connection, schema.PARENTS, run, parent_id=parent_id), f"{parent_id}")
    last = _all(connection, schema.PARENT_REPORTS, run, parent_id=parent_id)[-1]
    instrument = _one(
        connection, schema.INSTRUMENTS, run, instrument_idx=parent["instrument_idx"]
    ) or {"symbol": f"instrument {parent['instrument_idx']}"}
    facts = {name: parent[name] for name in ParentStory.__struct_fields__ if name in parent}
    # Size and limit as they are now: the client may have replaced the order.
    now = {name: last[name] for name in ("size_shares", "limit_ticks", "state", "filled_shares")}
    return ParentStory(**facts | now | {"symbol": instrument["symbol"]})


def _sums(connection: Connection, run: str, child_id: int) -> Found:
    names = (
        *("filled_shares", "n_fills", "paid_ticks_shares", "fees_usd_micros", "first_fill_ns"),
        *("slippage_bps", "run_id", "child_id"),
    )
    view = named_table("child_outcomes", *(column(name) for name in names))
    found = connection.execute(
        select(view).where(view.c.run_id == run, view.c.child_id == child_id)
    ).mappings()
    return dict(found.one())


def _versions(connection: Connection, run: str, versions_id: str) -> dict[str, str]:
    found = _sure(_one(connection, schema.VERSIONS, run, versions_id=versions_id), versions_id)
    return {name: found[name] for name in found if name not in ("run_id", "versions_id")}


def _one(connection: Connection, table: Table, run: str, **key: Any) -> Found | None:
    rows = _all(connection, table, run, **key)
    return rows[0] if rows else None


def _all(connection: Connection, table: Table, run: str, **key: Any) -> list[Found]:
    """Rows of a run, in the order of the table's key."""
    query = select(table).filter_by(run_id=run, **key).order_by(*table.primary_key.columns)
    return [dict(row) for row in connection.execute(query).mappings()]


def _sure(found: Found | None, what: str) -> Found:
    assert found is not None, f"the log refers to {what}, and does not hold it"
    return found
