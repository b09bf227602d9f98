"""A log of JSON lines that a killed process has not lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec


class LinesLog:
    """
    Appends one JSON object a line, each with one write call: what `add` was given is in the file
    when it returns, whatever happens to the process after that.

    A log that is there already is gone on with; a last line that a kill cut short is removed.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        _cut_torn_end(self._fd)
        self._encoder = msgspec.json.Encoder()

    def add(self, line: dict[str, Any]) -> None:
        """Write one line down."""
        os.write(self._fd, self._encoder.encode(line) + b"\n")

    def close(self) -> None:
        """No more lines."""
        os.close(self._fd)


def _cut_torn_end(descriptor: int) -> None:
    """A new line behind half a line would be lost with it."""
    n_bytes = os.fstat(descriptor).st_size
    n_kept = n_bytes
    while n_kept and os.pread(descriptor, 1, n_kept - 1) != b"\n":
        n_kept -= 1
    if n_kept < n_bytes:
        os.ftruncate(descriptor, n_kept)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line; a last one without its end was cut short by a kill and is left out."""
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield msgspec.json.decode(line)
