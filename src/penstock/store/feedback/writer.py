"""The writer: whole steps of a journal become rows, each once, however often it is killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from penstock.domain import Event
from penstock.journal import Entry, RecordKind, follow, read_context
from penstock.store.feedback import schema
from penstock.store.feedback.database import FeedbackError, open_for_writing
from penstock.store.feedback.rows import Row, rows_of_step

BATCH_ROWS: Final = 2_000
BATCH_BYTES: Final = 64 << 20  # of journal, so that a stretch without orders is not read twice


class WriteReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a call of `write_feedback` has added."""

    run_id: str
    n_rows: int
    n_decisions: int
    from_bytes: int
    to_bytes: int


class FeedbackWriter:
    """
    Adds one run to a feedback log.

    Exactly once: a transaction holds the rows of whole steps (an event and its commands) and the
    position behind them, so a writer that dies anywhere goes on where its last transaction ended.
    The position is changed only if it still is what this writer believes; a second writer of the
    same run finds out before it has added anything.

    Raises:
        FeedbackError: no log, or one of a newer release; another journal under the same run;
            another writer of the same run.
    """

    def __init__(self, database: Path | str, journal: Path) -> None:
        context = read_context(journal)
        self.run_id = run_name(journal)
        self._engine = open_for_writing(database)
        self._journal = journal
        self._rows: dict[Table, list[dict[str, Any]]] = {}
        self._event: Event | None = None  # of a step whose commands are still to come
        self.n_rows = self.n_decisions = self._n_waiting = 0
        try:
            with self._engine.begin() as connection:
                self.offset_bytes = self._begin_or_resume(connection, context)
                self._versions = set(
                    connection.scalars(
                        select(schema.VERSIONS.c.versions_id).filter_by(run_id=self.run_id)
                    )
                )
        except BaseException:
            self._engine.dispose()
            raise
        self._committed_bytes = self.offset_bytes

    def take(self, entry: Entry) -> None:
        """The next record of the journal; a batch that is full is committed."""
        if entry.kind is RecordKind.EVENT:
            self._event = entry.event
            return
        if entry.kind is RecordKind.COMMANDS:
            event, self._event = self._event, None
            assert event is not None, f"commands without an event at byte {entry.offset}"
            for row in rows_of_step(event, entry.commands):
                self._add(row)
        if self._event is None:
            self.offset_bytes = entry.end_offset
        if (
            self._n_waiting >= BATCH_ROWS
            or self.offset_bytes - self._committed_bytes >= BATCH_BYTES
        ):
            self.commit()

    def commit(self) -> None:
        """Everything taken so far, as far as its steps are whole, in one transaction."""
        if self.offset_bytes == self._committed_bytes:
            return
        try:
            with self._engine.begin() as connection:
                self._move_position(connection)
                for table, rows in self._rows.items():
                    connection.execute(insert(table), rows)
        except DBAPIError as error:
            raise FeedbackError.one(
                where=f"run {self.run_id}",
                expected="to write to the feedback log",
                found=str(error.orig),
                fix="make room or repair it; the next `penstock store` goes on from here",
            ) from error
        self.n_rows += self._n_waiting
        self.n_decisions += len(self._rows.get(schema.DECISIONS, ()))
        self._committed_bytes = self.offset_bytes
        self._rows, self._n_waiting = {}, 0

    def close(self) -> None:
        """Let go of the database; what was not committed is not in it."""
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

    def _add(self, row: Row) -> None:
        if row.table is schema.VERSIONS:
            if row.values["versions_id"] in self._versions:
                return
            self._versions.add(row.values["versions_id"])
        self._rows.setdefault(row.table, []).append({"run_id": self.run_id, **row.values})
        self._n_waiting += 1

    def _move_position(self, connection: Connection) -> None:
        position = schema.JOURNAL_POSITIONS
        moved = connection.execute(
            update(position)
            .where(
                position.c.run_id == self.run_id, position.c.offset_bytes == self._committed_bytes
            )
            .values(offset_bytes=self.offset_bytes)
        )
        if moved.rowcount != 1:
            raise FeedbackError.one(
                where=f"run {self.run_id}",
                expected="to be the only writer of this run",
                found="that another one has written meanwhile",
                fix="nothing is lost or written twice; let one of the two go on",
            )

    def _begin_or_resume(self, connection: Connection, context: Mapping[str, Any]) -> int:
        text = msgspec.json.encode(context, order="sorted").decode()
        known = connection.scalar(select(schema.RUNS.c.context).filter_by(run_id=self.run_id))
        if known is None:
            self._begin(connection, context, text)
            return 0
        if known != text:
            raise FeedbackError.one(
                where=f"run {self.run_id}",
                expected="the journal that this run was begun from",
                found=f"{self._journal}, which says something else of itself",
                fix="give it another database, or the file another name",
            )
        offset = connection.scalar(
            select(schema.JOURNAL_POSITIONS.c.offset_bytes).filter_by(run_id=self.run_id)
        )
        assert offset is not None, f"run {self.run_id} has no position"
        if offset > self._journal.stat().st_size:
            raise FeedbackError.one(
                where=str(self._journal),
                expected=f"a journal of {offset:,} bytes or more: so much is in the log already",
                found=f"{self._journal.stat().st_size:,} bytes",
                fix="restore the journal; or write it anew with `penstock store --anew`",
            )
        return int(offset)

    def _begin(self, connection: Connection, context: Mapping[str, Any], text: str) -> None:
        run = {"started_ns": context.get("started_ns"), "journal": str(self._journal)}
        connection.execute(insert(schema.RUNS), {"run_id": self.run_id, "context": text, **run})
        connection.execute(
            insert(schema.JOURNAL_POSITIONS), {"run_id": self.run_id, "offset_bytes": 0}
        )
        for table, rows in _names(context):
            connection.execute(insert(table), [{"run_id": self.run_id, **row} for row in rows])


