"""The matching kernels behind one object, for tools, tests and code without a kernel of its own."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from penstock.domain import Shares, Side, Ticks
from penstock.sim.matching.auction import open_call, set_band, uncross_book
from penstock.sim.matching.check import problems_of, state_hash
from penstock.sim.matching.commands import (
    cancel_order,
    order_of,
    replace_order,
    retry_order,
    run_stream,
    submit_order,
)
from penstock.sim.matching.memory import (
    ANY_OWNER,
    CommandArray,
    FillArray,
    OrderFlag,
    OrderTif,
    Outcome,
    ResultArray,
    empty_fills,
    empty_results,
    make_market,
)
from penstock.sim.matching.pegs import next_in_reach, set_reference
from penstock.sim.matching.views import (
    best_ticks,
    displayed_shares,
    queue_ahead_shares,
    touch_ticks,
)

NO_FLAGS: Final = OrderFlag(0)


class MatchFill(NamedTuple):
    """One execution: the resting order, at its price."""

    handle: int
    ticks: Ticks
    shares: Shares
    leaves_shares: Shares  # of the resting order
    owner: int  # of the resting order
    is_hidden: bool


class Answer(NamedTuple):
    """What became of one command. After an accepted one, its parts sum to what it was about."""

    outcome: Outcome
    handle: int  # of the order that rests now, 0 when none does
    filled_shares: Shares
    resting_shares: Shares
    cancelled_shares: Shares
    fills: tuple[MatchFill, ...]


class Auction(NamedTuple):
    """What the end of a call brought: one fill for each order's part on either side."""

    ticks: Ticks | None  # None when nothing traded
    shares: Shares
    fills: tuple[MatchFill, ...]


