"""What a market does to its clients, measured by simple clients: sweeps, and rests in a pool."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    BPS_PER_UNIT,
    NS_PER_S,
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
    Ticks,
    Tif,
    VenueCommand,
)
from penstock.sim import Scenario, World

Floats = NDArray[np.float64]

_SWEEP_EVERY_S = 20.0
_SETTLE_S = 0.5  # after a sweep, for its last reports
_FAR_INCREMENTS = 50  # how far beyond the touch an order may go


class Rests(msgspec.Struct, frozen=True, kw_only=True):
    """Executions of orders that rested in a pool, in order, shape (n,) each."""

    at_s: Floats  # since the start of the session
    shares: Floats
    markout_bps: Floats  # negative: the price went against us


def sweep_costs_bps(scenario: Scenario, seed: int, pause_s: float) -> Floats:
    """
    Cost of taking the displayed best price everywhere, one figure per sweep, against M* before it.

    Every 20 s, buying and selling in turn, what each lit venue shows at the best price is taken
    there: at once, or venue by venue with `pause_s` between two sends. The orders may go deeper,
    so what has been pulled in the meantime is bought at the next price.
    """
    client = _Client(World(scenario, seed))
    costs_bps: list[float] = []
    venues = [venue.venue_idx for venue in client.world.universe.venues if venue.kind.is_lit]
    while client.world.now_ns + 25 * NS_PER_S < scenario.end_ns:
        client.wait(_SWEEP_EVERY_S)
        side = Side.BUY if len(costs_bps) % 2 else Side.SELL
        touches = client.world.hidden()
        best = _best(touches.touch_ticks[venues, int(side is Side.BUY)], side)
        before_ticks = client.world.reference_price_ticks()
        limit = Ticks(best + side * _FAR_INCREMENTS * scenario.increment_ticks)
        first_id = client.next_id
        for venue_idx in venues:
            column = int(side is Side.BUY)
            if int(touches.touch_ticks[venue_idx, column]) == best:
                shares = int(touches.touch_shares[venue_idx, column])
                client.send(venue_idx, side, shares, limit, is_resting=False, min_shares=0)
                if pause_s:
                    client.wait(pause_s)
        client.wait(_SETTLE_S)
        fills = [fill for fill in client.fills if fill.child_id >= first_id]
        paid = sum(fill.price_ticks * fill.size_shares for fill in fills)
        shares = sum(fill.size_shares for fill in fills)
        if shares:
            costs_bps.append(side * (paid / shares / before_ticks - 1.0) * BPS_PER_UNIT)
    return np.array(costs_bps)


def pool_rests(
    scenario: Scenario, seed: int, mic: str, *, min_shares: int = 0, after_s: float = 10.0
) -> Rests:
    """
    Rest 500 shares on both sides of one pool, again as soon as they are gone; look back later.

    The markout of a fill is side · (M* `after_s` later − price), in bps of the price.
    """
    client = _Client(World(scenario, seed))
    venue_idx = next(v.venue_idx for v in client.world.universe.venues if v.mic == mic)
    live: dict[Side, int] = {}
    reference: list[float] = []
    while client.world.now_ns + NS_PER_S < scenario.end_ns:
        over = client.over
        for side in (Side.BUY, Side.SELL):
            if side not in live or live[side] in over:
                touch = client.world.hidden().touch_ticks
                touch = touch[touch > 0]
                best = int(touch.max() if side is Side.BUY else touch.min())
                limit = Ticks(best + side * _FAR_INCREMENTS * scenario.increment_ticks)
                live[side] = client.send(
                    venue_idx, side, 500, limit, is_resting=True, min_shares=min_shares
                )
        client.wait(1.0)
        reference.append(client.world.reference_price_ticks())
    return _rests(scenario, client, np.array(reference), after_s)


def _rests(scenario: Scenario, client: _Client, reference: Floats, after_s: float) -> Rests:
    at_s = np.array([(fill.event_ns - scenario.start_ns) / NS_PER_S for fill in client.fills])
    later = np.floor(at_s + after_s).astype(np.int64)  # row r is the price r + 1 s after the start
    is_known = later < len(reference)
    price = np.array([float(fill.price_ticks) for fill in client.fills])
    side = np.array([float(client.sides[fill.child_id]) for fill in client.fills])
    moved = reference[np.minimum(later, len(reference) - 1)] - price
    return Rests(
        at_s=at_s[is_known],
        shares=np.array([float(fill.size_shares) for fill in client.fills])[is_known],
        markout_bps=(side * moved / price * BPS_PER_UNIT)[is_known],
    )


def mean_markout_bps(rests: Rests) -> float:
    """Over shares, as money counts."""
    return float(np.average(rests.markout_bps, weights=rests.shares))


def _best(ticks: NDArray[np.int64], side: Side) -> int:
    """The best displayed price that an order of this side can take."""
    shown: Sequence[int] = [int(one) for one in ticks if one > 0]
    return min(shown) if side is Side.BUY else max(shown)


class _Client:
    """Sends children, waits, and keeps the fills."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fills: list[ChildFill] = []
        self.sides: dict[int, Side] = {}
        self.over: set[int] = set()  # children of which nothing is left
        self.next_id = 1
        self._left: dict[int, int] = {}
        self._outgoing: list[VenueCommand] = []

    def send(
        self, venue_idx: int, side: Side, shares: int, limit: Ticks, *,
        is_resting: bool, min_shares: int,
    ) -> int:  # fmt: skip
        """A midpoint order that rests, or one that takes; it leaves with the next `wait`."""
        child_id, self.next_id = self.next_id, self.next_id + 1
        self.sides[child_id], self._left[child_id] = side, shares
        order = ChildOrder(
            child_id=child_id, parent_id=1, venue_idx=venue_idx, instrument_idx=0, side=side,
            size_shares=Shares(shares), limit_ticks=limit, min_shares=Shares(min_shares),
            tactic=Tactic.MID if is_resting else Tactic.TAKE,
            tif=Tif.DAY if is_resting else Tif.IOC,
            peg=PegKind.MIDPOINT if is_resting else PegKind.NONE,
        )  # fmt: skip
        self._outgoing.append(SendChild(at_ns=self.world.now_ns, order=order))
        return child_id

    def wait(self, for_s: float) -> None:
        """Let time pass, whatever is reported."""
        until_ns = Ns(self.world.now_ns + round(for_s * NS_PER_S))
        while True:
            outgoing, self._outgoing = self._outgoing, []
            _, events = self.world.advance(until_ns, outgoing)
            for event in events:
                self._note(event)
            if self.world.now_ns >= until_ns and not events:
                return

    def _note(self, event: Event) -> None:
        if isinstance(event, ChildFill):
            self.fills.append(event)
            self._left[event.child_id] -= event.size_shares
            if self._left[event.child_id] == 0:
                self.over.add(event.child_id)
        elif isinstance(event, ChildCancelled | ChildReject):
            self.over.add(event.child_id)
