"""Slow reference of `penstock.wire.csv_columns.scan_lines`: line by line, by regular expression."""

import re
from collections.abc import Sequence
from decimal import Decimal

from penstock.wire.csv_columns import Kind

SPELLINGS = {
    Kind.WHOLE: r"\d{1,15}",
    Kind.MILLISECONDS: r"\d{1,15}(\.\d{1,6})?",
    Kind.LETTER: r".",
    Kind.MASK: r"[0-9A-Fa-f]{1,15}",
    Kind.FLAG: r"[01]",
}


def value_of(text: str, kind: Kind, letters: Sequence[str]) -> int | None:
    """Value of a field, None if it is not of its kind."""
    if re.fullmatch(SPELLINGS[kind], text, re.ASCII) is None:
        return None
    if kind is Kind.LETTER:
        return letters.index(text) if text in letters else None
    if kind is Kind.MASK:
        return int(text, 16)
    if kind is Kind.MILLISECONDS:
        return int(Decimal(text) * 10**6) if Decimal(text) < 10**9 + 1 else None
    return int(text)


def parse(
    content: bytes, kinds: Sequence[Kind], letters: Sequence[str]
) -> tuple[list[list[int]], list[tuple[int, int]]]:
    """Values of the lines that fit, and (line, field) of those that do not."""
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    rows, faults = [], []
    for number, line in enumerate(lines):
        is_last = number == len(lines) - 1 and not content.endswith(b"\n")
        text = (line if is_last else line.removesuffix(b"\r")).decode("latin-1")
        fields = text.split(",")
        if len(fields) != len(kinds):
            faults.append((number, len(kinds)))
            continue
        values = [value_of(f, kind, letters) for f, kind in zip(fields, kinds, strict=True)]
        if None in values:
            faults.append((number, values.index(None)))
        else:
            rows.append([value for value in values if value is not None])
    return rows, faults
