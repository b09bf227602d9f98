"""The agent's own orders in the bare market: from an action to a command, and what came back."""

from __future__ import annotations

from typing import Final

from penstock._kernels import inlined, kernel
from penstock.book import ASK, BID, best_ticks
from penstock.domain import Tif
from penstock.sim import codes
from penstock.sim.codes import NO_REASON, ON_ITS_WAY, SEND, int64
from penstock.sim.desk import post
from penstock.sim.layout import WorldState
from penstock.trials.environments.market_layout import (
    CANCEL,
    IDLE,
    LOTS,
    N_SLOTS,
    OPEN,
    TAKE,
    WAIT,
    Desk,
)

_DAY: Final = int64(Tif.DAY)
_IOC: Final = int64(Tif.IOC)
_NONE: Final = int64(0)
_CANCEL: Final = int64(codes.CANCEL)
_FILL: Final = int(codes.FILL)
_REJECT: Final = int(codes.REJECT)
_CANCELLED: Final = int(codes.CANCELLED)


@kernel
def act(state: WorldState, desk: Desk, w: int) -> None:
    """Carry out the action of agent `w`, or count it as refused."""
    verb, venue_idx = desk.actions[w, 0], desk.actions[w, 1]
    if verb == CANCEL:
        if cancel_at(state, desk, w, venue_idx) == 0:
            desk.agents[w].n_refused += 1
    elif verb != WAIT:
        wanted_shares = LOTS[desk.actions[w, 2]] * desk.agents[w].lot_shares
        free_shares = desk.agents[w].left_shares - desk.agents[w].live_shares
        limit_ticks = limit_of(state, desk, w, venue_idx, verb == TAKE)
        slot = idle_slot(state, desk, w)
        if limit_ticks > 0 and free_shares > 0 and slot >= 0:
            shares = min(wanted_shares, free_shares)
            send(state, desk, w, slot, venue_idx, shares, limit_ticks, verb == TAKE)
        else:
            desk.agents[w].n_refused += 1


@inlined
def limit_of(state: WorldState, desk: Desk, w: int, venue_idx: int, takes: bool) -> int:
    """
    The limit of an order at a venue, by the books as received; 0 where there is nothing to go by.

    Lit: the touch of that venue, the far side's to take and the near side's to post. In a pool: no
    worse than the far side of the NBBO.
    """
    side = desk.agents[w].side
    if not state.venues[venue_idx].is_lit:
        ticks = desk.agents[w].ask_ticks if side > 0 else desk.agents[w].bid_ticks
        return int(ticks)
    book = desk.meta[w, venue_idx]
    if book.is_valid <= book.is_halted:
        return 0
    looks_at_asks = (side > 0) == takes
    return best_ticks(desk.levels[w], desk.meta[w], venue_idx, ASK if looks_at_asks else BID)


@inlined
def idle_slot(state: WorldState, desk: Desk, w: int) -> int:
    """A slot that no order and no cancel under way refers to; -1 if there is none."""
    found = -1
    for slot in range(N_SLOTS):
        mine = desk.slots[w, slot]
        if mine.state == IDLE and mine.cancel_due_ns < state.world[0].now_ns:
            found = slot
            break
    return found


@inlined
def send(
    state: WorldState, desk: Desk, w: int, slot: int, venue_idx: int, shares: int,
    limit_ticks: int, takes: bool,
) -> None:  # fmt: skip
    """Send one order; its number says which slot it has."""
    agent, child = desk.agents[w], state.children[slot]
    agent.n_posted += 1
    agent.n_orders += 1
    agent.live_shares += shares
    child_id = agent.n_posted * N_SLOTS + slot
    child.child_id = child_id
    child.venue_idx = venue_idx
    child.side = agent.side
    child.size_shares = shares
    child.filled_shares = 0
    child.limit_ticks = limit_ticks
    child.min_shares = 0
    child.tif = _IOC if takes else _DAY
    child.is_midpoint = 1 - state.venues[venue_idx].is_lit
    child.state = ON_ITS_WAY
    mine = desk.slots[w, slot]
    mine.state = OPEN
    mine.child_id = child_id
    mine.venue_idx = venue_idx
    mine.limit_ticks = limit_ticks
    mine.open_shares = shares
    mine.rests = 0 if takes else 1
    mine.cancel_due_ns = 0
    post(state, SEND, venue_idx, child_id, slot, _NONE, _NONE, NO_REASON)


@kernel
def cancel_at(state: WorldState, desk: Desk, w: int, venue_idx: int) -> int:
    """Cancel what rests at a venue, everywhere for -1; returns how many cancels went out."""
    n_cancels = 0
    for slot in range(N_SLOTS):
        mine = desk.slots[w, slot]
        is_there = venue_idx < 0 or mine.venue_idx == venue_idx
        if mine.state == OPEN and mine.rests and is_there and mine.cancel_due_ns == 0:
            at = mine.venue_idx
            post(state, _CANCEL, at, mine.child_id, slot, _NONE, _NONE, NO_REASON)
            mine.cancel_due_ns = state.venues[at].order_in_ns
            n_cancels += 1
    return n_cancels


@inlined
def read_reports(state: WorldState, desk: Desk, w: int) -> None:
    """Take note of the reports that have arrived."""
    world, agent = state.world[0], desk.agents[w]
    while world.reports_lo < world.reports_n:
        report = state.reports[world.reports_lo]
        if report.recv_ns > world.now_ns:
            break
        world.reports_lo += 1
        slot = report.child_id % N_SLOTS
        mine = desk.slots[w, slot]
        is_of_parent = report.child_id >= agent.first_child_id
        over_shares = 0  # no longer in an open order
        if report.kind == _FILL:
            over_shares = report.shares
            if is_of_parent:
                agent.left_shares -= over_shares
                desk.filled_shares[w, report.venue_idx] += over_shares
        elif report.kind in (_REJECT, _CANCELLED):
            over_shares = mine.open_shares
        mine.open_shares -= over_shares
        if is_of_parent:
            agent.live_shares -= over_shares
        if mine.open_shares == 0:
            mine.state = IDLE
