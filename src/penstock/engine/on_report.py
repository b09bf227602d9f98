"""Handlers for what venues say about our children."""

from __future__ import annotations

from typing import Final

from penstock.domain import (
    AlertLevel,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildReject,
    ChildReplaced,
    ChildReport,
    ChildState,
    ChildStatus,
    Ns,
    ParentState,
    ReportKind,
    Tif,
)
from penstock.engine.child import Child
from penstock.engine.core import Core
from penstock.engine.deciding import row_of
from penstock.engine.ledger import is_overfilled
from penstock.engine.obstacles import of_reject
from penstock.engine.parent import Parent
from penstock.engine.timers import Purpose
from penstock.engine.working import (
    cancel_child,
    cancel_live,
    conclude_if_idle,
    confirm_size,
    retry_later,
    route,
    signed,
)

STUBBORN_REFUSALS: Final = 5
"""Refused cancels of one child after which a person must call; the wait doubles with each."""


def ack(core: Core, event: ChildAck) -> None:
    """The venue has it; how long that took is a feature."""
    child = _known(core, event)
    if child is None:
        return
    if child.state is ChildState.SENT:
        child.state = ChildState.LIVE
    if not child.is_acked:
        child.is_acked = True
        core.scorecards.on_ack(event.venue_idx, Ns(core.now_ns - child.sent_ns))


def fill(core: Core, event: ChildFill) -> None:
    """Book an execution once, tell the OMS, and go on if it ended the child."""
    child = _known(core, event)
    if child is None or _is_absurd(core, event):
        return
    was_terminal = child.state.is_terminal
    if not core.ledger.book_fill(child, event, _row(child)):
        core.alert(AlertLevel.INFO, "duplicate_fill", f"{event.exec_id} came again; ignored")
        return
    if was_terminal:
        core.alert(
            AlertLevel.WARNING,
            "late_fill",
            f"child {event.child_id} filled after it had ended; booked",
        )
    parent = core.ledger.parent_of(child)
    core.risk.on_fill(event, child.order, parent.order.client)
    core.footprint.add(
        child.order.instrument_idx, signed(child.order.side, event.size_shares), core.now_ns
    )
    _take_stock(core, parent)
    core.report(parent, ReportKind.FILL, "fill", event)
    early = child.early_busts.pop(event.exec_id, None)
    if early is not None:
        _take_back(core, child, early)
    if child.state is ChildState.FILLED and not was_terminal:
        _ended(core, child)


def reject(core: Core, event: ChildReject) -> None:
    """It never traded; its shares are free again."""
    child = _known(core, event)
    if child is None or not core.ledger.close(child, ChildState.REJECTED):
        return
    core.scorecards.on_reject(event.venue_idx, child.order.tactic, core.now_ns)
    parent = core.ledger.parent_of(child)
    parent.last_reject = of_reject(core.mic(event.venue_idx), event.reason)
    core.alert(AlertLevel.WARNING, "child_rejected", f"child {event.child_id}: {event.reason}")
    _ended(core, child)


def cancelled(core: Core, event: ChildCancelled) -> None:
    """The rest of the child is gone."""
    child = _known(core, event)
    if child is not None and core.ledger.close(child, ChildState.CANCELLED):
        _ended(core, child)


def cancel_reject(core: Core, event: ChildCancelReject) -> None:
    """Too late, as a rule: the fill that won the race is here or on its way. If not, ask again."""
    child = _known(core, event)
    if child is None or child.state.is_terminal:
        return
    child.state = ChildState.LIVE
    child.is_cancel_asked = False
    child.n_cancel_refusals += 1
    if child.n_cancel_refusals == STUBBORN_REFUSALS:
        core.alert(
            AlertLevel.CRITICAL,
            "cancel_refused",
            f"child {event.child_id} cannot be cancelled: {event.reason}; call the venue",
        )
    wait_ns = core.config.retry_ns << min(child.n_cancel_refusals - 1, 6)
    core.set_timer(Purpose.REST_OVER, event.child_id, core.now_ns + wait_ns)


def status(core: Core, event: ChildStatus) -> None:
    """
    The venue's word on a child after a lost session or a restart.

    Fills are booked from execution reports alone, which a session delivers before this answer: a
    total that differs from ours is for a person, and the child stays live.
    """
    child = _known(core, event)
    if child is None:
        return
    if event.filled_shares != child.filled_shares or (
        child.state.is_terminal and event.leaves_shares > 0
    ):
        core.alert(
            AlertLevel.CRITICAL,
            "status_mismatch",
            f"child {event.child_id}: venue says {event.filled_shares} filled and "
            f"{event.leaves_shares} open, we have {child.filled_shares} and {child.leaves_shares}",
        )
    elif child.state.is_terminal:
        return
    elif not event.is_known:
        core.ledger.close(child, ChildState.REJECTED)
        core.alert(
            AlertLevel.WARNING, "never_arrived", f"child {event.child_id} is not known to its venue"
        )
        _ended(core, child)
    elif event.leaves_shares == 0:
        core.ledger.close(child, ChildState.CANCELLED)
        _ended(core, child)
    elif child.is_cancel_asked:
        child.is_cancel_asked = False  # whether the venue ever got it is not known
        cancel_child(core, child)
    else:
        child.state = ChildState.LIVE


def replaced(core: Core, event: ChildReplaced) -> None:
    """Size and limit are now as the venue says."""
    child = _known(core, event)
    if child is None:
        return
    was_terminal = child.state.is_terminal
    core.ledger.resize(child, event)
    core.risk.on_resized(child.order, child.leaves_shares)
    _take_stock(core, core.ledger.parent_of(child))
    if child.state.is_terminal and not was_terminal:
        _ended(core, child)


