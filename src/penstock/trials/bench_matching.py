"""Speed of the matching kernel: a stream of commands like a liquid stock's, and its stopwatch."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import stream
from penstock.sim.matching.commands import run_stream
from penstock.sim.matching.memory import (
    ACCEPTED,
    ANY_OWNER,
    CANCEL,
    DAY,
    IOC,
    NO_KEY,
    SLOT_MASK,
    SUBMIT,
    BookArray,
    CommandArray,
    FillArray,
    HeadArray,
    LevelArray,
    Market,
    OrderArray,
    ResultArray,
    empty_commands,
    empty_fills,
    empty_results,
    make_market,
)

_START_INCREMENTS: Final = 18_000  # $180.00 in cents: IBM in October 2013
_INCREMENT_TICKS: Final = 100
_N_DRAWS: Final = 5


class MatchingWorkload(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the stream looks like. The defaults are the workload of the published figure.

    A command is a marketable order with chance `marketable_frac`. Otherwise it is an add or a
    cancel, adds being likelier the further the book is below `live_orders`, so that the count
    stays there. A cancel picks any live order with equal chance: harder on the caches than real
    flow, which cancels what is new.
    """

    n_events: int = 1_000_000
    live_orders: int = 1_000
    marketable_frac: float = 0.10
    depth_increments: float = 6.0  # mean distance of an add behind the touch
    n_venues: int = 1
    capacity: int = 65_536
    band_levels: int = 1_024
    seed: int = 0


class MatchingFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement: the median over runs, the spread, and what the stream really held."""

    events_per_s: float
    events_per_s_best: float
    events_per_s_worst: float
    ns_per_event: float
    n_runs: int
    n_events: int
    n_fills: int
    add_frac: float
    cancel_frac: float
    marketable_frac: float
    live_orders_min: int
    live_orders_max: int


# Orders that the generator may still cancel: a list of slots, for each slot its place in the list,
# and the row of the command that made its order.
_SLOTS: Final = 0
_PLACES: Final = 1
_ROWS: Final = 2


@kernel
def _write_stream(
    head: HeadArray, books: BookArray, levels: LevelArray, orders: OrderArray,
    draws: NDArray[np.float64], n_warm: int, live_orders: int, marketable_frac: float,
    depth_increments: float, live: NDArray[np.int64], out_fills: FillArray,
    out_results: ResultArray, out_commands: CommandArray, out_n_live: NDArray[np.int64],
) -> None:  # fmt: skip
    """
    Fill `out_commands`, carrying each out on a scratch market to know what can be cancelled.

    The first `n_warm` rows only add. `out_n_live[i]` is the number of orders after row i.
    `live` is scratch of shape (3, len(orders)).
    """
    n_live = 0
    for i in range(len(out_commands)):
        if i >= n_warm and draws[i, 0] < marketable_frac:
            _write_order(books, draws[i], -2.0, depth_increments, out_commands, i)
            out_commands[i].tif = IOC
        # Half a percent more adds for each percent of orders missing holds the count in place.
        elif i < n_warm or n_live == 0 or draws[i, 1] < 1.0 - 0.5 * n_live / live_orders:
            _write_order(books, draws[i], draws[i, 2], depth_increments, out_commands, i)
        else:
            slot = live[_SLOTS, int(draws[i, 2] * n_live)]
            out_commands[i].kind = CANCEL
            out_commands[i].target = live[_ROWS, slot]
            out_commands[i].owner = ANY_OWNER
            n_live = _forget(live, slot, n_live)
        _, n_fills = run_stream(
            head, books, levels, orders, out_commands, i, i + 1, out_results, out_fills, 0
        )
        for f in range(n_fills):
            if out_fills[f].leaves_shares == 0:
                n_live = _forget(live, out_fills[f].handle & SLOT_MASK, n_live)
        if out_results[i].handle != 0:
            slot = out_results[i].handle & SLOT_MASK
            live[_SLOTS, n_live] = slot
            live[_PLACES, slot] = n_live
            live[_ROWS, slot] = i
            n_live += 1
        out_n_live[i] = n_live


@kernel
def _write_order(
    books: BookArray, draws: NDArray[np.float64], depth: float, depth_increments: float,
    out_commands: CommandArray, i: int,
) -> None:  # fmt: skip
    """Write an order `depth` (a draw) behind its own touch, or -depth increments over the other."""
    side = 1 if draws[4] < 0.5 else -1
    venue_idx = int(draws[4] * 2.0 % 1.0 * (len(books) // 2))
    # A price in increments times the side: larger is better. An empty side starts at its first
    # price, or one increment from the other side.
    own = books[venue_idx * 2 + (1 - side) // 2].best_key
    over = -books[venue_idx * 2 + (1 + side) // 2].best_key
    if over == -NO_KEY:
        over = side * _START_INCREMENTS + 1 if own == NO_KEY else own + 1
    if own == NO_KEY:
        own = over - 1
    if depth < 0.0:
        key = over - int(depth)
    elif over - own > 1 and depth < 1.0 / 6.0:  # one add in six improves a spread that has room
        key = own + 1
    else:
        key = own - int(-depth_increments * np.log(1.0 - depth))
    out_commands[i].kind = SUBMIT
    out_commands[i].tif = DAY
    out_commands[i].venue_idx = venue_idx
    out_commands[i].side = side
    out_commands[i].ticks = abs(key) * _INCREMENT_TICKS
    out_commands[i].shares = 100 * (1 + int(-2.0 * np.log(1.0 - draws[3])))


@kernel
def _forget(live: NDArray[np.int64], slot: int, n_live: int) -> int:
    """Drop a slot from the list: the last one takes its place. Returns the new length."""
    place = live[_PLACES, slot]
    last = live[_SLOTS, n_live - 1]
    live[_SLOTS, place] = last
    live[_PLACES, last] = place
    return n_live - 1


def make_stream(workload: MatchingWorkload) -> tuple[CommandArray, int, NDArray[np.int64]]:
    """
    The commands, how many of them only fill the book first, and the live orders after each.

    The same workload gives the same bytes.
    """
    n_warm = workload.live_orders
    n_rows = n_warm + workload.n_events
    draws = stream(workload.seed, "bench_matching").random((n_rows, _N_DRAWS))
    market = market_for(workload)
    live = np.zeros((3, len(market.orders)), dtype=np.int64)
    commands = empty_commands(n_rows)
    n_live = np.zeros(n_rows, dtype=np.int64)
    _write_stream(
        *market, draws, n_warm, workload.live_orders, workload.marketable_frac,
        workload.depth_increments, live, empty_fills(workload.capacity), empty_results(n_rows),
        commands, n_live,
    )  # fmt: skip
    return commands, n_warm, n_live


def time_matching(
    workload: MatchingWorkload, clock_ns: Callable[[], int], n_runs: int = 7
) -> MatchingFigure:
    """
    Run the stream `n_runs` times on fresh markets and take the time of the matching alone.

    Measured: every command of the stream, answers and fills written out. Left out: making the
    stream, filling the book, and compiling.
    """
    commands, n_warm, n_live = make_stream(workload)
    n_rows = len(commands)
    results, fills = empty_results(n_rows), empty_fills(n_rows + workload.capacity)
    took_ns = []
    n_fills = 0
    for run in range(n_runs + 1):
        market = market_for(workload)
        _, n_warm_fills = run_stream(*market, commands, 0, n_warm, results, fills, 0)
        start_ns = clock_ns()
        done, n_fills = run_stream(*market, commands, n_warm, n_rows, results, fills, n_warm_fills)
        if run > 0:  # the first run compiles and touches the memory
            took_ns.append(clock_ns() - start_ns)
        assert done == n_rows, "the fills did not fit"
        n_fills -= n_warm_fills
    return _figure(workload, took_ns, n_fills, commands[n_warm:], results[n_warm:], n_live[n_warm:])


def market_for(workload: MatchingWorkload) -> Market:
    """An empty market of the workload's size."""
    return make_market(workload.n_venues, _INCREMENT_TICKS, workload.capacity, workload.band_levels)


def _figure(
    workload: MatchingWorkload,
    took_ns: list[int],
    n_fills: int,
    commands: CommandArray,
    results: ResultArray,
    n_live: NDArray[np.int64],
) -> MatchingFigure:
    assert np.all(results["code"] == ACCEPTED), "every command of the stream is a good one"
    n = workload.n_events
    is_add = (commands["kind"] == SUBMIT) & (commands["tif"] == DAY)
    return MatchingFigure(
        events_per_s=n / median(took_ns) * 1e9,
        events_per_s_best=n / min(took_ns) * 1e9,
        events_per_s_worst=n / max(took_ns) * 1e9,
        ns_per_event=median(took_ns) / n,
        n_runs=len(took_ns),
        n_events=n,
        n_fills=n_fills,
        add_frac=float(is_add.mean()),
        cancel_frac=float((commands["kind"] == CANCEL).mean()),
        marketable_frac=float((commands["tif"] == IOC).mean()),
        live_orders_min=int(n_live.min()),
        live_orders_max=int(n_live.max()),
    )
