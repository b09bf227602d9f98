"""Working a parent: route what is free, cancel what rests, conclude what is done."""

from __future__ import annotations

from typing import Final

import numpy as np

from penstock.domain import (
    AlertLevel,
    CancelChild,
    ChildOrder,
    ChildState,
    ParentState,
    PegKind,
    Record,
    ReportKind,
    SendChild,
    Shares,
    Side,
    Tactic,
    Ticks,
    Tif,
)
from penstock.engine.child import Child
from penstock.engine.core import Core
from penstock.engine.ledger import shares_still_free
from penstock.engine.obstacles import ending
from penstock.engine.parent import Parent
from penstock.engine.timers import Purpose

MAX_CANCEL_REFUSALS: Final = 5
"""Refused cancels of one child after which a person must call; the wait doubles with each."""


def route(core: Core, parent: Parent, budget_shares: int | None = None) -> None:
    """
    Decide on the shares that no live child covers, and send stage 0 of the plan.

    `budget_shares` bounds the decision when a single child of a running stage ended; None means
    that the stage is over and everything free is decided anew.
    """
    if parent.state is not ParentState.WORKING:
        return
    free_shares = shares_still_free(parent, core.ledger.held_shares(parent))
    if budget_shares is not None:
        free_shares = Shares(min(free_shares, budget_shares))
    if free_shares == 0:
        return
    record = core.decider.decide(parent, core.ledger, free_shares, core.now_ns)
    parent.n_decisions += 1
    core.out.append(Record(at_ns=core.now_ns, decision=record))
    parent.obstacle = ""
    _send_stage(core, parent)
    if parent.live_children:
        return
    parent.obstacle = parent.obstacle or core.decider.obstacle()
    if parent.is_immediate:
        stop(core, parent, "immediate or cancel")
    else:
        retry_later(core, parent)


def _send_stage(core: Core, parent: Parent) -> None:
    rows = core.decider.frame.rows
    for row_idx in np.flatnonzero((rows["stage"] == 0) & (rows["alloc_shares"] > 0)):
        _send_row(core, parent, int(row_idx))


def _send_row(core: Core, parent: Parent, row_idx: int) -> None:
    frame = core.decider.frame
    row = frame.rows[row_idx]
    tactic = Tactic(int(row["tactic"]))
    rest_ns = int(row["rest_ns"])
    limit_ticks = Ticks(int(row["limit_ticks"]))
    alloc_shares = int(row["alloc_shares"])
    # More than one order may carry goes in several, the rest when this one has ended. Where not
    # even one share is allowed, the gate says which limit it is.
    size_shares = min(alloc_shares, core.risk.largest_order_shares(limit_ticks)) or alloc_shares
    order = ChildOrder(
        child_id=core.ledger.next_child_id(),
        parent_id=parent.order.parent_id,
        venue_idx=int(row["venue_idx"]),
        instrument_idx=parent.order.instrument_idx,
        side=parent.order.side,
        size_shares=Shares(size_shares),
        limit_ticks=limit_ticks,
        tactic=tactic,
        tif=Tif.DAY if rest_ns > 0 else Tif.IOC,
        peg=PegKind.MIDPOINT if tactic is Tactic.MID else PegKind.NONE,
        min_shares=Shares(0),
    )
    touch = core.view.touch(parent.order.instrument_idx)
    denial = core.risk.deny(order, parent.order.client, touch, core.now_ns)
    if denial is not None:
        # Once a reason: a parent that waits for a quote looks again four times a second.
        if denial.reason != parent.last_denial:
            core.alert(AlertLevel.WARNING, "risk_denied", f"child {order.child_id}: {denial}")
        parent.last_denial = denial.reason
        parent.obstacle = str(denial)
        return
    parent.last_denial = ""
    mid_ticks_x2 = int(frame.situation["mid_ticks_x2"][0])
    core.risk.on_sent(order, parent.order.client, core.now_ns)
    core.ledger.open_child(order, row_idx, mid_ticks_x2, core.now_ns)
    core.out.append(SendChild(at_ns=core.now_ns, order=order))
    if rest_ns > 0:
        core.set_timer(Purpose.REST_OVER, order.child_id, core.now_ns + rest_ns)


