"""What the router's file may say of the trading day."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

LocalTime = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="a time of day such as 18:00")
]


class DayTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The trading day: whose calendar, when it rolls over, and what becomes of its files.

    Times are local to the exchange. `open_at` and `close_at` stand in for the calendar's own; a
    half day stays one. `retention_days` 0 keeps every journal.
    """

    calendar: Annotated[str, Meta(pattern="^[A-Za-z0-9_/]{1,20}$")] = "XNYS"
    roll_at: LocalTime = "18:00"
    open_at: LocalTime | None = None
    close_at: LocalTime | None = None
    outside_hours: Literal["accept", "reject"] = "accept"  # new orders before open, after close
    retention_days: Annotated[int, Meta(ge=0, le=36_500)] = 0
    compress: bool = True  # journals of earlier days
