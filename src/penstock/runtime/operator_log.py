"""Lines for operators: to a rotated file and to stderr, through bounded queues, never blocking."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, current_thread, main_thread
from typing import Final

from penstock.domain import InputError

_MAX_WAITING: Final = 10_000  # lines
_CLOSE_S: Final = 2.0
STDERR: Final = 2
MAX_BYTES: Final = 10_000_000
FILES: Final = 10


class RotatedFile:
    """
    Appends to a file; when that is full, it becomes NAME.1, NAME.1 becomes NAME.2, and so on.

    A disk that is full or gone costs lines and nothing else: `write` raises OSError, and the next
    one tries again.
    """

    def __init__(self, path: Path, max_bytes: int, n_files: int) -> None:
        self._path, self._max_bytes, self._n_files = path, max_bytes, n_files
        self._descriptor = -1
        self._n_bytes = 0

    def write(self, data: bytes) -> None:
        """Append whole lines."""
        if self._descriptor < 0:
            self._open()
        if self._n_bytes and self._n_bytes + len(data) > self._max_bytes:
            self._rotate()
        while data:
            n_written = os.write(self._descriptor, data)
            self._n_bytes += n_written
            data = data[n_written:]

    def reopen(self) -> None:
        """Go on in a file of this name: another program may have moved the old one away."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._descriptor = os.open(self._path, flags, 0o600)
        self._n_bytes = os.fstat(self._descriptor).st_size

    def _rotate(self) -> None:
        self.reopen()
        for k in range(self._n_files - 1, 0, -1):
            older = self._path if k == 1 else self._numbered(k - 1)
            with suppress(FileNotFoundError):
                older.replace(self._numbered(k))
        if self._n_files == 1:
            self._path.unlink(missing_ok=True)
        self._open()

    def _numbered(self, k: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{k}")


class Drain:
    """
    A bounded queue of lines and a daemon thread that writes them: what is too much is counted.

    Args:
        write: may block for ever and may raise OSError; neither reaches the threads that log.
    """

    def __init__(self, name: str, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._n_dropped = 0  # since the last line that was written
        self._thread = Thread(target=self._run, name=f"log-{name}", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Have a line written, if there is room; any thread may, and none waits."""
        if self._lines.qsize() >= _MAX_WAITING:
            self._n_dropped += 1
        else:
            self._lines.put(line)

    def close(self, until_s: float) -> bool:
        """Wait for what is queued to be written, no longer than until then; True if it was."""
        self._lines.put(None)
        self._thread.join(max(0.0, until_s - time.monotonic()))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            n_dropped, self._n_dropped = self._n_dropped, 0
            data = f"{line}\n".encode(errors="replace")
            if n_dropped:
                data = f"… {n_dropped:,} lines dropped\n".encode() + data
            try:
                self._write(data)
            except (OSError, ValueError):
                self._n_dropped += n_dropped + 1


class OperatorLog:
    """
    What operators are told: `say` takes a line from any thread, never blocks and never raises.

    A file that cannot be written, a pipe that is not read or whose reader has gone, a terminal that
    was closed: each costs lines of its own, which are counted, and nothing else.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, n_files: int = FILES) -> None:
        self._file = RotatedFile(path, max_bytes, n_files)
        self._wants_reopen = False
        self._drains = [Drain("file", self._to_file), Drain("stderr", _to_stderr)]

    def say(self, line: str) -> None:
        """Log a line."""
        for drain in self._drains:
            drain.put(line)

    def reopen(self) -> None:
        """Open the file anew with the next line; a signal handler may call this."""
        self._wants_reopen = True

    def close(self) -> None:
        """Write what is queued, for two seconds at most; a stderr that blocks is given up."""
        until_s = time.monotonic() + _CLOSE_S
        file_done, stderr_done = [drain.close(until_s) for drain in self._drains]
        if file_done:
            self._file.reopen()
        if not stderr_done:
            # What Python writes at its own end would hang there as well.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), STDERR)

    def _to_file(self, data: bytes) -> None:
        if self._wants_reopen:
            self._wants_reopen = False
            self._file.reopen()
        self._file.write(data)


def _to_stderr(data: bytes) -> None:
    # Not through sys.stderr: a thread that blocks while it holds that one's lock hangs the exit.
    while data:
        data = data[os.write(STDERR, data) :]


@contextmanager
def operator_log(
    path: Path, *, max_bytes: int = MAX_BYTES, n_files: int = FILES
) -> Iterator[Callable[[str], None]]:
    """
    A log for the time of a program; yields its `say`.

    SIGHUP has it open its file anew (so `logrotate` works), and ends nothing; SIGTTOU, which a
    background process gets from a terminal, stops nothing.
    """
    log = OperatorLog(path, max_bytes=max_bytes, n_files=n_files)
    before = {}
    if current_thread() is main_thread():
        before = {
            signal.SIGHUP: signal.signal(signal.SIGHUP, lambda *_: log.reopen()),
            signal.SIGTTOU: signal.signal(signal.SIGTTOU, signal.SIG_IGN),
        }
    try:
        yield log.say
    except InputError:
        raise  # printed by the command itself, with its fix
    except Exception:
        log.say(traceback.format_exc())
        raise
    finally:
        log.close()
        for number, handler in before.items():
            signal.signal(number, handler)
