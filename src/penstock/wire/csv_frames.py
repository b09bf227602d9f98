"""CSV files with a header, or with columns known by place, as text; damage is one error."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import polars as pl

from penstock.domain import Problem, TapeError
from penstock.wire.unpacking import NamedBytes


def read_frame(
    file: NamedBytes, columns: Sequence[str], *, separator: str = ",", has_header: bool = True
) -> pl.DataFrame:
    """
    These columns of an unpacked file, all of them as text.

    Args:
        columns: those that must be in the header; without one, all columns, left to right.
    Raises:
        TapeError: no line, a line with another number of fields, a column that is missing.
    """
    try:
        frame = pl.read_csv(
            io.BytesIO(file.data),
            has_header=has_header,
            separator=separator,
            infer_schema=False,
            quote_char=None,
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        said = str(error).split("\n", maxsplit=1)[0]
        raise TapeError.one(
            where=file.name,
            expected=f"lines of fields with {separator!r} between them",
            found=said[:120],
            fix="fetch the file again; a line cut at the end is a file cut short",
        ) from None
    if not has_header:
        if frame.width != len(columns):
            raise TapeError.one(
                where=f"{file.name}:1",
                expected=f"{len(columns)} fields: {', '.join(columns)}",
                found=f"{frame.width}",
                fix="pass a file of the format that the option names",
            )
        return frame.rename(dict(zip(frame.columns, columns, strict=True)))
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise TapeError.one(
            where=f"{file.name}:1",
            expected=f"a header with the columns {', '.join(columns)}",
            found=f"none called {', '.join(missing)}",
            fix="pass a file of the format that the option names, with its header",
        )
    if frame.is_empty():
        raise TapeError.one(
            where=file.name,
            expected="at least one line after the header",
            found="none",
            fix="fetch it again",
        )
    return frame.select(columns)


def parsed(
    frame: pl.DataFrame, types: Mapping[str, pl.DataType], name: str, *, first_line: int
) -> pl.DataFrame:
    """
    The frame with these columns as numbers; an empty field is null.

    Args:
        first_line: of the file, counted from 1, that the first row stands on.
    Raises:
        TapeError: fields that are no such number, the first of each column.
    """
    frame = frame.with_columns(
        pl.when(pl.col(column) == "").then(None).otherwise(pl.col(column)).alias(column)
        for column in types
    )
    numbers = frame.with_columns(
        pl.col(column).cast(kind, strict=False) for column, kind in types.items()
    )
    problems = []
    for column, kind in types.items():
        is_bad = numbers[column].is_null() & frame[column].is_not_null()
        if is_bad.any():
            row = int(is_bad.arg_true()[0])
            problems.append(
                Problem(
                    where=f"{name}:{row + first_line}",
                    expected=f"{column} to be a number ({kind})",
                    found=f"{frame[column][row]!r}, and {int(is_bad.sum()) - 1:,} more such lines",
                    fix="mend or remove the line, or pass the file that is meant",
                )
            )
    if problems:
        raise TapeError(problems)
    return numbers
