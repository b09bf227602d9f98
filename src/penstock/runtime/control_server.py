"""The server's end of the control socket: lines in, requests to the engine, answers out."""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from penstock.domain import ConfigError, reason_of
from penstock.routing import Policy
from penstock.runtime.control import (
    MAX_LINE_BYTES,
    Answer,
    Do,
    Request,
    answer_line,
    read_request,
    refusal,
    socket_address,
)
from penstock.runtime.inbox import Asked, Inbox

_OWNER_ONLY = 0o177  # bits taken away from a new file: what is left is 0600


class _Connection:
    """One operator's connection, and what is not yet read or written."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.unread = b""
        self.unwritten = b""


class ControlServer:
    """
    Answers on `path`, mode 0600, for as long as somebody calls `on_ready` when it is.

    One thread calls everything but the answers, which the engine's thread gives; they come back
    through a queue and a byte on a socket of our own.

    Args:
        find_model: the policy for a model's reference, or why there is none; may take a while.
    Raises:
        ConfigError: the socket cannot be made.
    """

    def __init__(self, path: Path, inbox: Inbox, find_model: Callable[[str], Policy | str]) -> None:
        self._inbox, self._find_model = inbox, find_model
        self._path = path
        self._listener = _listen(path)
        self._bell, self._rung = socket.socketpair()
        self._rung.setblocking(False)
        self._answers: SimpleQueue[tuple[int, Answer]] = SimpleQueue()
        self._connections: dict[int, _Connection] = {}
        self._n_connections = 0
        self._selector: selectors.BaseSelector | None = None

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have our sockets watched; `data` of each is what to call when it is ready."""
        self._selector = selector
        selector.register(self._listener, selectors.EVENT_READ, self._accept)
        selector.register(self._rung, selectors.EVENT_READ, self._hand_out)

    def close(self) -> None:
        """Hang up, and take the socket away."""
        for connection in self._connections.values():
            connection.end.close()
        for end in (self._listener, self._bell, self._rung):
            end.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            end, _ = self._listener.accept()
        except OSError:
            return  # gone again
        end.setblocking(False)
        self._n_connections += 1
        number = self._n_connections
        self._connections[number] = _Connection(end)
        self._watch(number, selectors.EVENT_READ)

    def _watch(self, number: int, events: int) -> None:
        assert self._selector is not None, "not registered"
        end = self._connections[number].end
        call = partial(self._ready, number)
        if end in self._selector.get_map():
            self._selector.modify(end, events, call)
        else:
            self._selector.register(end, events, call)

    def _ready(self, number: int) -> None:
        # The same round of the selector may have hung up already, while handing out an answer.
        if number in self._connections and self._connections[number].unwritten:
            self._write(number)
        connection = self._connections.get(number)
        if connection is None:
            return
        try:
            piece = connection.end.recv(MAX_LINE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._hang_up(number)
            return
        if not piece:
            self._hang_up(number)
            return
        connection.unread += piece
        while b"\n" in connection.unread and number in self._connections:
            line, _, connection.unread = connection.unread.partition(b"\n")
            self._take(number, line)
        if len(connection.unread) > MAX_LINE_BYTES and number in self._connections:
            self._hang_up(number)

    def _take(self, number: int, line: bytes) -> None:
        request = read_request(line)
        if isinstance(request, str):
            self._answer(number, refusal(request))
            return
        policy = self._model(request)
        if isinstance(policy, str):
            self._answer(number, refusal(policy))
            return
        self._inbox.put(Asked(request, partial(self._answer, number), policy))

    def _model(self, request: Request) -> Policy | str | None:
        return self._find_model(request.model) if request.do is Do.USE_MODEL else None

    def _answer(self, number: int, answer: Answer) -> None:
        """From any thread."""
        self._answers.put((number, answer))
        self._bell.send(b"!")

    def _hand_out(self) -> None:
        try:
            self._rung.recv(4_096)
        except BlockingIOError:
            return
        while not self._answers.empty():
            number, answer = self._answers.get()
            if number in self._connections:
                self._connections[number].unwritten += answer_line(answer)
                self._write(number)

    def _write(self, number: int) -> None:
        connection = self._connections[number]
        try:
            n_sent = connection.end.send(connection.unwritten)
        except BlockingIOError:
            n_sent = 0
        except OSError:
            self._hang_up(number)
            return
        connection.unwritten = connection.unwritten[n_sent:]
        waits = selectors.EVENT_WRITE if connection.unwritten else 0
        self._watch(number, selectors.EVENT_READ | waits)

    def _hang_up(self, number: int) -> None:
        connection = self._connections.pop(number)
        assert self._selector is not None, "not registered"
        self._selector.unregister(connection.end)
        connection.end.close()


def _listen(path: Path) -> socket.socket:
    # The folder's lock is ours, so a socket that is there belongs to a router that was killed.
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(_OWNER_ONLY)
    try:
        with socket_address(path) as address:
            listener.bind(address)
        listener.listen(16)
    except OSError as error:
        listener.close()
        raise ConfigError.one(
            where=str(path),
            expected="a place for the control socket",
            found=reason_of(error),
            fix="choose another router.run_dir",
        ) from None
    finally:
        os.umask(before)
    listener.setblocking(False)
    return listener
