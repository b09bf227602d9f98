"""Order messages of one Nasdaq stock as LOBSTER writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from penstock.domain import NS_PER_S, TapeError, TradingDay
from penstock.wire.csv_frames import parsed, read_frame
from penstock.wire.order_log import (
    ORDER_DTYPE,
    OrderKind,
    OrderLog,
    check_order_of_times,
    regular_session,
)
from penstock.wire.unpacking import NamedBytes, unpack

MESSAGE_COLUMNS: Final = ("time", "type", "order_id", "size", "price", "direction")
_NAMED: Final = re.compile(r"([A-Za-z.]+)_(\d{4})-(\d{2})-(\d{2})_")

# By LOBSTER's type; 6 is a cross, 7 a trading halt: neither is an order of a continuous book.
_KINDS: Final = {
    1: (OrderKind.ADD,),
    2: (OrderKind.CANCEL,),
    3: (OrderKind.CANCEL,),
    4: (OrderKind.PRINT, OrderKind.FILL),
    5: (OrderKind.HIDDEN_PRINT,),
    6: (),
    7: (),
}


def read_lobster(file: NamedBytes, symbol: str | None = None) -> OrderLog:
    """
    A message file, plain or gzipped; stock and day are in its name, as LOBSTER gives it.

    Orders that rested before the file begins are not in it: their cancels and fills name numbers
    that nobody added. Execution messages carry the resting side; a PRINT gets the aggressor's.

    Args:
        symbol: the stock that is wanted; None takes the one in the name.
    Raises:
        TapeError: empty, truncated, of another format or stock, a name without stock and day, times
            that go back.
    Source: https://lobsterdata.com/info/DataStructure.php
    """
    text = unpack(file)
    base = text.name.replace("\\", "/").rpartition("/")[2]
    named = _NAMED.match(base)
    if named is None or (symbol is not None and named[1].upper() != symbol.upper()):
        wanted = "SYMBOL" if symbol is None else symbol.upper()
        raise TapeError.one(
            where=text.name,
            expected=f"a name like {wanted}_2012-06-21_34200000_57600000_message_5.csv",
            found=base,
            fix="name the file as LOBSTER does, and pass the stock that is meant",
        )
    frame = read_frame(text, MESSAGE_COLUMNS, has_header=False)
    kinds = dict.fromkeys(MESSAGE_COLUMNS[1:], pl.Int64())
    frame = parsed(frame, {"time": pl.Float64(), **kinds}, text.name, first_line=1)
    _check_values(frame, text.name)
    midnight = datetime(int(named[2]), int(named[3]), int(named[4]), tzinfo=UTC)
    midnight_ns = int(midnight.timestamp()) * NS_PER_S
    start_ns, end_ns = regular_session(midnight_ns)
    return OrderLog(
        symbol=named[1].upper(),
        mic="XNAS",
        day=TradingDay(int(f"{named[2]}{named[3]}{named[4]}")),
        session_start_ns=start_ns,
        session_end_ns=end_ns,
        orders=_orders(frame, midnight_ns, text.name),
        source=base,
    )


def _check_values(frame: pl.DataFrame, name: str) -> None:
    is_bad = (
        ~frame["type"].is_in(list(_KINDS))
        | ~frame["direction"].is_in([-1, 1])
        | frame["time"].is_null()
        | frame["price"].is_null()
        | (frame["size"] < 0)
    ) | ((frame["time"] < 0) | (frame["time"] >= 86_400))
    is_bad = is_bad.fill_null(value=True)
    if is_bad.any():
        row = int(is_bad.arg_true()[0])
        raise TapeError.one(
            where=f"{name}:{row + 1}",
            expected="seconds after midnight, a type from 1 to 7, order, size, price, 1 or -1",
            found=str(frame.row(row)),
            fix="pass LOBSTER's message file, not its order book file",
        )


def _orders(frame: pl.DataFrame, midnight_ns: int, name: str) -> NDArray[Any]:
    # Nanoseconds of a day need 47 bits, a double has 53: the digits of the file survive.
    times_ns = np.round(frame["time"].to_numpy() * NS_PER_S).astype(np.int64) + midnight_ns
    check_order_of_times(times_ns, name, first_line=1)
    rows = []
    columns = (frame[column].to_list() for column in MESSAGE_COLUMNS[1:])
    for time_ns, kind, ref, size, price, direction in zip(times_ns, *columns, strict=True):
        for becomes in _KINDS[kind]:
            is_print = becomes in {OrderKind.PRINT, OrderKind.HIDDEN_PRINT}
            side = -direction if is_print else direction
            rows.append((int(time_ns), ref, price, size, int(becomes), side))
    return np.array(rows, dtype=ORDER_DTYPE)
