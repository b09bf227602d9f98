"""QuickFIX's acceptance scripts: what a counterparty sends, and what it expects of an acceptor."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.support.fix_sessions import PATIENCE_S, SOH

THEIR_ACCEPTOR: Final = "ISLD"
THEIR_CLIENT: Final = "TW44"

_LINE: Final = re.compile(r"([iIeE])(\d+,)?(.*)", re.DOTALL)
_TIME: Final = re.compile(r"<TIME([+-]\d+)?>")
_REFUSALS: Final = frozenset("389j")
_ADMIN: Final = frozenset("0A12345")
_CHECKSUM: Final = re.compile(rf"{SOH}10=[^{SOH}]*{SOH}$")
_IGNORED: Final = frozenset({9, 10, 52, 60, 122})  # lengths, checksums and clocks


class UnexpectedError(Exception):
    """The acceptor did something else than the script expects."""


@dataclass
class Script:
    """One script, told on behalf of a client whose name is as long as that in the file."""

    path: Path
    client: str
    steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        assert len(self.client) == len(THEIR_CLIENT), "the lengths in the file must stay true"
        lines = self.path.read_text(encoding="latin-1").splitlines()
        text = [line for line in lines if line and line[0] in "iIeE"]
        self.steps = [
            line.replace(THEIR_CLIENT, self.client)
            # A heartbeat that the script has no business with must not come in between.
            .replace(f"{SOH}108=2{SOH}", f"{SOH}108=30{SOH}")
            for line in text
        ]

    @property
    def name(self) -> str:
        """What the file is called."""
        return self.path.stem

    def run(self, port: int, *, is_lenient: bool, before_connect: Callable[[], None]) -> None:
        """
        Raise UnexpectedError unless all goes as written.

        Args:
            is_lenient: a reject of the session may be a refusal by the application instead, and
                one of a heartbeat may be missing.
            before_connect: called before every connection.
        """
        lines = _Lines(port, is_lenient=is_lenient, before_connect=before_connect)
        try:
            for step in self.steps:
                match = _LINE.fullmatch(step)
                assert match is not None, step
                what, number, text = match[1], match[2] or "", match[3]
                try:
                    lines.take(what, number, text)
                except UnexpectedError as error:
                    shown = step.replace(SOH, "|")
                    raise UnexpectedError(f"{shown}: {error}") from None
        finally:
            lines.close()


class _Lines:
    """The connections of one script."""

    def __init__(self, port: int, *, is_lenient: bool, before_connect: Callable[[], None]) -> None:
        self._port, self._is_lenient, self._before_connect = port, is_lenient, before_connect
        self._sockets: dict[str, socket.socket] = {}
        self._buffers: dict[str, bytes] = {}

    def take(self, what: str, number: str, text: str) -> None:
        if what == "i" and text == "CONNECT":
            self._before_connect()
            address = ("127.0.0.1", self._port)
            self._sockets[number] = socket.create_connection(address, PATIENCE_S)
            self._buffers[number] = b""
        elif what == "i" and text == "DISCONNECT":
            self._sockets.pop(number).close()
        elif what == "I":
            try:
                self._sockets[number].sendall(_completed(text))
            except OSError as error:
                raise UnexpectedError(f"hung up: {error}") from None
        elif what == "e":
            message = self._next(number)
            if message is not None:
                raise UnexpectedError(f"got {message}")
            self._sockets.pop(number).close()
        else:
            self._expect(number, text)

    def close(self) -> None:
        for connection in self._sockets.values():
            connection.close()

    def _expect(self, number: str, text: str) -> None:
        if self._is_lenient:
            self._expect_alike(number, text)
            return
        message = self._next(number)
        if message is None:
            raise UnexpectedError("hung up")
        if _compared(text) != _compared(message):
            raise UnexpectedError(f"got {message.replace(SOH, '|')}")

    def _expect_alike(self, number: str, text: str) -> None:
        """A refusal where a reject or the order itself is expected; else this type of message."""
        wanted = dict(_compared(text))
        msg_type = wanted[35]
        if msg_type == "3" and wanted.get(372) in _ADMIN:
            return
        types = _REFUSALS if msg_type in {"3", "j", "D"} else {msg_type}
        while (message := self._next(number)) is not None:
            got = dict(_compared(message))
            if got[35] in types and wanted.get(112) == got.get(112):
                return
            if got[35] not in _REFUSALS | {"0"}:
                raise UnexpectedError(f"got {message.replace(SOH, '|')}")
        raise UnexpectedError("hung up")

    def _next(self, number: str) -> str | None:
        connection = self._sockets[number]
        end = re.compile(rb"\x0110=[0-9]{3}\x01")
        while (match := end.search(self._buffers[number])) is None:
            try:
                data = connection.recv(65_536)
            except ConnectionError:
                data = b""
            if not data:
                return None
            self._buffers[number] += data
        message = self._buffers[number][: match.end()]
        self._buffers[number] = self._buffers[number][match.end() :]
        return message.decode("latin-1")


def _completed(text: str) -> bytes:
    """The line with times, and with length and checksum unless it has its own."""
    text = _TIME.sub(_moment, text)
    begin, _, rest = text.partition(SOH)
    own_checksum = _CHECKSUM.search(rest)
    if begin.startswith("8=") and not rest.startswith("9="):
        length = len(rest) if own_checksum is None else own_checksum.start() + 1
        rest = f"9={length}{SOH}{rest}"
    text = f"{begin}{SOH}{rest}"
    if own_checksum is None:
        text += f"10={sum(text.encode('latin-1')) % 256:03d}{SOH}"
    return text.encode("latin-1")


def _moment(match: re.Match[str]) -> str:
    at = datetime.now(UTC) + timedelta(seconds=int(match[1] or 0))
    return f"{at:%Y%m%d-%H:%M:%S}"


def _compared(text: str) -> list[tuple[int, str]]:
    pairs = [part.partition("=") for part in text.split(SOH) if part]
    return sorted((int(tag), value) for tag, _, value in pairs if int(tag) not in _IGNORED)
