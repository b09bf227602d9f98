"""The side that calls: the router at its venues, a client at the router."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from penstock.wire.fix import Outgoing
from penstock.wire.sessions.availability import require_quickfix
from penstock.wire.sessions.setup import Endpoint, SessionName, SessionSetup

_RESET_S: Final = 5.0


class FixInitiator:
    """
    Sessions with several counterparties under one comp id of ours, each kept up from here.

    A session that is down is tried again every second; one whose logons are refused, less and less
    often, down to once a minute. That is told to `on_stuck`.

    Raises:
        ConfigError: quickfix is not installed, or the store cannot be used.

    Promises:
        a message is delivered once and in order, whatever was lost or repeated underway;
        `stop` returns.

    What is sent before `start`, and between two connections, waits in the session store.
    """

    def __init__(
        self, setup: SessionSetup, *, our_comp_id: str, endpoints: Sequence[Endpoint]
    ) -> None:
        require_quickfix()
        from penstock.wire.sessions.host import (  # noqa: PLC0415  # quickfix is an extra
            SessionHost,
            Side,
            new_initiator,
        )

        named = {SessionName(our_comp_id, end.their_comp_id): end for end in endpoints}
        side = Side(
            label="fix-initiator",
            make_engine=new_initiator,
            settings={
                "ConnectionType": "initiator",
                "ReconnectInterval": "1",
                "LogonTimeout": "10",
            },
            sessions={
                name: {"SocketConnectHost": end.host, "SocketConnectPort": str(end.port)}
                for name, end in named.items()
            },
            unanswered={
                name: f"no answer to the logon at {end.host}:{end.port}"
                for name, end in named.items()
            },
        )
        self._host = SessionHost(setup, side)

    def start(self) -> None:
        """Begin to call."""
        try:
            self._host.start(lambda: True)
        except BaseException:
            self.stop()
            raise

    def stop(self, timeout_s: float = 10.0) -> None:
        """Log out everywhere and end; returns within about `timeout_s`. Again does nothing."""
        self._host.stop(timeout_s)

    def send(self, outgoing: Outgoing) -> bool:
        """
        Hand a message over; any thread may.

        Returns:
            True: it is stored, and arrives now or after the next logon; what `may_resend` denies
            arrives now or never. False: it is not, because `stop` was called or the disk is full.
        """
        return self._host.send(self._host.name(outgoing.counterparty), outgoing)

    def is_logged_on(self, counterparty: str) -> bool:
        """Whether a message would arrive now."""
        return self._host.is_logged_on(self._host.name(counterparty))

    def resume_from(self, counterparty: str, seq_num: int) -> None:
        """
        Expect this number next, though it may have come before: what was received, but not dealt
        with when the process was killed, is then asked for again. Before `start`.

        Only backwards: numbers that are still to come are left as they are.
        """
        self._host.rewind(self._host.name(counterparty), seq_num)

    def reset(self, counterparty: str) -> bool:
        """
        Start the session's numbers again at 1, in both directions; any thread may.

        A session that is up is logged out first; this returns within about five seconds. The next
        logon carries 141=Y, which makes the counterparty do the same.

        What it loses: everything that was sent and had not arrived, and whatever the counterparty
        sent and we had not received. At the next logon `on_logon` says `was_reset`.

        Returns:
            False: nothing was reset, because `stop` was called or the session does not end.
        """
        return self._host.reset(self._host.name(counterparty), _RESET_S)
