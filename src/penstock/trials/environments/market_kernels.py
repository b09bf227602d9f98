"""One step of the bare market in one compiled call: act, let it trade, account, observe."""

from __future__ import annotations

import math
from typing import Final

from penstock._kernels import inlined, kernel
from penstock.book import ASK, BID, apply_messages, best_shares, best_ticks
from penstock.domain import BPS_PER_UNIT, TapeKind
from penstock.sim.codes import FAR, NEED_ROOM, REACHED, int64
from penstock.sim.layout import WorldState
from penstock.sim.loop import advance_to
from penstock.sim.price import reference_ticks
from penstock.sim.stacking import world_at
from penstock.trials.environments.market_layout import (
    FAR_AWAY,
    IDLE,
    LOTS,
    N_PER_VENUE,
    N_SLOTS,
    N_VERBS,
    OPEN,
    Desk,
)
from penstock.trials.environments.market_orders import act, cancel_at, read_reports

_TRADE: Final = int(TapeKind.TRADE)
_NO_LAST_EVENT: Final = int64(FAR)
_PAST_REPORTS: Final = int64(0)
_EVERYWHERE: Final = int64(-1)
_ZERO: Final = int64(0)

BAD_ACTION: Final = -1


@kernel
def step_worlds(stack: WorldState, desk: Desk, first: int) -> int:
    """
    One step of every agent from `first` on whose parent is not over.

    Returns how many agents are done with the step; fewer than all means that the next one's world
    needs room in its buffers before the call can go on from there. BAD_ACTION: one of the actions
    is outside its space, and nothing has happened.

    Reference: tests/support/naive_agents.py, checked by tests/differential/test_market_env.py.
    """
    for w in range(len(desk.agents)):
        if not is_possible(desk, w):
            return BAD_ACTION
    for w in range(first, len(desk.agents)):
        if not desk.agents[w].is_over and step_one(world_at(stack, w), desk, w) == NEED_ROOM:
            return w
    return len(desk.agents)


@kernel
def step_alone(stack: WorldState, desk: Desk, verb: int, venue_idx: int, size: int) -> int:
    """`step_worlds` for one agent: its action comes in numbers, which is faster than an array."""
    if not desk.agents[0].is_midway:
        desk.actions[0, 0] = verb
        desk.actions[0, 1] = venue_idx
        desk.actions[0, 2] = size
    return step_worlds(stack, desk, _ZERO)


@inlined
def is_possible(desk: Desk, w: int) -> bool:
    """Whether an action is in the action space: the kernels index arrays by its numbers."""
    verb, venue_idx, size = desk.actions[w, 0], desk.actions[w, 1], desk.actions[w, 2]
    return bool(
        0 <= verb < N_VERBS and 0 <= venue_idx < len(desk.is_protected) and 0 <= size < len(LOTS)
    )


@inlined
def step_one(state: WorldState, desk: Desk, w: int) -> int:
    """One step of one agent. Returns REACHED or NEED_ROOM."""
    agent, world = desk.agents[w], state.world[0]
    if not agent.is_midway:
        act(state, desk, w)
        agent.is_midway = 1
        agent.until_ns = agent.end_ns
        agent.last_event = _NO_LAST_EVENT
        if agent.events_per_step > 0:
            agent.last_event = world.n_events + agent.events_per_step
        else:
            agent.until_ns = min(agent.end_ns, world.now_ns + agent.step_ns)
        agent.bought_shares = 0
        agent.sold_shares = 0
    if pass_time(state, desk, w, agent.until_ns, agent.last_event) == NEED_ROOM:
        return NEED_ROOM
    agent.is_midway = 0
    agent.step += 1
    cost_before_ticks = agent.cost_ticks
    account(state, desk, w)
    desk.ends[w, 0] = agent.left_shares == 0 or agent.step >= agent.n_steps
    desk.ends[w, 1] = not desk.ends[w, 0] and world.now_ns >= agent.end_ns
    observe(state, desk, w)
    if desk.ends[w, 0] or desk.ends[w, 1]:
        agent.is_over = 1
        close(state, desk, w)
    value_ticks = agent.size_shares * 0.5 * agent.arrival_mid_x2
    desk.rewards[w] = -BPS_PER_UNIT * (agent.cost_ticks - cost_before_ticks) / value_ticks
    return REACHED


@kernel
def pass_time(state: WorldState, desk: Desk, w: int, until_ns: int, last_event: int) -> int:
    """Let the market trade, and read all that arrives meanwhile. Returns REACHED or NEED_ROOM."""
    while True:
        status = advance_to(state, until_ns, last_event, _PAST_REPORTS)
        read_tape(state, desk, w)
        read_reports(state, desk, w)
        # What has been read makes room; when there was nothing to read, a buffer must grow.
        if status == REACHED or state.world[0].tape_ready + state.world[0].reports_lo == 0:
            break
    return status


@inlined
def read_tape(state: WorldState, desk: Desk, w: int) -> None:
    """Bring the books as received up to date, and count who bought and who sold."""
    agent, ready = desk.agents[w], state.world[0].tape_ready
    apply_messages(
        desk.levels[w], desk.meta[w], desk.nbbo[w], desk.is_protected, len(desk.is_protected),
        state.tape, _ZERO, ready,
    )  # fmt: skip
    for i in range(ready):
        message = state.tape[i]
        if message.kind == _TRADE:
            if message.side > 0:
                agent.bought_shares += message.shares
            elif message.side < 0:
                agent.sold_shares += message.shares
    quote = desk.nbbo[w, 0]
    if quote.is_valid:
        agent.bid_ticks = quote.bid_ticks
        agent.ask_ticks = quote.ask_ticks


