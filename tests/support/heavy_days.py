"""A journal with many orders in it: as many as one asks for, each filled at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from penstock.domain import (
    NS_PER_MS,
    ChildAck,
    ChildFill,
    FeedRecovered,
    Liquidity,
    NewParent,
    Ns,
    ParentOrder,
    Shares,
    Side,
    UsdMicros,
    VenueUp,
)
from penstock.runtime.config import RouterConf
from penstock.runtime.marks import Marks
from penstock.runtime.opened import Opened
from penstock.runtime.opening import Opener, session_names
from penstock.runtime.parts import draft_stamps
from penstock.runtime.router import Router
from penstock.runtime.snapshots import SNAPSHOT_TIMES, SnapshotTimes
from penstock.runtime.status import NO_SURROUNDINGS
from penstock.wire.fix import Outgoing
from tests.support.engines import ASK, BID, quote
from tests.support.killable_routers import START, WorldClock
from tests.support.tapes import tape


class Nowhere:
    """A FIX engine that takes everything and delivers nothing."""

    def to_client(self, outgoing: Outgoing) -> bool:
        return True

    def to_venue(self, outgoing: Outgoing) -> bool:
        return True


class HeavyDay:
    """
    A router whose venues fill everything at once, told so in events, without FIX.

    Args:
        step_ns: from one order to the next.
    """

    def __init__(
        self,
        conf: RouterConf,
        *,
        step_ns: int = 5 * NS_PER_MS,
        times: SnapshotTimes = SNAPSHOT_TIMES,
        start_ns: int = START,
    ) -> None:
        self.clock = WorldClock(start_ns)
        self.said: list[str] = []
        self._step_ns = step_ns
        self._marks = Marks(conf.paths.marks, session_names(conf))
        self.opened: Opened = Opener(
            conf=conf,
            marks=self._marks,
            wires=Nowhere(),
            say=self.said.append,
            clock_from=self._clock_from,
            snapshot_times=times,
        ).open()
        self.router: Router = self.opened.router(NO_SURROUNDINGS)
        self._n_executions = 0

    def open_market(self) -> None:
        """Every venue is up and quotes."""
        for venue in self.opened.parts.universe.venues:
            self._step(VenueUp, venue_idx=venue.venue_idx)
            self._step(FeedRecovered, venue_idx=venue.venue_idx)
        self._show()

    def work(self, n_orders: int, *, first: int = 1, leave_open: bool = False) -> None:
        """So many orders, one after the other."""
        engine, desk = self.opened.parts.engine, self.opened.parts.oms_desk
        for idx in range(first, first + n_orders):
            self.clock.now_ns += self._step_ns
            parent_id = desk._book.next_parent_id
            order = ParentOrder(
                parent_id=parent_id,
                client="OMS",
                instrument_idx=0,
                side=Side.BUY if idx % 2 else Side.SELL,
                size_shares=Shares(200),
                limit_ticks=None,
                arrival_ns=self.clock(),
                horizon_ns=Ns(60_000 * NS_PER_MS),
                urgency_frac=1.0,
                client_order_id=f"order-{idx}",
            )
            self._step(NewParent, order=order)
            while not leave_open and (live := engine.parents[parent_id].live_children):
                self._fill(live[0])
            if idx % 20 == 0:
                self._show()
            self.router.wake()

    def close(self) -> None:
        """As a killed process leaves its files."""
        self.opened.writer.close()
        self._marks.close()

    def _fill(self, child_id: int) -> None:
        order = self.opened.parts.engine.children[child_id].order
        named = {"child_id": child_id, "venue_idx": order.venue_idx}
        self._n_executions += 1
        self._step(ChildAck, **named)
        self._step(
            ChildFill,
            **named,
            exec_id=f"{order.venue_idx}-{self._n_executions}",
            price_ticks=order.limit_ticks,
            size_shares=order.size_shares,
            liquidity=Liquidity.TAKE,
            fee_usd_micros=UsdMicros(0),
        )

    def _step(self, kind: Any, **fields: Any) -> None:
        self.opened.stepper.step(kind(**draft_stamps(self.clock()), **fields))

    def _show(self) -> None:
        now = self.clock()
        rows = [
            dict(quote(venue.venue_idx, side, at, 5_000, now=now))
            for venue in self.opened.parts.universe.venues
            if venue.kind.is_lit
            for side, at in ((Side.BUY, BID), (Side.SELL, ASK))
        ]
        self.opened.stepper.market(tape(rows))

    def _clock_from(self, not_before_ns: int) -> WorldClock:
        self.clock.now_ns = max(self.clock.now_ns, not_before_ns)
        return self.clock


def heavy_journal(conf: RouterConf, n_orders: int, times: SnapshotTimes = SNAPSHOT_TIMES) -> Path:
    """The journal of a day with so many orders; its process is gone."""
    day = HeavyDay(conf, times=times)
    day.open_market()
    day.work(n_orders)
    day.close()
    return day.opened.journal
