"""Epochs: a number that every start advances, on the disk before anything is sent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from penstock.domain import JournalError

_LOST_FILE_STEP: Final = 100
"""What a start skips if the file is gone: more than the starts whose journal is gone with it."""


def next_epoch(path: Path, *, journalled: int, has_history: bool) -> int:
    """
    Number of this start: above that of every start before it.

    The number is kept outside the journal, because a machine that stops may lose the journal's
    tail: what was sent by the lost part carries the epoch of its own start, and this one's numbers
    (`EPOCH_IDS` for each epoch) are others.

    Args:
        journalled: the latest epoch in the journal that is gone on with; 0 if there is none.
        has_history: whether this folder has journals. Then a file that is missing was lost.
    Raises:
        JournalError: the file holds something else than a number.
    """
    last = _read(path)
    if last is None:
        last = journalled + _LOST_FILE_STEP if has_history else 0
    epoch = max(last, journalled) + 1
    _write(path, epoch)
    return epoch


def _read(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    if not text.isdecimal():
        raise JournalError.one(
            where=str(path),
            expected="the number of the last start",
            found=repr(text[:40]),
            fix="remove the file: the next start then takes a number well above the journal's",
        )
    return int(text)


def _write(path: Path, epoch: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.new")
    with aside.open("w", encoding="ascii") as file:
        file.write(f"{epoch}\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names of a folder on the disk: a file's own fsync leaves its name out."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
