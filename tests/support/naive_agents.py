"""The bare market's agent once more, slowly: through the port that the router uses, in Python."""

from __future__ import annotations

import numpy as np

from penstock.book import Books
from penstock.domain import (
    CancelChild,
    ChildCancelled,
    ChildFill,
    ChildOrder,
    ChildReject,
    Event,
    Ns,
    PegKind,
    SendChild,
    Shares,
    Side,
    Tactic,
    TapeArray,
    Ticks,
    Tif,
    VenueCommand,
)
from penstock.sim import Scenario, World

LOTS = (1, 2, 5, 10, 20)


class NaiveAgent:
    """
    What `penstock.trials.environments.market_orders` says, as plain as it can be said.

    It is told when each step ends; everything else it finds out as a router would.
    """

    def __init__(self, scenario: Scenario, seed: int, side: Side, size_shares: int) -> None:
        self.world = World(scenario, seed)
        self.left_shares = size_shares
        self.n_refused = 0
        self._side = side
        self._is_lit = [venue.is_lit for venue in scenario.venues]
        self._books = Books(
            1, len(scenario.venues), np.array([venue.protected for venue in scenario.venues])
        )
        self._orders: dict[int, ChildOrder] = {}
        self._open_shares: dict[int, int] = {}
        self._is_cancel_asked: set[int] = set()
        self._touch: dict[Side, int] = {}

    @property
    def live_shares(self) -> int:
        """In orders that have not ended, as far as was heard."""
        return sum(self._open_shares.values())

    def step(self, action: list[int], until_ns: int) -> None:
        """One action, and what arrives until the step ends."""
        verb, venue_idx, size = action
        commands = self._commands(verb, venue_idx, size)
        self.n_refused += verb != 0 and not commands
        self.wait(until_ns, commands)

    def wait(self, until_ns: int, commands: list[VenueCommand] | None = None) -> None:
        """Let time pass; every report is taken note of."""
        outgoing = commands or []
        while True:
            batch, events = self.world.advance(Ns(until_ns), outgoing)
            outgoing = []
            self._read(batch.tape, batch.lo, batch.hi)
            for event in events:
                self._take(event)
            if self.world.now_ns >= until_ns and not events:
                return

    def _read(self, tape: TapeArray, lo: int, hi: int) -> None:
        self._books.apply(tape, lo, hi)
        quote = self._books.nbbo[0]
        if quote["is_valid"]:
            self._touch = {Side.BUY: int(quote["bid_ticks"]), Side.SELL: int(quote["ask_ticks"])}

    def _take(self, event: Event) -> None:
        if isinstance(event, ChildFill):
            self.left_shares -= event.size_shares
            self._open_shares[event.child_id] -= event.size_shares
        elif isinstance(event, ChildReject | ChildCancelled):
            self._open_shares[event.child_id] = 0

    def _commands(self, verb: int, venue_idx: int, size: int) -> list[VenueCommand]:
        if verb == 3:
            return [self._cancel(child_id) for child_id in self._resting_at(venue_idx)]
        limit = self._limit(venue_idx, takes=verb == 1)
        shares = min(100 * LOTS[size], self.left_shares - self.live_shares)
        if verb == 0 or limit == 0 or shares <= 0:
            return []
        return [self._send(venue_idx, shares, limit, takes=verb == 1)]

    def _resting_at(self, venue_idx: int) -> list[int]:
        return [
            child_id
            for child_id, order in self._orders.items()
            if order.venue_idx == venue_idx
            and order.tif is Tif.DAY
            and self._open_shares[child_id] > 0
            and child_id not in self._is_cancel_asked
        ]

    def _limit(self, venue_idx: int, *, takes: bool) -> int:
        if not self._is_lit[venue_idx]:
            return self._touch[self._side.opposite]
        best = self._books.best(0, venue_idx, self._side.opposite if takes else self._side)
        return 0 if best is None else best[0]

    def _send(self, venue_idx: int, shares: int, limit: int, *, takes: bool) -> SendChild:
        child_id = len(self._orders) + 1
        is_lit = self._is_lit[venue_idx]
        order = ChildOrder(
            child_id=child_id, parent_id=1, venue_idx=venue_idx, instrument_idx=0, side=self._side,
            size_shares=Shares(shares), limit_ticks=Ticks(limit),
            tactic=Tactic.TAKE if takes else Tactic.POST, tif=Tif.IOC if takes else Tif.DAY,
            peg=PegKind.NONE if is_lit else PegKind.MIDPOINT, min_shares=Shares(0),
        )  # fmt: skip
        self._orders[child_id] = order
        self._open_shares[child_id] = shares
        return SendChild(at_ns=self.world.now_ns, order=order)

    def _cancel(self, child_id: int) -> CancelChild:
        self._is_cancel_asked.add(child_id)
        order = self._orders[child_id]
        return CancelChild(at_ns=self.world.now_ns, child_id=child_id, venue_idx=order.venue_idx)
