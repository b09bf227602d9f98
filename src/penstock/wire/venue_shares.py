"""Public shares of volume: exchanges by year, alternative trading systems by week."""

from __future__ import annotations

from datetime import date
from typing import Final, TypeVar

import msgspec

from penstock.domain import TapeError, TradingDay
from penstock.wire.unpacking import NamedBytes, unpack

T = TypeVar("T")

OFF_EXCHANGE_NAME: Final = "TRF"


class _YearOfVenue(msgspec.Struct, frozen=True):
    year: int
    sym: str
    mktShare: float  # noqa: N815 - the file's own word


class ExchangeShares(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of all US volume in one year, by the file's names; TRF is everything off exchange."""

    year: int
    frac: dict[str, float]


class AtsShares(msgspec.Struct, frozen=True, kw_only=True):
    """
    Parts of ATS volume in one week, by the ATS's code.

    Only the largest are named; `other_frac` is the rest.
    """

    week: str  # its Monday, ISO
    days_away: int  # from the day that was asked for: data of another time
    frac: dict[str, float]

    @property
    def other_frac(self) -> float:
        """What is not named."""
        return max(0.0, 1.0 - sum(self.frac.values()))


def read_exchange_shares(file: NamedBytes, day: TradingDay) -> ExchangeShares:
    """
    Shares of the year of `day`: a JSON list of {year, sym, mktShare}.

    Raises:
        TapeError: empty, damaged, of another format, without that year, or shares that do not sum
            to one.
    """
    text = unpack(file)
    rows = _decoded(text, list[_YearOfVenue])
    year = int(day) // 10_000
    frac = {row.sym: row.mktShare for row in rows if row.year == year}
    if not frac or abs(sum(frac.values()) - 1.0) > 0.02:
        years = sorted({row.year for row in rows})
        raise TapeError.one(
            where=text.name,
            expected=f"shares of {year} that sum to 1",
            found=f"a sum of {sum(frac.values()):.3g}; the file has {years}",
            fix="pass a file of the year, or leave it out",
        )
    return ExchangeShares(year=year, frac=frac)


def read_ats_shares(file: NamedBytes, day: TradingDay, tier: str = "t1") -> AtsShares:
    """
    Shares of the week that is nearest to `day`: JSON, by tier, lists of one length with `week`.

    Args:
        tier: FINRA's: "t1" for stocks of the S&P 500 and other large ones, "t2" for the rest.
    Raises:
        TapeError: empty, damaged or of another format.
    """
    text = unpack(file)
    table = _decoded(text, dict[str, dict[str, list[str | float]]]).get(tier, {})
    place, week, days_away = _nearest(table, day, f"{text.name}: {tier}")
    frac = {
        name: float(column[place])
        for name, column in table.items()
        if name != "week" and float(column[place]) > 0.0
    }
    if sum(frac.values()) > 1.0001:
        raise TapeError.one(
            where=f"{text.name}: {tier}, {week}",
            expected="shares that sum to at most 1",
            found=f"{sum(frac.values()):.3f}",
            fix="pass shares as fractions, not as percent",
        )
    return AtsShares(week=week, days_away=days_away, frac=frac)


def read_ats_part(file: NamedBytes, day: TradingDay, tier: str = "t1") -> float:
    """
    Part of off-exchange volume that ATSs traded in the week nearest to `day`; the rest is dealers'.

    Args:
        tier: as for `read_ats_shares`.
    Raises:
        TapeError: empty, damaged or of another format.
    """
    text = unpack(file)
    table = _decoded(text, dict[str, dict[str, list[str | float]]]).get(tier, {})
    place, _, _ = _nearest(table, day, f"{text.name}: {tier}")
    part = float(table.get("atsPct", [-1.0] * (place + 1))[place])
    if not 0.0 <= part <= 1.0:
        raise TapeError.one(
            where=f"{text.name}: {tier}",
            expected="a list `atsPct` of fractions",
            found=f"{part}",
            fix="pass the file of the ATSs' part of off-exchange volume",
        )
    return part


def _nearest(
    table: dict[str, list[str | float]], day: TradingDay, where: str
) -> tuple[int, str, int]:
    """Place, name and distance in days of the week nearest to a day."""
    weeks = [str(week) for week in table.get("week", [])]
    lengths = {len(column) for column in table.values()}
    try:
        dates = [date.fromisoformat(week) for week in weeks]
    except ValueError:
        dates = []
    if not dates or lengths != {len(dates)}:
        raise TapeError.one(
            where=where,
            expected="a list `week` of ISO dates and lists of the same length beside it",
            found=f"lengths {sorted(lengths)}",
            fix="pass the weekly file that is meant",
        )
    digits = str(day)
    wanted = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    place = min(range(len(dates)), key=lambda k: abs((dates[k] - wanted).days))
    return place, weeks[place], abs((dates[place] - wanted).days)


def _decoded(text: NamedBytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text.data, type=kind)
    except msgspec.DecodeError as error:
        raise TapeError.one(
            where=text.name,
            expected="JSON of venue shares",
            found=str(error),
            fix="pass the file that is meant, whole",
        ) from None
