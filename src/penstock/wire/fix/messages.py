"""A FIX message as the rest of the house sees it: tags and text, without a session around it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from penstock.domain import Ns

Groups: TypeAlias = Mapping[int, tuple[Mapping[int, str], ...]]
"""Count tag → the entries of the group, each as its tags."""

NO_FIELDS: Final[Mapping[int, str]] = MappingProxyType({})
NO_GROUPS: Final[Groups] = MappingProxyType({})


class FixMessage(NamedTuple):
    """
    An application message to be sent: its type, and its body in the order of the wire.

    Standard header and trailer (8, 9, 34, 35, 49, 52, 56, 10) are the session's. Other fields of
    the header (97 PossResend, 50, 57, 115, 128, …) may stand among `fields` and are moved where
    they belong. A repeating group stands after its count tag, each entry in the standard's order.
    """

    msg_type: str
    fields: tuple[tuple[int, str], ...]


class Incoming(NamedTuple):
    """
    A message that a session delivered.

    fields: the body outside groups, count tags included, and of the header 52 SendingTime,
        43 PossDupFlag and 97 PossResend where present. Nothing in it has been checked. A tag
        without a value is left out.
    groups: the entries of each repeating group. The entries of a group inside another stand under
        their own count tag, in order; its count in the outer entry says how many are of that one.
        A repeated tag that no standard knows has an entry of its own for each value.
    header: the fields of the header that say who sends for whom: 50, 57, 115, 116, 122, 128, 129,
        142 to 145.
    recv_ns: our stamp at the socket.
    our_comp_id: the name under which we were addressed; venues have one per MIC.
    """

    counterparty: str
    msg_type: str
    seq_num: int
    is_possible_dup: bool
    fields: Mapping[int, str]
    recv_ns: Ns
    our_comp_id: str = ""
    groups: Groups = NO_GROUPS
    header: Mapping[int, str] = NO_FIELDS


class Outgoing(NamedTuple):
    """A message and the comp id of the session it goes to."""

    counterparty: str
    message: FixMessage
