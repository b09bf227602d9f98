"""Numbers as a trader reads them, and the words for codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from rich.text import Text

from penstock.domain import NS_PER_S, TICKS_PER_USD

TACTICS: Final = {"take": "take", "mid": "midpoint", "post": "post"}

BECAUSE: Final = {
    "no_model": "no model was loaded",
    "no_nbbo": "there was no protected best bid and offer to measure from",
    "feed_stale": "market data of a venue was late or had a gap",
    "latency": "decisions had lately taken longer than allowed",
}

WHY_NOT: Final = {
    "venue_down": "no session with the venue",
    "venue_off": "an operator switched the venue off",
    "feed_stale": "its market data was late or had a gap",
    "outside_limit": "its price was beyond the order's limit or the risk collar",
    "would_trade_through": "a better protected quote stood elsewhere",
    "below_min_size": "less than the venue accepts",
    "kill": "the kill switch was on",
    "throttle": "too many messages to the venue in the last second",
    "restricted": "trading in this stock was restricted",
    "halted": "the stock was halted there",
    "no_quote": "nothing there to take, join or peg to",
    "not_offered": "the venue has no such order",
    "in_use": "this order already had a child there",
    "cooling_down": "tried a moment ago: the quote seen may be the one just taken",
    "limit_breach": "a risk limit would have been exceeded",
}

EXPECTED_SIGNALS: Final = {
    "imbalance_5_frac": "imbalance {:+.2f}",
    "ofi_10s_frac": "order flow 10 s {:+.2f} touches",
    "flow_10s_frac": "traded flow 10 s {:+.2f}",
    "return_10s_bps": "move 10 s {:+.2f} bps",
    "rv_60s_bps": "volatility 60 s {:.2f} bps",
}


def price(ticks: float) -> str:
    """Dollars, to the tick; a midpoint may lie half way between two."""
    usd_text = f"{ticks / TICKS_PER_USD:,.5f}"
    return usd_text.removesuffix("0")


def usd(usd_micros: int) -> str:
    """Dollars with cents and what is below them."""
    return f"{usd_micros / 1e6:,.4f}"


def bps(value: float) -> str:
    """With its sign, because a rebate is no cost."""
    return f"{value:+.2f}"


def optional(value: float | None, pattern: str) -> str:
    """A dash for what nobody has said."""
    return "-" if value is None else pattern.format(value)


def duration(s: float) -> str:
    """In the unit that a person would take."""
    if s == 0:
        return "0 s"
    if s < 1e-3:
        return f"{s * 1e6:.0f} µs"
    if s < 1:
        return f"{s * 1e3:.1f} ms"
    if s < 120:
        return f"{s:.1f} s".replace(".0 s", " s")
    return f"{s / 60:.1f} min".replace(".0 min", " min")


def day(ns: int) -> str:
    """UTC."""
    return f"{_utc(ns):%Y-%m-%d}"


def clock(ns: int) -> str:
    """UTC, to the microsecond."""
    return f"{_utc(ns):%H:%M:%S}.{ns % NS_PER_S // 1_000:06d}"


def _utc(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // NS_PER_S, UTC)


def plural(n: int, noun: str) -> str:
    """1 fill, 2 fills."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def side_of(side: str) -> int:
    """The sign that turns a price move into a cost."""
    return 1 if side == "buy" else -1


def aligned(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, n_left: int, left_last: bool = False
) -> Iterator[Text]:
    """
    A table as lines, the same on a terminal and on a pipe, whatever its width.

    Args:
        n_left: how many columns are words; the others are numbers, to the right.
        left_last: whether the last column is words too.
    """
    last = len(head) - 1
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [
            f"{cell:<{widths[k]}}"
            if k < n_left or (left_last and k == last)
            else f"{cell:>{widths[k]}}"
            for k, cell in enumerate(row)
        ]
        return f"  {'  '.join(cells)}".rstrip()

    yield Text(line(head), "dim")
    for row in rows:
        yield Text(line(row))
