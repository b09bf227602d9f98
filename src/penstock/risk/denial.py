"""A "no" of the risk gate: a value with a reason, never an exception."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from penstock.domain import TICKS_PER_USD


class DenialReason(StrEnum):
    """Which limit said no."""

    KILL = "kill"
    RESTRICTED = "restricted"
    VENUE_OFF = "venue_off"
    THROTTLE = "throttle"
    DUPLICATE = "duplicate"
    ORDER_SHARES = "order_shares"
    ORDER_NOTIONAL = "order_notional"
    PARENT_NOTIONAL = "parent_notional"
    CLIENT_DAY = "client_day"
    OPEN_NOTIONAL = "open_notional"
    COLLAR = "collar"
    NO_REFERENCE = "no_reference"
    CLIENT_SYMBOL = "client_symbol"
    CLIENT_ORDER_SHARES = "client_order_shares"
    CLIENT_ORDER_NOTIONAL = "client_order_notional"
    CLIENT_OPEN_ORDERS = "client_open_orders"
    CLIENT_MESSAGES = "client_messages"
    CLIENT_AWAY = "client_away"
    ACCOUNT = "account"
    ACCOUNT_ORDER_NOTIONAL = "account_order_notional"
    ACCOUNT_DAY = "account_day"
    ACCOUNT_OPEN_ORDERS = "account_open_orders"


class RiskDenial(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was not sent, in words that a trader can act on."""

    reason: DenialReason
    text: str

    def __str__(self) -> str:
        return f"risk: {self.reason}: {self.text}"


def over(reason: DenialReason, value: int, limit_usd: int) -> RiskDenial | None:
    """
    The denial of an amount above its limit; None at the limit and below.

    Args:
        value: ticks times shares.
    """
    if value <= limit_usd * TICKS_PER_USD:
        return None
    text = f"{value / TICKS_PER_USD:,.2f} USD, allowed {limit_usd:,}"
    return RiskDenial(reason=reason, text=text)
