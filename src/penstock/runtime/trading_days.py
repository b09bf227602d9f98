"""Trading days: which one it is, when it opens and closes, and when it rolls over."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from penstock.domain import NS_PER_S
from penstock.runtime.day_config import DayTable

_TIMEOUT_S: Final = 60.0
_DAY_NS: Final = 86_400 * NS_PER_S
_LEAST_DAYS_LEFT: Final = 30
_NEW_YORK: Final = timedelta(hours=-5)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One trading day; `roll_ns` ends it, and begins the next."""

    day: int  # YYYYMMDD
    open_ns: int
    close_ns: int
    roll_ns: int


class TradingDays(msgspec.Struct, frozen=True, kw_only=True):
    """
    The trading days of a year and more, in order.

    `table` is what they were computed for: other settings need others.
    """

    table: DayTable
    sessions: tuple[Session, ...]
    is_guessed: bool = False  # Monday to Friday: the calendar was not to be had

    def at(self, now_ns: int) -> Session:
        """The session that a moment belongs to: the first that has not rolled over yet."""
        for session in self.sessions:
            if now_ns < session.roll_ns:
                return session
        return self.sessions[-1]

    def of_day(self, day: int) -> Session | None:
        """The session of a day, YYYYMMDD; None for a day without trading."""
        return next((session for session in self.sessions if session.day == day), None)

    def covers(self, now_ns: int) -> bool:
        """Whether there are days enough behind a moment, and one before it."""
        n_left = sum(session.roll_ns > now_ns for session in self.sessions)
        return n_left >= _LEAST_DAYS_LEFT and self.sessions[0].roll_ns <= now_ns


def load_trading_days(
    table: DayTable, now_ns: int, cache: Path, say: Callable[[str], None]
) -> TradingDays:
    """
    The trading days around a moment.

    They are computed in a process of their own, once in some months, and kept in a file: what reads
    calendars takes a second and a hundred megabytes, which the router then does not carry all day.
    If that fails, Monday to Friday count as trading days, and a line says so.
    """
    known = _read(cache)
    if known is not None and known.table == table and known.covers(now_ns):
        return known
    try:
        days = _compute(table, now_ns)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError, ValueError) as error:
        reason = getattr(error, "stderr", None) or str(error)
        last = str(reason).strip().splitlines()[-1:] or ["no reason given"]
        say(f"no trading calendar {table.calendar}: {last[0]}; Monday to Friday count as days")
        return guessed_days(table, now_ns)
    cache.parent.mkdir(parents=True, exist_ok=True)
    aside = cache.with_suffix(".new")
    aside.write_bytes(msgspec.json.format(msgspec.json.encode(days)))
    aside.replace(cache)
    return days


def guessed_days(table: DayTable, now_ns: int) -> TradingDays:
    """Monday to Friday from 9:30 to 16:00 in a New York without summer time."""
    roll_h, roll_min = (int(part) for part in (table.roll_at or "18:00").split(":"))
    sessions = []
    for k in range(-7, 400):
        date = datetime.fromtimestamp((now_ns + k * _DAY_NS) // NS_PER_S, UTC) + _NEW_YORK
        midnight = date.replace(hour=0, minute=0, second=0, microsecond=0) - _NEW_YORK
        start_ns = int(midnight.timestamp()) * NS_PER_S
        if date.weekday() < 5:
            sessions.append(
                Session(
                    day=int(date.strftime("%Y%m%d")),
                    open_ns=start_ns + 34_200 * NS_PER_S,
                    close_ns=start_ns + 57_600 * NS_PER_S,
                    roll_ns=start_ns + (roll_h * 3_600 + roll_min * 60) * NS_PER_S,
                )
            )
    return TradingDays(table=table, sessions=tuple(sessions), is_guessed=True)


def _compute(table: DayTable, now_ns: int) -> TradingDays:
    done = subprocess.run(  # noqa: S603 - our own program, our own arguments
        [sys.executable, "-m", "penstock.runtime.calendar_process", str(now_ns)],
        input=msgspec.json.encode(table),
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise ValueError(done.stderr.decode(errors="replace"))
    return msgspec.json.decode(done.stdout, type=TradingDays)


def _read(cache: Path) -> TradingDays | None:
    try:
        return msgspec.json.decode(cache.read_bytes(), type=TradingDays)
    except (OSError, msgspec.DecodeError):
        return None
