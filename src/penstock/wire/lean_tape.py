"""
The consolidated US tape as the open-source engine LEAN stores it: quotes and trades of one stock.

A quote file is the NBBO, not the quotes of every venue: each change of the best bid and offer is
written as two rows, bid first, each with the letter of the venue that sets that side. A trade file
has every reported trade. docs/data.md says what can and what cannot be learned from them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from penstock.domain import NS_PER_MS, NS_PER_S, Problem, TapeError, TradingDay
from penstock.wire.csv_columns import Columns, Field, Kind, n_columns, read_columns
from penstock.wire.normalising import IngestResult, normalise
from penstock.wire.tape_file import SourceFile
from penstock.wire.unpacking import NamedBytes, unpack
from penstock.wire.us_codes import US_VENUES

QUOTE_FIELDS: Final = (
    Field("time", Kind.MILLISECONDS),
    Field("bid", Kind.WHOLE),
    Field("bid_shares", Kind.WHOLE),
    Field("ask", Kind.WHOLE),
    Field("ask_shares", Kind.WHOLE),
    Field("exchange", Kind.LETTER),
    Field("condition", Kind.MASK),
    Field("suspicious", Kind.FLAG),
)
TRADE_FIELDS: Final = (
    Field("time", Kind.MILLISECONDS),
    Field("price", Kind.WHOLE),
    Field("shares", Kind.WHOLE),
    Field("exchange", Kind.LETTER),
    Field("condition", Kind.MASK),
    Field("suspicious", Kind.FLAG),
)
_FIELDS: Final = {"quote": QUOTE_FIELDS, "trade": TRADE_FIELDS}
_DAY_NS: Final = 86_400 * NS_PER_S


def read_consolidated(files: Sequence[NamedBytes], symbol: str, day: TradingDay) -> IngestResult:
    """
    One day of one stock, from its quote file and its trade file, as one normalised tape.

    Args:
        files: plain text, or a zip or gzip archive of it, in any order.
    Raises:
        TapeError: a file that is damaged, of another format, unsorted, of another stock or day, or
            not one quote and one trade file; every file's problems at once.
    """
    texts: list[NamedBytes] = []
    problems: list[Problem] = []
    for file in files:
        try:
            texts.append(unpack(file))
        except TapeError as error:
            problems.extend(error.problems)
    if problems:
        raise TapeError(problems)
    by_kind = _by_kind(texts, symbol, day)
    letters = [venue.code for venue in US_VENUES]
    columns: dict[str, Columns] = {}
    for kind, fields in _FIELDS.items():
        try:
            columns[kind] = read_columns(by_kind[kind], fields, letters)
            _check_times(by_kind[kind].name, columns[kind])
        except TapeError as error:
            problems.extend(error.problems)
    if problems:
        raise TapeError(problems)
    names = {kind: text.name for kind, text in by_kind.items()}
    sources = [_source(file) for file in files]
    return normalise(columns["quote"], columns["trade"], names, sources, symbol, day)


def _source(file: NamedBytes) -> SourceFile:
    # Without its folders: the same files make the same tape, wherever they lie.
    name = file.name.replace("\\", "/").rpartition("/")[2]
    return SourceFile(
        name=name, n_bytes=len(file.data), sha256=hashlib.sha256(file.data).hexdigest()
    )


def _by_kind(texts: Sequence[NamedBytes], symbol: str, day: TradingDay) -> dict[str, NamedBytes]:
    """The quote file and the trade file, once names and columns agree on which is which."""
    problems: list[Problem] = []
    found: dict[str, NamedBytes] = {}
    for text in texts:
        n_found = n_columns(text.data)
        kind = {len(QUOTE_FIELDS): "quote", len(TRADE_FIELDS): "trade"}.get(n_found)
        if kind is None:
            problems.append(
                Problem(
                    where=f"{text.name}:1",
                    expected="8 comma-separated fields (a quote file) or 6 (a trade file)",
                    found=f"{n_found}",
                    fix="pass files of ticks; files of bars and other formats have other columns",
                )
            )
            continue
        if contradictions := _contradictions(text.name, kind, symbol, day):
            problems.extend(contradictions)
        elif kind in found:
            problems.append(
                Problem(
                    where=text.name,
                    expected="one quote file and one trade file",
                    found=f"a second {kind} file; the first is {found[kind].name}",
                    fix="ingest one day of one stock at a time",
                )
            )
        found[kind] = text
    missing = [kind for kind in _FIELDS if kind not in found]
    if missing and not problems:
        problems.append(
            Problem(
                where=", ".join(text.name for text in texts) or "files",
                expected="one quote file and one trade file",
                found=f"no {' and no '.join(missing)} file",
                fix="pass both files of the day: without quotes a trade has no side",
            )
        )
    if problems:
        raise TapeError(problems)
    return found


def _contradictions(name: str, kind: str, symbol: str, day: TradingDay) -> list[Problem]:
    """What the names of an archive and of the file in it say against what the file is taken for."""
    problems = []
    for part in name.split("/")[-2:]:
        # Such as ibm_20131008_quote.zip, and in it 20131008_ibm_Quote_Tick.csv.
        base = part.lower()
        named_kind = re.search(r"(?<![a-z])(quote|trade)s?(?![a-z])", base)
        named_day = re.search(r"(?<!\d)((?:19|20)\d{6})(?!\d)", base)
        named_symbol = re.fullmatch(
            r"(?:\d{8}_)?([a-z][a-z.]*)_(?:\d{8}_)?(?:quote|trade)s?(?:_tick)?\.[a-z.]+", base
        )
        for what, match, wanted, expected in (
            ("kind", named_kind, kind, f"a {kind} file, as its columns say"),
            ("day", named_day, str(day), f"a file of {day}"),
            ("symbol", named_symbol, symbol.lower(), f"a file of {symbol.upper()}"),
        ):
            if match and match[1] != wanted:
                problem = Problem(
                    where=name,
                    expected=expected,
                    found=f"the {what} '{match[1]}' in its name",
                    fix="pass the file that is meant, or correct its name, or symbol and day",
                )
                problems.append(problem)
    return list(dict.fromkeys(problems))


def _check_times(name: str, columns: Columns) -> None:
    late = np.flatnonzero(columns["time"] >= _DAY_NS)
    if len(late):
        raise TapeError.one(
            where=f"{name}:{late[0] + 1}",
            expected="milliseconds since midnight, below 86,400,000",
            found=f"{columns['time'][late[0]] / NS_PER_MS:.15g}",
            fix="pass files of ticks of one day; other files count time differently",
        )
