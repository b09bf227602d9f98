"""Files of recorded market data in, a normalised tape out: the part with the disk in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from penstock.domain import Problem, TapeError, TradingDay
from penstock.wire.lean_tape import read_consolidated
from penstock.wire.normalising import IngestResult
from penstock.wire.tape_file import read_bytes
from penstock.wire.unpacking import NamedBytes


def ingest_consolidated(paths: Sequence[Path], symbol: str, day: TradingDay) -> IngestResult:
    """
    One day of one stock, from its quote file and its trade file, in any order.

    Raises:
        TapeError: files that cannot be read (all of them are named), or as `read_consolidated`.
    """
    files: list[NamedBytes] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            files.append(NamedBytes(str(path), read_bytes(path)))
        except TapeError as error:
            problems.extend(error.problems)
    if problems:
        raise TapeError(problems)
    return read_consolidated(files, symbol, day)