def bust(core: Core, event: ChildBust) -> None:
    """An execution is taken back or corrected; the shares are the client's again."""
    child = _known(core, event)
    if child is None:
        return
    if _is_known_bust(child, event):
        core.alert(AlertLevel.INFO, "duplicate_bust", f"bust of {event.exec_id} came again")
    elif event.exec_id in child.executions:
        _take_back(core, child, event)
        parent = core.ledger.parent_of(child)
        if not parent.live_children:
            route(core, parent)
    else:
        child.early_busts[event.exec_id] = event
        core.alert(
            AlertLevel.CRITICAL,
            "unknown_bust",
            f"bust of {event.exec_id}, which we do not have: it counts as soon as its fill comes",
        )


def _take_back(core: Core, child: Child, event: ChildBust) -> None:
    """Reverse or correct an execution that is booked, and tell the OMS."""
    parent = core.ledger.parent_of(child)
    busted = child.executions[event.exec_id]
    core.ledger.reverse(child, event, _row(child))
    core.risk.on_bust(busted, event, child.order, parent.order.client)
    core.alert(
        AlertLevel.WARNING,
        "bust",
        f"{event.exec_id}: {busted.size_shares} shares corrected to {event.corrected_shares}",
    )
    if parent.state is ParentState.FILLED and not parent.is_complete:
        _reopen(core, parent)
    _take_stock(core, parent)
    corrected = child.executions.get(event.exec_id)
    if corrected is None:
        core.report(parent, ReportKind.BUST, "bust", busted)
    else:
        core.report(parent, ReportKind.CORRECTION, "correction", corrected)


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


def _is_known_bust(child: Child, event: ChildBust) -> bool:
    if event.corrected_shares == 0:
        return event.exec_id in child.busted_ids
    booked = child.executions.get(event.exec_id)
    return booked is not None and (booked.size_shares, booked.price_ticks) == (
        event.corrected_shares,
        event.corrected_price_ticks,
    )


def _reopen(core: Core, parent: Parent) -> None:
    """A bust has taken shares from a filled parent: work them, unless it was to stop anyway."""
    if core.now_ns < parent.order.deadline_ns and not parent.is_stopped:
        parent.state = ParentState.WORKING
    elif parent.live_children:
        parent.state = ParentState.CANCELLING
    else:
        parent.state = ParentState.CANCELLED


def _take_stock(core: Core, parent: Parent) -> None:
    """Totals have changed: conclude what is complete, cancel what would be too much."""
    if is_overfilled(parent):
        core.alert(
            AlertLevel.CRITICAL,
            "overfill",
            f"parent {parent.order.parent_id} has {parent.filled_shares} of {parent.size_shares}",
        )
    if parent.is_complete and not parent.state.is_terminal:
        parent.state = ParentState.FILLED
    # After a late fill, or a size that the venue raised, more may rest than is still wanted.
    if parent.live_children and core.ledger.live_shares(parent) > parent.leaves_shares:
        cancel_live(core, parent)


def _known(core: Core, event: ChildReport) -> Child | None:
    """The child that the report is about; None, and an alert, if it is about none of ours."""
    child = core.ledger.children.get(event.child_id)
    said = f"{type(event).__name__} for child {event.child_id}"
    if child is None:
        core.alert(AlertLevel.CRITICAL, "unknown_child", f"{said}, which we never sent")
        return None
    if child.order.venue_idx != event.venue_idx:
        core.alert(
            AlertLevel.CRITICAL,
            "wrong_venue",
            f"{said} from {core.mic(event.venue_idx)}; "
            f"it was sent to {core.mic(child.order.venue_idx)}",
        )
        return None
    return child


def _is_absurd(core: Core, event: ChildFill) -> bool:
    """True, and an alert, for an execution that can be none: booking it would free shares."""
    if event.size_shares > 0 and event.price_ticks > 0:
        return False
    core.alert(
        AlertLevel.CRITICAL,
        "absurd_fill",
        f"{event.exec_id}: {event.size_shares} shares at {event.price_ticks} ticks; not booked",
    )
    return True


def _row(child: Child) -> int:
    return row_of(child.order.venue_idx, child.order.tactic)


def _ended(core: Core, child: Child) -> None:
    """
    What follows when a child has ended: learn from it, then decide what is free.

    When the whole stage is over everything free is decided anew. While others of the stage are
    live, only as much as this child carried, and only if nothing is gained by waiting for them: the
    remainders of immediate orders, and of those called back for the last sweep, come within
    microseconds of each other and are decided together.
    """
    order = child.order
    if child.state is not ChildState.REJECTED:
        core.scorecards.on_done(
            order.venue_idx,
            order.tactic,
            order.size_shares,
            child.filled_shares,
            child.time_to_fill_ns,
            core.now_ns,
        )
    core.risk.on_ended(order)
    if child.filled_shares > 0:
        core.set_timer(Purpose.MARKOUT, order.child_id, core.now_ns + core.config.markout_ns)
    parent = core.ledger.parent_of(child)
    confirm_size(core, parent)
    if conclude_if_idle(core, parent, "cancelled"):
        return
    if child.filled_shares > 0 or order.tif is Tif.DAY:
        parent.is_round_useful = True
    if not parent.live_children:
        _next_round(core, parent)
    elif _frees_at_once(parent, child):
        route(core, parent, budget_shares=order.size_shares)


def _frees_at_once(parent: Parent, child: Child) -> bool:
    """Whether what this child leaves over is decided while its sisters are live."""
    has_rested = child.order.tif is Tif.DAY and not parent.must_complete
    return has_rested or child.state in (ChildState.FILLED, ChildState.REJECTED)
