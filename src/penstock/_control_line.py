"""One line to the router's control socket, and its answer: nothing but the standard library."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MAX_LINE_BYTES: Final = 65_536
SOCKET_NAME: Final = "control.sock"
_MAX_ADDRESS_BYTES: Final = 100  # the kernel's limit is 108, the terminating zero included
_AGAIN_S: Final = 0.002


def exchange(path: Path, line: bytes, timeout_s: float) -> bytes:
    """
    Send a line to a Unix socket and return the line that comes back.

    Raises:
        OSError: the socket is not there, or no answer comes within `timeout_s`.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        _connect(connection, path, time.monotonic() + timeout_s)
        connection.sendall(line)
        answer = b""
        while not answer.endswith(b"\n"):
            piece = connection.recv(MAX_LINE_BYTES)
            if not piece:
                raise ConnectionError("it closed the connection without an answer")
            answer += piece
        return answer


def _connect(connection: socket.socket, path: Path, until_s: float) -> None:
    """Connect; where others wait to be accepted, the kernel says so at once: try again."""
    with socket_address(path) as address:
        while True:
            try:
                connection.connect(address)
                return
            except BlockingIOError:
                if time.monotonic() > until_s:
                    raise TimeoutError("timed out") from None
                time.sleep(_AGAIN_S)


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """
    The address of a Unix socket, for as long as it takes to bind or connect.

    An address has room for 107 bytes. A longer path is reached through its folder's descriptor,
    which has a short name.
    """
    if len(os.fsencode(path)) <= _MAX_ADDRESS_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
