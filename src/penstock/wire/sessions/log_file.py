"""The log of what sessions sent and received, written by a thread that delays none of them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from pathlib import Path
from typing import BinaryIO, Final

from penstock.wire.fix.values import time_text

_EVERY_S: Final = 0.2
_MAX_WAITING: Final = 100_000  # lines; beyond, the newest are dropped and counted
_MAX_BYTES: Final = 256 * 2**20  # then a new file is begun; the one before it is kept


class LogWriter:
    """
    Writes the lines of several files every fifth of a second.

    A line costs its caller an append. A process that is killed loses the last fifth of a second,
    and a disk that is full loses lines; their number is written when there is room again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: deque[tuple[str, int, str]] = deque()
        self._n_dropped = 0
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._serve, name="fix-log", daemon=True)
        self._thread.start()

    def add(self, name: str, text: str) -> None:
        """Put a line into the file of that name; any thread may."""
        if len(self._lines) < _MAX_WAITING:
            self._lines.append((name, time.time_ns(), text))
        else:
            self._n_dropped += 1

    def stop(self) -> None:
        """Write what is waiting and end."""
        self._is_over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _serve(self) -> None:
        while not self._is_over.wait(_EVERY_S):
            self._write()
        self._write()

    def _write(self) -> None:
        if not self._lines:
            return
        by_name: dict[str, list[bytes]] = {}
        for _ in range(len(self._lines)):
            name, at_ns, text = self._lines.popleft()
            line = f"{time_text(at_ns)} : {text}\n".encode("utf-8", "surrogateescape")
            by_name.setdefault(name, []).append(line)
        if self._n_dropped:
            n_dropped, self._n_dropped = self._n_dropped, 0
            next(iter(by_name.values())).append(f"{n_dropped} lines dropped\n".encode())
        for name, lines in by_name.items():
            try:
                with self._file(name) as file:
                    file.write(b"".join(lines))
            except OSError:
                self._n_dropped += len(lines)

    def _file(self, name: str) -> BinaryIO:
        path = self._folder / name
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size > _MAX_BYTES:
                path.replace(path.with_suffix(".old.log"))
        return path.open("ab")


class LogFile:
    """The two files of one session: its messages and its events; without a writer, neither."""

    def __init__(self, writer: LogWriter | None, session: str) -> None:
        prefix = session.replace(":", "-").replace("->", "-") or "GLOBAL"
        self._writer = writer
        self._messages = f"{prefix}.messages.current.log"
        self._events = f"{prefix}.event.current.log"

    def message(self, text: str) -> None:
        """A text that came or went."""
        if self._writer is not None:
            self._writer.add(self._messages, text)

    def event(self, text: str) -> None:
        """Something that happened."""
        if self._writer is not None:
            self._writer.add(self._events, text)
