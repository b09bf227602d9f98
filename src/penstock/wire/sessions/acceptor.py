"""The side that listens: the router for its clients, a venue for its routers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from penstock.wire.fix import Outgoing
from penstock.wire.sessions.availability import require_quickfix
from penstock.wire.sessions.gate import Gate
from penstock.wire.sessions.listening import Entrance
from penstock.wire.sessions.setup import SessionName, SessionSetup

_RESET_S: Final = 5.0


class FixAcceptor:
    """
    One port, on which the counterparties named in `sessions` log on.

    Args:
        sessions: (our comp id, their comp id) of each. We may have several comp ids: a process that
            plays many venues has one per MIC.
        port: 0 takes a free one; see `port` after `start`.
        refuse_logon: asked at each logon with both comp ids; a text refuses it and is sent as the
            reason, "" lets it in.
    Raises:
        ConfigError: quickfix is not installed, or the store cannot be used.

    Promises:
        a session has one connection: a second logon under its comp ids is hung up on, and the first
            goes on; a logon under comp ids that are not in `sessions` is hung up on too;
        bytes that are no FIX end, at most, the connection they came on;
        a message is delivered once and in order, whatever was lost or repeated underway;
        `stop` returns.

    What is sent before `start`, and between two connections, waits in the session store.

    A connection reaches the thread that serves all only when it has said a whole logon under comp
    ids that are in `sessions`; see `Gate`.
    """

    def __init__(
        self,
        setup: SessionSetup,
        *,
        sessions: Sequence[tuple[str, str]],
        host: str,
        port: int,
        refuse_logon: Callable[[str, str], str] | None = None,
    ) -> None:
        require_quickfix()
        from penstock.wire.sessions.host import (  # noqa: PLC0415  # quickfix is an extra
            SessionHost,
            Side,
            new_acceptor,
        )

        self._address = (host, port)
        self._entrance = Entrance(setup.store_dir)
        self.port = port
        side = Side(
            label="fix-acceptor",
            make_engine=new_acceptor,
            settings={
                "ConnectionType": "acceptor",
                "SocketAcceptPort": str(self._entrance.stand_in_port),
            },
            sessions={SessionName(*session): {} for session in sessions},
            refuse_logon=refuse_logon,
            knock_at=self._entrance.address,
        )
        try:
            self._host = SessionHost(setup, side)
        except BaseException:
            self._entrance.close()
            raise
        self._gate = Gate(
            frozenset(side.sessions), self._host.is_logged_on, self._entrance.hand_over
        )

    def start(self) -> None:
        """
        Let counterparties in.

        Raises:
            ConfigError: the port is in use, or the address is not this machine's; it is stopped.
        """
        try:
            self.port = self._gate.open(*self._address)
            self._host.start(self._entrance.take_over)
            self._gate.start()
        except BaseException:
            self.stop()
            raise

    def stop(self, timeout_s: float = 10.0) -> None:
        """Log out everywhere and end; returns within about `timeout_s`. Again does nothing."""
        self._gate.close()
        self._host.stop(timeout_s)
        self._entrance.close()

    def send(self, outgoing: Outgoing, our_comp_id: str = "") -> bool:
        """
        Hand a message over; any thread may.

        Args:
            our_comp_id: where we have several sessions with the counterparty, which one.
        Returns:
            True: it is stored, and arrives now or after the next logon; what `may_resend` denies
            arrives now or never. False: it is not, because `stop` was called or the disk is full.
        """
        return self._host.send(self._host.name(outgoing.counterparty, our_comp_id), outgoing)

    def is_logged_on(self, counterparty: str, our_comp_id: str = "") -> bool:
        """Whether a message would arrive now."""
        return self._host.is_logged_on(self._host.name(counterparty, our_comp_id))

    def resume_from(self, counterparty: str, seq_num: int, our_comp_id: str = "") -> None:
        """
        Expect this number next, though it may have come before: what was received, but not dealt
        with when the process was killed, is then asked for again. Before `start`.

        Only backwards: numbers that are still to come are left as they are.
        """
        self._host.rewind(self._host.name(counterparty, our_comp_id), seq_num)

    def reset(self, counterparty: str, our_comp_id: str = "") -> bool:
        """
        Start the session's numbers again at 1, in both directions; any thread may.

        A session that is up is logged out first; this returns within about five seconds. The
        counterparty must do the same, or log on with 141=Y.

        What it loses: everything that was sent and had not arrived, and whatever the counterparty
        sent and we had not received. At the next logon `on_logon` says `was_reset`.

        Returns:
            False: nothing was reset, because `stop` was called or the session does not end.
        """
        return self._host.reset(self._host.name(counterparty, our_comp_id), _RESET_S)
