"""Market by order of one venue, as Databento's CSV export writes it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from penstock.domain import NS_PER_S, TICKS_PER_USD, TapeError, TradingDay
from penstock.wire.csv_frames import parsed, read_frame
from penstock.wire.order_log import (
    ORDER_DTYPE,
    OrderKind,
    OrderLog,
    check_order_of_times,
    regular_session,
)
from penstock.wire.unpacking import NamedBytes, unpack

MBO_COLUMNS: Final = (
    "ts_event", "rtype", "publisher_id", "action", "side", "price", "size", "order_id", "sequence",
    "symbol",
)  # fmt: skip
_EXCHANGE_ZONE: Final = "America/New_York"
_RTYPE: Final = "160"  # of market by order
_SCHEMAS: Final = {"0": "trades", "1": "mbp-1", "10": "mbp-10"}  # by the rtype of their rows
_MICS: Final = {2: "XNAS"}  # publisher_id; others are shown by their number
_KINDS: Final = {
    "A": OrderKind.ADD,
    "C": OrderKind.CANCEL,
    "M": OrderKind.MODIFY,
    "F": OrderKind.FILL,
    "T": OrderKind.PRINT,
    "R": OrderKind.CLEAR,
}


def read_mbo_csv(file: NamedBytes, symbol: str | None = None) -> OrderLog:
    """
    One day of one stock at one venue, order by order; plain or gzipped, times in UTC.

    A trade (T) that meets displayed orders is followed by a fill (F) of each and by a cancel (C) of
    what it filled: the cancel is dropped and the fill keeps its place, so that a withdrawal is told
    from an execution. A trade without a fill met hidden size. Times become wall time in New York.

    Args:
        symbol: the stock that is wanted; None takes the only one in the file.
    Raises:
        TapeError: empty, truncated, of another format or schema, several stocks, days or venues,
            times that go back.
    Source: https://databento.com/docs/schemas-and-data-formats/mbo
    """
    text = unpack(file)
    frame = read_frame(text, MBO_COLUMNS)
    name = text.name
    _check_schema(frame, name)
    _only_one(frame["symbol"], f"{name}: symbol", symbol)
    whole = ("size", "order_id", "publisher_id", "sequence")
    kinds: dict[str, pl.DataType] = {column: pl.Int64() for column in whole}
    frame = parsed(frame, {"price": pl.Float64(), **kinds}, name, first_line=2)
    _check_letters(frame, name)
    _only_one(frame["publisher_id"].cast(pl.String), f"{name}: publisher_id", None)
    times_ns = _wall_times_ns(frame, name)
    check_order_of_times(times_ns, name, first_line=2)
    midnight_ns = int(times_ns[0]) // (86_400 * NS_PER_S) * 86_400 * NS_PER_S
    if int(times_ns[-1]) - midnight_ns >= 86_400 * NS_PER_S:
        raise TapeError.one(
            where=name,
            expected="one day, by the clock of New York",
            found="more than one",
            fix="cut the file by day",
        )
    publisher = int(frame["publisher_id"][0])
    start_ns, end_ns = regular_session(midnight_ns)
    day = date.fromordinal(
        date(1970, 1, 1).toordinal() + midnight_ns // (86_400 * NS_PER_S)
    ).strftime("%Y%m%d")
    return OrderLog(
        symbol=str(frame["symbol"][0]).upper(),
        mic=_MICS.get(publisher, f"P{publisher:03d}"[:4]),
        day=TradingDay(int(day)),
        session_start_ns=start_ns,
        session_end_ns=end_ns,
        orders=_orders(frame, times_ns),
        source=name.replace("\\", "/").rpartition("/")[2],
    )


def _orders(frame: pl.DataFrame, times_ns: NDArray[np.int64]) -> NDArray[Any]:
    actions, sequences = frame["action"].to_list(), frame["sequence"].to_list()
    refs, sides = frame["order_id"].to_list(), frame["side"].to_list()
    prices, sizes = frame["price"].to_list(), frame["size"].to_list()
    rows = []
    filled: dict[tuple[int, int], int] = {}  # shares that a cancel still to come only repeats
    with_fill = {s for s, action in zip(sequences, actions, strict=True) if action == "F"}
    for i, action in enumerate(actions):
        kind = _KINDS[action]
        shares, key = sizes[i], (sequences[i], refs[i])
        if kind is OrderKind.FILL:
            filled[key] = filled.get(key, 0) + shares
        elif kind is OrderKind.CANCEL and key in filled:
            shares = max(0, shares - filled.pop(key))
            if shares == 0:
                continue
        elif kind is OrderKind.PRINT and sequences[i] not in with_fill:
            kind = OrderKind.HIDDEN_PRINT
        side = {"B": 1, "A": -1}.get(sides[i], 0)
        ticks = 0 if prices[i] is None else round(prices[i] * TICKS_PER_USD)
        rows.append((int(times_ns[i]), refs[i], ticks, shares, int(kind), side))
    return np.array(rows, dtype=ORDER_DTYPE)


def _only_one(column: pl.Series, where: str, wanted: str | None) -> None:
    found = sorted({str(value) for value in column.to_list()})
    if len(found) != 1 or (wanted is not None and found[0].upper() != wanted.upper()):
        raise TapeError.one(
            where=where,
            expected="one value" if wanted is None else wanted.upper(),
            found=", ".join(found[:5]),
            fix="pass one stock, one venue and one day in a file",
        )


def _check_schema(frame: pl.DataFrame, name: str) -> None:
    """Other schemas may have all columns that are read here, and mean other things by them."""
    is_bad = (frame["rtype"] != _RTYPE) | frame["rtype"].is_null()
    if is_bad.any():
        row = int(is_bad.arg_true()[0])
        rtype = frame["rtype"][row]
        schema = f", the schema {_SCHEMAS[rtype]}" if rtype in _SCHEMAS else ""
        raise TapeError.one(
            where=f"{name}:{row + 2}",
            expected=f"rtype {_RTYPE}, market by order",
            found=f"rtype {rtype or 'empty'}{schema}",
            fix="pass a file of Databento's mbo schema",
        )


def _check_letters(frame: pl.DataFrame, name: str) -> None:
    for column, known in (("action", set(_KINDS)), ("side", {"A", "B", "N"})):
        is_bad = ~frame[column].is_in(sorted(known)) | frame[column].is_null()
        if is_bad.any():
            row = int(is_bad.arg_true()[0])
            raise TapeError.one(
                where=f"{name}:{row + 2}",
                expected=f"{column} to be one of {', '.join(sorted(known))}",
                found=repr(frame[column][row]),
                fix="pass a file of Databento's mbo schema, with pretty prices and times",
            )


def _wall_times_ns(frame: pl.DataFrame, name: str) -> NDArray[np.int64]:
    moments = frame["ts_event"].str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ns", time_zone="UTC", strict=False
    )
    if moments.null_count():
        row = int(moments.is_null().arg_true()[0])
        raise TapeError.one(
            where=f"{name}:{row + 2}",
            expected="ts_event like 2025-07-17T13:30:00.000000001Z",
            found=repr(frame["ts_event"][row]),
            fix="export with pretty timestamps",
        )
    walls = moments.dt.convert_time_zone(_EXCHANGE_ZONE).dt.replace_time_zone(None)
    return walls.dt.epoch("ns").to_numpy()
