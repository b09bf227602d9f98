"""The newest journal and what it says: the snapshot beside it, if one can be used, and the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from penstock.domain import ConfigError
from penstock.runtime.building import CoreParts, core_of_journal, models_of_journal
from penstock.runtime.config import RouterConf
from penstock.runtime.memory import Memory, new_memory
from penstock.runtime.recovery import FRESH_FIX, NOTHING_YET, Position, Recovered
from penstock.runtime.snapshots import load_snapshot


class Last(NamedTuple):
    """The newest journal, and what it says."""

    journal: Path
    context: Mapping[str, Any]
    conf: RouterConf
    core: CoreParts
    memory: Memory
    recovered: Recovered


def recover_last(
    journal: Path,
    context: Mapping[str, Any],
    conf: RouterConf,
    now: RouterConf,
    n_reported: Callable[[str], int],
    say: Callable[[str], None],
) -> Last:
    """
    Rebuild the memory of the run that a journal is of.

    Args:
        conf: settings that decide as those of the journal did.
        now: settings of this start.
        n_reported: how many reports QuickFIX has taken over, by client.
    Raises:
        JournalError: damaged, or this program answers otherwise.
        ConfigError: a client that has orders is missing.
    """
    core, run = core_of_journal(context, now.router.models_dir), str(context["run"])
    say(f"recovering run {run} from {journal}")

    def provide_model(sha256: str) -> None:
        models_of_journal(core, conf, sha256)

    memory, start = _memory_of(journal, conf, run, core, provide_model, n_reported, say)
    recovered = memory.replay(journal, provide_model, n_reported, start)
    _check_clients(now, memory.standing.clients, journal)
    return Last(journal, context, conf, core, memory, recovered)


def nothing(_client: str) -> int:
    """How many reports were taken over if the marks are of another run."""
    return 0


def _memory_of(
    journal: Path,
    conf: RouterConf,
    run: str,
    core: CoreParts,
    provide_model: Callable[[str], None],
    n_reported: Callable[[str], int],
    say: Callable[[str], None],
) -> tuple[Memory, Position]:
    """From the journal's snapshot if there is one that can be used, else with nothing in it."""
    found = load_snapshot(journal, run, core, provide_model)
    if isinstance(found, str):
        if found:
            say(f"the snapshot is not used: {found}; the whole journal is replayed")
        return new_memory(conf, run, core.build()), NOTHING_YET
    memory, position = found
    if any(n_reported(client) < n for client, n in position.n_reports.items()):
        say("the snapshot is not used: a client may lack what was said before it")
        return new_memory(conf, run, core.build()), NOTHING_YET
    say(f"the snapshot has {position.n_events:,} events; the rest is replayed")
    return memory, position


def _check_clients(conf: RouterConf, clients: set[str], journal: Path) -> None:
    missing = sorted(clients - set(conf.client_ids))
    if missing:
        raise ConfigError.one(
            where="the configuration: oms.clients",
            expected=f"every client that has orders in {journal.name}",
            found=f"no {', '.join(missing)}",
            fix=f"add the client again until that run has ended; or {FRESH_FIX}",
        )
