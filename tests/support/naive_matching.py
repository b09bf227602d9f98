"""The slow, obvious matching engine that the kernels must agree with: dicts and deques."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from penstock.domain import MAX_ORDER_SHARES
from penstock.sim.matching_types import CommandArray, CommandKind, OrderFlag, OrderTif, Outcome

_ALL_FLAGS = int(OrderFlag.MARKET | OrderFlag.POST_ONLY | OrderFlag.HIDDEN)


class NaiveFill(NamedTuple):
    """One execution; `order` is the row of the command that entered the resting order."""

    order: int
    ticks: int
    shares: int
    leaves_shares: int
    owner: int
    venue_idx: int
    is_hidden: bool


class NaiveAnswer(NamedTuple):
    """Answer to one command, in the terms of RESULT_DTYPE."""

    code: Outcome
    filled_shares: int = 0
    resting_shares: int = 0
    cancelled_shares: int = 0
    fills: tuple[NaiveFill, ...] = ()


class Row(NamedTuple):
    """One command, out of its array."""

    target: int
    ticks: int
    shares: int
    min_shares: int
    display_shares: int
    kind: int
    side: int
    tif: int
    flags: int
    venue_idx: int
    owner: int


@dataclass(slots=True, eq=False)
class Resting:
    """An order in a queue."""

    number: int
    venue_idx: int
    side: int
    ticks: int
    shares: int  # that trade in its place of the queue
    reserve_shares: int
    display_shares: int  # of an iceberg, else 0
    flags: int
    owner: int
    names: list[int]  # rows of the commands that it goes by

    @property
    def open_shares(self) -> int:
        return self.shares + self.reserve_shares

    def set_open(self, shares: int) -> None:
        """Have so much left, an iceberg showing no more than it may."""
        shown = min(shares, self.display_shares) if self.display_shares else shares
        self.shares, self.reserve_shares = shown, shares - shown

    @property
    def is_hidden(self) -> bool:
        return bool(self.flags & OrderFlag.HIDDEN)


@dataclass(slots=True)
class Level:
    """One price: displayed orders, and behind them the hidden ones."""

    displayed: deque[Resting] = field(default_factory=deque)
    hidden: deque[Resting] = field(default_factory=deque)

    def __iter__(self) -> Iterator[Resting]:
        yield from self.displayed
        yield from self.hidden

    def queue_of(self, order: Resting) -> deque[Resting]:
        return self.hidden if order.is_hidden else self.displayed


class NaiveMarket:
    """All venues of one instrument. Orders are named by the row of the command that made them."""

    def __init__(self, *, n_venues: int, increment_ticks: int, capacity: int) -> None:
        self.n_venues = n_venues
        self.increment_ticks = increment_ticks
        self.capacity = capacity
        self.orders: dict[int, Resting] = {}
        self.n_live = 0
        self.levels: dict[tuple[int, int], dict[int, Level]] = {
            (venue_idx, side): {} for venue_idx in range(n_venues) for side in (1, -1)
        }
        self.in_call: set[int] = set()  # venues where orders rest and nothing trades
        self.band: dict[tuple[int, int], int] = {}  # worst (venue, side) price that counts, ticks

    def run(self, commands: CommandArray) -> list[NaiveAnswer]:
        """The answer to each command, in order."""
        rows = [Row._make(row) for row in commands.tolist()]
        return [self.apply(number, row) for number, row in enumerate(rows)]

    def apply(self, number: int, row: Row) -> NaiveAnswer:
        """Carry out command `number`."""
        if row.kind == CommandKind.SUBMIT:
            return self.submit(number, row)
        if row.kind == CommandKind.CANCEL:
            return self.cancel(row)
        if row.kind == CommandKind.REPLACE:
            return self.replace(number, row)
        return NaiveAnswer(Outcome.BAD_KIND)

    def submit(self, number: int, row: Row) -> NaiveAnswer:
        """Trade, rest, cancel the rest."""
        problem = self._problem_of(row)
        if row.display_shares >= row.shares:
            row = row._replace(display_shares=0)  # nothing to hide
        return self._enter(number, row) if problem is None else NaiveAnswer(problem)

    def cancel(self, row: Row) -> NaiveAnswer:
        """Remove an order of this owner; owner -1 may remove any."""
        order = self.orders.get(row.target)
        if order is None:
            return NaiveAnswer(Outcome.UNKNOWN_ORDER)
        if row.owner not in (-1, order.owner):
            return NaiveAnswer(Outcome.NOT_OWNER)
        self._remove(order)
        return NaiveAnswer(Outcome.ACCEPTED, cancelled_shares=order.open_shares)

    def replace(self, number: int, row: Row) -> NaiveAnswer:
        """Size down in place; anything else is a new order with the old one's terms."""
        order = self.orders.get(row.target)
        if order is None:
            return NaiveAnswer(Outcome.UNKNOWN_ORDER)
        if row.owner not in (-1, order.owner):
            return NaiveAnswer(Outcome.NOT_OWNER)
        if not 1 <= row.shares <= MAX_ORDER_SHARES:
            return NaiveAnswer(Outcome.BAD_SIZE)
        if not self._is_price(row.ticks):
            return NaiveAnswer(Outcome.BAD_PRICE)
        if (
            self._capped(order.venue_idx, order.side, row.ticks) == order.ticks
            and row.shares <= order.open_shares
        ):
            less_shares = order.open_shares - row.shares
            from_reserve = min(less_shares, order.reserve_shares)
            order.reserve_shares -= from_reserve
            order.shares -= less_shares - from_reserve
            order.names.append(number)
            self.orders[number] = order
            return NaiveAnswer(
                Outcome.ACCEPTED, resting_shares=row.shares, cancelled_shares=less_shares
            )
        entered = row._replace(
            venue_idx=order.venue_idx,
            side=order.side,
            flags=order.flags,
            owner=order.owner,
            tif=OrderTif.DAY,
            min_shares=0,
            display_shares=order.display_shares,
        )
        if order.flags & OrderFlag.POST_ONLY and self._next_against(entered) is not None:
            return NaiveAnswer(Outcome.WOULD_TAKE)
        self._remove(order)
        return self._enter(number, entered)

    def move(self, order: Resting, ticks: int) -> None:
        """Give a resting order another price, last in the queue there, all names kept."""
        names = order.names
        self._remove(order)
        order.ticks = ticks
        order.set_open(order.open_shares)
        level = self.levels[order.venue_idx, order.side].setdefault(ticks, Level())
        level.queue_of(order).append(order)
        self.orders.update(dict.fromkeys(names, order))
        self.n_live += 1

    def queue_ahead_shares(self, number: int) -> int:
        """Shares that trade before it, at the same price."""
        order = self.orders[number]
        level = self.levels[order.venue_idx, order.side][order.ticks]
        ahead = sum(one.reserve_shares for one in level.displayed) if order.is_hidden else 0
        for other in level:
            if other is order:
                break
            ahead += other.shares
        return ahead

    def quotes(self, venue_idx: int, side: int) -> list[tuple[int, int]]:
        """Displayed (ticks, shares) of one side, best first."""
        levels = self.levels[venue_idx, side]
        return [
            (ticks, sum(order.shares for order in levels[ticks].displayed))
            for ticks in sorted(levels, reverse=side == 1)
            if levels[ticks].displayed
        ]

    def content(self) -> list[tuple[int, ...]]:
        """
        (venue, side, ticks, is_hidden, shares, reserve, display, owner) of each order, in order of
        priority.
        """
        return [
            (
                venue_idx,
                side,
                ticks,
                order.is_hidden,
                order.shares,
                order.reserve_shares,
                order.display_shares,
                order.owner,
            )
            for (venue_idx, side), levels in self.levels.items()
            for ticks in sorted(levels, reverse=side == 1)
            for order in levels[ticks]
        ]

    def _problem_of(self, row: Row) -> Outcome | None:
        is_market = bool(row.flags & OrderFlag.MARKET)
        is_post_only = bool(row.flags & OrderFlag.POST_ONLY)
        at_once = is_market or row.tif in (OrderTif.IOC, OrderTif.FOK)
        rules = (
            (0 <= row.venue_idx < self.n_venues, Outcome.BAD_VENUE),
            (row.side in (1, -1), Outcome.BAD_SIDE),
            (1 <= row.shares <= MAX_ORDER_SHARES, Outcome.BAD_SIZE),
            (0 <= row.owner <= 32_767, Outcome.BAD_OWNER),
            (0 <= row.min_shares <= row.shares, Outcome.BAD_MIN_SHARES),
            (row.tif in (0, 1, 2) and 0 <= row.flags <= _ALL_FLAGS, Outcome.BAD_TERMS),
            (is_market or self._is_price(row.ticks), Outcome.BAD_PRICE),
            (not (is_post_only and at_once), Outcome.BAD_TERMS),
            (row.min_shares == 0 or at_once, Outcome.BAD_TERMS),
            (row.display_shares >= 0, Outcome.BAD_TERMS),
            (
                row.display_shares == 0 or not (at_once or row.flags & OrderFlag.HIDDEN),
                Outcome.BAD_TERMS,
            ),
        )
        return next((outcome for holds, outcome in rules if not holds), None)

    def _is_price(self, ticks: int) -> bool:
        return 1 <= ticks < 2**31 and ticks % self.increment_ticks == 0

    def _capped(self, venue_idx: int, side: int, ticks: int) -> int:
        """A limit as the price band lets it count."""
        edge = self.band.get((venue_idx, side), ticks)
        return min(ticks, edge) if side == 1 else max(ticks, edge)

    def _enter(self, number: int, row: Row) -> NaiveAnswer:
        is_market = bool(row.flags & OrderFlag.MARKET)
        row = row._replace(ticks=self._capped(row.venue_idx, row.side, row.ticks))
        if row.venue_idx in self.in_call:
            return self._enter_call(number, row)
        if row.flags & OrderFlag.POST_ONLY and self._next_against(row) is not None:
            return NaiveAnswer(Outcome.WOULD_TAKE)
        needed = row.shares if row.tif == OrderTif.FOK else row.min_shares
        if needed > 0 and self._available_shares(row) < needed:
            return NaiveAnswer(Outcome.KILLED, cancelled_shares=row.shares)
        fills, left, met_own = self._trade(row)
        if left > 0 and not met_own and row.tif == OrderTif.DAY and not is_market:
            if self.n_live >= self.capacity:
                return NaiveAnswer(Outcome.MARKET_FULL)
            self._rest(number, row, left)
            return NaiveAnswer(
                Outcome.ACCEPTED, row.shares - left, resting_shares=left, fills=fills
            )
        code = Outcome.SELF_MATCH if met_own else Outcome.ACCEPTED
        return NaiveAnswer(code, row.shares - left, cancelled_shares=left, fills=fills)

    def _enter_call(self, number: int, row: Row) -> NaiveAnswer:
        if row.tif != OrderTif.DAY or row.flags & OrderFlag.MARKET:
            return NaiveAnswer(Outcome.IN_CALL)
        if self.n_live >= self.capacity:
            return NaiveAnswer(Outcome.MARKET_FULL)
        self._rest(number, row, row.shares)
        return NaiveAnswer(Outcome.ACCEPTED, resting_shares=row.shares)

    def _reaches(self, row: Row, ticks: int) -> bool:
        if self._capped(row.venue_idx, row.side, ticks) != ticks:
            return False
        return bool(row.flags & OrderFlag.MARKET) or row.side * (row.ticks - ticks) >= 0

    def _next_against(self, row: Row) -> Resting | None:
        """The resting order that the incoming one would trade with first."""
        levels = self.levels[row.venue_idx, -row.side]
        if row.venue_idx in self.in_call:
            return None
        best = (min if row.side == 1 else max)(levels, default=None)
        if best is None or not self._reaches(row, best):
            return None
        return next(iter(levels[best]))

    def _portions(self, row: Row, ticks: int) -> list[tuple[Resting, bool]]:
        """Who trades at a price, in this order; True: with all it has left, reserve included."""
        level = self.levels[row.venue_idx, -row.side][ticks]
        refilled = [(order, True) for order in level.displayed if order.reserve_shares]
        return (
            [(order, False) for order in level.displayed]
            + refilled
            + [(order, False) for order in level.hidden]
        )

    def _available_shares(self, row: Row) -> int:
        levels = self.levels[row.venue_idx, -row.side]
        found = 0
        for ticks in sorted(levels, reverse=row.side == -1):
            for order, is_all in self._portions(row, ticks):
                if not self._reaches(row, ticks) or row.owner == order.owner != 0:
                    return found
                found += order.reserve_shares if is_all else order.shares
        return found

    def _trade(self, row: Row) -> tuple[tuple[NaiveFill, ...], int, bool]:
        fills: list[NaiveFill] = []
        left = row.shares
        levels = self.levels[row.venue_idx, -row.side]
        for ticks in sorted(levels, reverse=row.side == -1):
            for order, is_all in self._portions(row, ticks):
                if left == 0 or not self._reaches(row, ticks):
                    return tuple(fills), left, False
                if row.owner != 0 and order.owner == row.owner:
                    return tuple(fills), left, True
                traded = min(left, order.open_shares if is_all else order.shares)
                left -= traded
                self._fill(order, traded, is_all=is_all)
                fills.append(
                    NaiveFill(
                        order.number, order.ticks, traded, order.open_shares, order.owner,
                        order.venue_idx, order.is_hidden,
                    )
                )  # fmt: skip
                if order.open_shares == 0:
                    self._remove(order)
        return tuple(fills), left, False

    def _fill(self, order: Resting, traded: int, *, is_all: bool) -> None:
        if is_all:
            order.set_open(order.open_shares - traded)
            return
        order.shares -= traded
        if order.shares == 0 and order.reserve_shares:
            order.set_open(order.reserve_shares)
            queue = self.levels[order.venue_idx, order.side][order.ticks].displayed
            queue.remove(order)
            queue.append(order)

    def _rest(self, number: int, row: Row, shares: int) -> None:
        order = Resting(
            number, row.venue_idx, row.side, row.ticks, 0, 0, row.display_shares, row.flags,
            row.owner, [number],
        )  # fmt: skip
        order.set_open(shares)
        level = self.levels[row.venue_idx, row.side].setdefault(row.ticks, Level())
        level.queue_of(order).append(order)
        self.orders[number] = order
        self.n_live += 1

    def _remove(self, order: Resting) -> None:
        levels = self.levels[order.venue_idx, order.side]
        level = levels[order.ticks]
        level.queue_of(order).remove(order)
        if not level.displayed and not level.hidden:
            del levels[order.ticks]
        for name in order.names:
            del self.orders[name]
        self.n_live -= 1
