"""`penstock store`: the feedback log, written from a journal, also while it grows."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from penstock.cli.console import out, print_json
from penstock.cli.options import json_option
from penstock.domain import JournalError

if TYPE_CHECKING:
    from penstock.store.feedback import WriteReport


@click.command("store")
@click.argument("journal", type=click.Path(path_type=Path))
@click.option(
    "--database",
    default="runs/store.db",
    show_default=True,
    help="The log: a file, which becomes a SQLite database, or a database URL.",
)
@click.option("--follow", is_flag=True, help="Go on as the journal grows, until told to end.")
@click.option(
    "--parent-pid",
    type=click.IntRange(min=1),
    help="With --follow: end when this process is gone.",
)
@click.option("--anew", is_flag=True, help="Take the run out of the log first.")
@json_option
def command(
    journal: Path,
    database: str,
    follow: bool,
    parent_pid: int | None,
    anew: bool,
    as_json: bool,
) -> None:
    """
    Write every decision of a journal, and what came of it, into an SQL database.

    What is there already is not written again: it may be stopped, or killed, and started at any
    time. With --follow it ends after SIGTERM, SIGINT or the end of --parent-pid, once everything
    that the journal holds is written; a router starts it so.

    \b
    Example:  penstock store runs/live/journals/20260105T143000Z-k3f9.journal
    Exit status: 0 everything is written; 2 bad input.
    """
    if not journal.is_file():
        raise JournalError.one(
            where=str(journal),
            expected="a journal",
            found="no file",
            fix="a router writes one to journals/ under its run_dir; "
            "`penstock evaluate SCENARIO --journal runs/journals` does too",
        )
    until = _until_told(parent_pid) if follow else lambda: True
    # Only now, because it takes a second: a router may end before that, and says so but once.
    from penstock.store.feedback import forget_run, run_name, write_feedback

    if anew:
        forget_run(database, run_name(journal))
    report = write_feedback(journal, database, until=until)
    if as_json:
        print_json(report)
        return
    for line in _lines(report, database):
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def _until_told(parent_pid: int | None) -> Callable[[], bool]:
    """Says True after a signal, and when the parent is gone."""
    is_told = False

    def tell(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_told
        is_told = True

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    is_ours = parent_pid == os.getppid()

    def until() -> bool:
        if parent_pid is None or is_told:
            return is_told
        # A parent that is dead and not yet reaped still has its number; but we have another parent.
        return os.getppid() != parent_pid if is_ours else not _is_alive(parent_pid)

    return until


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but alive
        return True
    return True


def _lines(report: WriteReport, database: str) -> list[str]:
    read_bytes = report.to_bytes - report.from_bytes
    return [
        f"run        {report.run_id}",
        f"read       {read_bytes:,} bytes of the journal, from byte {report.from_bytes:,}",
        f"written    {report.n_rows:,} rows, {report.n_decisions:,} decisions among them",
        f"log        {database}",
    ]