class MatchingEngine:
    """
    Price-time priority matching for all lit venues of one instrument.

    Invariants (`problems` lists any breach; tests assert it after random streams):
        no venue is crossed outside of a call, hidden orders counted;
        a level's displayed and hidden sizes are the sums over its orders;
        at one price displayed orders trade before hidden ones, those before pegs, and earlier
            before later;
        shares submitted = filled + resting + cancelled, for every order.

    A handle names an order for as long as it rests and is never valid again, short of 2**30 reuses
    of one row. Nothing is allocated after the constructor. A refused command changes nothing.

    Cost: this object spends microseconds a call. Kernels call `submit_order` and its sisters on
    `market` instead and spend tens of nanoseconds.
    Reference: tests/support/naive_matching.py, same contract, checked by tests/differential.
    """

    def __init__(
        self,
        *,
        increment_ticks: int,
        n_venues: int = 1,
        capacity: int = 65_536,
        band_levels: int = 1_024,
    ) -> None:
        self.market = make_market(n_venues, increment_ticks, capacity, band_levels)
        self._fills = empty_fills(2 * capacity)
        self._results = empty_results(1)

    def submit(
        self,
        *,
        side: Side,
        shares: int,
        ticks: int = 0,
        venue_idx: int = 0,
        tif: OrderTif = OrderTif.DAY,
        flags: OrderFlag = NO_FLAGS,
        owner: int = 0,
        min_shares: int = 0,
        display_shares: int = 0,
    ) -> Answer:
        """Enter one order; terms as in `submit_order`. `ticks` is ignored with MARKET."""
        submit_order(
            *self.market, venue_idx, int(side), ticks, shares, int(tif), int(flags), owner,
            min_shares, display_shares, self._fills, 0, self._results, 0,
        )  # fmt: skip
        return self._answer()

    def cancel(self, handle: int, *, owner: int = ANY_OWNER) -> Answer:
        """Take a resting order out."""
        cancel_order(*self.market, handle, owner, self._results, 0)
        return self._answer()

    def replace(self, handle: int, *, ticks: int, shares: int, owner: int = ANY_OWNER) -> Answer:
        """Change price and open quantity; keeps priority only when the size alone goes down."""
        replace_order(*self.market, handle, owner, ticks, shares, self._fills, 0, self._results, 0)
        return self._answer()

    def set_reference(self, *, bid_ticks: int, ask_ticks: int, venue_idx: int = 0) -> list[Answer]:
        """
        Tell a venue the quote that its pegs follow, and let those it brings in reach trade.

        Buyers first, then sellers, earlier ones first, each once. Returns the answer to the
        telling, then one for each peg that tried.
        """
        head, books, _, orders = self.market
        code = set_reference(head, books, venue_idx, bid_ticks, ask_ticks)
        self._results[0] = (0, code, 0, 0, 0, 0, 0)
        answers = [self._answer()]
        if answers[0].outcome.is_reject:
            return answers
        for book in (venue_idx * 2, venue_idx * 2 + 1):
            slots = []
            slot = next_in_reach(books, orders, book, 0)
            while slot != 0:
                slots.append(int(slot))
                slot = next_in_reach(books, orders, book, slot)
            handles = [(int(orders["generation"][slot]) << 32) | slot for slot in slots]
            answers += [self.retry(handle) for handle in handles]
        return answers

    def retry(self, handle: int) -> Answer:
        """Let a resting peg look for trades again."""
        retry_order(*self.market, handle, self._fills, 0, self._results, 0)
        return self._answer()

    def run(self, commands: CommandArray) -> tuple[ResultArray, FillArray]:
        """Carry out a stream; the answers, one a command, and all its fills."""
        results = empty_results(len(commands))
        fills = empty_fills(len(commands) + len(self._fills))
        done, n_fills = 0, 0
        while done < len(commands):
            done, n_fills = run_stream(
                *self.market, commands, done, len(commands), results, fills, n_fills
            )
            if done < len(commands):
                fills = _doubled(fills)
        return results, fills[:n_fills]

    def open_call(self, *, venue_idx: int = 0) -> None:
        """Let orders rest without trading until `uncross`."""
        open_call(self.market.books, venue_idx)

    def uncross(self, reference_ticks: int, *, venue_idx: int = 0) -> Auction:
        """End a call with an auction; see `uncross_book`."""
        ticks, shares, n_fills = uncross_book(
            *self.market, venue_idx, reference_ticks, self._fills, 0
        )
        fills = tuple(_fill_of(row) for row in self._fills[:n_fills])
        return Auction(Ticks(int(ticks)) if shares else None, Shares(int(shares)), fills)

    def set_band(self, low_ticks: int, high_ticks: int, *, venue_idx: int = 0) -> None:
        """Let nothing trade outside these two prices; 0 is no limit. See the kernel."""
        set_band(*self.market, venue_idx, low_ticks, high_ticks)

    def resting_shares(self, handle: int) -> Shares:
        """Open quantity of an order, reserve included; 0 when it no longer rests."""
        slot = order_of(self.market.orders, handle)
        order = self.market.orders[slot]
        return Shares(int(order["shares"] + order["reserve_shares"]) if slot else 0)

    def queue_ahead_shares(self, handle: int) -> Shares | None:
        """Shares at its price that trade before an order, None when it no longer rests."""
        ahead = queue_ahead_shares(*self.market, handle)
        return None if ahead < 0 else Shares(int(ahead))

    def best_ticks(self, side: Side, *, venue_idx: int = 0) -> Ticks | None:
        """Best price of a side, hidden orders included, pegs not; None when there is none."""
        ticks = best_ticks(self.market.head, self.market.books, venue_idx, int(side))
        return Ticks(int(ticks)) if ticks else None

    def touch_ticks(self, side: Side, *, venue_idx: int = 0) -> Ticks | None:
        """Best displayed price of a side, None when it displays nothing."""
        ticks = touch_ticks(*self.market, venue_idx, int(side))
        return Ticks(int(ticks)) if ticks else None

    def displayed_shares(self, side: Side, ticks: int, *, venue_idx: int = 0) -> Shares:
        """Displayed size at a price."""
        return Shares(int(displayed_shares(*self.market, venue_idx, int(side), ticks)))

    def problems(self) -> list[str]:
        """What is wrong inside; empty unless there is a bug."""
        return problems_of(self.market)

    def state_hash(self) -> str:
        """Hash of what rests and in which order, see `check.state_hash`."""
        return state_hash(self.market)

    def _answer(self) -> Answer:
        row = self._results[0]
        fills = self._fills[row["first_fill"] : row["first_fill"] + row["n_fills"]]
        return Answer(
            outcome=Outcome(int(row["code"])),
            handle=int(row["handle"]),
            filled_shares=Shares(int(row["filled_shares"])),
            resting_shares=Shares(int(row["resting_shares"])),
            cancelled_shares=Shares(int(row["cancelled_shares"])),
            fills=tuple(_fill_of(fill) for fill in fills),
        )


def _fill_of(row: np.void) -> MatchFill:
    return MatchFill(
        handle=int(row["handle"]),
        ticks=Ticks(int(row["ticks"])),
        shares=Shares(int(row["shares"])),
        leaves_shares=Shares(int(row["leaves_shares"])),
        owner=int(row["owner"]),
        is_hidden=bool(row["is_hidden"]),
    )


def _doubled(fills: FillArray) -> FillArray:
    larger = empty_fills(2 * len(fills))
    larger[: len(fills)] = fills
    return larger
