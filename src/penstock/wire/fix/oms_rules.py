"""What has been agreed with each client of the router about its messages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from penstock.domain import NS_PER_S, Ns
from penstock.wire.fix import tags


class IdentityPart(StrEnum):
    """A part of an order's identity that a client may give, and that may go on to venues."""

    ACCOUNT = "account"
    CAPACITY = "capacity"
    ON_BEHALF_OF = "on_behalf_of"
    SUB_IDS = "sub_ids"
    ACCOUNT_TYPE = "account_type"
    CUSTOMER_CAPACITY = "customer_capacity"
    PARTIES = "parties"


TAGS_OF_PART: Final[Mapping[IdentityPart, tuple[int, ...]]] = MappingProxyType(
    {
        IdentityPart.ACCOUNT: (tags.ACCOUNT,),
        IdentityPart.CAPACITY: (tags.ORDER_CAPACITY,),
        IdentityPart.ON_BEHALF_OF: (tags.ON_BEHALF_OF_COMP_ID, tags.ON_BEHALF_OF_SUB_ID),
        IdentityPart.SUB_IDS: (tags.SENDER_SUB_ID, tags.TARGET_SUB_ID),
        IdentityPart.ACCOUNT_TYPE: (tags.ACCOUNT_TYPE,),
        IdentityPart.CUSTOMER_CAPACITY: (tags.CUST_ORDER_CAPACITY,),
        IdentityPart.PARTIES: (tags.NO_PARTY_IDS,),
    }
)
USUAL_IDENTITY: Final = (IdentityPart.ACCOUNT, IdentityPart.CAPACITY)


class ClientRules(NamedTuple):
    """
    How the messages of one client are read and answered.

    `max_age_ns`: an order or replace that is older, by 52, 60 or 122, is refused; `max_ahead_ns`:
    one that is dated further in the future is. `identity`: the parts that are taken; others are
    refused by name. `unknown_tags` is about tags below 5000 that the router has no use for.
    """

    max_age_ns: Ns = Ns(60 * NS_PER_S)
    max_ahead_ns: Ns = Ns(10 * NS_PER_S)
    allows_replace: bool = True
    has_custom_tags: bool = False
    identity: frozenset[IdentityPart] = frozenset(USUAL_IDENTITY)
    unknown_tags: Literal["refuse", "ignore"] = "refuse"
    ignored_tags: frozenset[int] = frozenset()


class DeskRules(NamedTuple):
    """
    The rules of all clients, and the sessions that receive copies.

    A client that is not named has the usual rules. `drop_copies` maps a session to the clients
    whose execution reports it receives.
    """

    clients: Mapping[str, ClientRules] = MappingProxyType({})
    drop_copies: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def of(self, client: str) -> ClientRules:
        """The rules of one client."""
        return self.clients.get(client, _USUAL)

    def copies_of(self, client: str) -> list[str]:
        """The sessions that receive a client's execution reports, in the order of the file."""
        return [session for session, clients in self.drop_copies.items() if client in clients]


_USUAL: Final = ClientRules()
