"""The slow, obvious matching engine that the kernels must agree with: dicts and deques."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from penstock.domain import MAX_ORDER_SHARES
from penstock.sim.matching.memory import CommandArray, CommandKind, OrderFlag, OrderTif, Outcome

_LIMIT_FLAGS = int(OrderFlag.MARKET | OrderFlag.POST_ONLY | OrderFlag.HIDDEN)
_PEGS = (OrderFlag.MIDPOINT, OrderFlag.PRIMARY)


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
    min_shares: int = 0  # of a peg: no smaller execution, unless it has less left

    @property
    def open_shares(self) -> int:
        return self.shares + self.reserve_shares

    def set_open(self, shares: int) -> None:
        """Have so much left, an iceberg showing no more than it may."""
        shown = min(shares, self.display_shares) if self.display_shares else shares
        self.shares, self.reserve_shares = shown, shares - shown

    @property
    def is_hidden(self) -> bool:
        return bool(self.flags & OrderFlag.HIDDEN) or self.is_peg

    @property
    def is_peg(self) -> bool:
        return self.flags in _PEGS

    def is_passed_by(self, shares: int) -> bool:
        """A peg does not trade with an incoming order that has less than its minimum left."""
        return self.is_peg and shares < min(self.min_shares, self.shares)


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
        self.pegs: dict[tuple[int, int], list[Resting]] = {book: [] for book in self.levels}
        self.references: list[tuple[int, int] | None] = [None] * n_venues  # None: pegs sleep

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
        if row.kind == CommandKind.REFERENCE:
            return self.set_reference(row)
        if row.kind == CommandKind.RETRY:
            return self.retry(number, row)
        return NaiveAnswer(Outcome.BAD_KIND)

    def set_reference(self, row: Row) -> NaiveAnswer:
        """The quote that pegs follow: bid in `ticks`, ask in `target`."""
        if not 0 <= row.venue_idx < self.n_venues:
            return NaiveAnswer(Outcome.BAD_VENUE)
        if any(not (ticks == 0 or self._is_price(ticks)) for ticks in (row.ticks, row.target)):
            return NaiveAnswer(Outcome.BAD_PRICE)
        is_awake = 0 < row.ticks < row.target and row.venue_idx not in self.in_call
        self.references[row.venue_idx] = (row.ticks, row.target) if is_awake else None
        return NaiveAnswer(Outcome.ACCEPTED)

    def retry(self, number: int, row: Row) -> NaiveAnswer:
        """A resting peg trades as if it came in, and keeps its place."""
        peg = self.orders.get(row.target)
        if peg is None or not peg.is_peg:
            return NaiveAnswer(Outcome.UNKNOWN_ORDER)
        peg.names.append(number)
        self.orders[number] = peg
        needed = min(peg.min_shares, peg.shares)
        entered = self._entered_anew(row, peg, peg.ticks, peg.shares)
        fills: tuple[NaiveFill, ...] = ()
        if self._available_shares(entered) >= needed:
            fills, peg.shares, _ = self._trade(entered)
        filled = sum(fill.shares for fill in fills)
        left = peg.shares
        if left == 0:
            self._remove(peg)
        return NaiveAnswer(Outcome.ACCEPTED, filled, resting_shares=left, fills=fills)

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
        if self._counted(order, row.ticks) == order.ticks and row.shares <= order.open_shares:
            less_shares = order.open_shares - row.shares
            from_reserve = min(less_shares, order.reserve_shares)
            order.reserve_shares -= from_reserve
            order.shares -= less_shares - from_reserve
            order.names.append(number)
            self.orders[number] = order
            return NaiveAnswer(
                Outcome.ACCEPTED, resting_shares=row.shares, cancelled_shares=less_shares
            )
        entered = self._entered_anew(row, order, row.ticks, row.shares)
        if order.flags & OrderFlag.POST_ONLY and self._would_take(entered):
            return NaiveAnswer(Outcome.WOULD_TAKE)
        self._remove(order)
        return self._enter(number, entered)

    def _entered_anew(self, row: Row, order: Resting, ticks: int, shares: int) -> Row:
        """A command that enters `order` with its own terms at another price or size."""
        return row._replace(
            ticks=ticks,
            shares=shares,
            venue_idx=order.venue_idx,
            side=order.side,
            flags=order.flags,
            owner=order.owner,
            tif=OrderTif.DAY,
            min_shares=min(order.min_shares, shares),
            display_shares=order.display_shares,
        )

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

    def open_call(self, venue_idx: int) -> None:
        """From now on orders rest there and nothing trades; pegs sleep."""
        self.in_call.add(venue_idx)
        self.references[venue_idx] = None

    def queue_ahead_shares(self, number: int) -> int:
        """Shares that trade before it, at the same price."""
        order = self.orders[number]
        if order.is_peg:
            return self._ahead_of_peg(order)
        level = self.levels[order.venue_idx, order.side][order.ticks]
        ahead = sum(one.reserve_shares for one in level.displayed) if order.is_hidden else 0
        for other in level:
            if other is order:
                break
            ahead += other.shares
        return ahead

    def _ahead_of_peg(self, peg: Resting) -> int:
        price_x2 = self._price_x2_of(peg)
        if price_x2 is None:
            return 0
        book = peg.venue_idx, peg.side
        ahead = sum(order.open_shares for order in self._level_at(book, price_x2))
        for other in self.pegs[book]:
            if other is peg:
                break
            ahead += other.shares if self._price_x2_of(other) == price_x2 else 0
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

    def peg_content(self) -> list[tuple[int, ...]]:
        """(venue, side, limit, flag, shares, minimum, owner) of each peg, in order of arrival."""
        return [
            (venue_idx, side, peg.ticks, peg.flags, peg.shares, peg.min_shares, peg.owner)
            for (venue_idx, side), pegs in self.pegs.items()
            for peg in pegs
        ]

    def _problem_of(self, row: Row) -> Outcome | None:
        is_market = bool(row.flags & OrderFlag.MARKET)
        is_post_only = bool(row.flags & OrderFlag.POST_ONLY)
        is_peg = row.flags in _PEGS
        at_once = is_market or row.tif in (OrderTif.IOC, OrderTif.FOK)
        rules = (
            (0 <= row.venue_idx < self.n_venues, Outcome.BAD_VENUE),
            (row.side in (1, -1), Outcome.BAD_SIDE),
            (1 <= row.shares <= MAX_ORDER_SHARES, Outcome.BAD_SIZE),
            (0 <= row.owner <= 32_767, Outcome.BAD_OWNER),
            (0 <= row.min_shares <= row.shares, Outcome.BAD_MIN_SHARES),
            (row.tif in (0, 1, 2), Outcome.BAD_TERMS),
            (0 <= row.flags <= _LIMIT_FLAGS or is_peg, Outcome.BAD_TERMS),
            (is_market or self._is_price(row.ticks), Outcome.BAD_PRICE),
            (not (is_post_only and at_once), Outcome.BAD_TERMS),
            (row.min_shares == 0 or at_once or is_peg, Outcome.BAD_TERMS),
            (row.display_shares >= 0, Outcome.BAD_TERMS),
            (
                row.display_shares == 0 or not (at_once or is_peg or row.flags & OrderFlag.HIDDEN),
                Outcome.BAD_TERMS,
            ),
        )
        return next((outcome for holds, outcome in rules if not holds), None)

    def _is_price(self, ticks: int) -> bool:
        return 1 <= ticks < 2**31 and ticks % self.increment_ticks == 0

    def _counted(self, order: Resting, ticks: int) -> int:
        """A new limit of an order as it is kept: a peg's is its own, wherever the band is."""
        return ticks if order.is_peg else self._capped(order.venue_idx, order.side, ticks)

    def _capped(self, venue_idx: int, side: int, ticks: int) -> int:
        """A limit as the price band lets it count."""
        edge = self.band.get((venue_idx, side), ticks)
        return min(ticks, edge) if side == 1 else max(ticks, edge)

    def _enter(self, number: int, row: Row) -> NaiveAnswer:
        is_market = bool(row.flags & OrderFlag.MARKET)
        if row.flags not in _PEGS:
            row = row._replace(ticks=self._capped(row.venue_idx, row.side, row.ticks))
        if row.venue_idx in self.in_call:
            return self._enter_call(number, row)
        if row.flags & OrderFlag.POST_ONLY and self._would_take(row):
            return NaiveAnswer(Outcome.WOULD_TAKE)
        needed = row.shares if row.tif == OrderTif.FOK else row.min_shares
        fills: tuple[NaiveFill, ...] = ()
        left, met_own = row.shares, False
        if needed == 0 or self._available_shares(row) >= needed:
            fills, left, met_own = self._trade(row)
        elif row.tif != OrderTif.DAY or is_market:
            return NaiveAnswer(Outcome.KILLED, cancelled_shares=row.shares)
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

    def _level_at(self, book: tuple[int, int], price_x2: int) -> Level:
        """What rests at a price, which is given twice over as half an increment may be."""
        return self.levels[book].get(price_x2 // 2, Level()) if price_x2 % 2 == 0 else Level()

    def _peg_price_x2(self, venue_idx: int, side: int, flags: int, ticks: int) -> int | None:
        """Where a peg stands: the midpoint or its side's quote, not beyond its limit."""
        reference = self.references[venue_idx]
        ticks = self._capped(venue_idx, side, ticks)
        if reference is None:
            return None
        bid, ask = reference
        own_quote = bid if side == 1 else ask
        target_x2 = bid + ask if flags == OrderFlag.MIDPOINT else 2 * own_quote
        return min(target_x2, 2 * ticks) if side == 1 else max(target_x2, 2 * ticks)

    def _price_x2_of(self, order: Resting) -> int | None:
        """Where a resting order trades; None for a peg that sleeps."""
        if not order.is_peg:
            return 2 * order.ticks
        return self._peg_price_x2(order.venue_idx, order.side, order.flags, order.ticks)

    def _turns(self, row: Row) -> Iterator[tuple[int, Resting, bool]]:
        """
        Who trades with an incoming order, in this order, and at which price, doubled.

        True: with all it has left, reserve included.
        """
        if row.venue_idx in self.in_call:
            return
        limit = row.side * 2**39 if row.flags & OrderFlag.MARKET else row.ticks
        limit_x2: int | None = 2 * self._capped(row.venue_idx, row.side, limit)
        if row.flags in _PEGS:
            limit_x2 = self._peg_price_x2(row.venue_idx, row.side, row.flags, row.ticks)
        if limit_x2 is None:
            return
        book = row.venue_idx, -row.side
        pegs = [(self._price_x2_of(peg), peg) for peg in self.pegs[book]]
        prices_x2 = {2 * ticks for ticks in self.levels[book]}
        prices_x2 |= {at_x2 for at_x2, _ in pegs if at_x2 is not None}
        for price_x2 in sorted(prices_x2, reverse=row.side == -1):
            if row.side * (limit_x2 - price_x2) < 0:
                return
            level = self._level_at(book, price_x2)
            refilled = [order for order in level.displayed if order.reserve_shares]
            yield from [(price_x2, order, False) for order in level.displayed]
            yield from [(price_x2, order, True) for order in refilled]
            yield from [(price_x2, order, False) for order in level.hidden]
            yield from [(price_x2, peg, False) for at_x2, peg in pegs if at_x2 == price_x2]

    def _would_take(self, row: Row) -> bool:
        """Whether an incoming order would find anybody."""
        return any(not order.is_passed_by(row.shares) for _, order, _ in self._turns(row))

    def _available_shares(self, row: Row) -> int:
        left = row.shares
        for _, order, is_all in self._turns(row):
            if left == 0:
                break
            if order.is_passed_by(left):
                continue
            if row.owner == order.owner != 0:
                break
            left -= min(left, order.reserve_shares if is_all else order.shares)
        return row.shares - left

    def _trade(self, row: Row) -> tuple[tuple[NaiveFill, ...], int, bool]:
        fills: list[NaiveFill] = []
        left = row.shares
        for price_x2, order, is_all in self._turns(row):
            if left == 0:
                break
            if order.is_passed_by(left):
                continue
            if row.owner != 0 and order.owner == row.owner:
                return tuple(fills), left, True
            traded = min(left, order.open_shares if is_all else order.shares)
            left -= traded
            self._fill(order, traded, is_all=is_all)
            fills.append(
                NaiveFill(
                    order.number, price_x2 // 2, traded, order.open_shares, order.owner,
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
            row.owner, [number], min(row.min_shares, shares),
        )  # fmt: skip
        order.set_open(shares)
        self.orders[number] = order
        self.n_live += 1
        if order.is_peg:
            self.pegs[row.venue_idx, row.side].append(order)
            return
        level = self.levels[row.venue_idx, row.side].setdefault(row.ticks, Level())
        level.queue_of(order).append(order)

    def _remove(self, order: Resting) -> None:
        for name in order.names:
            del self.orders[name]
        self.n_live -= 1
        if order.is_peg:
            self.pegs[order.venue_idx, order.side].remove(order)
            return
        levels = self.levels[order.venue_idx, order.side]
        level = levels[order.ticks]
        level.queue_of(order).remove(order)
        if not level.displayed and not level.hidden:
            del levels[order.ticks]
