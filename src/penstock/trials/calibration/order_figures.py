"""What only a file of single orders tells: arrivals, cancels, lives, distances; and its quotes."""

from __future__ import annotations

import heapq
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock.domain import NS_PER_S, TapeError
from penstock.trials.calibration.sample import N_LEVELS, Depth, Prints, Quotes, Sample
from penstock.wire import OrderKind, OrderLog

# Beyond it an order only counts as that far: stub quotes must not make the mean.
CUT_INCREMENTS: Final = 20


class OrderFigures(NamedTuple):
    """Figures of single displayed orders in one stretch of one venue."""

    source: str
    n_adds: int
    add_per_s: float
    order_life_s: float  # mean time until it is withdrawn, executions as censored
    add_shares: float
    depth_increments: float  # mean distance from the midpoint, of a geometric law cut at 20
    hidden_frac: float  # of executed shares, met size that nobody saw


class _Side:
    """Displayed shares by price on one side, best first."""

    def __init__(self, side: int) -> None:
        self._side = side
        self.shares: dict[int, int] = {}
        self._heap: list[int] = []

    def change(self, ticks: int, shares: int) -> None:
        """Add shares, or take them where negative."""
        now = self.shares.get(ticks, 0) + shares
        if now > 0:
            if ticks not in self.shares:
                heapq.heappush(self._heap, -self._side * ticks)
            self.shares[ticks] = now
        else:
            self.shares.pop(ticks, None)

    def best(self) -> tuple[int, int]:
        """Best price and what it shows; zeros where nothing rests."""
        while self._heap and -self._side * self._heap[0] not in self.shares:
            heapq.heappop(self._heap)
        if not self._heap:
            return 0, 0
        ticks = -self._side * self._heap[0]
        return ticks, self.shares[ticks]

    def top(self, n_levels: int) -> list[int]:
        """What the best levels show."""
        best = heapq.nsmallest(n_levels, self.shares, key=lambda ticks: -self._side * ticks)
        return [self.shares[ticks] for ticks in best] + [0] * (n_levels - len(best))


class _Resting(NamedTuple):
    side: int
    ticks: int
    shares: int
    since_ns: int


class _Rebuilt:
    """The book of a log, replayed, with a diary of what was asked of it."""

    def __init__(self, log: OrderLog, start_ns: int, end_ns: int, increment_ticks: int) -> None:
        self._start_ns, self._end_ns = start_ns, end_ns
        self._increment_ticks = increment_ticks
        self._orders: dict[int, _Resting] = {}
        self._sides = {1: _Side(1), -1: _Side(-1)}
        self.quotes: list[tuple[int, int, int, int, int]] = []
        self.distances: list[float] = []
        self.lived_ns, self.n_cancelled = 0, 0
        self.depth: list[list[int]] = []
        self.looked_ns: list[int] = []
        self._next_look_ns = start_ns
        for row in log.orders.tolist():
            self._take(*row)
        for order in self._orders.values():  # what still rests has lived so far
            self.lived_ns += max(0, end_ns - max(order.since_ns, start_ns))

    def _take(self, now_ns: int, ref: int, ticks: int, shares: int, kind: int, side: int) -> None:
        self._look(now_ns)
        if kind == OrderKind.ADD:
            self._note_distance(now_ns, ticks, side)
            self._orders[ref] = _Resting(side, ticks, shares, now_ns)
            self._sides[side].change(ticks, shares)
        elif kind in {OrderKind.CANCEL, OrderKind.FILL, OrderKind.MODIFY} and ref in self._orders:
            order = self._orders.pop(ref)
            gone = min(shares, order.shares)
            if kind == OrderKind.MODIFY:
                gone = order.shares
                self._orders[ref] = order._replace(ticks=ticks, shares=shares)
                self._sides[order.side].change(ticks, shares)
            elif gone < order.shares:
                self._orders[ref] = order._replace(shares=order.shares - gone)
            else:
                self._note_end(now_ns, order, is_cancel=kind == OrderKind.CANCEL)
            self._sides[order.side].change(order.ticks, -gone)
        elif kind == OrderKind.CLEAR:
            self._orders.clear()
            self._sides = {1: _Side(1), -1: _Side(-1)}
        bid_ticks, bid_shares = self._sides[1].best()
        ask_ticks, ask_shares = self._sides[-1].best()
        state = (now_ns, bid_ticks, ask_ticks, bid_shares, ask_shares)
        if not self.quotes or self.quotes[-1][1:] != state[1:]:
            self.quotes.append(state)

    def _look(self, now_ns: int) -> None:
        """Depth once a second, as it stood before this message."""
        while self._next_look_ns <= min(now_ns, self._end_ns):
            self.depth.extend(self._sides[side].top(N_LEVELS) for side in (1, -1))
            self.looked_ns.extend(2 * [self._next_look_ns])
            self._next_look_ns += NS_PER_S

    def _note_distance(self, now_ns: int, ticks: int, side: int) -> None:
        bid_ticks, ask_ticks = self._sides[1].best()[0], self._sides[-1].best()[0]
        is_inside = self._start_ns <= now_ns < self._end_ns
        if is_inside and 0 < bid_ticks < ask_ticks:
            mid_ticks = (bid_ticks + ask_ticks) / 2
            # The best price that it could have is a step from the midpoint on average: that one
            # rounded away from it by a random part of a step. Half a step nearer is within chance.
            steps = side * (mid_ticks - ticks) / self._increment_ticks - 1.0
            self.distances.append(max(-0.5, steps))

    def _note_end(self, now_ns: int, order: _Resting, *, is_cancel: bool) -> None:
        if self._start_ns <= now_ns < self._end_ns:
            self.lived_ns += now_ns - max(order.since_ns, self._start_ns)
            self.n_cancelled += is_cancel


