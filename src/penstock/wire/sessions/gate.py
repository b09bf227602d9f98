"""The port that counterparties call: who does not log on at once never reaches the FIX thread."""

from __future__ import annotations

import contextlib
import os
import re
import select
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from penstock.domain import ConfigError
from penstock.wire.fix import split
from penstock.wire.sessions.setup import SessionName
from penstock.wire.sessions.texts import SENDER_COMP_ID, TARGET_COMP_ID

_BACKLOG: Final = 256
_LOGON_S: Final = 3.0  # a counterparty says its logon in one piece, milliseconds after the call
_TAKEN_S: Final = 1.0  # a session whose connection has just ended may still look taken
_LOOK_AGAIN_S: Final = 0.05
_MAX_WAITING: Final = 128
_MAX_ACCEPTED: Final = 64  # in one go
_MAX_LOGON_BYTES: Final = 4_096
_START: Final = re.compile(rb"8=FIX\.4\.4\x019=([0-9]{1,4})\x0135=A\x01")
_START_BYTES: Final = 32  # more than the longest start of a logon
_AN_INCOMPLETE_START: Final = re.compile(rb"8=FIX\.4\.4\x01(9([=][0-9]{0,4}(\x01[35=A]{0,4})?)?)?")
_BEGIN: Final = b"8=FIX.4.4\x01"
_END: Final = re.compile(rb"10=([0-9]{3})\x01")
_END_BYTES: Final = 7


class _Caller:
    """A connection that has not logged on yet."""

    __slots__ = ("connection", "deadline_s", "taken_until_s")

    def __init__(self, connection: socket.socket, now_s: float) -> None:
        self.connection = connection
        self.deadline_s = now_s + _LOGON_S
        self.taken_until_s: float | None = None


