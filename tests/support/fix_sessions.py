"""FIX sessions over real sockets for tests: ours on both sides, or ours against a scripted peer."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest

from penstock.domain import Ns
from penstock.wire.fix import FixMessage, Incoming, Outgoing
from penstock.wire.sessions import (
    Endpoint,
    FixAcceptor,
    FixInitiator,
    SessionSetup,
    resends_reports,
)

pytest.importorskip("quickfix", reason='quickfix is not installed: pip install "penstock[fix]"')

SOH = "\x01"
ROUTER, CLIENT = "ROUTER", "CLIENT"
PATIENCE_S = 120.0  # on a machine that does ten other things; a green test waits milliseconds


def wait_until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Return as soon as something holds; fail if it never does."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_s, f"waited {PATIENCE_S:.0f} s for {what}"
        time.sleep(0.002)


@dataclass
class Notebook:
    """A sink that writes down what it is told."""

    incoming: list[Incoming] = field(default_factory=list)
    logons: list[tuple[str, str]] = field(default_factory=list)
    resets: list[str] = field(default_factory=list)
    logouts: list[tuple[str, str]] = field(default_factory=list)
    rejects: list[tuple[str, int, str, str]] = field(default_factory=list)
    stuck: list[tuple[str, str]] = field(default_factory=list)
    fatals: list[tuple[str, Exception]] = field(default_factory=list)

    def on_message(self, incoming: Incoming) -> None:
        self.incoming.append(incoming)

    def on_logon(self, counterparty: str, our_comp_id: str, *, was_reset: bool) -> None:
        self.logons.append((counterparty, our_comp_id))
        if was_reset:
            self.resets.append(counterparty)

    def on_logout(self, counterparty: str, reason: str, our_comp_id: str) -> None:
        self.logouts.append((counterparty, reason))

    def on_reject_sent(
        self, counterparty: str, our_comp_id: str, ref_seq_num: int, ref_msg_type: str, text: str
    ) -> None:
        self.rejects.append((counterparty, ref_seq_num, ref_msg_type, text))

    def on_stuck(self, counterparty: str, our_comp_id: str, text: str) -> None:
        self.stuck.append((counterparty, text))

    def on_fatal(self, where: str, error: Exception) -> None:
        self.fatals.append((where, error))

    @property
    def texts(self) -> list[str]:
        """58 Text of each message, which the tests number their messages with."""
        return [incoming.fields.get(58, "") for incoming in self.incoming]

    def has_heard(self, text: str) -> bool:
        """Whether a message said this."""
        return text in self.texts

    def has(self, *texts: str) -> Callable[[], bool]:
        """Whether messages with these texts are all that has come, in this order."""
        return lambda: self.texts == list(texts)


def setup(folder: Path, sink: Notebook, *, heartbeat_s: int = 30) -> SessionSetup:
    """How all sessions here are set up."""
    return SessionSetup(
        sink=sink,
        clock_ns=lambda: Ns(time.time_ns()),
        store_dir=folder,
        may_resend=resends_reports,
        heartbeat_s=heartbeat_s,
    )


def acceptor(
    folder: Path,
    sink: Notebook,
    *,
    sessions: Sequence[tuple[str, str]] = ((ROUTER, CLIENT),),
    port: int = 0,
    refuse_logon: Callable[[str, str], str] | None = None,
) -> FixAcceptor:
    """An acceptor, not started."""
    return FixAcceptor(
        setup(folder, sink),
        sessions=sessions,
        host="127.0.0.1",
        port=port,
        refuse_logon=refuse_logon,
    )


def initiator(folder: Path, sink: Notebook, port: int) -> FixInitiator:
    """An initiator of CLIENT at ROUTER, not started."""
    return FixInitiator(
        setup(folder, sink),
        our_comp_id=CLIENT,
        endpoints=[Endpoint(ROUTER, "127.0.0.1", port)],
    )


@contextlib.contextmanager
def running(*sides: FixAcceptor | FixInitiator) -> Iterator[None]:
    """Start what is not, in this order; stop all in the opposite one, whatever happens."""
    with contextlib.ExitStack() as stack:
        for side in sides:
            stack.callback(side.stop)
            side.start()
        yield


def report(text: str, to: str = CLIENT) -> Outgoing:
    """An execution report that says `text`."""
    return Outgoing(to, FixMessage("8", ((37, "1"), (58, text))))


def order(text: str, to: str = ROUTER) -> Outgoing:
    """An order that says `text`."""
    return Outgoing(to, FixMessage("D", ((11, text), (58, text))))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Peer:
    """A counterparty that says exactly what a test wants, wrong or not."""

    def __init__(self, port: int, *, ours: str = CLIENT, theirs: str = ROUTER) -> None:
        self._take_over(socket.create_connection(("127.0.0.1", port), PATIENCE_S), ours, theirs)

    @classmethod
    def of(cls, connection: socket.socket, *, ours: str, theirs: str) -> Self:
        """One that was called, not one that calls."""
        peer = cls.__new__(cls)
        connection.settimeout(PATIENCE_S)
        peer._take_over(connection, ours, theirs)
        return peer

    def _take_over(self, connection: socket.socket, ours: str, theirs: str) -> None:
        self._socket = connection
        self._ours, self._theirs = ours, theirs
        self._buffer = b""
        self.next_num = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave, and wait until that is noticed: a successor must not be taken for us."""
        with self._socket, contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while self._socket.recv(65_536):
                pass

    def is_let_wait(self) -> bool:
        """Whether the other side has neither said anything nor hung up."""
        self._socket.setblocking(False)
        try:
            return self._socket.recv(1) is None
        except BlockingIOError:
            return True
        finally:
            self._socket.settimeout(PATIENCE_S)

    def hang_up(self) -> None:
        """Leave at once."""
        self._socket.close()

    def write(self, data: bytes) -> None:
        """Bytes, as they are."""
        self._socket.sendall(data)

    def say(self, msg_type: str, *body: tuple[int, str], num: str = "") -> None:
        """A message with a right length and checksum, under the next number if none is given."""
        self.write(self.made(msg_type, *body, num=num))

    def made(self, msg_type: str, *body: tuple[int, str], num: str = "") -> bytes:
        """The bytes of that message."""
        now = datetime.now(UTC)
        if not num:
            num, self.next_num = str(self.next_num), self.next_num + 1
        fields = [
            (35, msg_type),
            (34, num),
            (49, self._ours),
            (52, f"{now:%Y%m%d-%H:%M:%S}"),
            (56, self._theirs),
            *body,
        ]
        content = "".join(f"{tag}={value}{SOH}" for tag, value in fields).encode("latin-1")
        data = f"8=FIX.4.4{SOH}9={len(content)}{SOH}".encode() + content
        return data + f"10={sum(data) % 256:03d}{SOH}".encode()

    def log_on(self) -> dict[int, str]:
        """Log on, and return the answer."""
        self.say("A", (98, "0"), (108, "30"))
        return self.hear("A")

    def hear(self, *msg_types: str) -> dict[int, str]:
        """The next message of these types; what comes before it is dropped."""
        while True:
            message = self._next()
            assert message is not None, f"hung up before any {msg_types}"
            if message[35] in msg_types:
                return message

    def is_hung_up(self) -> bool:
        """Wait for the end of the connection; what comes before it is dropped."""
        while self._next() is not None:
            pass
        return True

    def is_answered_or_hung_up(self) -> bool:
        """Wait for either."""
        self._next()
        return True

    def _next(self) -> dict[int, str] | None:
        while f"{SOH}10=".encode() not in self._buffer or not self._buffer.endswith(SOH.encode()):
            try:
                data = self._socket.recv(65_536)
            except ConnectionError:
                data = b""
            if not data:
                return None
            self._buffer += data
        end = self._buffer.index(f"{SOH}10=".encode()) + 8
        message, self._buffer = self._buffer[:end], self._buffer[end:]
        pairs = [part.partition("=") for part in message.decode("latin-1").split(SOH)]
        return {int(tag): value for tag, _, value in pairs if tag}
