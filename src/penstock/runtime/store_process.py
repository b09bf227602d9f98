"""The store writer: a process of its own that tails the journal, started and watched from here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Final

from penstock.domain import AlertLevel
from penstock.runtime.inbox import InboxLike, Notice

_RESTART_S: Final = (1.0, 5.0, 30.0)  # waits before it is started again; the last one from then on
_STOP_S: Final = 20.0


class StoreProcess:
    """
    Keeps a writer running. It follows the journal, so the router waits for it never, and loses
    nothing by its death: the next one goes on where it had committed.

    Args:
        database: empty for no writer at all.
    """

    def __init__(self, journal: Path, database: str, inbox: InboxLike, log: Path) -> None:
        self._command = [
            *(sys.executable, "-m", "penstock.cli", "store", str(journal)),
            *("--database", database),
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
        """Start it, if it is wanted. A machine that cannot is told about, and tried again."""
        if not self._is_wanted:
            return
        try:
            self._process = self._popen("--follow", "--parent-pid", str(os.getpid()))
        except OSError as error:
            self._try_later(f"cannot be started: {error}")

    def look_after(self) -> None:
        """Call now and then: one that has died is started again, after a while."""
        if self._process is not None and self._process.poll() is not None:
            self._try_later(f"ended with status {self._process.returncode}")
        elif self._process is None and 0.0 < self._start_at_s <= time.monotonic():
            self.start()

    def stop(self, say: Callable[[str], None]) -> None:
        """
        After the journal is closed: let it write the rest, and wait for it.

        One that was dead, or dies of the signal before it can handle it, is started once more: the
        next run follows a journal of its own and would never read the end of this one.
        """
        if not self._is_wanted:
            return
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            if not _ends(process, say) or process.returncode == 0:
                return
        try:
            again = self._popen()
        except OSError as error:
            say(f"the store writer cannot be started: {error}; `penstock store` writes the rest")
            return
        if _ends(again, say) and again.returncode != 0:
            say(f"the store writer ended with status {again.returncode}; its words: {self._log}")

    def _popen(self, *more: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own program, our own arguments
                [*self._command, *more],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C for the router is not one for the writer
            )

    def _try_later(self, what: str) -> None:
        wait_s = _RESTART_S[min(self._n_deaths, len(_RESTART_S) - 1)]
        self._tell(f"{what}; again in {wait_s:g} s")
        self._process = None
        self._n_deaths += 1
        self._start_at_s = time.monotonic() + wait_s

    def _tell(self, text: str) -> None:
        notice = Notice(AlertLevel.WARNING, "store_writer", f"{text}; its words: {self._log}")
        self._inbox.put(notice)


class StoreProcesses:
    """
    The writer of the running day's journal; that of the day before ends beside it, by itself.

    Args:
        database: empty for no writer at all.
    """

    def __init__(
        self, database: str, inbox: InboxLike, log: Path, say: Callable[[str], None]
    ) -> None:
        self._database, self._inbox, self._log, self._say = database, inbox, log, say
        self._process: StoreProcess | None = None
        self._ending: list[Thread] = []

    @property
    def pid(self) -> int | None:
        """Of the writer that runs now; None if none does."""
        return None if self._process is None else self._process.pid

    def follow(self, journal: Path) -> None:
        """Write this journal from now on; the one before has all that it will have."""
        self._end()
        process = StoreProcess(journal, self._database, self._inbox, self._log)
        process.start()
        self._process = process

    def look_after(self) -> None:
        """Call now and then: a writer that has died is started again, after a while."""
        if self._process is not None:
            self._process.look_after()

    def stop(self) -> None:
        """After the journal is closed: let every writer write the rest, and wait for it."""
        self._end()
        for thread in self._ending:
            thread.join()

    def _end(self) -> None:
        before, self._process = self._process, None
        if before is not None:
            thread = Thread(target=before.stop, args=(self._say,), name="store writer's end")
            self._ending = [t for t in self._ending if t.is_alive()] + [thread]
            thread.start()


def _ends(process: subprocess.Popen[bytes], say: Callable[[str], None]) -> bool:
    """Wait for its end; says so if it takes too long."""
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        say(f"the store writer, pid {process.pid}, is still writing; it ends by itself")
        return False
    return True
