"""
Ending QuickFIX's acceptor from its own thread.

Its `stop`, called from another thread, closes what the acceptor's thread frees at that moment, and
one time in some the process crashes. Called inside one of its callbacks it is safe. So at the end
we log on ourselves, at its own socket, and stop it in the callback that asks about this logon;
which is then refused in a way that leaves no trace in the session's files.
"""

from __future__ import annotations

import contextlib
import socket
from datetime import UTC, datetime
from typing import Final

from penstock.wire.fix import SOH
from penstock.wire.sessions.setup import SessionName
from penstock.wire.sessions.texts import BEGIN_STRING

_PATIENCE_S: Final = 1.0
_FAR_AHEAD: Final = 999_999_999  # MsgSeqNum: one too low is answered, and the answer stored


def knock(address: str, name: SessionName) -> None:
    """Log on as our counterparty in `name`; nobody waits for the answer."""
    data = _logon(name)
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
    ):
        connection.settimeout(_PATIENCE_S)
        connection.connect(address)
        connection.sendall(data)


def _logon(name: SessionName) -> bytes:
    now = datetime.now(UTC)
    body = SOH.join(
        [
            "35=A",
            f"34={_FAR_AHEAD}",
            f"49={name.their_comp_id}",
            f"52={now:%Y%m%d-%H:%M:%S}",
            f"56={name.our_comp_id}",
            "98=0",
            "108=30",
            "",
        ]
    )
    text = f"8={BEGIN_STRING}{SOH}9={len(body)}{SOH}{body}".encode()
    return text + f"10={sum(text) % 256:03d}{SOH}".encode()
