"""Trace files: a script that broke a law, what it broke, and how to see it again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from penstock.domain import InputError, reason_of
from penstock.runtime.drill.acts import Script

VERSION: Final = 1


class TraceError(InputError):
    """A file is no trace of a drill."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """
    A day worth keeping. `law` and `text`: what was broken when it was found; `note`: what it shows.

    A trace of `tests/replay` must be played without a violation, to the same figures each time.
    """

    version: int = VERSION
    law: str
    text: str
    script: Script
    note: str = ""


def write_trace(trace: Trace, path: Path) -> None:
    """Write a trace, one act a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = msgspec.json.format(msgspec.json.encode(trace), indent=1).decode()
    path.write_text(f"{_one_act_a_line(data)}\n", encoding="utf-8")


def read_trace(path: Path) -> Trace:
    """
    The trace in a file.

    Raises:
        TraceError: it is none of this version.
    """
    try:
        trace = msgspec.json.decode(path.read_bytes(), type=Trace)
        if trace.version != VERSION:
            raise msgspec.ValidationError(f"version {trace.version}")
    except (OSError, msgspec.DecodeError) as error:
        raise TraceError.one(
            where=str(path),
            expected=f"a trace of `penstock drill`, version {VERSION}",
            found=reason_of(error) if isinstance(error, OSError) else str(error),
            fix="give a file that `penstock drill` wrote",
        ) from None
    return trace


def _one_act_a_line(text: str) -> str:
    """The JSON with everything that is nested deeper than the list of acts on one line."""
    lines: list[str] = []
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        if depth > 3 and lines:
            joint = "" if lines[-1].endswith("{") else " "
            lines[-1] += joint + line.strip()
        elif depth == 3 and line.strip() in ("}", "},"):
            lines[-1] += line.strip()
        else:
            lines.append(line)
    return "\n".join(lines)
