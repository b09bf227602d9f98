"""The limits themselves: data, set by a person, read by the gate."""

from __future__ import annotations

from typing import Annotated

import msgspec

WholeNumber = Annotated[int, msgspec.Meta(gt=0)]
PositiveFloat = Annotated[float, msgspec.Meta(gt=0)]


class AccountLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What one account of a client may do at most; None is no limit of its own.

    `day_usd` counts what has traded plus what is live on the account.
    """

    account: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]  # 1 Account
    max_order_usd: WholeNumber | None = None
    day_usd: WholeNumber | None = None
    open_orders: WholeNumber | None = None


class ClientLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What one client may do at most, beside the limits that hold for all; None is no limit.

    `messages_per_s` counts orders and replaces; a cancel always passes. `away_bps`: how far a limit
    may be through the far side of the market when it arrives. With `accounts`, an order must name
    one of them.
    """

    client: str
    max_order_shares: WholeNumber | None = None
    max_order_usd: WholeNumber | None = None
    day_usd: WholeNumber | None = None
    open_orders: WholeNumber | None = None
    messages_per_s: WholeNumber | None = None
    away_bps: PositiveFloat | None = None
    allowed: tuple[int, ...] | None = None  # instrument_idx that it may trade; None: all
    restricted: tuple[int, ...] = ()  # instrument_idx that it may not trade
    accounts: tuple[AccountLimits, ...] = ()


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What may be sent at most. Amounts are whole US dollars, so that no rounding decides.

    An order counts at its limit price, an execution at its own. `parent_usd` and `client_day_usd`
    count what has traded plus what is live; `open_usd` counts everything live, of all clients: the
    credit that venues give us. `clients` has further limits of single clients.
    """

    order_shares: WholeNumber = 100_000
    order_usd: WholeNumber = 5_000_000
    parent_usd: WholeNumber = 100_000_000
    client_day_usd: WholeNumber = 500_000_000
    open_usd: WholeNumber = 200_000_000
    collar_bps: PositiveFloat = 100.0  # farthest that a limit may be beyond the protected midpoint
    messages_per_s: WholeNumber = 1_000  # orders to one venue in any second; one more latches it
    restricted: tuple[int, ...] = ()  # instrument_idx that may not be traded
    clients: tuple[ClientLimits, ...] = ()
