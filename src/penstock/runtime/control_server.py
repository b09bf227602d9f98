"""The server's end of the control socket: lines in, requests to the engine, answers out."""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Final

from penstock._control_line import MAX_LINE_BYTES, socket_address
from penstock.domain import ConfigError, reason_of
from penstock.routing import Policy
from penstock.runtime.control import (
    Answer,
    Do,
    Request,
    answer_line,
    read_request,
    refusal,
)
from penstock.runtime.inbox import Asked, Fatal, InboxLike

_OWNER_ONLY: Final = 0o177  # bits taken away from a new file: what is left is 0600
_MAX_CONNECTIONS: Final = 64  # one more, and the one that has been idle for the longest goes
_MAX_PENDING: Final = 16  # requests of a connection that are not answered yet; then it is not read
_MAX_UNWRITTEN: Final = 1 << 18  # bytes that a connection has not taken; then it is not read
_PATIENCE_S: Final = 10.0  # for a connection that takes nothing of what was written
_LOOK_S: Final = 1.0


class _Connection:
    """One operator's connection: what is not yet read, answered or written."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.unread = b""
        self.unwritten = b""
        self.n_pending = 0
        self.active_s = time.monotonic()

    @property
    def may_ask(self) -> bool:
        """Whether another request is taken from it now."""
        return self.n_pending < _MAX_PENDING and len(self.unwritten) < _MAX_UNWRITTEN


class ControlServer:
    """
    Answers on `path`, mode 0600, from a thread of its own.

    The thread does all but the answers, which the engine's thread gives; they come back through a
    queue and a byte on a socket of our own.

    Promises:
        what waits for one connection is bounded: a script that asks and never reads is not read
            any more, and is hung up on when it takes nothing for ten seconds;
        connections are bounded, and a new one always gets in: the most idle one makes room;
        nothing that one connection sends delays another's request by more than a few lines.

    Args:
        find_model: the policy for a model's reference, or why there is none; called on a thread
            that delays nothing, for one request at a time.
    Raises:
        ConfigError: the socket cannot be made.
    """

    def __init__(
        self, path: Path, inbox: InboxLike, find_model: Callable[[str], Policy | str]
    ) -> None:
        self._inbox, self._find_model = inbox, find_model
        self._path = path
        self._listener = _listen(path)
        self._bell, self._rung = socket.socketpair()
        self._bell.setblocking(False)
        self._rung.setblocking(False)
        self._answers: SimpleQueue[tuple[int, Answer]] = SimpleQueue()
        self._connections: dict[int, _Connection] = {}
        self._n_connections = 0
        self._is_finding_model = False
        self._is_stopping = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._rung, selectors.EVENT_READ, self._hand_out)
        self._thread = Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """From here on requests are taken."""
        self._thread.start()

    def close(self) -> None:
        """Hang up, and take the socket away."""
        self._is_stopping = True
        self._ring()
        if self._thread.is_alive():
            self._thread.join()
        for connection in self._connections.values():
            connection.end.close()
        for end in (self._listener, self._bell, self._rung):
            end.close()
        self._selector.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        try:
            while not self._is_stopping:
                for key, _ in self._selector.select(_LOOK_S):
                    key.data()
                self._drop_stuck()
        except BaseException as error:  # noqa: BLE001 - without a brake nothing may go on
            self._inbox.put(Fatal("control thread", error))

    def _accept(self) -> None:
        for _ in range(_MAX_CONNECTIONS):
            try:
                end, _ = self._listener.accept()
            except OSError:
                return  # no more, gone again, or no descriptor is free
            self._admit(end)

    def _admit(self, end: socket.socket) -> None:
        if len(self._connections) >= _MAX_CONNECTIONS:
            self._hang_up(min(self._connections, key=lambda n: self._connections[n].active_s))
        end.setblocking(False)
        self._n_connections += 1
        self._connections[self._n_connections] = _Connection(end)
        self._watch(self._n_connections)

    def _watch(self, number: int) -> None:
        """Wait for what can happen now on a connection: for nothing, if it has had too much."""
        connection = self._connections[number]
        end = connection.end
        reads = selectors.EVENT_READ if connection.may_ask else 0
        events = reads | (selectors.EVENT_WRITE if connection.unwritten else 0)
        is_watched = end in self._selector.get_map()
        if not events:
            if is_watched:
                self._selector.unregister(end)
        elif is_watched:
            self._selector.modify(end, events, partial(self._ready, number))
        else:
            self._selector.register(end, events, partial(self._ready, number))

    def _ready(self, number: int) -> None:
        # The same round of the selector may have hung up already, while handing out an answer.
        if number in self._connections and self._connections[number].unwritten:
            self._write(number)
        connection = self._connections.get(number)
        if connection is None:
            return
        if connection.may_ask:
            try:
                piece = connection.end.recv(MAX_LINE_BYTES)
            except BlockingIOError:
                return
            except OSError:
                piece = b""
            if not piece:
                self._hang_up(number)
                return
            connection.active_s = time.monotonic()
            connection.unread += piece
        self._take_lines(number)

    def _take_lines(self, number: int) -> None:
        """Take requests for as long as the connection may ask, then wait for what is next."""
        connection = self._connections[number]
        while b"\n" in connection.unread and connection.may_ask:
            line, _, connection.unread = connection.unread.partition(b"\n")
            self._take(number, connection, line)
        if len(connection.unread) > MAX_LINE_BYTES and b"\n" not in connection.unread:
            self._hang_up(number)
        elif connection.unwritten:
            self._write(number)
        else:
            self._watch(number)

    def _take(self, number: int, connection: _Connection, line: bytes) -> None:
        request = read_request(line)
        if isinstance(request, str):
            connection.unwritten += answer_line(refusal(request))
            return
        answer = partial(self._answer, number)
        connection.n_pending += 1
        if request.do is not Do.USE_MODEL:
            self._inbox.put(Asked(request, answer))
        elif self._is_finding_model:
            answer(refusal("another model is being loaded. Fix: try again in a second"))
        else:
            self._is_finding_model = True
            Thread(target=self._use_model, args=(request, answer), daemon=True).start()

    def _use_model(self, request: Request, answer: Callable[[Answer], None]) -> None:
        try:
            policy = self._find_model(request.model)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a file is an answer
            policy = f"{type(error).__name__}: {error}"
        self._is_finding_model = False
        if isinstance(policy, str):
            answer(refusal(policy))
        else:
            self._inbox.put(Asked(request, answer, policy))

    def _answer(self, number: int, answer: Answer) -> None:
        """From any thread."""
        self._answers.put((number, answer))
        self._ring()

    def _ring(self) -> None:
        with suppress(OSError):  # full: it has been rung often enough; closed: nobody waits
            self._bell.send(b"!")

    def _hand_out(self) -> None:
        with suppress(BlockingIOError):
            self._rung.recv(4_096)
        while not self._answers.empty():
            number, answer = self._answers.get()
            connection = self._connections.get(number)
            if connection is not None:
                connection.n_pending -= 1
                connection.unwritten += answer_line(answer)
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
        if n_sent:
            connection.active_s = time.monotonic()
        connection.unwritten = connection.unwritten[n_sent:]
        if b"\n" in connection.unread and connection.may_ask and not connection.unwritten:
            self._take_lines(number)
        else:
            self._watch(number)

    def _drop_stuck(self) -> None:
        """Hang up on connections that take nothing of what they asked for."""
        long_ago_s = time.monotonic() - _PATIENCE_S
        for number, connection in list(self._connections.items()):
            if connection.unwritten and connection.active_s < long_ago_s:
                self._hang_up(number)

    def _hang_up(self, number: int) -> None:
        connection = self._connections.pop(number)
        if connection.end in self._selector.get_map():
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
        listener.listen(1_024)
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
