"""One venue's orders, one by one: what becomes of the files that name every order."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock.domain import NS_PER_S, Ns, TapeError, TradingDay

ORDER_DTYPE: Final = np.dtype(
    [
        ("event_ns", np.int64),  # wall time at the exchange, as if it were UTC
        ("order_ref", np.int64),  # the venue's number of the order, 0 where it says none
        ("price_ticks", np.int64),
        ("shares", np.int64),  # added, withdrawn, filled or printed
        ("kind", np.uint8),  # OrderKind
        ("side", np.int8),  # +1 bid, -1 ask; of a PRINT the aggressor's, 0 unknown
    ],
    align=True,
)
"""40 bytes a message; ticks are 1e-4 USD."""


class OrderKind(IntEnum):
    """What happened to one order."""

    ADD = 0  # a displayed order rests
    CANCEL = 1  # `shares` of it are withdrawn
    FILL = 2  # `shares` of it were executed
    MODIFY = 3  # price and size are new; its place in the queue is lost
    PRINT = 4  # an execution against displayed size; the FILL says of which order
    HIDDEN_PRINT = 5  # an execution against size that nobody could see
    CLEAR = 6  # the book is empty from here


class OrderLog(NamedTuple):
    """One stock at one venue on one day, order by order, in the venue's order."""

    symbol: str
    mic: str
    day: TradingDay
    session_start_ns: Ns
    session_end_ns: Ns
    orders: NDArray[Any]  # ORDER_DTYPE
    source: str  # name of the file, for people


def regular_session(midnight_ns: int) -> tuple[Ns, Ns]:
    """09:30 to 16:00 of the day that begins at `midnight_ns`."""
    return Ns(midnight_ns + 34_200 * NS_PER_S), Ns(midnight_ns + 57_600 * NS_PER_S)


def check_order_of_times(times_ns: NDArray[np.int64], name: str, first_line: int) -> None:
    """
    Refuse a file whose times go back.

    Raises:
        TapeError: naming the first such line.
    """
    back = np.flatnonzero(np.diff(times_ns) < 0)
    if len(back):
        raise TapeError.one(
            where=f"{name}:{int(back[0]) + first_line + 1}",
            expected="times that do not go back",
            found=f"{len(back):,} lines earlier than the line before them",
            fix="sort the file by time; a file joined from two days is two files",
        )
