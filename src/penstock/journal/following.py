"""Reading a journal while its router still writes it: whole records now, more of them later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from penstock.domain import JournalError
from penstock.journal.reader import Entry, read_journal


def follow(journal: Path, offset: int = 0) -> Iterator[Entry | None]:
    """
    Every whole record from `offset` on, in order, each once; None when there is no more for now.

    Never ends by itself: whoever reads decides, at a None, to wait or to stop. A last record that
    is not whole yet is not handed out; if a kill had cut it short and the restarted router has
    written another in its place, that one is.

    Args:
        offset: where a record starts (`Entry.end_offset` of the last one read); 0 is the first.
    Raises:
        JournalError: no journal, another version, or damage before the last record.
    """
    damaged_at = -1
    while True:
        try:
            # Opened anew each time: what a buffer holds of a cut record may be gone from the file.
            for entry in read_journal(journal, offset):
                offset = entry.end_offset
                yield entry
        except JournalError:
            # A record that was cut off and replaced while we read it looks like damage, once.
            if damaged_at == offset:
                raise
            damaged_at = offset
        yield None
