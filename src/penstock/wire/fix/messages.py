"""A FIX message as the rest of the house sees it: tags and text, without a session around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from penstock.domain import Ns


class FixMessage(NamedTuple):
    """
    An application message to be sent: its type, and its body in the order of the wire.

    Standard header and trailer (8, 9, 34, 35, 49, 52, 56, 10) are the session's. Two header fields
    may stand among `fields` and are moved where they belong: 43 PossDupFlag and 97 PossResend.
    """

    msg_type: str
    fields: tuple[tuple[int, str], ...]


class Incoming(NamedTuple):
    """
    A message that a session delivered.

    `fields` holds the body, flat, and of the header 52 SendingTime, 43 PossDupFlag and
    97 PossResend where present. Nothing in it has been checked. `recv_ns` is our stamp at the
    socket. `our_comp_id` is the name under which we were addressed: venues have one per MIC.
    """

    counterparty: str
    msg_type: str
    seq_num: int
    is_possible_dup: bool
    fields: Mapping[int, str]
    recv_ns: Ns
    our_comp_id: str = ""


class Outgoing(NamedTuple):
    """A message and the comp id of the session it goes to."""

    counterparty: str
    message: FixMessage
