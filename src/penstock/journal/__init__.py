"""The order journal: append-only, checksummed, written before anything leaves; and its replay."""

from penstock.journal.following import follow
from penstock.journal.format import RecordKind
from penstock.journal.journaled import EngineLike, JournaledEngine
from penstock.journal.reader import Entry, Scan, read_context, read_journal, scan
from penstock.journal.replay import Difference, ReplayReport, replay
from penstock.journal.writer import Fsync, JournalWriter

__all__ = [
    "Difference",
    "EngineLike",
    "Entry",
    "Fsync",
    "JournalWriter",
    "JournaledEngine",
    "RecordKind",
    "ReplayReport",
    "Scan",
    "follow",
    "read_context",
    "read_journal",
    "replay",
    "scan",
]
