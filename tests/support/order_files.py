"""Small files of single orders and of public statistics, made by the tests themselves."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from penstock.wire import NamedBytes

MBO_HEADER = (
    "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,channel_id,"
    "order_id,flags,ts_in_delta,sequence,symbol"
)
OPEN_UTC_S = 13 * 3_600 + 30 * 60  # 09:30 in New York in summer


class Row(NamedTuple):
    """One line of a file of orders, times in seconds after the open."""

    at_s: float
    action: str
    side: str
    price_usd: float
    shares: int
    order_id: int
    sequence: int


def mbo_line(row: Row, symbol: str = "TEST", publisher: int = 2) -> str:
    """The line in Databento's CSV, on 17 July 2025."""
    total_ns = round((OPEN_UTC_S + row.at_s) * 1e9)
    hours, rest = divmod(total_ns, 3_600 * 10**9)
    minutes, rest = divmod(rest, 60 * 10**9)
    seconds, nanos = divmod(rest, 10**9)
    stamp = f"2025-07-17T{hours:02d}:{minutes:02d}:{seconds:02d}.{nanos:09d}Z"
    return (
        f"{stamp},{stamp},160,{publisher},7,{row.action},{row.side},{row.price_usd:.9f},"
        f"{row.shares},0,{row.order_id},130,0,{row.sequence},{symbol}"
    )


def mbo_file(rows: Sequence[Row], name: str = "mbo.csv", symbol: str = "TEST") -> NamedBytes:
    """A plain file of these rows."""
    lines = [MBO_HEADER, *(mbo_line(row, symbol) for row in rows)]
    return NamedBytes(name, "\n".join(lines).encode() + b"\n")


def gzipped_file(file: NamedBytes, cut: int = 0) -> NamedBytes:
    """The file, gzipped, without its last `cut` bytes."""
    data = gzip.compress(file.data, mtime=0)
    return NamedBytes(f"{file.name}.gz", data[: len(data) - cut])


class OrderLaw(NamedTuple):
    """What `poisson_orders` draws from: the truth that an estimator is to find again."""

    add_per_s: float = 4.0
    life_s: float = 30.0
    mean_steps: float = 3.0  # distance from the best price, geometric
    size_tail: float = 2.5


def poisson_orders(law: OrderLaw, duration_s: float, seed: int) -> list[Row]:
    """
    Orders of a Poisson flow with exponential lives around a price that does not move.

    Two orders at 50.00 and 50.02 rest all day, so that the midpoint is 50.01. Now and then an order
    of 10 shares is taken from one of them, at times against hidden size.
    """
    rng = np.random.default_rng(seed)
    rows = [
        Row(0.0, "A", "B", 50.00, 100_000, 1, 1),
        Row(0.0, "A", "A", 50.02, 100_000, 2, 2),
    ]
    n_orders = rng.poisson(law.add_per_s * duration_s)
    born_s = np.sort(rng.uniform(0.0, duration_s, n_orders))
    dies_s = born_s + rng.exponential(law.life_s, n_orders)
    stay_prob = law.mean_steps / (1.0 + law.mean_steps)
    steps = rng.geometric(1.0 - stay_prob, n_orders) - 1
    lots = np.ceil((1.0 - rng.uniform(size=n_orders)) ** (-1.0 / law.size_tail) * 2 - 1e-9)
    is_bid = rng.uniform(size=n_orders) < 0.5
    for k in range(n_orders):
        price = 50.00 - 0.01 * steps[k] if is_bid[k] else 50.02 + 0.01 * steps[k]
        side, shares = "B" if is_bid[k] else "A", int(lots[k]) * 100
        rows.append(Row(float(born_s[k]), "A", side, price, shares, 10 + k, 0))
        if dies_s[k] < duration_s:
            rows.append(Row(float(dies_s[k]), "C", side, price, shares, 10 + k, 0))
    for at_s in np.arange(5.0, duration_s - 1.0, 10.0):
        is_hidden = rng.uniform() < 0.25
        rows.append(Row(float(at_s), "T", "B", 50.02, 10, 0, 0))
        if not is_hidden:
            rows.append(Row(float(at_s), "F", "A", 50.02, 10, 2, 0))
            rows.append(Row(float(at_s), "C", "A", 50.02, 10, 2, 0))
    rows.sort(key=lambda row: row.at_s)  # stable: a trade stands before its fill and cancel
    numbered, sequence = [], 0
    for row in rows:
        sequence += row.action not in "FC" or row.order_id != 2
        numbered.append(row._replace(sequence=sequence))
    return numbered


def rule605_line(symbol: str, order_type: int, covered: int, executed: int, spread: float) -> str:
    """One line of a Rule 605 report; the realized spread is half of the effective one."""
    return (
        f"T|TTEST|201612|{symbol}|{order_type}|21|9|{covered}|{covered - executed}|{executed}|0|"
        f"{executed}|0|0|0|0|{spread / 2:.4f}|{spread:.4f}|0|0.0|0.0|{executed}|0.0|0|0.0|0.0"
    )
