"""The simulated market as the engine's host sees it: commands in, market data and reports out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    CancelChild,
    ChildAck,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildReject,
    ChildReplaced,
    Event,
    Liquidity,
    Ns,
    PegKind,
    ReplaceChild,
    SendChild,
    Shares,
    Ticks,
    VenueCommand,
    fee_usd_micros,
    fees_on,
)
from penstock.engine.port import MarketSlice, Sequencer
from penstock.sim import codes
from penstock.sim.buffers import rows_needed
from penstock.sim.build import build_state
from penstock.sim.codes import Reason, ReportKind
from penstock.sim.desk import post
from penstock.sim.hidden import Hidden, hidden_of
from penstock.sim.layout import Rows, WorldState
from penstock.sim.loop import advance
from penstock.sim.matching.check import problems_of
from penstock.sim.matching.check import state_hash as market_hash
from penstock.sim.matching.memory import Market, Outcome
from penstock.sim.matching.views import displayed_depth
from penstock.sim.opening import n_displayed_levels, open_session
from penstock.sim.price import reference_ticks
from penstock.sim.scenario.tables import Scenario
from penstock.sim.script import ScriptArray, check_script, empty_script

MAX_BATCH: Final = 2**20
"""Tape rows that one `advance` collects before it returns early: 56 MiB."""


class World:
    """
    Several venues of one stock, their traders and our orders, in one compiled loop.

    The same scenario, seed, script and commands at the same times give the same tape, reports and
    `state_hash`, however the time is cut into calls. Worlds that differ only by our commands share
    every random draw of the background: each component has its own stream and draws a fixed number
    of times an event, at times that our orders cannot change. What our orders do change is what the
    draws mean, by way of the books.

    `advance` keeps the promises of `penstock.engine.port.VenuePort`. `reference_price_ticks`,
    `audit` and `hidden` tell the truth and are for trials and training only.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        sequencer: Sequencer | None = None,
        script: ScriptArray | None = None,
    ) -> None:
        script = empty_script() if script is None else script
        check_script(script, scenario)
        self.scenario = scenario
        self.universe = scenario.universe()
        self._sequencer = Sequencer() if sequencer is None else sequencer
        self._fees = [fees_on(venue.fees, self.universe.day) for venue in self.universe.venues]
        self._children: dict[int, int] = {}  # child_id to row of `children`
        self._state = build_state(scenario, seed, script)
        self._open()

    def _open(self) -> None:
        start_ns = self.scenario.start_ns
        while advance(self._state, start_ns) == codes.NEED_ROOM:
            if self._state.world[0]["tape_ready"] == 0:  # else the next call empties the tape
                self._grow_what_is_short()
        while n_displayed_levels(self._state) + 3 * len(self._fees) > len(self._state.tape):
            self._grow("tape")
        open_session(self._state, start_ns)

    @property
    def now_ns(self) -> Ns:
        """The time up to which everything received has been handed over."""
        return Ns(int(self._state.world[0]["now_ns"]))

    @property
    def n_events(self) -> int:
        """Events of all traders and of our own commands since the session opened."""
        return int(self._state.world[0]["n_events"])

    @property
    def n_book_changes(self) -> int:
        """Orders entered, withdrawn or amended in lit books since the session opened."""
        return int(self._state.world[0]["n_book_changes"])

    def advance(
        self, until_ns: Ns, commands: Sequence[VenueCommand] = ()
    ) -> tuple[MarketSlice, list[Event]]:
        """
        Send `commands` now, then run until the first report or `until_ns`; see `VenuePort`.

        Returns early, without events, when MAX_BATCH messages have arrived.
        """
        assert until_ns >= self.now_ns, f"time runs forward: {until_ns} is before {self.now_ns}"
        for command in commands:
            self._post(command)
        while advance(self._state, until_ns) == codes.NEED_ROOM:
            if not self._make_room():
                break
        world = self._state.world[0]
        return MarketSlice(self._state.tape, 0, int(world["tape_ready"])), self._received()

    def reference_price_ticks(self) -> float:
        """M*: where the price is going as far as anybody could know now; NaN if unknown."""
        return float(reference_ticks(self._state.params, self._state.world))

    def audit(self) -> Rows:
        """Every execution of ours with the truth about it, in order, shape (n,), AUDIT_DTYPE."""
        return self._state.audit[: self._state.world[0]["audit_n"]].copy()

    def hidden(self) -> Hidden:
        """What a venue insider, and more, would know now."""
        return hidden_of(self._state)

    def displayed_depth(self, venue_idx: int, n_levels: int) -> NDArray[np.int64]:
        """Shares that a lit book shows at its best prices, shape (2, n_levels): buys, sells."""
        state = self._state
        shares = np.zeros((2, n_levels), dtype=np.int64)
        for column, side in enumerate((1, -1)):
            displayed_depth(
                state.head, state.books, state.levels, state.orders, venue_idx, side,
                shares[column],
            )  # fmt: skip
        return shares

    @property
    def state(self) -> WorldState:
        """The arrays themselves, for kernels of trials; writing to them changes the world."""
        return self._state

    def move_to(self, state: WorldState) -> None:
        """Live in `state` from now on: the same content in other memory, rows of a stack say."""
        self._state = state

    def state_hash(self) -> str:
        """Content of everything that can still have an effect: equal for equal worlds."""
        state, world = self._state, self._state.world[0]
        digest = hashlib.sha256(market_hash(self._market()).encode())
        for name in ("tape_n", "tape_lo", "tape_ready", "reports_n", "reports_lo", "mail_n"):
            world = world.copy()
            world[name] = 0  # where things lie in a buffer depends on how time was cut
        world["mail_lo"] = 0
        digest.update(world.tobytes())
        digest.update(self._waiting("tape").tobytes())
        digest.update(self._waiting("reports").tobytes())
        digest.update(self._waiting("mail").tobytes())
        digest.update(state.children[: len(self._children)].tobytes())
        digest.update(state.audit[: world["audit_n"]].tobytes())
        for book, n_orders in enumerate(state.n_interest):
            first = book * codes.POOL_DEPTH
            digest.update(state.interest[first : first + n_orders].tobytes())
        for rows in (state.clocks, state.streams, state.venues, state.makers, state.quotes,
                     state.spells, state.others, state.touches, state.nbbo,
                     state.marks):  # fmt: skip
            digest.update(rows.tobytes())
        return digest.hexdigest()

    def problems(self) -> list[str]:
        """Invariants of the lit books that do not hold; empty when all is well."""
        return problems_of(self._market())

    def _market(self) -> Market:
        state = self._state
        return Market(state.head, state.books, state.levels, state.orders)

    def _waiting(self, name: str) -> Rows:
        world = self._state.world[0]
        rows: Rows = getattr(self._state, name)
        return rows[world[f"{name}_lo"] : world[f"{name}_n"]]

    def _post(self, command: VenueCommand) -> None:
        if self._state.world[0]["mail_n"] + 1 >= len(self._state.mail):
            self._grow("mail")
        if isinstance(command, SendChild):
            self._post_send(command)
            return
        kind, shares, limit_ticks = codes.CANCEL, 0, 0
        if isinstance(command, ReplaceChild):
            kind, shares, limit_ticks = codes.REPLACE, command.size_shares, command.limit_ticks
        else:
            assert isinstance(command, CancelChild)
        child = self._children.get(command.child_id, -1)
        post(self._state, kind, command.venue_idx, command.child_id, child, shares, limit_ticks, 0)

    def _post_send(self, command: SendChild) -> None:
        order = command.order
        if order.child_id in self._children:
            reason = int(Reason.DUPLICATE)
            post(self._state, codes.SEND, order.venue_idx, order.child_id, -1, 0, 0, reason)
            return
        child = len(self._children)
        if child == len(self._state.children):
            self._grow("children")
            self._grow("handles")
        self._children[order.child_id] = child
        row = self._state.children[child]
        row["child_id"] = order.child_id
        row["venue_idx"] = order.venue_idx
        row["side"] = int(order.side)
        row["size_shares"] = order.size_shares
        row["limit_ticks"] = order.limit_ticks
        row["min_shares"] = order.min_shares
        row["tif"] = int(order.tif)
        row["is_midpoint"] = order.peg is PegKind.MIDPOINT
        post(self._state, codes.SEND, order.venue_idx, order.child_id, child, 0, 0, 0)

    def _make_room(self) -> bool:
        """Grow what is nearly full; False when it is better to hand over what has arrived."""
        state, world = self._state, self._state.world[0]
        if len(state.tape) >= MAX_BATCH and world["tape_ready"] > len(state.tape) // 2:
            return False
        self._grow_what_is_short()
        # Nothing has been handed over yet, so nothing may be dropped by the next call.
        world["tape_ready"] = 0
        world["tape_lo"] = 0
        return True

    def _grow_what_is_short(self) -> None:
        world, need = self._state.world[0], int(rows_needed(self._state.head))
        for name in ("tape", "reports", "audit"):
            while world[f"{name}_n"] + need > len(getattr(self._state, name)):
                self._grow(name)

    def _grow(self, name: str) -> None:
        rows = getattr(self._state, name)
        more = np.zeros(max(len(rows), 1), dtype=rows.dtype)
        state: WorldState = self._state._replace(**{name: np.concatenate([rows, more])})
        self._state = state

    def _received(self) -> list[Event]:
        world, reports = self._state.world[0], self._state.reports
        lo = int(world["reports_lo"])
        hi = lo
        while hi < world["reports_n"] and reports[hi]["recv_ns"] <= world["now_ns"]:
            hi += 1
        world["reports_lo"] = hi
        return [self._event(*row) for row in reports[lo:hi].tolist()]

    def _event(
        self, recv_ns: int, event_ns: int, kind: int, venue_idx: int, child_id: int,
        price_ticks: int, shares: int, exec_no: int, liquidity: int, reason: int,
    ) -> Event:  # fmt: skip
        about: dict[str, Any] = {
            "seq": self._sequencer.next_seq(),
            "event_ns": event_ns,
            "recv_ns": recv_ns,
            "child_id": child_id,
            "venue_idx": venue_idx,
        }
        if kind == ReportKind.FILL:
            side_of_fees = Liquidity(liquidity)
            return ChildFill(
                **about,
                exec_id=f"{self.universe.venues[venue_idx].mic}-{exec_no}",
                price_ticks=Ticks(price_ticks),
                size_shares=Shares(shares),
                liquidity=side_of_fees,
                fee_usd_micros=fee_usd_micros(self._fees[venue_idx], side_of_fees, Shares(shares)),
            )
        if kind == ReportKind.REJECT:
            return ChildReject(**about, reason=reason_text(reason))
        if kind == ReportKind.CANCEL_REJECT:
            return ChildCancelReject(**about, reason=reason_text(reason))
        if kind == ReportKind.REPLACED:
            return ChildReplaced(
                **about, size_shares=Shares(shares), limit_ticks=Ticks(price_ticks)
            )
        if kind == ReportKind.CANCELLED:
            return ChildCancelled(**about)
        return ChildAck(**about)


def reason_text(reason: int) -> str:
    """A venue's reason in words, stable, for logs and filters."""
    is_outcome = reason >= Outcome.BAD_VENUE
    return (Outcome(reason) if is_outcome else Reason(reason)).name.lower()
