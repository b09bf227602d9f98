"""Monthly execution statistics of one market centre: SEC Rule 605, NMS plan layout."""

from __future__ import annotations

from typing import Final

import msgspec
import polars as pl

from penstock.domain import TapeError
from penstock.wire.csv_frames import parsed, read_frame
from penstock.wire.unpacking import NamedBytes, unpack

_COLUMNS: Final = (
    "participant", "center", "month", "symbol", "order_type", "order_size", "n_orders",
    "covered_shares", "cancelled_shares", "executed_shares", "away_shares",
    "shares_0_9_s", "shares_10_29_s", "shares_30_59_s", "shares_60_299_s", "shares_5_30_min",
    "realized_spread_usd", "effective_spread_usd", "improved_shares", "improvement_usd",
    "improved_s", "at_quote_shares", "at_quote_s", "outside_shares", "outside_usd", "outside_s",
)  # fmt: skip
_MARKET, _MARKETABLE_LIMIT = 11, 12
_WHOLE: Final = ("order_type", "order_size", "covered_shares", "executed_shares")


class Rule605(msgspec.Struct, frozen=True, kw_only=True):
    """
    What one market centre did in a month with marketable orders of one stock.

    Spreads are share-weighted dollars, full and not half. Market orders and marketable limit orders
    together; orders of all sizes.
    """

    center: str
    month: int  # YYYYMM
    symbol: str
    covered_shares: int
    executed_shares: int
    executed_frac: float  # of the covered
    effective_spread_usd: float | None  # None where nothing was executed
    realized_spread_usd: float | None


def read_rule605(file: NamedBytes, symbol: str) -> Rule605:
    """
    The lines of one stock in a report: 26 fields with `|` between them, no header.

    Raises:
        TapeError: empty, truncated, of another format, several market centres or months, or
            without that stock.
    Source: SEC Rule 605 (17 CFR 242.605); Joint Industry Plan, "Format of files", 2001.
    """
    text = unpack(file)
    text = text._replace(data=text.data.rstrip())  # reports end in an empty line
    frame = read_frame(text, _COLUMNS, separator="|", has_header=False)
    about = {str(value) for value in frame["center"].to_list()}
    months = {str(value) for value in frame["month"].to_list()}
    if len(about) != 1 or len(months) != 1:
        raise TapeError.one(
            where=text.name,
            expected="one market centre and one month",
            found=f"{len(about)} and {len(months)}",
            fix="pass one report",
        )
    mine = frame.filter(pl.col("symbol") == symbol.upper())
    spreads = ("realized_spread_usd", "effective_spread_usd")
    kinds = dict.fromkeys(_WHOLE, pl.Int64()) | dict.fromkeys(spreads, pl.Float64())
    mine = parsed(mine, kinds, f"{text.name}: {symbol}", first_line=1)
    mine = mine.filter(pl.col("order_type").is_in([_MARKET, _MARKETABLE_LIMIT]))
    if mine.is_empty():
        raise TapeError.one(
            where=text.name,
            expected=f"marketable orders of {symbol.upper()}",
            found="no line of them",
            fix="pass a report of a market centre that traded the stock, or leave it out",
        )
    covered, executed = int(mine["covered_shares"].sum()), int(mine["executed_shares"].sum())
    return Rule605(
        center=about.pop(),
        month=int(months.pop()),
        symbol=symbol.upper(),
        covered_shares=covered,
        executed_shares=executed,
        executed_frac=executed / max(1, covered),
        effective_spread_usd=_weighted(mine, "effective_spread_usd"),
        realized_spread_usd=_weighted(mine, "realized_spread_usd"),
    )


def _weighted(frame: pl.DataFrame, column: str) -> float | None:
    shares = frame.filter(pl.col(column).is_not_null())["executed_shares"]
    values = frame.filter(pl.col(column).is_not_null())[column]
    total = int(shares.sum())
    return float((values * shares).sum()) / total if total else None
