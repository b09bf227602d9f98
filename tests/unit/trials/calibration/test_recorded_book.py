"""The book that calibration rebuilds from single orders, against the vendor's own book."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from penstock.trials.calibration import figures_and_sample
from penstock.wire import (
    NamedBytes,
)
from penstock.wire.databento_csv import read_mbo_csv


def test_the_rebuilt_book_is_the_vendors(shared_data: Path) -> None:
    """
    Best bid and ask at the end of each stamp of the market-by-price file: all agree.

    Within a stamp the two files show states in another order, which nobody could have acted on.
    """
    folder = shared_data / "databento"
    orders = folder / "ARL_XNAS_mbo_2025-07-17.csv.gz"
    log = read_mbo_csv(NamedBytes(str(orders), orders.read_bytes()))
    start_ns, end_ns = int(log.session_start_ns), int(log.session_end_ns)
    quotes = figures_and_sample(log, start_ns, end_ns)[1].quotes
    book = pl.read_csv(folder / "ARL_XNAS_mbp10_2025-07-17.csv.gz").drop_nulls(
        ["bid_px_00", "ask_px_00"]
    )
    stamps = book["ts_event"].str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ns")
    # New York is four hours behind UTC in July.
    times_ns = stamps.dt.epoch("ns").to_numpy() - 4 * 3_600 * 10**9
    is_last = np.append(times_ns[1:] != times_ns[:-1], [True])
    keep = is_last & (times_ns >= start_ns) & (times_ns < end_ns)

    places = np.searchsorted(quotes.time_ns, times_ns[keep], side="right") - 1

    agree = np.ones(int(keep.sum()), dtype=np.bool_)
    for name, ticks in (("bid_px_00", quotes.bid_ticks), ("ask_px_00", quotes.ask_ticks)):
        agree &= np.round(book[name].to_numpy() * 10_000)[keep] == ticks[places]
    assert len(agree) > 3_000
    assert agree.all(), f"{int((~agree).sum())} of {len(agree)} stamps differ"
