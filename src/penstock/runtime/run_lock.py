"""One router at a time under one folder: a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from penstock.domain import ConfigError, reason_of


class RunLock:
    """
    Held from `__init__` to `close`; the kernel lets go of it when the process ends, however it
    ends. The file holds the process's number, for who finds it taken.

    Raises:
        ConfigError: another router holds it, or the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError.one(
                where=str(path),
                expected="a folder that can be written, for journals and sessions",
                found=reason_of(error),
                fix="choose another router.run_dir",
            ) from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise ConfigError.one(
                where=str(path),
                expected="no other router under this folder",
                found=f"one already running as pid {holder or '?'}",
                fix="stop it first, or choose another router.run_dir",
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
