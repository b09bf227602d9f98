"""A short-lived process that computes trading days: calendars stay out of the router's own."""

from __future__ import annotations

import sys
import warnings
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from penstock.domain import NS_PER_S
from penstock.runtime.day_config import DayTable
from penstock.runtime.trading_days import Session, TradingDays


def sessions_of(table: DayTable, now_ns: int) -> TradingDays:
    """
    Two weeks back and a year and a month ahead.

    Raises:
        ValueError: no such calendar.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's, about the next release of pandas
        return _sessions_of(table, now_ns)


def _sessions_of(table: DayTable, now_ns: int) -> TradingDays:
    import exchange_calendars as calendars  # type: ignore[import-untyped]  # noqa: PLC0415 - a second, and only here

    today = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).date()
    first, last = today - timedelta(days=15), today + timedelta(days=395)
    try:
        calendar: Any = calendars.get_calendar(table.calendar, start=str(first), end=str(last))
    except calendars.errors.CalendarError as error:
        raise ValueError(str(error)) from None
    zone = ZoneInfo(str(calendar.tz))
    return TradingDays(
        table=table,
        sessions=tuple(
            _session(table, zone, row.name.date(), row.open.value, row.close.value)
            for _, row in calendar.schedule.iterrows()
        ),
    )


def _session(table: DayTable, zone: ZoneInfo, day: date, open_ns: int, close_ns: int) -> Session:
    if table.open_at is not None:
        open_ns = _at(table.open_at, zone, day)
    if table.close_at is not None:
        close_ns = min(_at(table.close_at, zone, day), close_ns)
    return Session(
        day=int(day.strftime("%Y%m%d")),
        open_ns=open_ns,
        close_ns=close_ns,
        roll_ns=max(_at(table.roll_at, zone, day), close_ns),
    )


def _at(local: str, zone: ZoneInfo, day: date) -> int:
    moment = datetime.combine(day, time.fromisoformat(local), zone)
    return int(moment.timestamp()) * NS_PER_S


def main() -> None:
    """Read a DayTable, write TradingDays."""
    table = msgspec.json.decode(sys.stdin.buffer.read(), type=DayTable)
    try:
        days = sessions_of(table, int(sys.argv[1]))
    except (ImportError, ValueError) as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(msgspec.json.encode(days))


if __name__ == "__main__":
    main()
