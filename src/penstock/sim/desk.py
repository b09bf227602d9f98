"""Our own orders: the way to the venue, and what the venue does with each command."""

from __future__ import annotations

from typing import Final

from penstock._kernels import inlined, kernel
from penstock.domain import MAX_ORDER_SHARES
from penstock.sim.codes import (
    ACK,
    BELOW_MIN_SIZE,
    CANCEL,
    CANCEL_REJECT,
    CANCELLED,
    DONE,
    FAR,
    HALTED,
    LIVE,
    MAIL,
    NEVER_SEEN,
    NO_REASON,
    NOT_OFFERED,
    ORDER_IN_NS,
    OURS,
    POOL_DEPTH,
    POOL_FULL,
    REJECT,
    REPLACED,
    SEND,
    SIZE_FILLED,
    TOO_LATE,
    int64,
)
from penstock.sim.feed import latency_ns
from penstock.sim.intents import intend_to_amend, intend_to_enter, intend_to_withdraw
from penstock.sim.layout import Int64s, Rows, WorldState
from penstock.sim.matching.memory import BAD_PRICE, BAD_SIZE, DAY, IOC, MIDPOINT
from penstock.sim.pools import enter_pool, leave_pool
from penstock.sim.reports import tell

_DAY: Final = int64(DAY)
_NO_FLAGS: Final = int64(0)
_MIDPOINT: Final = int64(MIDPOINT)
_NONE: Final = int64(0)
_OURS: Final = int64(OURS)


@inlined
def post(
    state: WorldState, kind: int, venue_idx: int, child_id: int, child: int, shares: int,
    limit_ticks: int, reason: int,
) -> None:  # fmt: skip
    """
    Put one command of ours on its way; it waits, sorted by arrival.

    It leaves after the decision latency and takes the venue's order-in latency. Commands to one
    venue arrive in the order in which they were sent.
    """
    params, world, venues, mail = state.params, state.world, state.venues, state.mail
    if kind == SEND and child >= 0 and state.children[child].is_midpoint:
        # Venues hear of quotes from now on, and know them when the order arrives.
        world[0].has_pegs |= venues[venue_idx].is_lit
    leaves_ns = world[0].now_ns + params[0].decision_latency_ns
    due_ns = max(
        leaves_ns + latency_ns(venues, state.tables, venue_idx, ORDER_IN_NS, leaves_ns),
        venues[venue_idx].order_in_ns,
    )
    venues[venue_idx].order_in_ns = due_ns
    i = world[0].mail_n
    world[0].mail_n = i + 1
    lo = world[0].mail_lo
    while i > lo and mail[i - 1].due_ns > due_ns:
        mail[i] = mail[i - 1]
        i -= 1
    mail[i].due_ns = due_ns
    mail[i].kind = kind
    mail[i].venue_idx = venue_idx
    mail[i].child_id = child_id
    mail[i].child = child
    mail[i].shares = shares
    mail[i].limit_ticks = limit_ticks
    mail[i].reason = reason
    state.clocks[MAIL] = mail[lo].due_ns


@kernel
def say(state: WorldState, child: int, kind: int, reason: int, now_ns: int) -> None:
    """Report something about one of our orders that has no price and no size."""
    tell(
        state.world, state.venues, state.tables, state.reports, state.children[child].venue_idx,
        kind, state.children[child].child_id, _NONE, _NONE, reason, now_ns,
    )  # fmt: skip


@inlined
def deliver(state: WorldState, now_ns: int) -> None:
    """Our next command has reached its venue. Lit books get an intent, pools act at once."""
    world, mail = state.world, state.mail
    i = world[0].mail_lo
    world[0].mail_lo = i + 1
    state.clocks[MAIL] = mail[i + 1].due_ns if i + 1 < world[0].mail_n else FAR
    venue_idx = mail[i].venue_idx
    child = mail[i].child
    reason = mail[i].reason
    is_new = mail[i].kind == SEND
    if reason == NO_REASON:
        if world[0].is_halted and mail[i].kind != CANCEL:
            reason = HALTED
        elif is_new:
            reason = why_not(state.children, state.venues, child)
        elif child < 0 or state.children[child].venue_idx != venue_idx:
            reason = NEVER_SEEN
        elif state.children[child].state != LIVE:
            reason = TOO_LATE
    if reason != NO_REASON:
        kind = REJECT if is_new else CANCEL_REJECT
        tell(
            world, state.venues, state.tables, state.reports, venue_idx, kind, mail[i].child_id,
            _NONE, _NONE, reason, now_ns,
        )  # fmt: skip
        if is_new and child >= 0:
            state.children[child].state = DONE
    elif is_new and state.venues[venue_idx].is_lit:
        enter_lit(state, child)
    elif is_new:
        enter_dark(state, child, now_ns)
    elif mail[i].kind == CANCEL:
        withdraw(state, child, now_ns)
    else:
        amend(state, child, mail[i].shares, mail[i].limit_ticks, now_ns)


