"""Trading days: sessions, half days, holidays, and the roll, in the exchange's own time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from penstock.domain import NS_PER_S
from penstock.runtime import trading_days
from penstock.runtime.calendar_process import sessions_of
from penstock.runtime.day_config import DayTable
from penstock.runtime.trading_days import guessed_days, load_trading_days


def ns(text: str) -> int:
    """A moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S


NOW = ns("2026-11-20 15:00")


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-23 12:00", 20261123),
        ("2026-11-23 22:59", 20261123),  # 17:59 in New York
        ("2026-11-23 23:00", 20261124),
        ("2026-11-25 23:00", 20261127),  # the 26th is Thanksgiving
        ("2026-11-27 23:30", 20261130),  # Friday evening is Monday's
        ("2026-11-29 12:00", 20261130),
    ],
)
def test_the_trading_day_is_the_one_that_has_not_rolled(moment: str, day: int) -> None:
    """Evenings, weekends and holidays belong to the next session."""
    days = sessions_of(DayTable(), NOW)

    assert day == days.at(ns(moment)).day


def test_half_days_and_zones_are_the_calendars() -> None:
    """The day after Thanksgiving closes at one; in July New York is four hours behind."""
    half = sessions_of(DayTable(), NOW).of_day(20261127)
    summer = sessions_of(DayTable(), ns("2026-07-01 12:00")).of_day(20260706)

    assert half is not None
    assert summer is not None
    assert ns("2026-11-27 18:00") == half.close_ns
    assert ns("2026-07-06 13:30") == summer.open_ns
    assert ns("2026-07-06 22:00") == summer.roll_ns


def test_other_hours_may_be_set_and_a_half_day_stays_one() -> None:
    """A pool that opens at eight, say."""
    table = DayTable(open_at="08:00", close_at="17:00", roll_at="20:00")
    days = sessions_of(table, NOW)
    whole, half = days.of_day(20261124), days.of_day(20261127)

    assert whole is not None
    assert half is not None
    assert ns("2026-11-24 13:00") == whole.open_ns
    assert ns("2026-11-25 01:00") == whole.roll_ns
    assert ns("2026-11-27 18:00") == half.close_ns


def test_an_unknown_calendar_is_an_error() -> None:
    """In the process that computes; the router then goes by Monday to Friday."""
    with pytest.raises(ValueError, match="NOWHERE"):
        sessions_of(DayTable(calendar="NOWHERE"), NOW)


def test_days_are_computed_once_in_months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start reads a file; other settings, or its end in sight, have it computed anew."""
    n_computed = 0

    def compute(table: DayTable, now_ns: int) -> trading_days.TradingDays:
        nonlocal n_computed
        n_computed += 1
        return msgspec.structs.replace(guessed_days(table, now_ns), is_guessed=False)

    monkeypatch.setattr(trading_days, "_compute", compute)
    cache, said = tmp_path / "run" / "trading-days.json", list[str]()
    first = load_trading_days(DayTable(), NOW, cache, said.append)
    again = load_trading_days(DayTable(), NOW + 86_400 * NS_PER_S, cache, said.append)
    load_trading_days(DayTable(roll_at="17:00"), NOW, cache, said.append)
    load_trading_days(DayTable(roll_at="17:00"), ns("2027-12-20 12:00"), cache, said.append)

    assert first == again
    assert 3 == n_computed
    assert [] == said


def test_without_a_calendar_weekdays_count_and_a_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A router that cannot start is worse than one that does not know of a holiday."""

    def compute(table: DayTable, now_ns: int) -> trading_days.TradingDays:
        raise OSError("no such program")

    monkeypatch.setattr(trading_days, "_compute", compute)
    said: list[str] = []
    days = load_trading_days(DayTable(), NOW, tmp_path / "days.json", said.append)

    assert days.is_guessed
    assert 20261126 == days.at(ns("2026-11-26 12:00")).day
    assert 20261130 == days.at(ns("2026-11-28 12:00")).day
    assert "no such program" in said[0]
    assert not (tmp_path / "days.json").exists()


def test_the_process_computes_what_the_function_does(tmp_path: Path) -> None:
    """A second or two, once in some months."""
    said: list[str] = []
    days = load_trading_days(DayTable(), NOW, tmp_path / "days.json", said.append)

    assert [] == said
    assert sessions_of(DayTable(), NOW) == days
