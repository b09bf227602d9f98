"""The limits themselves: data, set by a person, read by the gate."""

from __future__ import annotations

from typing import Annotated

import msgspec

WholeNumber = Annotated[int, msgspec.Meta(gt=0)]
PositiveFloat = Annotated[float, msgspec.Meta(gt=0)]


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What may be sent at most. Amounts are whole US dollars, so that no rounding decides.

    An order counts at its limit price, an execution at its own. `parent_usd` and `client_day_usd`
    count what has traded plus what is live; `open_usd` counts everything live, of all clients: the
    credit that venues give us.
    """

    order_shares: WholeNumber = 100_000
    order_usd: WholeNumber = 5_000_000
    parent_usd: WholeNumber = 100_000_000
    client_day_usd: WholeNumber = 500_000_000
    open_usd: WholeNumber = 200_000_000
    collar_bps: PositiveFloat = 100.0  # farthest that a limit may be beyond the protected midpoint
    messages_per_s: WholeNumber = 1_000  # orders to one venue in any second; one more latches it
    restricted: tuple[int, ...] = ()  # instrument_idx that may not be traded
