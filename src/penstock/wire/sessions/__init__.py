"""FIX sessions over TCP, kept by QuickFIX; nothing else in the house imports it."""

from penstock.wire.sessions.acceptor import FixAcceptor
from penstock.wire.sessions.availability import require_quickfix
from penstock.wire.sessions.initiator import FixInitiator
from penstock.wire.sessions.setup import Endpoint, FixSink, SessionSetup, resends_reports

__all__ = [
    "Endpoint",
    "FixAcceptor",
    "FixInitiator",
    "FixSink",
    "SessionSetup",
    "require_quickfix",
    "resends_reports",
]