def retry_later(core: Core, parent: Parent) -> None:
    """Look again after a while: nothing could be sent now."""
    if not parent.has_retry_timer:
        parent.has_retry_timer = True
        core.set_timer(Purpose.RETRY, parent.order.parent_id, core.now_ns + core.config.retry_ns)


def cancel_child(core: Core, child: Child) -> None:
    """Ask for a cancel, once; the child stays live until the venue has answered."""
    if child.state.is_terminal or child.is_cancel_asked:
        return
    child.is_cancel_asked = child.wants_cancel = True
    child.state = ChildState.CANCELLING
    core.out.append(
        CancelChild(
            at_ns=core.now_ns, child_id=child.order.child_id, venue_idx=child.order.venue_idx
        )
    )


def cancel_live(core: Core, parent: Parent) -> None:
    """Ask for the cancel of everything that rests for this parent."""
    for child_id in list(parent.live_children):
        cancel_child(core, core.ledger.children[child_id])


def cancel_at_once(core: Core, child: Child) -> None:
    """Ask for a cancel whatever was asked, or refused, before."""
    child.is_cancel_asked = False
    child.n_cancel_refusals = 0
    cancel_child(core, child)


def kill(core: Core, parent: Parent, text: str) -> None:
    """Stop a parent for good: a bust or a resume wakes it no more, and nothing of it rests."""
    parent.is_stopped = True
    for child_id in parent.live_children:
        child = core.ledger.children[child_id]
        child.is_cancel_asked, child.n_cancel_refusals = False, 0
    if parent.state is ParentState.WORKING:
        stop(core, parent, text)
    else:
        cancel_live(core, parent)


def stop(core: Core, parent: Parent, text: str) -> None:
    """No more sending for this parent; it concludes when its last child has ended."""
    if parent.state is not ParentState.WORKING:
        return
    parent.is_stopped = True
    parent.stop_text = text
    parent.state = ParentState.CANCELLING
    cancel_live(core, parent)
    if not conclude_if_idle(core, parent, text):
        core.report(parent, ReportKind.STOPPING, text)


def confirm_replace(core: Core, parent: Parent) -> None:
    """Confirm a replaced order as soon as nothing can fill that its new terms forbid."""
    if not parent.awaits_cancels or can_fill_worse(core, parent):
        return
    parent.awaits_cancels = False
    parent.size_shares = Shares(max(parent.wanted_shares, parent.filled_shares))
    parent.confirmed_limit_ticks = parent.limit_ticks
    is_complete = parent.is_complete and not parent.state.is_terminal
    if is_complete:
        parent.state = ParentState.FILLED
    core.report(parent, ReportKind.REPLACED, "replaced; filled" if is_complete else "replaced")


def refuse_late_replace(core: Core, parent: Parent) -> None:
    """Refuse a replace that waits for an order which has filled under its old terms meanwhile."""
    if not parent.awaits_cancels or parent.state is not ParentState.FILLED:
        return
    parent.awaits_cancels = False
    parent.wanted_shares = parent.size_shares
    parent.limit_ticks = parent.confirmed_limit_ticks
    core.report(parent, ReportKind.REPLACE_REFUSED, "too late to replace: filled")


def can_fill_worse(core: Core, parent: Parent) -> bool:
    """True while more than the wanted size, or at a worse price than its limit, may still fill."""
    if core.ledger.held_shares(parent) > parent.leaves_shares:
        return True
    children = (*parent.live_children, *parent.doubtful_children)
    return parent.limit_ticks is not None and any(
        int(parent.order.side) * (core.ledger.children[child_id].order.limit_ticks)
        > int(parent.order.side) * parent.limit_ticks
        for child_id in children
    )


def conclude_if_idle(core: Core, parent: Parent, text: str) -> bool:
    """Make the parent terminal if nothing more can happen to it; True if it is now."""
    if parent.is_complete and parent.is_full and not parent.state.is_terminal:
        cancel_live(core, parent)
        parent.state = ParentState.FILLED
    elif parent.state is ParentState.CANCELLING and parent.is_idle:
        parent.state = ParentState.CANCELLED
        core.report(parent, ReportKind.ENDED, ending(parent.stop_text or text, parent))
    return parent.state.is_terminal


def signed(side: Side, size_shares: int) -> int:
    """Shares with the sign of their direction."""
    return int(side) * size_shares