class Gate:
    """
    Our listening socket and its own thread.

    A caller has three seconds to say one whole logon, with length and checksum right, from and to
    comp ids that are configured. Its bytes are looked at and left where they are; then the
    connection is handed over. All others are hung up on. At most 128 callers wait; one more, and
    the one that has waited longest is hung up on. So neither half a logon, nor a byte now and then,
    nor a thousand connections delay a session that is up.

    Args:
        names: the sessions.
        is_taken: whether a session has a connection.
        hand_over: gives a connection to QuickFIX; False if that does not take it.
    """

    def __init__(
        self,
        names: frozenset[SessionName],
        is_taken: Callable[[SessionName], bool],
        hand_over: Callable[[socket.socket], bool],
    ) -> None:
        self._names, self._is_taken, self._hand_over = names, is_taken, hand_over
        self._listening: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._waiting: dict[int, _Caller] = {}  # by descriptor, the oldest first
        self._again_s: float | None = None
        self._wake, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    def open(self, host: str, port: int) -> int:
        """
        Listen; returns the port, which 0 leaves to the system.

        Raises:
            ConfigError: nothing can listen there.
        """
        self._listening = _listen(host, port)
        return int(self._listening.getsockname()[1])

    def start(self) -> None:
        """Let callers in."""
        assert self._listening is not None, "not open"
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name="fix-gate", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let nobody in any more. Again does nothing."""
        with contextlib.suppress(OSError):
            self._wake.send(b"\n")
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for caller in list(self._waiting.values()):
            self._hang_up(caller)
        self._selector.close()
        for sock in (self._listening, self._wake, self._woken):
            if sock is not None:
                sock.close()

    def _serve(self) -> None:
        while True:
            ready = self._selector.select(self._wait_s())
            now_s = time.monotonic()
            for key, _ in ready:
                if key.fileobj is self._woken:
                    return
                if key.fileobj is self._listening:
                    self._accept(now_s)
                elif key.fd in self._waiting:
                    self._look_at(self._waiting[key.fd], now_s)
            self._look_again(now_s)

    def _wait_s(self) -> float | None:
        dues = [caller.deadline_s for caller in self._waiting.values()]
        if self._again_s is not None:
            dues.append(self._again_s)
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def _accept(self, now_s: float) -> None:
        assert self._listening is not None, "not open"
        for _ in range(_MAX_ACCEPTED):
            try:
                connection, _address = self._listening.accept()
            except BlockingIOError:
                return
            except OSError:  # hung up already, or no descriptor is left
                self._hang_up_on_the_oldest()
                self._again_s = now_s + _LOOK_AGAIN_S
                return
            connection.setblocking(False)
            if len(self._waiting) >= _MAX_WAITING:
                self._hang_up_on_the_oldest()
            caller = _Caller(connection, now_s)
            self._waiting[connection.fileno()] = caller
            self._look_at(caller, now_s)

    def _look_at(self, caller: _Caller, now_s: float) -> None:
        """What has come, without taking it."""
        connection = caller.connection
        try:
            data = connection.recv(_MAX_LOGON_BYTES, socket.MSG_PEEK)
        except BlockingIOError:
            self._watch(connection)
            return
        except OSError:
            data = b""
        name = _logon_of(data)
        if not data or (name is not None and name not in self._names):
            self._hang_up(caller)
        elif name is None:
            if _may_become_a_logon(data) and not _has_left(connection):
                self._later(connection, now_s)
            else:
                self._hang_up(caller)
        elif self._is_taken(name):
            if caller.taken_until_s is None:
                caller.taken_until_s = now_s + _TAKEN_S
            if now_s < caller.taken_until_s:
                self._later(connection, now_s)
            else:
                self._hang_up(caller)
        else:
            self._leave(caller)
            with connection:
                self._hand_over(connection)

    def _look_again(self, now_s: float) -> None:
        for caller in list(self._waiting.values()):
            if now_s >= caller.deadline_s:
                self._hang_up(caller)
        if self._again_s is not None and now_s >= self._again_s:
            self._again_s = None
            for caller in list(self._waiting.values()):
                if not self._is_watched(caller.connection):
                    self._look_at(caller, now_s)

    def _watch(self, connection: socket.socket) -> None:
        if not self._is_watched(connection):
            self._selector.register(connection, selectors.EVENT_READ)

    def _later(self, connection: socket.socket, now_s: float) -> None:
        """Bytes that are left where they are would make every wait end at once."""
        if self._is_watched(connection):
            self._selector.unregister(connection)
        self._again_s = self._again_s or now_s + _LOOK_AGAIN_S

    def _is_watched(self, connection: socket.socket) -> bool:
        return connection.fileno() in self._selector.get_map()

    def _leave(self, caller: _Caller) -> None:
        if self._is_watched(caller.connection):
            self._selector.unregister(caller.connection)
        del self._waiting[caller.connection.fileno()]

    def _hang_up(self, caller: _Caller) -> None:
        self._leave(caller)
        caller.connection.close()

    def _hang_up_on_the_oldest(self) -> None:
        if self._waiting:
            self._hang_up(next(iter(self._waiting.values())))


def _logon_of(data: bytes) -> SessionName | None:
    """Whose logon it is, if it is a whole one."""
    start = _START.match(data)
    if start is None:
        return None
    end_at = data.index(b"\x0135=") + 1 + int(start[1])
    end = _END.fullmatch(data[end_at : end_at + _END_BYTES])
    if end is None or sum(data[:end_at]) % 256 != int(end[1]):
        return None
    logon = split(data[: end_at + _END_BYTES].decode("utf-8", "surrogateescape")).envelope
    return SessionName(logon.get(TARGET_COMP_ID, ""), logon.get(SENDER_COMP_ID, ""))


def _may_become_a_logon(data: bytes) -> bool:
    """Whether more bytes could make it a whole logon."""
    start = _START.match(data)
    if start is None:
        return len(data) < _START_BYTES and (
            _BEGIN.startswith(data) or _AN_INCOMPLETE_START.fullmatch(data) is not None
        )
    whole = data.index(b"\x0135=") + 1 + int(start[1]) + _END_BYTES
    return len(data) < whole <= _MAX_LOGON_BYTES


def _has_left(connection: socket.socket) -> bool:
    """Whether nothing more comes: unread bytes hide that, where the system does not say."""
    poller = select.poll()
    poller.register(connection, getattr(select, "POLLRDHUP", select.POLLHUP))
    return bool(poller.poll(0))


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
    listening.setblocking(False)
    return listening


def _reason(error: OSError) -> str:
    # Python adds the address to the text; names that do not resolve have negative numbers.
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error)
