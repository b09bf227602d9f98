"""Starting a program that must not outlive the one that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def start_leashed(
    arguments: Sequence[str], log: Path, *, module: str = "penstock.cli"
) -> subprocess.Popen[bytes]:
    """
    Start `python -m MODULE ARGUMENTS` with its output in a file; by default that is `penstock`.

    It gets SIGTERM when the thread that called this ends, however that ends: on Linux by the
    kernel; elsewhere nobody tells it.
    """
    # As a file, apart from the package, which would be imported twice: -I keeps its neighbours out.
    command = [sys.executable, "-I", __file__, str(os.getpid()), module, *arguments]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # A Ctrl-C is for us, who then stop it in order: two signals would end it at once.
            start_new_session=True,
        )


def _become(parent_pid: int, module: str, arguments: Sequence[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_pid:
        return  # it ended before the leash was on
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