def figures_and_sample(
    log: OrderLog, start_ns: int, end_ns: int, increment_ticks: int = 100
) -> tuple[OrderFigures, Sample]:
    """
    Figures of the orders between two times, and the same stretch as a sample.

    A life ends by a cancel; one that ends by an execution or by the end of the stretch is censored:
    mean life = time that all orders rested / cancels, the maximum likelihood of an exponential law.
    The distance of a limit order is from the midpoint when it came, less the one step that rounding
    away from it takes; orders at 20 steps or more count as censored there.

    Raises:
        TapeError: no orders in that stretch.
    """
    rebuilt = _Rebuilt(log, start_ns, end_ns, increment_ticks)
    rows = log.orders[(log.orders["event_ns"] >= start_ns) & (log.orders["event_ns"] < end_ns)]
    adds, cancels = rows[rows["kind"] == OrderKind.ADD], rows[rows["kind"] == OrderKind.CANCEL]
    quotes = Quotes(*np.array(rebuilt.quotes, dtype=np.int64).reshape(-1, 5).T)
    if not len(adds) or not len(cancels) or not quotes.is_whole.any():
        raise TapeError.one(
            where=log.source,
            expected="orders, cancels and a two-sided book in the session",
            found=f"{len(adds):,} orders and {len(cancels):,} cancels",
            fix="pass a file of the regular session",
        )
    duration_s = (end_ns - start_ns) / NS_PER_S
    printed = rows[np.isin(rows["kind"], [OrderKind.PRINT, OrderKind.HIDDEN_PRINT])]
    hidden = printed["shares"][printed["kind"] == OrderKind.HIDDEN_PRINT].sum()
    figures = OrderFigures(
        source=log.source,
        n_adds=len(adds),
        add_per_s=len(adds) / duration_s,
        order_life_s=rebuilt.lived_ns / NS_PER_S / max(1, rebuilt.n_cancelled),
        add_shares=float(adds["shares"].mean()),
        depth_increments=cut_geometric_mean(np.array(rebuilt.distances)),
        hidden_frac=float(hidden / max(1, printed["shares"].sum())),
    )
    sample = Sample(
        label=f"{log.symbol} {log.day}, recorded at {log.mic}",
        symbol=log.symbol,
        day=int(log.day),
        start_ns=start_ns,
        end_ns=end_ns,
        increment_ticks=increment_ticks,
        venues=(log.mic,),
        quotes=quotes,
        prints=_prints(printed, quotes),
        quote_sides=np.array([len(quotes.time_ns)]),
        depth=Depth(
            np.array(rebuilt.looked_ns, dtype=np.int64),
            np.array(rebuilt.depth, dtype=np.int64).reshape(-1, N_LEVELS),
            np.zeros(len(rebuilt.looked_ns), dtype=np.int64),
        ),
    )
    return figures, sample.between(start_ns, end_ns)


def cut_geometric_mean(distances: NDArray[np.float64]) -> float:
    """
    Mean of a geometric law on 0, 1, 2, … of which values from 20 on are only known to be that far.

        mean = Σ min(x, 20) / number of x below 20     (maximum likelihood with censoring)
    """
    n_seen = int((distances < CUT_INCREMENTS).sum())
    return float(np.minimum(distances, CUT_INCREMENTS).sum() / max(1, n_seen))


def _prints(rows: NDArray[Any], quotes: Quotes) -> Prints:
    """Executions; those against hidden size get a side from the midpoint before them."""
    times_ns, ticks = rows["event_ns"].astype(np.int64), rows["price_ticks"].astype(np.int64)
    mids = quotes.mid_ticks[np.maximum(quotes.places_before(times_ns), 0)]
    by_quote = np.where(np.isfinite(mids), np.sign(ticks - mids), 0.0).astype(np.int64)
    side = rows["side"].astype(np.int64)
    return Prints(
        time_ns=times_ns,
        ticks=ticks,
        shares=rows["shares"].astype(np.int64),
        side=np.where(side != 0, side, by_quote),
        venue_idx=np.zeros(len(rows), dtype=np.int64),
        is_off_exchange=np.zeros(len(rows), dtype=np.bool_),
        is_hidden=rows["kind"] == OrderKind.HIDDEN_PRINT,
    )
