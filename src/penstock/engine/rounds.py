"""What follows from a report: totals held against the order, children that end, the next round."""

from __future__ import annotations

from penstock.domain import AlertLevel, ChildState, ParentState, ReportKind, Shares, Tif
from penstock.engine.child import Child
from penstock.engine.core import Core
from penstock.engine.ledger import is_overfilled
from penstock.engine.parent import Parent
from penstock.engine.timers import Purpose
from penstock.engine.working import (
    cancel_live,
    conclude_if_idle,
    confirm_replace,
    retry_later,
    route,
)


def take_stock(core: Core, child: Child) -> None:
    """Totals of a child have changed: conclude what is complete, cancel what would be too much."""
    parent = core.ledger.parent_of(child)
    if is_overfilled(parent):
        core.alert(
            AlertLevel.CRITICAL,
            "overfill",
            f"parent {parent.order.parent_id} has {parent.filled_shares} shares of "
            f"{parent.size_shares}, the last from {core.mic(child.order.venue_idx)}, "
            f"child {child.order.child_id}. Settle the excess with the venue",
        )
    if parent.is_full and not parent.state.is_terminal:  # whatever replace is pending
        parent.state = ParentState.FILLED
    elif parent.is_complete and parent.state is ParentState.WORKING:
        # A bust had taken back more than the client wanted: 38 is more than it gets.
        parent.state = ParentState.CANCELLING
    # After a late fill, a doubt, or a size that the venue raised, more may rest than is wanted.
    if parent.live_children and core.ledger.held_shares(parent) > parent.leaves_shares:
        cancel_live(core, parent)


def end_child(core: Core, child: Child, state: ChildState) -> None:
    """Make a live child terminal and go on; nothing happens if it has ended already."""
    if core.ledger.close(child, state):
        ended(core, child)


def ended(core: Core, child: Child) -> None:
    """
    Learn from a child that has ended, then decide what is free.

    When the whole stage is over everything free is decided anew. While others of the stage are
    live, only as much as this child carried, and only if nothing is gained by waiting for them: the
    remainders of immediate orders, and of those called back for the last sweep, come within
    microseconds of each other and are decided together.
    """
    order = child.order
    _learn(core, child)
    if child.doubt_shares > 0:
        core.risk.on_resized(order, child.doubt_shares)
    else:
        core.risk.on_ended(order)
    parent = core.ledger.parent_of(child)
    confirm_replace(core, parent)
    if conclude_if_idle(core, parent, "cancelled"):
        return
    if child.filled_shares > 0 or order.tif is Tif.DAY:
        parent.is_round_useful = True
    if not parent.live_children:
        _next_round(core, parent)
    elif _frees_at_once(parent, child):
        route(core, parent, budget_shares=order.size_shares)


def settled(core: Core, child: Child) -> None:
    """Go on with the order of a child that had ended and is in doubt no more."""
    core.risk.on_ended(child.order)
    parent = core.ledger.parent_of(child)
    confirm_replace(core, parent)
    if not conclude_if_idle(core, parent, "cancelled"):
        budget_shares = child.order.size_shares if parent.live_children else None
        route(core, parent, budget_shares)


def revive(core: Core, child: Child, leaves_shares: Shares) -> None:
    """Count a child as live again that its venue states as open, for as many shares."""
    core.ledger.reopen(child, leaves_shares)
    parent = core.ledger.parent_of(child)
    core.risk.on_reopened(child.order, parent.order.client, child.leaves_shares)


def _learn(core: Core, child: Child) -> None:
    order = child.order
    if child.was_learned:
        return
    child.was_learned = True
    if child.state is not ChildState.REJECTED:
        core.scorecards.on_done(
            order.venue_idx,
            order.tactic,
            order.size_shares,
            child.filled_shares,
            child.time_to_fill_ns,
            core.now_ns,
        )
    if child.filled_shares > 0:
        core.set_timer(Purpose.MARKOUT, order.child_id, core.now_ns + core.config.markout_ns)


def _next_round(core: Core, parent: Parent) -> None:
    """
    Everything that was sent has ended: decide anew.

    At once, unless immediate orders keep coming back without a share. Then what is displayed is not
    to be had (an order of ours stands in front of it, or the feed is behind), and asking a venue
    three hundred times a second would change nothing.
    """
    parent.n_empty_rounds = 0 if parent.is_round_useful else parent.n_empty_rounds + 1
    parent.is_round_useful = False
    if parent.n_empty_rounds < core.config.patient_rounds or parent.is_immediate:
        route(core, parent)
    else:
        retry_later(core, parent)


def _frees_at_once(parent: Parent, child: Child) -> bool:
    """True if what this child leaves over is decided while its sisters are live."""
    has_rested = child.order.tif is Tif.DAY and not parent.must_complete
    return has_rested or child.state in (ChildState.FILLED, ChildState.REJECTED)


def reopen_parent(core: Core, parent: Parent) -> None:
    """A bust has taken shares from a filled parent: work them, unless it was to stop anyway."""
    if core.now_ns < parent.order.deadline_ns and not parent.is_stopped:
        parent.state = ParentState.WORKING
    elif parent.is_idle:
        parent.state = ParentState.CANCELLED
    else:
        parent.state = ParentState.CANCELLING


def report_bust(core: Core, parent: Parent, child: Child, exec_id: str) -> None:
    """Report an execution that was corrected; one that was taken back is reported by its fill."""
    corrected = child.executions.get(exec_id)
    assert corrected is not None, f"execution {exec_id} is gone"
    core.report(parent, ReportKind.CORRECTION, "correction", corrected)
