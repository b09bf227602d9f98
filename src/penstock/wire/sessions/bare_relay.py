"""
The reference of `penstock bench fix`: two QuickFIX sessions joined by a callback, and nothing else.

    python -m penstock.wire.sessions.bare_relay ACCEPT_PORT VENUE_PORT VENUE FOLDER

It passes an order on as it came and a report back. What QuickFIX itself costs, with the same
settings and the same persistent session store as the router has, is what this measures.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

import quickfix

BEGIN_STRING: Final = "FIX.4.4"
RELAY: Final = "RELAY"
CLIENT: Final = "BENCH"


class Relay(quickfix.Application):  # type: ignore[misc]  # quickfix has no types
    """Passes every application message on to the other session."""

    def __init__(self, client: Any, venue: Any) -> None:
        super().__init__()
        self._client, self._venue = client, venue
        self._client_name = client.toString()

    def onCreate(self, session_id: Any) -> None:  # noqa: N802 - QuickFIX's names, as all here
        """Nothing."""

    def onLogon(self, session_id: Any) -> None:  # noqa: N802
        """Nothing."""

    def onLogout(self, session_id: Any) -> None:  # noqa: N802
        """Nothing."""

    def toAdmin(self, message: Any, session_id: Any) -> None:  # noqa: N802
        """Nothing."""

    def fromAdmin(self, message: Any, session_id: Any) -> None:  # noqa: N802
        """Nothing."""

    def toApp(self, message: Any, session_id: Any) -> None:  # noqa: N802
        """Nothing."""

    def fromApp(self, message: Any, session_id: Any) -> None:  # noqa: N802
        """On to the other side."""
        is_order = session_id.toString() == self._client_name
        quickfix.Session.sendToTarget(message, self._venue if is_order else self._client)


def main(accept_port: str, venue_port: str, venue: str, folder: str) -> None:
    """Run until SIGTERM."""
    client_id = quickfix.SessionID(BEGIN_STRING, RELAY, CLIENT)
    venue_id = quickfix.SessionID(BEGIN_STRING, RELAY, venue)
    relay = Relay(client_id, venue_id)
    acceptor = quickfix.SocketAcceptor(
        relay, *_parts(folder, client_id, {"ConnectionType": "acceptor",
                                           "SocketAcceptPort": accept_port,
                                           "SocketReuseAddress": "Y"})
    )  # fmt: skip
    initiator = quickfix.SocketInitiator(
        relay, *_parts(folder, venue_id, {"ConnectionType": "initiator",
                                          "ReconnectInterval": "1",
                                          "HeartBtInt": "30",
                                          "SocketConnectHost": "127.0.0.1",
                                          "SocketConnectPort": venue_port})
    )  # fmt: skip
    signals = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # for every thread that starts from here
    acceptor.start()
    initiator.start()
    signal.sigwait(signals)
    os._exit(0)  # stopping QuickFIX's acceptor from another thread than its own is a race


def _parts(folder: str, session_id: Any, own: dict[str, str]) -> tuple[Any, Any]:
    common = {
        "NonStopSession": "Y",
        "UseDataDictionary": "N",
        "TimestampPrecision": "6",
        "SocketNodelay": "Y",
        "FileStorePath": folder,
        **own,
    }
    dictionary = quickfix.Dictionary()
    for key, value in common.items():
        dictionary.setString(key, value)
    settings = quickfix.SessionSettings()
    settings.set(dictionary)
    settings.set(session_id, quickfix.Dictionary())
    return quickfix.FileStoreFactory(settings), settings


if __name__ == "__main__":
    Path(sys.argv[4]).mkdir(parents=True, exist_ok=True)
    main(*sys.argv[1:5])
