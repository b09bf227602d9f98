"""Handlers for what the OMS says, and for timers."""

from __future__ import annotations

import msgspec

from penstock.domain import (
    AlertLevel,
    CancelParent,
    NewParent,
    OrderError,
    OrderRefused,
    ParentOrder,
    ParentState,
    ReplaceParent,
    ReportKind,
    Side,
    Ticks,
    Timer,
    check_parent,
)
from penstock.engine.core import Core
from penstock.engine.doubt import on_ask_timer
from penstock.engine.parent import Parent
from penstock.engine.timers import Due, Purpose
from penstock.engine.working import cancel_child, cancel_live, confirm_replace, route, stop
from penstock.risk import RiskDenial


def new_parent(core: Core, event: NewParent) -> None:
    """Open the order, start its clocks, decide."""
    order = event.order
    if order.parent_id in core.ledger.parents:
        core.alert(
            AlertLevel.CRITICAL, "duplicate_parent", f"parent {order.parent_id} came a second time"
        )
        return
    refusal: object = _malformed(order, core.view.n_instruments)
    mid_ticks_x2 = 0
    if refusal is None:
        touch = core.view.touch(order.instrument_idx)
        mid_ticks_x2 = touch.mid_ticks_x2
        refusal = core.decider.refusal(order.objective) or core.risk.admit(
            order, touch, core.now_ns
        )
    parent = core.ledger.open_parent(order, mid_ticks_x2)
    if refusal is not None:
        parent.state = ParentState.REJECTED
        core.report(parent, ReportKind.REJECTED, str(refusal))
        return
    core.report(parent, ReportKind.ACCEPTED, "accepted")
    complete_ns = order.deadline_ns - core.config.completion_window_ns
    core.set_timer(Purpose.EXPIRE, order.parent_id, order.deadline_ns)
    if complete_ns <= core.now_ns or parent.is_immediate:
        parent.must_complete = True
    else:
        core.set_timer(Purpose.COMPLETE, order.parent_id, complete_ns)
    route(core, parent)


def replace_parent(core: Core, event: ReplaceParent) -> None:
    """
    Take the new size and limit; children that no longer fit are cancelled, then re-planned.

    A size below what has filled already means "no more": fills cannot be undone. New terms are
    confirmed when the venues have given back what could fill beyond them: until then the old ones
    stand, and the client may get more, or a worse price.
    """
    parent = _working(core, event.parent_id, "replace", ReportKind.REPLACE_REFUSED)
    if parent is None:
        return
    wanted = msgspec.structs.replace(
        parent.order, size_shares=event.size_shares, limit_ticks=event.limit_ticks
    )
    denial = (
        _still_waiting(parent)
        or core.risk.take_message(parent.order.client, core.now_ns)
        or _malformed(wanted, core.view.n_instruments)
        or _deny_growth(core, parent, wanted)
    )
    if denial is not None:
        core.report(parent, ReportKind.REPLACE_REFUSED, f"not replaced: {denial}")
        return
    parent.wanted_shares = event.size_shares
    parent.limit_ticks = event.limit_ticks
    parent.awaits_cancels = True
    confirm_replace(core, parent)
    if parent.awaits_cancels:
        core.report(parent, ReportKind.PENDING_REPLACE, "waits for the venues to cancel")
        cancel_live(core, parent)
    elif not parent.state.is_terminal:
        route(core, parent)


def _malformed(order: ParentOrder, n_instruments: int) -> str | None:
    """Why no market could take the order, in words; None if one could."""
    try:
        check_parent(order, n_instruments=n_instruments)
    except OrderError as error:
        return str(error)
    return None


def _still_waiting(parent: Parent) -> str | None:
    return "an earlier replace waits for its venues" if parent.awaits_cancels else None


def _deny_growth(core: Core, parent: Parent, wanted: ParentOrder) -> RiskDenial | None:
    """Why the order may not become larger or pay more; to ask for less is always allowed."""
    old_ticks, new_ticks = parent.limit_ticks, wanted.limit_ticks
    if wanted.size_shares <= parent.wanted_shares and (
        old_ticks == new_ticks or _is_tighter(wanted.side, old_ticks, new_ticks)
    ):
        return None
    return core.risk.deny_parent(wanted, core.view.touch(wanted.instrument_idx))


def _is_tighter(side: Side, old_ticks: Ticks | None, new_ticks: Ticks | None) -> bool:
    if new_ticks is None:
        return False
    return old_ticks is None or int(side) * (new_ticks - old_ticks) < 0


def cancel_parent(core: Core, event: CancelParent) -> None:
    """Stop, and give back what is left once every child has ended."""
    parent = _working(core, event.parent_id, "cancel", ReportKind.CANCEL_REFUSED)
    if parent is not None:
        stop(core, parent, event.reason or "cancelled by the client")


def order_refused(_core: Core, _event: OrderRefused) -> None:
    """Do nothing: the client has its answer, and the journal has the request."""


def _working(core: Core, parent_id: int, what: str, refused: ReportKind) -> Parent | None:
    parent = core.ledger.parents.get(parent_id)
    if parent is None:
        core.alert(AlertLevel.WARNING, "unknown_parent", f"{what} for unknown parent {parent_id}")
        return None
    if parent.state is not ParentState.WORKING:
        core.report(parent, refused, f"too late to {what}: {parent.state}")
        return None
    return parent


def timer(core: Core, event: Timer) -> None:
    """Do what the timer was set for; one that we did not set is ignored."""
    due = core.timers.take(event.timer_id)
    if due is None:
        return
    if due.purpose in (Purpose.REST_OVER, Purpose.MARKOUT, Purpose.ASK):
        _child_timer(core, due)
    else:
        _parent_timer(core, due)


def _child_timer(core: Core, due: Due) -> None:
    child = core.ledger.children[due.target_id]
    if due.purpose is Purpose.REST_OVER:
        cancel_child(core, child)
        return
    if due.purpose is Purpose.ASK:
        on_ask_timer(core, child)
        return
    order = child.order
    touch = core.view.touch(order.instrument_idx)
    if not touch.is_valid or child.mid_ticks_x2 == 0:
        return
    move = int(order.side) * (touch.mid_ticks_x2 - child.mid_ticks_x2)
    core.scorecards.on_markout(
        order.venue_idx, order.tactic, 1e4 * move / child.mid_ticks_x2, child.filled_shares
    )


def _parent_timer(core: Core, due: Due) -> None:
    parent = core.ledger.parents[due.target_id]
    # Noted even for a filled parent: a bust may set it to work again.
    if due.purpose is Purpose.COMPLETE:
        parent.must_complete = True
    elif due.purpose is Purpose.RETRY:
        parent.has_retry_timer = False
    if parent.state is not ParentState.WORKING:
        return
    if due.purpose is Purpose.EXPIRE:
        stop(core, parent, "horizon over")
        return
    if due.purpose is Purpose.COMPLETE:
        cancel_live(core, parent)
    if not parent.live_children:
        route(core, parent)
