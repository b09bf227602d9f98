"""Tables of a router's file about its clients: what each may send, and who receives copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from penstock.domain import from_seconds
from penstock.risk import AccountLimits, ClientLimits
from penstock.runtime.config_types import CompId, Symbol, Table
from penstock.wire.fix import USUAL_IDENTITY, ClientRules, DeskRules, IdentityPart

Dollars = Annotated[int, Meta(ge=1, le=10**12)]
Tag = Annotated[int, Meta(ge=1, le=99_999_999)]


class ClientTable(Table, frozen=True, kw_only=True):
    """
    One client of the router. A limit that is left out does not hold.

    `carries`: the parts of an order's identity that go on to the venues and back; `keeps`: parts
    that are recorded and given back only. Others are refused by name.
    """

    comp_id: CompId
    max_order_shares: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
    max_order_usd: Dollars | None = None
    day_usd: Dollars | None = None  # traded plus live
    open_orders: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    messages_per_s: Annotated[int, Meta(ge=1, le=100_000)] | None = None  # orders and replaces
    away_bps: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None  # limit through the market
    symbols: tuple[Symbol, ...] | None = None  # that it may trade; without it, all
    restricted_symbols: tuple[Symbol, ...] = ()  # that it may not trade
    accounts: tuple[AccountLimits, ...] = ()  # then each order must name one of them
    max_order_age_s: Annotated[float, Meta(gt=0.0, le=86_400.0)] = 60.0  # by 52, 60 and 122
    max_clock_ahead_s: Annotated[float, Meta(gt=0.0, le=3_600.0)] = 10.0
    allows_replace: bool = True
    cancel_on_disconnect: bool = False
    custom_tags: bool = False  # tags of our own (9004) in its reports
    carries: tuple[IdentityPart, ...] = USUAL_IDENTITY
    keeps: tuple[IdentityPart, ...] = ()
    unknown_tags: Literal["refuse", "ignore"] = "refuse"
    ignored_tags: tuple[Tag, ...] = ()

    def limits(self, symbols: Sequence[str]) -> ClientLimits:
        """What the risk gate holds it to; `symbols` are the instruments in their order."""
        idx_of = {symbol: idx for idx, symbol in enumerate(symbols)}
        allowed = self.symbols
        return ClientLimits(
            client=self.comp_id,
            max_order_shares=self.max_order_shares,
            max_order_usd=self.max_order_usd,
            day_usd=self.day_usd,
            open_orders=self.open_orders,
            messages_per_s=self.messages_per_s,
            away_bps=self.away_bps,
            allowed=None if allowed is None else tuple(idx_of[symbol] for symbol in allowed),
            restricted=tuple(idx_of[symbol] for symbol in self.restricted_symbols),
            accounts=self.accounts,
        )

    @property
    def rules(self) -> ClientRules:
        """How its messages are read and answered."""
        return ClientRules(
            max_age_ns=from_seconds(self.max_order_age_s),
            max_ahead_ns=from_seconds(self.max_clock_ahead_s),
            allows_replace=self.allows_replace,
            has_custom_tags=self.custom_tags,
            identity=frozenset((*self.carries, *self.keeps)),
            unknown_tags=self.unknown_tags,
            ignored_tags=frozenset(self.ignored_tags),
        )


class DropCopyTable(Table, frozen=True, kw_only=True):
    """A session that receives the execution reports of clients, and sends nothing."""

    comp_id: CompId
    clients: tuple[CompId, ...]


def rules_of(clients: Sequence[ClientTable], copies: Sequence[DropCopyTable]) -> DeskRules:
    """The rules of all clients, for the desk that speaks with them."""
    return DeskRules(
        clients={table.comp_id: table.rules for table in clients},
        drop_copies={table.comp_id: table.clients for table in copies},
    )
