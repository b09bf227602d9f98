"""Venues and their dated fees."""

import pytest

from penstock.domain import (
    FeeSchedule,
    Instrument,
    Liquidity,
    Shares,
    Ticks,
    TradingDay,
    Universe,
    Venue,
    VenueKind,
    fee_usd_micros,
    fees_on,
)


def fees(day: int, *, take: float = 3_000.0, make: float = -2_000.0) -> FeeSchedule:
    """A schedule in force from a day on; the midpoint costs 1,000 micros a share."""
    return FeeSchedule(
        effective_day=TradingDay(day),
        take_usd_micros=take,
        make_usd_micros=make,
        midpoint_usd_micros=1_000.0,
    )


OLD, NEW, PLANNED = fees(20130102), fees(20131001), fees(20260101)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (20130102, OLD),
        (20130930, OLD),
        (20131001, NEW),
        (20131008, NEW),
        (20251231, NEW),
        (20260101, PLANNED),
        (20300101, PLANNED),
    ],
)
@pytest.mark.parametrize("listed", [(OLD, NEW, PLANNED), (PLANNED, OLD, NEW)])
def test_the_latest_schedule_that_has_begun_is_in_force(
    day: int, expected: FeeSchedule, listed: tuple[FeeSchedule, ...]
) -> None:
    """A backtest of 2013 does not pay the fees of 2026, whatever order they are written in."""
    assert expected == fees_on(listed, TradingDay(day))


def test_no_schedule_before_the_first() -> None:
    """Assuming some fee would be a guess; the scenario has to give one."""
    with pytest.raises(AssertionError, match="20130101"):
        fees_on((OLD, NEW), TradingDay(20130101))


@pytest.mark.parametrize(
    ("liquidity", "expected"),
    [(Liquidity.TAKE, 300_000), (Liquidity.MAKE, -200_000), (Liquidity.MIDPOINT, 100_000)],
)
def test_each_side_of_the_fee_table_has_its_own_charge(liquidity: Liquidity, expected: int) -> None:
    """100 shares; a rebate is negative."""
    assert expected == fee_usd_micros(OLD, liquidity, Shares(100))


@pytest.mark.parametrize(("shares", "expected"), [(1, 0), (3, 2), (5, 2), (1_000, 500)])
def test_a_fee_is_rounded_once_half_to_even(shares: int, expected: int) -> None:
    """Half a micro a share: rounded per share, 1,000 shares would cost nothing."""
    assert expected == fee_usd_micros(fees(1, take=0.5), Liquidity.TAKE, Shares(shares))


def test_only_lit_venues_display_orders() -> None:
    """TAKE and POST make sense there alone."""
    assert [VenueKind.ECN, VenueKind.EXCHANGE] == [kind for kind in VenueKind if kind.is_lit]


@pytest.mark.parametrize(("venue_idx", "instrument_idx"), [(1, 0), (0, 1)])
def test_rows_of_a_universe_are_numbered_from_zero(venue_idx: int, instrument_idx: int) -> None:
    """An index that is not its row would put one venue's quotes into another's book."""
    venue = Venue(
        venue_idx=venue_idx,
        mic="XNAS",
        name="Nasdaq",
        kind=VenueKind.EXCHANGE,
        fees=(OLD,),
        is_protected=True,
    )
    instrument = Instrument(
        instrument_idx=instrument_idx,
        symbol="IBM",
        increment_ticks=Ticks(100),
        adv_shares=Shares(4_000_000),
    )

    with pytest.raises(AssertionError):
        Universe(day=TradingDay(20131008), instruments=(instrument,), venues=(venue,))