@inlined
def why_not(children: Rows, venues: Rows, child: int) -> int:
    """Reason to refuse a new order at the door; 0 if none. Lit books check the rest themselves."""
    venue_idx = children[child].venue_idx
    is_lit = venues[venue_idx].is_lit != 0
    reason = NO_REASON
    if not is_lit and children[child].is_midpoint == 0:
        reason = NOT_OFFERED
    elif children[child].size_shares < venues[venue_idx].min_shares:
        reason = BELOW_MIN_SIZE
    elif children[child].size_shares > MAX_ORDER_SHARES or children[child].min_shares < 0:
        reason = BAD_SIZE
    elif children[child].limit_ticks < 1:
        reason = BAD_PRICE
    return reason


@inlined
def enter_lit(state: WorldState, child: int) -> None:
    """Ask a lit book to take one of our orders."""
    children = state.children
    flags = _MIDPOINT if children[child].is_midpoint else _NO_FLAGS
    intend_to_enter(
        state.world, state.intents, children[child].venue_idx, children[child].side,
        children[child].limit_ticks, children[child].size_shares, children[child].min_shares,
        children[child].tif, flags, _OURS, state.params[0].first_child_ref + child, 1.0,
    )  # fmt: skip


@kernel
def enter_dark(state: WorldState, child: int, now_ns: int) -> None:
    """One of our midpoint orders enters its pool."""
    children = state.children
    venue_idx = children[child].venue_idx
    children[child].state = LIVE
    say(state, child, ACK, NO_REASON, now_ns)
    gone = enter_pool(
        state, venue_idx, children[child].side, state.params[0].first_child_ref + child,
        children[child].size_shares, children[child].min_shares, children[child].limit_ticks,
        children[child].tif, state.venues[venue_idx].leak_prob, now_ns,
    )  # fmt: skip
    if gone > 0:
        children[child].state = DONE
        reason = NO_REASON if children[child].tif == IOC else POOL_FULL
        say(state, child, CANCELLED, reason, now_ns)


@inlined
def withdraw(state: WorldState, child: int, now_ns: int) -> None:
    """Our cancel meets a live order."""
    children = state.children
    venue_idx = children[child].venue_idx
    ref = state.params[0].first_child_ref + child
    if state.venues[venue_idx].is_lit:
        intend_to_withdraw(state.world, state.intents, venue_idx, ref)
        return
    leave_pool(state, venue_idx, children[child].side, ref)
    children[child].state = DONE
    say(state, child, CANCELLED, NO_REASON, now_ns)


@kernel
def amend(state: WorldState, child: int, size_shares: int, limit_ticks: int, now_ns: int) -> None:
    """
    Our replace meets a live order: a new total size, fills so far included, and a new limit.

    A size that is already filled is refused. Smaller at the same limit keeps its place; anything
    else goes to the end of the queue and may trade on the way.
    """
    children = state.children
    venue_idx = children[child].venue_idx
    side = children[child].side
    open_shares = size_shares - children[child].filled_shares
    if open_shares <= 0:
        say(state, child, CANCEL_REJECT, SIZE_FILLED, now_ns)
        return
    ref = state.params[0].first_child_ref + child
    if state.venues[venue_idx].is_lit:
        intend_to_amend(state.world, state.intents, venue_idx, limit_ticks, open_shares, ref, 1.0)
        return
    if limit_ticks < 1 or size_shares > MAX_ORDER_SHARES:
        reason = BAD_PRICE if limit_ticks < 1 else BAD_SIZE
        say(state, child, CANCEL_REJECT, reason, now_ns)
        return
    keeps_place = (
        limit_ticks == children[child].limit_ticks and size_shares <= children[child].size_shares
    )
    children[child].size_shares = size_shares
    children[child].limit_ticks = limit_ticks
    tell(
        state.world, state.venues, state.tables, state.reports, venue_idx, REPLACED,
        children[child].child_id, limit_ticks, size_shares, NO_REASON, now_ns,
    )  # fmt: skip
    if keeps_place:
        resize(state.interest, state.n_interest, venue_idx, side, ref, open_shares)
        return
    leave_pool(state, venue_idx, side, ref)
    gone = enter_pool(
        state, venue_idx, side, ref, open_shares, children[child].min_shares, limit_ticks, _DAY,
        state.venues[venue_idx].leak_prob, now_ns,
    )  # fmt: skip
    if gone > 0:
        children[child].state = DONE
        say(state, child, CANCELLED, POOL_FULL, now_ns)


@inlined
def resize(
    interest: Rows, n_interest: Int64s, venue_idx: int, side: int, ref: int, shares: int
) -> None:
    """Change the open size of a hidden order where it stands."""
    book = venue_idx * 2 + ((1 - side) >> 1)
    for i in range(book * POOL_DEPTH, book * POOL_DEPTH + n_interest[book]):
        if interest[i].ref == ref:
            interest[i].shares = shares
