"""Both FIX engines of a router, and how what happens there reaches the inbox."""

from __future__ import annotations

import socket
from typing import Final

from penstock.domain import ConfigError, reason_of
from penstock.runtime.clock import Clock
from penstock.runtime.config import OmsTable, RouterConf, split_address
from penstock.runtime.inbox import (
    Fatal,
    InboxLike,
    LoggedOn,
    LoggedOut,
    Message,
    Side,
    Stuck,
    Unread,
)
from penstock.runtime.marks import Marks
from penstock.runtime.parts import session_name
from penstock.wire.fix import Incoming, Outgoing
from penstock.wire.sessions import (
    Endpoint,
    FixAcceptor,
    FixInitiator,
    SessionSetup,
    require_quickfix,
    resends_reports,
)

_STOP_S: Final = 5.0


class InboxSink:
    """Puts everything that one FIX engine says into the inbox, from its thread."""

    def __init__(self, side: Side, inbox: InboxLike) -> None:
        self._side, self._inbox = side, inbox

    def on_message(self, incoming: Incoming) -> None:
        """An application message, or a reject."""
        self._inbox.put(Message(self._side, incoming))

    def on_logon(
        self,
        counterparty: str,
        our_comp_id: str,  # noqa: ARG002 - we have one
        *,
        was_reset: bool,
    ) -> None:
        """A session is up."""
        self._inbox.put(LoggedOn(self._side, counterparty, was_reset))

    def on_logout(
        self,
        counterparty: str,
        reason: str,
        our_comp_id: str,  # noqa: ARG002 - we have one
    ) -> None:
        """A session is down."""
        self._inbox.put(LoggedOut(self._side, counterparty, reason))

    def on_reject_sent(
        self,
        counterparty: str,
        our_comp_id: str,  # noqa: ARG002 - we have one
        ref_seq_num: int,
        ref_msg_type: str,
        text: str,
    ) -> None:
        """A message was not delivered."""
        self._inbox.put(Unread(self._side, counterparty, ref_seq_num, ref_msg_type, text))

    def on_stuck(self, counterparty: str, our_comp_id: str, text: str) -> None:  # noqa: ARG002
        """A session needs a person."""
        self._inbox.put(Stuck(self._side, counterparty, text))

    def on_fatal(self, where: str, error: Exception) -> None:
        """The engine cannot go on."""
        self._inbox.put(Fatal(f"{self._side} FIX engine, {where}", error))


class FixWires:
    """
    The acceptor that clients log on to, and the initiator that logs on to venues.

    Made without either, because their clock is known only when the journal has been read: before
    `start`, and after `stop`, nothing is taken over.
    """

    def __init__(self, conf: RouterConf, inbox: InboxLike) -> None:
        require_quickfix()
        self._conf, self._inbox = conf, inbox
        self._clients: FixAcceptor | None = None
        self._venues: FixInitiator | None = None

    def start(self, clock: Clock, marks: Marks) -> None:
        """
        Listen for clients and log on to venues; each session goes on above its mark.

        Raises:
            ConfigError: the port is in use, or the folder of the sessions cannot be used.
        """
        conf = self._conf
        self._clients = FixAcceptor(
            self._setup(Side.OMS, clock),
            sessions=[(conf.router.comp_id, client) for client in conf.oms_sessions],
            host=conf.oms.host,
            port=conf.oms.port,
        )
        self._venues = FixInitiator(
            self._setup(Side.VENUE, clock),
            our_comp_id=conf.router.comp_id,
            endpoints=[Endpoint(venue.mic, *split_address(venue.fix)) for venue in conf.venues],
        )
        # What was taken over from the session but not yet journalled when we died comes again.
        for client in conf.oms_sessions:
            consumed = marks.consumed(session_name(Side.OMS, client))
            self._clients.resume_from(client, consumed + 1)
        for venue in conf.venues:
            consumed = marks.consumed(session_name(Side.VENUE, venue.mic))
            self._venues.resume_from(venue.mic, consumed + 1)
        self._clients.start()
        self._venues.start()

    def stop(self) -> None:
        """Log out everywhere; what is handed over from now on is refused."""
        clients, self._clients = self._clients, None
        venues, self._venues = self._venues, None
        for engine in (venues, clients):
            if engine is not None:
                engine.stop(_STOP_S)

    def reset(self, side: Side, counterparty: str) -> bool:
        """Start a session's numbers again at 1; see `FixAcceptor.reset`. Takes up to 5 seconds."""
        if side is Side.OMS:
            return self._clients is not None and self._clients.reset(counterparty)
        return self._venues is not None and self._venues.reset(counterparty)

    def to_client(self, outgoing: Outgoing) -> bool:
        """Hand over a report or an answer."""
        return self._clients is not None and self._clients.send(outgoing)

    def to_venue(self, outgoing: Outgoing) -> bool:
        """Hand over an order, a cancel or a question."""
        return self._venues is not None and self._venues.send(outgoing)

    def _setup(self, side: Side, clock: Clock) -> SessionSetup:
        return SessionSetup(
            sink=InboxSink(side, self._inbox),
            clock_ns=clock,
            store_dir=self._conf.paths.sessions / side,
            may_resend=resends_reports,
            heartbeat_s=self._conf.router.heartbeat_s,
        )


def check_port(conf: OmsTable) -> None:
    """
    Find out before the long preparations whether clients will be able to connect.

    Raises:
        ConfigError: the port is in use, or the address is not ours.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the FIX engine will: a port that a killed router has just left is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((conf.host, conf.port))
        except OSError as error:
            raise ConfigError.one(
                where=f"oms.host = {conf.host!r}, oms.port = {conf.port}",
                expected="an address of this machine with a free port, for clients to connect to",
                found=reason_of(error),
                fix="stop the program that has the port, or choose another",
            ) from None
