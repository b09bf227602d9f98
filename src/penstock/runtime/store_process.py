"""The store writer: a process of its own that tails the journal, started and watched from here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from penstock.domain import AlertLevel
from penstock.runtime.inbox import Inbox, Notice

_RESTART_S: Final = (1.0, 5.0, 30.0)  # waits before it is started again; the last one from then on
_STOP_S: Final = 20.0


class StoreProcess:
    """
    Keeps a writer running. It follows the journal, so the router waits for it never, and loses
    nothing by its death: the next one goes on where it had committed.

    Args:
        database: empty for no writer at all.
    """

    def __init__(self, journal: Path, database: str, inbox: Inbox, log: Path) -> None:
        self._command = [
            *(sys.executable, "-m", "penstock.cli", "store", str(journal)),
            *("--database", database, "--follow", "--parent-pid", str(os.getpid())),
        ]
        self._is_wanted = bool(database)
        self._inbox, self._log = inbox, log
        self._process: subprocess.Popen[bytes] | None = None
        self._n_deaths = 0
        self._start_at_s = 0.0

    @property
    def pid(self) -> int | None:
        """Of the writer that runs now; None if none does."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it, if it is wanted."""
        if not self._is_wanted:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, our own arguments
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C for the router is not one for the writer
            )

    def look_after(self) -> None:
        """Call now and then: one that has died is started again, after a while."""
        if self._process is not None and self._process.poll() is not None:
            wait_s = _RESTART_S[min(self._n_deaths, len(_RESTART_S) - 1)]
            self._tell(f"ended with status {self._process.returncode}; again in {wait_s:g} s")
            self._process = None
            self._n_deaths += 1
            self._start_at_s = time.monotonic() + wait_s
        elif self._process is None and 0.0 < self._start_at_s <= time.monotonic():
            self.start()

    def stop(self, say: Callable[[str], None]) -> None:
        """After the journal is closed: let it write the rest, and wait for it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            say(f"the store writer, pid {process.pid}, is still writing; it ends by itself")

    def _tell(self, text: str) -> None:
        notice = Notice(AlertLevel.WARNING, "store_writer", f"{text}; its words: {self._log}")
        self._inbox.put(notice)
