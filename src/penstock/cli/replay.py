"""`penstock replay`: the same calls again, and whether the same commands come out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from penstock.cli.console import out, print_json
from penstock.cli.main import EXIT_BROKEN_PROMISE
from penstock.cli.options import json_option, models_option
from penstock.domain import JournalError
from penstock.engine import Engine
from penstock.journal import read_context
from penstock.journal import replay as replay_journal
from penstock.runtime import engine_of_journal
from penstock.store import Registry
from penstock.trials import engine_again


@click.command("replay")
@click.argument("journal", type=click.Path(path_type=Path))
@models_option
@json_option
def command(journal: Path, models_dir: Path, as_json: bool) -> None:
    """
    Feed a journal's market data and events to a fresh engine and compare every command.

    \b
    Example:  penstock replay runs/journals/reference-day-static-1.journal
    Exit status: 0 the same to the bit; 2 bad input; 3 a command differs (the first is shown).
    """
    if not journal.is_file():
        raise JournalError.one(
            where=str(journal),
            expected="a journal",
            found="no file",
            fix="write one with `penstock evaluate SCENARIO --journal runs/journals`",
        )
    context = read_context(journal)
    engine = _engine(journal, context, models_dir)
    report = replay_journal(journal, engine)
    # A journal may be whole and still end in the middle of the work: its writer was stopped there.
    n_working = sum(not parent.state.is_terminal for parent in engine.parents.values())
    if as_json:
        print_json(msgspec.to_builtins(report) | {"n_parents_at_work": n_working})
    else:
        what = f"{context.get('market')}, seed {context.get('seed')}"
        if context.get("kind") == "live":
            what = f"run {context['run']}"
        out.print(f"journal     {what}, {context['policy']}")
        out.print(f"replayed    {report.n_events:,} events, {report.n_messages:,} market messages")
        out.print(f"commands    {report.n_commands:,} the same, to the bit")
        out.print(f"state hash  {report.state_hash}")
        if n_working:
            out.print(f"at its end  {n_working} parents were still at work")
        if report.n_torn_bytes:
            out.print(f"torn        {report.n_torn_bytes} bytes of a last record were left out")
    if report.difference is not None:
        if not as_json:
            out.print(f"DIFFERENT at byte {report.difference.offset}, on {report.difference.event}")
            out.print(f"  recorded  {report.difference.recorded}")
            out.print(f"  replayed  {report.difference.replayed}")
        raise SystemExit(EXIT_BROKEN_PROMISE)


def _engine(journal: Path, context: dict[str, Any], models_dir: Path) -> Engine:
    """An engine like the one that wrote the journal: of a simulated day, or of a live router."""
    if context.get("kind") == "live":
        return engine_of_journal(journal, str(models_dir))
    sha256 = context.get("model_sha256")
    return engine_again(context, Registry(models_dir).load(sha256) if sha256 else None)
