"""
A listening socket where the configuration says, in the hands of QuickFIX.

QuickFIX listens on every interface of the machine and cannot be told otherwise. Whoever reaches the
port can speak as any client whose name he knows, so that will not do. It is therefore given a port
that nobody needs, and its listening socket is then replaced, under the same descriptor, by ours.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path
from typing import Final

from penstock.domain import ConfigError

_BACKLOG: Final = 128
_DESCRIPTORS: Final = Path("/dev/fd")  # this process's open descriptors, on Linux and macOS
_LOOPBACK: Final = "127.0.0.1"
_WAKE_S: Final = 1.0


class Listener:
    """Our listening socket, and a port that stands in for it until QuickFIX has it."""

    def __init__(self) -> None:
        self._ours: socket.socket | None = None
        # Bound but not listening: QuickFIX can listen there, and nobody else gets it meanwhile.
        self._reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind((_LOOPBACK, 0))
        self.stand_in_port: int = self._reserved.getsockname()[1]

    def open(self, host: str, port: int) -> int:
        """
        Listen; returns the port, which 0 leaves to the system.

        Raises:
            ConfigError: nothing can listen there.
        """
        assert self._ours is None, "listening already"
        self._ours = _listen(host, port)
        opened: int = self._ours.getsockname()[1]
        return opened

    def hand_over(self) -> bool:
        """Put our socket in place of QuickFIX's; False as long as that does not listen yet."""
        assert self._ours is not None, "not listening"
        descriptor = _listening_descriptor(self.stand_in_port)
        if descriptor is None:
            return False
        os.dup2(self._ours.fileno(), descriptor, inheritable=False)
        self._wake()
        return True

    def close(self) -> None:
        """Close what is ours: after `hand_over`, QuickFIX goes on with its own descriptor."""
        self._reserved.close()
        if self._ours is not None:
            self._ours.close()

    def _wake(self) -> None:
        """
        Make QuickFIX look at our socket now: it may be waiting on the old one for another second.

        A caller at the old socket makes the system look again, and a caller at ours, who must be
        there first, makes that look end the wait. He is gone before anybody else can call: QuickFIX
        may take a newcomer for one that has just hung up.
        """
        assert self._ours is not None, "not listening"
        with (
            contextlib.suppress(OSError),
            socket.create_connection(self._ours.getsockname(), _WAKE_S) as caller,
        ):
            with contextlib.suppress(OSError):  # QuickFIX does not wait, so nobody listens there
                socket.create_connection((_LOOPBACK, self.stand_in_port), _WAKE_S).close()
            caller.shutdown(socket.SHUT_WR)
            caller.recv(1)


def _listen(host: str, port: int) -> socket.socket:
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigError.one(
            where=f"FIX acceptor {host}:{port}",
            expected="a free port at an IPv4 address of this machine",
            found=_reason(error),
            fix=f"end the program that listens there (ss -ltnp 'sport = :{port}'), or choose "
            "another address",
        ) from error
    listening.setblocking(False)  # a caller that hangs up at once must not hold up the FIX thread
    return listening


def _reason(error: OSError) -> str:
    # Python adds the address to the text; names that do not resolve have negative numbers.
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error)


def _listening_descriptor(port: int) -> int | None:
    for entry in _DESCRIPTORS.iterdir():
        with contextlib.suppress(OSError):  # no socket, or closed meanwhile
            if _is_listening_on(port, int(entry.name)):
                return int(entry.name)
    return None


def _is_listening_on(port: int, descriptor: int) -> bool:
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return False
    candidate = socket.socket(fileno=descriptor)
    try:
        is_listening = bool(candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        return is_listening and candidate.getsockname()[1] == port
    finally:
        candidate.detach()  # it is not ours to close