@inlined
def account(state: WorldState, desk: Desk, w: int) -> None:
    """
    Charge the executions since the last look against M* just before each.

        shares · (side · (price − M*) + fee)  +  side · own lasting impact · shares still owed

    as `penstock.trials.day` does for a parent of the router.
    """
    agent = desk.agents[w]
    for i in range(agent.audit_i, state.world[0].audit_n):
        one = state.audit[i]
        if one.child_id >= agent.first_child_id:
            agent.owed_shares -= one.size_shares
            paid_ticks = agent.side * (one.price_ticks - one.reference_ticks)
            paid_ticks += desk.fee_ticks[one.venue_idx, one.liquidity]
            agent.cost_ticks += one.size_shares * paid_ticks
            agent.cost_ticks += agent.side * one.permanent_ticks * agent.owed_shares
    agent.audit_i = state.world[0].audit_n


@inlined
def close(state: WorldState, desk: Desk, w: int) -> None:
    """Charge what is still owed as if it were taken now from the far side of the NBBO."""
    agent = desk.agents[w]
    far_ticks = agent.ask_ticks if agent.side > 0 else agent.bid_ticks
    away_ticks = far_ticks - reference_ticks(state.params, state.world)
    agent.cost_ticks += agent.owed_shares * (agent.side * away_ticks + agent.take_fee_ticks)


@kernel
def pause(stack: WorldState, desk: Desk, w: int, until_ns: int) -> int:
    """Cancel everything of agent `w`, then let time pass. Returns REACHED or NEED_ROOM."""
    state = world_at(stack, w)
    cancel_at(state, desk, w, _EVERYWHERE)
    return pass_time(state, desk, w, until_ns, _NO_LAST_EVENT)


@kernel
def begin(stack: WorldState, desk: Desk, w: int, side: int, size_shares: int) -> None:
    """Give agent `w` a new parent, now, and show it the market."""
    state = world_at(stack, w)
    agent = desk.agents[w]
    agent.side = side
    agent.size_shares = size_shares
    agent.arrival_mid_x2 = agent.bid_ticks + agent.ask_ticks
    agent.first_child_id = (agent.n_posted + 1) * N_SLOTS
    agent.step = 0
    agent.left_shares = size_shares
    agent.live_shares = 0
    agent.owed_shares = size_shares
    agent.n_orders = 0
    agent.n_refused = 0
    agent.cost_ticks = 0.0
    agent.is_over = 0
    agent.is_midway = 0
    agent.bought_shares = 0
    agent.sold_shares = 0
    # The audit of earlier parents is of no more use, and would fill its buffer in a long day.
    state.world[0].audit_n = 0
    agent.audit_i = 0
    for venue_idx in range(len(desk.is_protected)):
        desk.filled_shares[w, venue_idx] = 0
    desk.rewards[w] = 0.0
    desk.ends[w, 0] = False
    desk.ends[w, 1] = False
    observe(state, desk, w)


@inlined
def bounded(number: float) -> float:
    """A number that an observation may hold."""
    return min(FAR_AWAY, max(-FAR_AWAY, number))


@inlined
def size_of(shares: int, lot_shares: int) -> float:
    """Sizes are heavy-tailed, so their logarithm is shown."""
    return math.log1p(shares / lot_shares)


@kernel
def observe(state: WorldState, desk: Desk, w: int) -> None:
    """Write the observation of agent `w`; what its numbers are is said in docs/environments.md."""
    agent, out = desk.agents[w], desk.observations[w]
    levels, meta = desk.levels[w], desk.meta[w]
    increment_ticks = state.params[0].increment_ticks
    mid_ticks = 0.5 * (agent.bid_ticks + agent.ask_ticks)
    n_venues = len(desk.is_protected)
    for i in range(len(out)):
        out[i] = 0.0
    for venue_idx in range(n_venues):
        at = venue_idx * N_PER_VENUE
        if meta[venue_idx].is_valid > meta[venue_idx].is_halted:
            out[at] = 1.0
            for side in (BID, ASK):
                ticks = best_ticks(levels, meta, venue_idx, side)
                if ticks > 0:
                    shares = best_shares(levels, meta, venue_idx, side)
                    out[at + 1 + 2 * side] = bounded((ticks - mid_ticks) / increment_ticks)
                    out[at + 2 + 2 * side] = size_of(shares, agent.lot_shares)
        out[at + 6] = desk.filled_shares[w, venue_idx] / agent.size_shares
    n_idle = 0
    for slot in range(N_SLOTS):
        mine = desk.slots[w, slot]
        if mine.state == OPEN and mine.child_id >= agent.first_child_id:
            out[mine.venue_idx * N_PER_VENUE + 5] += mine.open_shares / agent.size_shares
        n_idle += mine.state == IDLE
    at = n_venues * N_PER_VENUE
    out[at] = agent.left_shares / agent.size_shares
    out[at + 1] = agent.live_shares / agent.size_shares
    out[at + 2] = 1.0 - agent.step / agent.n_steps
    out[at + 3] = agent.side
    out[at + 4] = size_of(agent.left_shares, agent.lot_shares)
    out[at + 5] = bounded((agent.ask_ticks - agent.bid_ticks) / increment_ticks)
    out[at + 6] = bounded(BPS_PER_UNIT * (2.0 * mid_ticks / agent.arrival_mid_x2 - 1.0))
    out[at + 7] = size_of(agent.bought_shares, agent.lot_shares)
    out[at + 8] = size_of(agent.sold_shares, agent.lot_shares)
    out[at + 9] = n_idle / N_SLOTS
