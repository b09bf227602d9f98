"""Venues, what they charge, and how far away they are."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Annotated, Literal

import msgspec

from penstock.domain.units import Shares, Ticks, TradingDay, UsdMicros, round_half_even

Mic = Annotated[
    str,
    msgspec.Meta(
        pattern="^[A-Z0-9]{4}$", description="of four capital letters or digits, such as XNYS"
    ),
]
"""A market identifier code, as in ISO 10383."""


class VenueKind(IntEnum):
    """What sort of place a venue is; decides which tactics make sense there."""

    INTERNAL = 0  # the house's own crossing pool: midpoint, no fee, nobody outside sees
    DARK = 1  # external dark pool: midpoint, displays nothing
    ECN = 2  # lit, usually takes less than it pays or pays the taker
    EXCHANGE = 3  # lit, protected quotes

    @property
    def is_lit(self) -> bool:
        """True where orders are displayed and can be taken or joined."""
        return self in (VenueKind.ECN, VenueKind.EXCHANGE)


class Liquidity(IntEnum):
    """Which side of the venue's fee table a fill is on."""

    TAKE = 0
    MAKE = 1
    MIDPOINT = 2


class FeeSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a venue charges from `effective_day` on, in USD micros per share; negative is a rebate.

    Dated, because access fees change by rule and by notice: a backtest of 2013 must not pay
    the fees of 2026.
    """

    effective_day: TradingDay
    take_usd_micros: float
    make_usd_micros: float
    midpoint_usd_micros: float

    def per_share_usd_micros(self, liquidity: Liquidity) -> float:
        """The charge per share for one side of the fee table."""
        if liquidity is Liquidity.TAKE:
            return self.take_usd_micros
        if liquidity is Liquidity.MAKE:
            return self.make_usd_micros
        return self.midpoint_usd_micros


def fees_on(schedules: Sequence[FeeSchedule], day: TradingDay) -> FeeSchedule:
    """The schedule in force on `day`: the latest that is not in the future."""
    in_force = [schedule for schedule in schedules if schedule.effective_day <= day]
    assert in_force, f"no fee schedule is in force on {day}"
    return max(in_force, key=lambda schedule: schedule.effective_day)


def fee_usd_micros(schedule: FeeSchedule, liquidity: Liquidity, size_shares: Shares) -> UsdMicros:
    """Fee (positive) or rebate (negative) of one fill, rounded once, half to even."""
    return UsdMicros(round_half_even(schedule.per_share_usd_micros(liquidity) * size_shares))


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """
    One destination. `venue_idx` is its row in every array of the house; `mic` names it outside.

    `is_protected` says whether its quotes count in the protected NBBO (Rule 611 of Regulation NMS).

    Capabilities, as its rule book states them:
        has_feed: it publishes market data; a pool may publish none;
        answers_status: it answers an OrderStatusRequest (35=H); where it does not, a cancel asks;
        cancels_on_disconnect: it cancels our orders when the session is lost;
        exec_id_scope: an ExecID is unique at the venue, or only within its order.
    """

    venue_idx: int
    mic: str
    name: str
    kind: VenueKind
    fees: tuple[FeeSchedule, ...]
    is_protected: bool
    min_shares: Shares = Shares(1)
    has_feed: bool = True
    answers_status: bool = True
    cancels_on_disconnect: bool = False
    exec_id_scope: Literal["order", "venue"] = "order"
    carries: tuple[str, ...] = ()  # parts of an order's identity that go on to it


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One tradable security. `instrument_idx` is its row in every array of the house."""

    instrument_idx: int
    symbol: str
    increment_ticks: Ticks  # smallest legal quoting step, e.g. 100 ticks = one cent
    adv_shares: Shares  # 20-day average daily volume
    round_lot_shares: Shares = Shares(100)


class Universe(msgspec.Struct, frozen=True, kw_only=True):
    """Everything tradable in one run, and the day whose dated rules apply."""

    day: TradingDay
    instruments: tuple[Instrument, ...]
    venues: tuple[Venue, ...]

    def __post_init__(self) -> None:
        assert [v.venue_idx for v in self.venues] == list(range(len(self.venues)))
        assert [i.instrument_idx for i in self.instruments] == list(range(len(self.instruments)))
