"""What a listener heard of a day as CSV, for other programs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from penstock.domain import NS_PER_S, TICKS_PER_USD
from penstock.trials.calibration.sample import Sample

_SIDES = {1: "buy", -1: "sell", 0: ""}


def prints_csv(sample: Sample, midnight_ns: int, path: Path) -> None:
    """Write every print: when it was heard, price, shares, venue, who took, and what it was."""
    prints = sample.prints
    rows = (
        (
            _seconds(time_ns - midnight_ns), _usd(ticks), shares, sample.venues[venue_idx],
            _SIDES[side], int(is_off), int(is_hidden),
        )
        for time_ns, ticks, shares, side, venue_idx, is_off, is_hidden in zip(
            *(column.tolist() for column in prints), strict=True
        )
    )  # fmt: skip
    names = ("time_s", "price_usd", "shares", "venue", "taker", "off_exchange", "hidden")
    _write(path, names, rows)


def quotes_csv(sample: Sample, midnight_ns: int, path: Path) -> None:
    """Write every state of the best bid and offer; a side that is empty has no price."""
    rows = (
        (_seconds(time_ns - midnight_ns), _usd(bid), _usd(ask), bid_shares, ask_shares)
        for time_ns, bid, ask, bid_shares, ask_shares in zip(
            *(column.tolist() for column in sample.quotes), strict=True
        )
    )
    _write(path, ("time_s", "bid_usd", "ask_usd", "bid_shares", "ask_shares"), rows)


def _seconds(since_midnight_ns: int) -> str:
    """To the nanosecond, which a float of a whole day could not hold."""
    whole, rest = divmod(since_midnight_ns, NS_PER_S)
    return f"{whole}.{rest:09d}"


def _usd(ticks: int) -> str:
    return f"{ticks / TICKS_PER_USD:.4f}" if ticks > 0 else ""


def _write(path: Path, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)
