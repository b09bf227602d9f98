"""Headless CSV text to whole-number columns in one compiled pass; what does not fit gets a line."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import NS_PER_MS, Problem, TapeError
from penstock.wire.unpacking import NamedBytes

N_PROBLEMS_SHOWN: Final = 5
"""A wrong file is wrong on every line; nobody reads more of them than this."""

_NEWLINE: Final = 10
_RETURN: Final = 13
_COMMA: Final = 44
_POINT: Final = 46

_DIGITS_AT_MOST: Final = 15  # anything sensible fits; more could overflow, unseen
_PLACES_AT_MOST: Final = 6  # of a millisecond: nanoseconds
_MILLISECONDS_AT_MOST: Final = 10**9  # days; more could overflow, unseen


class Kind(IntEnum):
    """What a field holds; every kind becomes int64."""

    WHOLE = 0  # decimal digits
    MILLISECONDS = 1  # decimal digits, perhaps with a fraction; becomes nanoseconds
    LETTER = 2  # one letter; becomes its place in a table
    MASK = 3  # hexadecimal digits
    FLAG = 4  # 0 or 1


_WORDS: Final = {
    Kind.WHOLE: "a whole number of at least 0",
    Kind.MILLISECONDS: "milliseconds, at least 0",
    Kind.LETTER: "a known letter",
    Kind.MASK: "a hexadecimal number",
    Kind.FLAG: "0 or 1",
}

# Kernels cannot read an enum's member.
_MILLISECONDS = int(Kind.MILLISECONDS)
_LETTER = int(Kind.LETTER)
_MASK = int(Kind.MASK)
_FLAG = int(Kind.FLAG)


class Field(NamedTuple):
    """One column of a file."""

    name: str
    kind: Kind


Columns = dict[str, NDArray[np.int64]]
"""Arrays of one length, by name of their field."""


def read_columns(file: NamedBytes, fields: Sequence[Field], letters: Sequence[str]) -> Columns:
    """
    Columns of a file in which every line has every field, and nothing else: no header, quotes,
    signs or blanks. Lines end in LF or CR LF; the last need not.

    Args:
        fields: the columns, left to right; the first is a time and never goes back.
        letters: what a LETTER may be.
    Raises:
        TapeError: lines with another number of fields or with a field that is not what its column
            holds, the first few of them; or the first of the times that go back. Where is
            "file:line".
    """
    name, text = file
    content = np.frombuffer(text, dtype=np.uint8)
    n_lines = text.count(b"\n") + (not text.endswith(b"\n"))
    places = np.full(256, -1, dtype=np.int64)
    places[[ord(letter) for letter in letters]] = np.arange(len(letters))
    kinds = np.array([field.kind for field in fields], dtype=np.int64)
    out_rows = np.empty((len(fields), n_lines), dtype=np.int64)
    out_faults = np.empty((N_PROBLEMS_SHOWN, 2), dtype=np.int64)
    n_faults = scan_lines(content, kinds, places, out_rows, out_faults)
    if n_faults:
        lines = text.split(b"\n")
        problems = [
            _problem(name, lines, int(row), int(column), fields, letters)
            for row, column in out_faults[:n_faults]
        ]
        if n_faults > N_PROBLEMS_SHOWN:
            problems[-1] = _and_more(problems[-1], n_faults - N_PROBLEMS_SHOWN)
        raise TapeError(problems)
    columns = {field.name: out_rows[column] for column, field in enumerate(fields)}
    _check_order(name, fields[0].name, columns[fields[0].name])
    return columns


def n_columns(text: bytes) -> int:
    """Number of fields on the first line."""
    return text[: text.find(b"\n") if b"\n" in text else len(text)].count(b",") + 1


@kernel
def scan_lines(
    content: NDArray[np.uint8],
    kinds: NDArray[np.int64],
    places: NDArray[np.int64],
    out_rows: NDArray[np.int64],
    out_faults: NDArray[np.int64],
) -> int:
    """
    Parse all lines; a line that does not fit is noted and passed over.

    Args:
        content: the bytes, shape (n_bytes,).
        kinds: Kind of each field, shape (n_fields,).
        places: number that each byte stands for as a LETTER, -1 for none, shape (256,).
        out_rows: receives the values, shape (n_fields, n_lines).
        out_faults: receives line (from 0) and field of the first faults, shape (n, 2); field is
            n_fields where the number of fields is wrong.
    Returns:
        number of lines that do not fit.
    Reference: tests/support/naive_csv.py.
    """
    n_bytes, n_fields, n_faults = len(content), len(kinds), 0
    at, row = 0, 0
    while at < n_bytes:
        end = at
        while end < n_bytes and content[end] != _NEWLINE:
            end += 1
        stop = end - 1 if end > at and end < n_bytes and content[end - 1] == _RETURN else end
        n_commas = 0
        for i in range(at, stop):
            n_commas += content[i] == _COMMA
        fault = -1 if n_commas == n_fields - 1 else n_fields
        first = at
        for column in range(n_fields):
            if fault >= 0:
                break
            last = first
            while last < stop and content[last] != _COMMA:
                last += 1
            value = read_field(content, first, last, kinds[column], places)
            if value < 0:
                fault = column
            out_rows[column, row] = value
            first = last + 1
        if fault >= 0:
            if n_faults < len(out_faults):
                out_faults[n_faults, 0] = row
                out_faults[n_faults, 1] = fault
            n_faults += 1
        at, row = end + 1, row + 1
    return n_faults


@kernel
def read_field(
    content: NDArray[np.uint8], first: int, last: int, kind: int, places: NDArray[np.int64]
) -> int:
    """Value of the field in bytes first:last; -1 if it is not of its kind."""
    if kind == _LETTER:
        return int(places[content[first]]) if last - first == 1 else -1
    if kind == _MILLISECONDS:
        return read_milliseconds(content, first, last)
    value = read_digits(content, first, last, 16 if kind == _MASK else 10)
    return -1 if kind == _FLAG and (value > 1 or last - first > 1) else value


@kernel
def read_milliseconds(content: NDArray[np.uint8], first: int, last: int) -> int:
    """Nanoseconds of "123" or "123.456" milliseconds, exactly; -1 if the bytes are neither."""
    point = first
    while point < last and content[point] != _POINT:
        point += 1
    value = read_digits(content, first, point, 10)
    n_places = last - point - 1 if point < last else 0
    if value < 0 or value > _MILLISECONDS_AT_MOST or n_places > _PLACES_AT_MOST:
        return -1
    for _ in range(_PLACES_AT_MOST):
        value *= 10
    if point == last:
        return value
    part = read_digits(content, point + 1, last, 10)
    for _ in range(_PLACES_AT_MOST - n_places):
        part *= 10
    return value + part if part >= 0 else -1


@kernel
def read_digits(content: NDArray[np.uint8], first: int, last: int, base: int) -> int:
    """A number in base 10 or 16, hexadecimal digits in either case; -1 if the bytes are not one."""
    if not 1 <= last - first <= _DIGITS_AT_MOST:
        return -1
    value = 0
    for i in range(first, last):
        digit = int(content[i]) - 48
        if digit > 9:
            digit = (int(content[i]) | 32) - 87  # a is 10
            if digit < 10:
                return -1
        if digit < 0 or digit >= base:
            return -1
        value = value * base + digit
    return value


def _problem(
    name: str,
    lines: Sequence[bytes],
    row: int,
    column: int,
    fields: Sequence[Field],
    letters: Sequence[str],
) -> Problem:
    line = lines[row].removesuffix(b"\r")
    values = line.split(b",")
    if column == len(fields):
        is_cut = row == len(lines) - 1
        return Problem(
            where=f"{name}:{row + 1}",
            expected=f"{len(fields)} comma-separated fields",
            found=f"{len(values)} in {_quoted(line)}",
            fix="the file ends in mid-line: fetch it again"
            if is_cut
            else "mend or remove the line",
        )
    field = fields[column]
    choices = f" ({', '.join(letters)})" if field.kind is Kind.LETTER else ""
    return Problem(
        where=f"{name}:{row + 1}",
        expected=f"{field.name} to be {_WORDS[field.kind]}{choices}",
        found=f"{_quoted(values[column])} in {_quoted(line)}",
        fix="mend or remove the line, or pass the file that is meant",
    )


def _and_more(problem: Problem, n_more: int) -> Problem:
    return Problem(
        where=problem.where,
        expected=problem.expected,
        found=f"{problem.found}, and {n_more:,} more such lines",
        fix=problem.fix,
    )


def _check_order(name: str, field: str, times_ns: NDArray[np.int64]) -> None:
    back = np.flatnonzero(times_ns[1:] < times_ns[:-1])
    if not len(back):
        return
    row = int(back[0]) + 1
    more = f", and {len(back) - 1:,} more such lines" if len(back) > 1 else ""
    raise TapeError.one(
        where=f"{name}:{row + 1}",
        expected=f"{field} of at least {times_ns[row - 1] / NS_PER_MS:.15g}, as the line before",
        found=f"{times_ns[row] / NS_PER_MS:.15g}{more}",
        fix="sort the file by time; a file joined from two days is two files",
    )


def _quoted(text: bytes) -> str:
    shown = text[:60].decode("ascii", "backslashreplace")
    return f"'{shown}…'" if len(text) > 60 else f"'{shown}'"
