"""Limits of single clients and of their accounts: size, value, open orders, rate, entitlements."""

from __future__ import annotations

from collections import deque

from penstock.domain import (
    BPS_PER_UNIT,
    NS_PER_S,
    TICKS_PER_USD,
    Ns,
    ParentOrder,
    Side,
    Ticks,
    Universe,
)
from penstock.features import Touch
from penstock.risk.denial import DenialReason, RiskDenial, over
from penstock.risk.exposure import Exposure
from penstock.risk.limits import AccountLimits, ClientLimits

_NO_LIMITS = ClientLimits(client="")

Holder = str | tuple[str, str]
"""A client, or an account of a client."""


class Clients:
    """
    Which orders single clients may give. A client without limits of its own may give any.

    Promise: of orders and replaces that pass `take_message`, no more than `messages_per_s` come
    from a client in any second.
    """

    def __init__(self, limits: tuple[ClientLimits, ...], universe: Universe) -> None:
        self._limits = {of.client: of for of in limits}
        self._accounts: dict[Holder, AccountLimits] = {
            (of.client, account.account): account for of in limits for account in of.accounts
        }
        self._symbols = [instrument.symbol for instrument in universe.instruments]
        self._open: dict[Holder, dict[int, None]] = {}
        self._account_of: dict[int, str] = {}  # by parent, where accounts are counted
        self._taken_ns = {
            of.client: deque[int](maxlen=of.messages_per_s) for of in limits if of.messages_per_s
        }

    def account_of(self, parent_id: int) -> str:
        """The account that a parent counts for; empty if its client has none configured."""
        return self._account_of.get(parent_id, "")

    def take_message(self, client: str, now_ns: Ns) -> RiskDenial | None:
        """Count one order or replace; why it comes too fast, and then it is not counted."""
        taken_ns = self._taken_ns.get(client)
        if taken_ns is None:
            return None
        if len(taken_ns) == taken_ns.maxlen and now_ns - taken_ns[0] < NS_PER_S:
            return RiskDenial(
                reason=DenialReason.CLIENT_MESSAGES,
                text=f"more than {taken_ns.maxlen:,} orders and replaces in a second; send slower",
            )
        taken_ns.append(now_ns)
        return None

    def deny_another(self, order: ParentOrder, value: int, exposure: Exposure) -> RiskDenial | None:
        """Why the client may not have one more order; `value` is in ticks times shares."""
        limits, account = self._of(order)
        client, name = order.client, order.identity.account or ""
        day = DenialReason.CLIENT_DAY
        denial = _too_many(
            DenialReason.CLIENT_OPEN_ORDERS, self._n_open(client), limits.open_orders
        ) or _over(day, exposure.client_value(client) + value, limits.day_usd)
        if denial is not None or account is None:
            return denial
        return _too_many(
            DenialReason.ACCOUNT_OPEN_ORDERS, self._n_open((client, name)), account.open_orders
        ) or _over(
            DenialReason.ACCOUNT_DAY,
            exposure.account_value(client, name) + value,
            account.day_usd,
        )

    def deny_terms(self, order: ParentOrder, touch: Touch, value: int) -> RiskDenial | None:
        """Why the client may not give an order of these terms; `value` in ticks times shares."""
        limits, account = self._of(order)
        return (
            self._deny_symbol(limits, order)
            or _deny_shares(limits, order)
            or _over(DenialReason.CLIENT_ORDER_NOTIONAL, value, limits.max_order_usd)
            or _deny_account(limits, account, order)
            or _over(
                DenialReason.ACCOUNT_ORDER_NOTIONAL,
                value,
                None if account is None else account.max_order_usd,
            )
            or _deny_away(limits, order, touch)
        )

    def deny_value(
        self, client: str, parent_id: int, value: int, exposure: Exposure
    ) -> RiskDenial | None:
        """Why a child of this value may not be sent: the day of its client or account is used."""
        limits = self._limits.get(client, _NO_LIMITS)
        name = self.account_of(parent_id)
        account = self._accounts.get((client, name))
        return _over(
            DenialReason.CLIENT_DAY, exposure.client_value(client) + value, limits.day_usd
        ) or _over(
            DenialReason.ACCOUNT_DAY,
            exposure.account_value(client, name) + value,
            None if account is None else account.day_usd,
        )

    def on_order(self, order: ParentOrder, *, is_open: bool) -> None:
        """An order is open, or is not any more; to say so twice changes nothing."""
        holders: list[Holder] = [order.client]
        name = order.identity.account or ""
        if (order.client, name) in self._accounts:
            self._account_of[order.parent_id] = name
            holders.append((order.client, name))
        for holder in holders:
            open_orders = self._open.setdefault(holder, {})
            if is_open:
                open_orders[order.parent_id] = None
            else:
                open_orders.pop(order.parent_id, None)

    def facts(self) -> tuple[object, ...]:
        """Content for the state hash."""
        return (
            sorted((repr(holder), sorted(ids)) for holder, ids in self._open.items() if ids),
            sorted(self._account_of.items()),
            [(client, tuple(taken_ns)) for client, taken_ns in self._taken_ns.items()],
        )

    def _of(self, order: ParentOrder) -> tuple[ClientLimits, AccountLimits | None]:
        limits = self._limits.get(order.client, _NO_LIMITS)
        return limits, self._accounts.get((order.client, order.identity.account or ""))

    def _n_open(self, holder: Holder) -> int:
        return len(self._open.get(holder, ()))

    def _deny_symbol(self, limits: ClientLimits, order: ParentOrder) -> RiskDenial | None:
        idx = order.instrument_idx
        is_allowed = limits.allowed is None or idx in limits.allowed
        if is_allowed and idx not in limits.restricted:
            return None
        text = f"{order.client} may not trade {self._symbols[idx]}"
        return RiskDenial(reason=DenialReason.CLIENT_SYMBOL, text=text)


