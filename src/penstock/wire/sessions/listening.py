"""
The way into QuickFIX's acceptor: a private socket, and the descriptors that come through it.

QuickFIX listens on every interface of the machine, cannot be told otherwise, and reads the first
message of a new connection on the thread that serves all. So it is given a port that nobody needs,
and its listening socket is then replaced, under the same descriptor, by one that this process alone
can reach. A connection that has proven itself is handed over by calling there, and putting its
socket under the descriptor that QuickFIX has accepted: from then on nothing stands between them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_BACKLOG: Final = 128
_DESCRIPTORS: Final = Path("/dev/fd")  # this process's open descriptors, on Linux and macOS
_LOOPBACK: Final = "127.0.0.1"
_WAKE_S: Final = 1.0
_PREFIX: Final = "entrance-"
_MAX_PATH: Final = 70  # a socket's name may have about 100 bytes
_ACCEPTED_S: Final = 2.0
_LOOK_AGAIN_S: Final = 0.001


class Entrance:
    """
    QuickFIX's listening socket, private to this process.

    Args:
        store_dir: where its name in the file system is put, if that is short enough for a socket;
            what a killed process left there is removed.
    """

    def __init__(self, store_dir: Path) -> None:
        # Bound but not listening: QuickFIX can listen there, and nobody else gets it meanwhile.
        self._reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind((_LOOPBACK, 0))
        self.stand_in_port: int = self._reserved.getsockname()[1]
        self._folder = _private_folder(store_dir)
        self.address = str(self._folder / "in")
        self._n_callers = 0

    def take_over(self) -> bool:
        """Put our socket in place of QuickFIX's; False as long as that does not listen yet."""
        descriptor = _find(lambda candidate: _listens_on(candidate, self.stand_in_port))
        if descriptor is None:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as ours:
            ours.bind(self.address)
            ours.listen(_BACKLOG)
            ours.setblocking(False)  # a caller that hangs up at once must not hold up its thread
            os.dup2(ours.fileno(), descriptor, inheritable=False)
        self._wake()
        return True

    def hand_over(self, connection: socket.socket) -> bool:
        """Give QuickFIX a connection with its unread bytes; False if that does not take it."""
        connection.setblocking(False)
        with contextlib.suppress(OSError):  # not every kind of socket has it
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._n_callers += 1
        name = str(self._folder / str(self._n_callers))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.settimeout(_WAKE_S)
            try:
                caller.bind(name)
                caller.connect(self.address)
            except OSError:
                return False
            accepted = _wait_for(lambda candidate: _is_called_by(candidate, name))
            if accepted is not None:
                os.dup2(connection.fileno(), accepted, inheritable=False)
                # QuickFIX may be waiting on the old socket: this ends the wait, and it reads ours.
                with contextlib.suppress(OSError):
                    caller.send(b"\n")
        Path(name).unlink(missing_ok=True)
        return accepted is not None

    def close(self) -> None:
        """Leave no trace: QuickFIX goes on with its own descriptors."""
        self._reserved.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wake(self) -> None:
        """Make QuickFIX look at our socket now: it may be waiting on the old one for a second."""
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller,
        ):
            caller.settimeout(_WAKE_S)
            caller.connect(self.address)
            with contextlib.suppress(OSError):  # QuickFIX does not wait, so nobody listens there
                socket.create_connection((_LOOPBACK, self.stand_in_port), _WAKE_S).close()
            caller.shutdown(socket.SHUT_WR)
            caller.recv(1)


def _private_folder(store_dir: Path) -> Path:
    """A folder that only its owner may enter."""
    prefix = f"{_PREFIX}{os.getpid()}-"
    if len(str(store_dir.absolute())) <= _MAX_PATH:
        with contextlib.suppress(OSError):
            store_dir.mkdir(parents=True, exist_ok=True)
            for left in store_dir.glob(f"{_PREFIX}*"):
                if not _is_running(left.name.removeprefix(_PREFIX).partition("-")[0]):
                    shutil.rmtree(left, ignore_errors=True)
            return Path(tempfile.mkdtemp(prefix=prefix, dir=store_dir)).absolute()
    return Path(tempfile.mkdtemp(prefix=f"penstock-{prefix}"))


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _wait_for(is_it: Callable[[socket.socket], bool]) -> int | None:
    give_up_s = time.monotonic() + _ACCEPTED_S
    while (descriptor := _find(is_it)) is None and time.monotonic() < give_up_s:
        time.sleep(_LOOK_AGAIN_S)
    return descriptor


def _find(is_it: Callable[[socket.socket], bool]) -> int | None:
    for entry in _DESCRIPTORS.iterdir():
        with contextlib.suppress(OSError):  # no socket, or closed meanwhile
            descriptor = int(entry.name)
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                candidate = socket.socket(fileno=descriptor)
                try:
                    if is_it(candidate):
                        return descriptor
                finally:
                    candidate.detach()  # it is not ours to close
    return None


def _listens_on(candidate: socket.socket, port: int) -> bool:
    is_listening = bool(candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    if not is_listening or candidate.family is not socket.AF_INET:
        return False
    return bool(candidate.getsockname()[1] == port)


def _is_called_by(candidate: socket.socket, name: str) -> bool:
    return candidate.family is socket.AF_UNIX and bool(candidate.getpeername() == name)