def write_feedback(
    journal: Path,
    database: Path | str,
    *,
    until: Callable[[], bool],
    idle_wait_s: float = 0.05,
) -> WriteReport:
    """
    Write a journal into a log, and go on as it grows.

    Args:
        until: asked whenever the end of the journal is reached; once it says True, everything that
            the journal holds by then is written, and the call returns.
    Raises:
        FeedbackError, JournalError.
    """
    with FeedbackWriter(database, journal) as writer:
        from_bytes = writer.offset_bytes
        entries = follow(journal, from_bytes)
        is_last = until()
        while True:
            for entry in iter(lambda: next(entries), None):
                writer.take(entry)
            writer.commit()
            if is_last:
                break
            is_last = until()
            if not is_last:
                time.sleep(idle_wait_s)
        return WriteReport(
            run_id=writer.run_id,
            n_rows=writer.n_rows,
            n_decisions=writer.n_decisions,
            from_bytes=from_bytes,
            to_bytes=writer.offset_bytes,
        )


def run_name(journal: Path) -> str:
    """What a run is called: as its journal says, else by the name of the file."""
    context = read_context(journal)
    run, segment = str(context.get("run") or journal.stem), context.get("segment")
    return f"{run}.{segment}" if segment else run


def forget_run(database: Path | str, run_id: str) -> None:
    """Take everything of a run out of a log, in one transaction."""
    engine = open_for_writing(database)
    try:
        with engine.begin() as connection:
            for table in schema.IN_ORDER:
                connection.execute(delete(table).where(table.c.run_id == run_id))
    finally:
        engine.dispose()


def _names(context: Mapping[str, Any]) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """
    Names of venues and instruments, from a live router's configuration or a trial's scenario.

    A context without them is no error: a log shows numbers then.
    """
    facts = context.get("config") or context.get("scenario") or {}
    venues = facts.get("venues", ())
    instruments = facts.get("instruments") or [facts[k] for k in ("instrument",) if k in facts]
    if venues:
        yield (
            schema.VENUES,
            [
                {"venue_idx": k} | {name: str(venue[name]) for name in ("mic", "name", "kind")}
                for k, venue in enumerate(venues)
            ],
        )
    if instruments:
        yield (
            schema.INSTRUMENTS,
            [{"instrument_idx": k, "symbol": str(i["symbol"])} for k, i in enumerate(instruments)],
        )