def _over(reason: DenialReason, value: int, limit_usd: int | None) -> RiskDenial | None:
    return None if limit_usd is None else over(reason, value, limit_usd)


def _too_many(reason: DenialReason, n_open: int, most: int | None) -> RiskDenial | None:
    if most is None or n_open < most:
        return None
    return RiskDenial(reason=reason, text=f"{n_open + 1:,} orders open, allowed {most:,}")


def _deny_shares(limits: ClientLimits, order: ParentOrder) -> RiskDenial | None:
    most = limits.max_order_shares
    if most is None or order.size_shares <= most:
        return None
    text = f"{order.size_shares:,} shares, allowed {most:,}"
    return RiskDenial(reason=DenialReason.CLIENT_ORDER_SHARES, text=text)


def _deny_account(
    limits: ClientLimits, account: AccountLimits | None, order: ParentOrder
) -> RiskDenial | None:
    if not limits.accounts or account is not None:
        return None
    found = "no account" if order.identity.account is None else repr(order.identity.account)
    known = ", ".join(of.account for of in limits.accounts)
    return RiskDenial(reason=DenialReason.ACCOUNT, text=f"{found}, expected one of {known}")


def _deny_away(limits: ClientLimits, order: ParentOrder, touch: Touch) -> RiskDenial | None:
    """Why a limit is taken for a typing error; without a market there is nothing to hold it to."""
    if limits.away_bps is None or order.limit_ticks is None or not touch.is_valid:
        return None
    far_ticks = touch.ask_ticks if order.side is Side.BUY else touch.bid_ticks
    through_bps = _through_bps(order.side, order.limit_ticks, far_ticks)
    if through_bps <= limits.away_bps:
        return None
    far = "offer" if order.side is Side.BUY else "bid"
    return RiskDenial(
        reason=DenialReason.CLIENT_AWAY,
        text=f"limit {order.limit_ticks / TICKS_PER_USD:.4f} is {through_bps:,.0f} bps through "
        f"the {far} of {far_ticks / TICKS_PER_USD:.4f}, allowed {limits.away_bps:g}",
    )


def _through_bps(side: Side, limit_ticks: Ticks, far_ticks: Ticks) -> float:
    return int(side) * (limit_ticks - far_ticks) * BPS_PER_UNIT / far_ticks
