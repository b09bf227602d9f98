"""`penstock …` inside the test's own process: the entry point, its exit status, what it printed."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

from penstock.cli.main import EXIT_BAD_INPUT, main


class Ran(NamedTuple):
    """One call of the command line, finished."""

    status: int
    out: str
    err: str


def penstock(*args: object) -> Ran:
    """Run a command as the installed program would; an error that is not shown as one comes out."""
    out, err = io.StringIO(), io.StringIO()
    argv, sys.argv = sys.argv, ["penstock", *map(str, args)]
    status = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as stop:
        status = int(stop.code or 0)
    finally:
        sys.argv = argv
    return Ran(status, out.getvalue(), err.getvalue())


def refusal(*args: object) -> str:
    """What a command says that must refuse its input: one error, on stderr only, exit status 2."""
    ran = penstock(*args)

    assert ran.status == EXIT_BAD_INPUT, ran
    assert not ran.out, f"a refusal leaves nothing on stdout: {ran.out}"
    assert "Traceback" not in ran.err
    return ran.err
