"""Journals of earlier days: compressed, kept for as long as is configured, then removed."""

from __future__ import annotations

import gzip
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from penstock.runtime.day_config import DayTable

_N_LEFT_ALONE: Final = 2  # the day's own, and one that the feedback log may still be reading


def archive_journals(folder: Path, table: DayTable, now_ns: int) -> list[str]:
    """
    Compress journals of earlier days, and remove what is older than the retention.

    A journal is replaced by its compressed copy when that is whole on the disk. `gunzip` gives it
    back for `penstock replay`. Returns what was done, a line each.
    """
    said = []
    plain = sorted(folder.glob("*.journal"))[:-_N_LEFT_ALONE]
    if table.compress:
        for journal in plain:
            _compress(journal)
            said.append(f"compressed {journal.name}")
    if table.retention_days > 0:
        oldest = datetime.fromtimestamp(now_ns / 1e9, UTC) - timedelta(days=table.retention_days)
        old = [*folder.glob("*.journal.gz"), *(plain if not table.compress else ())]
        for journal in sorted(old):
            if journal.name < f"{oldest:%Y%m%dT%H%M%SZ}":
                journal.unlink()
                _snapshot_of(journal).unlink(missing_ok=True)
                said.append(f"removed {journal.name}: older than {table.retention_days} days")
    return said


def _compress(journal: Path) -> None:
    packed = journal.with_name(f"{journal.name}.gz")
    aside = packed.with_suffix(".gz.new")
    with journal.open("rb") as source, gzip.open(aside, "wb", compresslevel=6) as target:
        shutil.copyfileobj(source, target, 1 << 20)
    aside.replace(packed)
    journal.unlink()
    _snapshot_of(journal).unlink(missing_ok=True)


def _snapshot_of(journal: Path) -> Path:
    return journal.with_name(f"{journal.name.split('.')[0]}.snapshot")
