"""
What others would use instead of our matching kernel, on the same stream: a script, not a module.

It runs in an environment of its own (`make bench-peers`), because the peers want other versions of
our libraries: so it imports nothing of ours, reads the stream from a file, and prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from importlib.metadata import version
from typing import Any, Final

import numpy as np

SUBMIT: Final = 0
N_PURE_PYTHON: Final = 200_000  # commands that the pure Python book gets: seconds are enough
ELAPSE_NS: Final = 1_000_000_000


def time_sorted_dict(stream: Any) -> dict[str, Any]:
    """A book as one writes it first: a SortedDict of prices a side, a queue of orders a price."""
    from sortedcontainers import SortedDict

    n_warm = int(stream["n_warm"])
    n_last = min(len(stream["kind"]), n_warm + N_PURE_PYTHON)
    columns = [stream[name][:n_last].tolist() for name in _COLUMNS]
    rows = list(zip(*columns, strict=True))
    sides: dict[int, Any] = {1: SortedDict(lambda ticks: -ticks), -1: SortedDict()}
    where: dict[int, tuple[int, int]] = {}  # of a resting order: side and price
    took_ns, n_fills = 0, 0
    for first, last in ((0, n_warm), (n_warm, n_last)):
        started_ns = time.perf_counter_ns()
        n_fills = 0
        for row in range(first, last):
            n_fills += _carry_out(sides, where, row, *rows[row])
        took_ns = time.perf_counter_ns() - started_ns
    return {
        "commands_per_s": (n_last - n_warm) / took_ns * 1e9,
        "n_commands": n_last - n_warm,
        "n_live": len(where),
        "n_fills": n_fills,
        "version": version("sortedcontainers"),
    }


_COLUMNS: Final = ("kind", "side", "ticks", "shares", "is_ioc", "target")


def _carry_out(
    sides: dict[int, Any],
    where: dict[int, tuple[int, int]],
    row: int,
    kind: int,
    side: int,
    ticks: int,
    shares: int,
    is_ioc: bool,
    target: int,
) -> int:
    """One command; returns the number of fills."""
    if kind != SUBMIT:
        own_side, own_ticks = where.pop(target)
        level = sides[own_side][own_ticks]
        level.remove(next(order for order in level if order[0] == target))
        if not level:
            del sides[own_side][own_ticks]
        return 0
    n_fills = 0
    others = sides[-side]
    while shares and others:
        best, level = others.peekitem(0)
        if side * (best - ticks) > 0:
            break
        order = level[0]
        traded = min(shares, order[1])
        shares -= traded
        order[1] -= traded
        n_fills += 1
        if not order[1]:
            level.popleft()
            del where[order[0]]
            if not level:
                del others[best]
    if shares and not is_ioc:
        sides[side].setdefault(ticks, deque()).append([row, shares])
        where[row] = (side, ticks)
    return n_fills


def time_hftbacktest(stream: Any) -> dict[str, Any]:
    """
    hftbacktest replaying, order by order, what became of the stream.

    It matches nothing of the flow: it follows a feed that says what happened. One event is one row
    of that feed. The second run is measured; the first one compiles.
    """
    import hftbacktest
    from numba import njit

    feed = _feed_of(stream, hftbacktest)

    @njit  # type: ignore[untyped-decorator, unused-ignore]
    def follow(backtest: Any, step_ns: int) -> int:
        n_steps = 0
        while backtest.elapse(step_ns) == 0:
            n_steps += 1
        return n_steps

    took_ns = 0
    for _ in range(2):
        asset = (
            hftbacktest.BacktestAsset()
            .data([feed])
            .linear_asset(1.0)
            .constant_latency(0, 0)
            .l3_fifo_queue_model()
            .no_partial_fill_exchange()
            .trading_value_fee_model(0.0, 0.0)
            .tick_size(0.01)
            .lot_size(1.0)
            .roi_lb(0.0)
            .roi_ub(1_000.0)
        )
        backtest = hftbacktest.ROIVectorMarketDepthBacktest([asset])
        started_ns = time.perf_counter_ns()
        follow(backtest, ELAPSE_NS)
        took_ns = time.perf_counter_ns() - started_ns
        backtest.close()
    return {
        "events_per_s": len(feed) / took_ns * 1e9,
        "commands_per_s": len(stream["kind"]) / took_ns * 1e9,
        "n_events": len(feed),
        "version": version("hftbacktest"),
    }


def _feed_of(stream: Any, library: Any) -> Any:
    """The stream's feed, as somebody would have recorded it, in the library's layout."""
    from hftbacktest.types import event_dtype

    row, what, side, ticks, shares, order = (stream[f"feed_{name}"] for name in _FEED_COLUMNS)
    kinds = np.array(
        [library.ADD_ORDER_EVENT, library.CANCEL_ORDER_EVENT, library.MODIFY_ORDER_EVENT],
        dtype=np.uint64,
    )
    both = np.uint64(library.EXCH_EVENT | library.LOCAL_EVENT)
    sides = np.where(side > 0, np.uint64(library.BUY_EVENT), np.uint64(library.SELL_EVENT))
    feed = np.zeros(len(row), dtype=np.dtype(event_dtype))
    feed["ev"] = kinds[what] | both | sides
    feed["exch_ts"] = feed["local_ts"] = (row + 1) * 1_000
    feed["px"] = ticks / 10_000.0
    feed["qty"] = shares
    feed["order_id"] = order + 1
    return feed


_FEED_COLUMNS: Final = ("row", "what", "side", "ticks", "shares", "order")


def main(path: str) -> None:
    """Time what is installed; what is not is left out."""
    stream = np.load(path)
    figures: dict[str, Any] = {}
    for name, timer in (("sorted_dict", time_sorted_dict), ("hftbacktest_l3", time_hftbacktest)):
        try:
            figures[name] = timer(stream)
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1])
