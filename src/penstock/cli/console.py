"""What commands share on the terminal: progress on stderr, results on stdout."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# No markup: names may hold brackets. No wrapping: a path or a command that is cut cannot be copied.
# A file or a pipe has no width of its own: one in which no table of ours breaks its lines.
_WIDTH = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 120
out = Console(markup=False, highlight=False, soft_wrap=True, width=_WIDTH)
err = Console(markup=False, highlight=False, soft_wrap=True, stderr=True)


@contextmanager
def progress_bar(label: str, n_steps: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr; yields the function that moves it by one."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as progress:
        task = progress.add_task(label, total=n_steps)
        yield lambda: progress.advance(task)


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """A moving sign on stderr while something without steps goes on; one line where none moves."""
    if not err.is_terminal:
        err.print(label)
    with err.status(label):
        yield


def print_json(value: object) -> None:
    """One JSON object on stdout."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def machine() -> str:
    """The machine in words, for everything that is measured."""
    return (
        f"{os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def command_line() -> str:
    """The command as typed, to be shown with its results."""
    return "penstock " + " ".join(sys.argv[1:])


def default_workers() -> int:
    """As many as there are cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
