"""Handlers for what venues report about our children."""

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
    ChildStated,
    ChildStatus,
    DoubtChild,
    Ns,
    ParentState,
    ReportKind,
    Shares,
    Side,
    UnknownReport,
)
from penstock.engine import doubt
from penstock.engine.child import Child
from penstock.engine.core import Core
from penstock.engine.deciding import row_of
from penstock.engine.obstacles import of_reject
from penstock.engine.rounds import ended, reopen_parent, report_bust, take_stock
from penstock.engine.timers import Purpose
from penstock.engine.working import (
    MAX_CANCEL_REFUSALS,
    refuse_late_replace,
    route,
    signed,
)

HAND: Final = "hand-"
"""Begins the ExecID of what a person books."""


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
    doubt.hold(core, child, event.stated)


def stated(core: Core, event: ChildStated) -> None:
    """A report that changes nothing by itself; its totals count."""
    child = _known(core, event)
    if child is not None:
        doubt.hold(core, child, event.stated)


def unknown(core: Core, event: UnknownReport) -> None:
    """A report about no order of ours: a person compares it with the venue."""
    core.alert(
        AlertLevel.CRITICAL,
        "unknown_order",
        f"{core.mic(event.venue_idx)} {event.text}. Nothing is booked: compare with the venue",
    )


def doubted(core: Core, event: DoubtChild) -> None:
    """Something about a child was lost, could not be read, or is overdue."""
    child = _known(core, event)
    if child is not None:
        doubt.on_doubt(core, child, event)


def fill(core: Core, event: ChildFill) -> None:
    """Book an execution once, report it, and go on if it ended the child."""
    child = _known(core, event)
    if child is None:
        return
    if _is_absurd(core, event):
        doubt.fear(core, child, event.exec_id, max(0, event.size_shares), "an execution is absurd")
        return
    if child.has_seen(event.exec_id):
        _seen_again(core, child, event)
    elif not core.claim_exec_id(event):
        _reused(core, child, event)
    elif _is_booked_by_hand(child, event):
        _confirm_hand(core, child, event)
    else:
        _book(core, child, event)


def _book(core: Core, child: Child, event: ChildFill) -> None:
    was_terminal = child.state.is_terminal
    was_doubtful = child.doubt_shares > 0
    core.ledger.book_fill(child, event, _row(child))
    if was_terminal and not was_doubtful:
        core.alert(
            AlertLevel.WARNING,
            "late_fill",
            f"child {event.child_id} filled after it had ended; booked",
        )
    if child.filled_shares > child.size_shares:
        core.alert(
            AlertLevel.CRITICAL,
            "child_overfill",
            f"{core.mic(event.venue_idx)} executed {child.filled_shares} shares of child "
            f"{event.child_id}, which asked for {child.size_shares}; booked. Settle the excess "
            "with the venue",
        )
    if _is_beyond_limit(child, event):
        core.alert(
            AlertLevel.CRITICAL,
            "beyond_limit",
            f"{core.mic(event.venue_idx)} executed child {event.child_id} at "
            f"{event.price_ticks / 1e4:.4f}, beyond its limit {child.order.limit_ticks / 1e4:.4f}; "
            "booked. Claim the difference from the venue",
        )
    parent = core.ledger.parent_of(child)
    core.risk.on_fill(event, child.order, parent.order.client)
    core.footprint.add(
        child.order.instrument_idx, signed(child.order.side, event.size_shares), core.now_ns
    )
    take_stock(core, child)
    core.report(parent, ReportKind.FILL, "fill", event)
    refuse_late_replace(core, parent)
    early = child.early_busts.pop(event.exec_id, None)
    if early is not None:
        _take_back(core, child, early)
    doubt.hold(core, child, event.stated)
    if child.state is ChildState.FILLED and not was_terminal:
        ended(core, child)


def _seen_again(core: Core, child: Child, event: ChildFill) -> None:
    """The same content is a repetition; another is an execution that is not booked."""
    if child.is_same_fill(event):
        core.alert(AlertLevel.INFO, "duplicate_fill", f"{event.exec_id} came again; ignored")
        if event.stated is not None and not event.stated.is_repeat:
            doubt.hold(core, child, event.stated)
        return
    _reused(core, child, event)


def _reused(core: Core, child: Child, event: ChildFill) -> None:
    """Book nothing under an ExecID that was used before; what the totals add is in doubt."""
    core.alert(
        AlertLevel.CRITICAL,
        "exec_id_reused",
        f"{core.mic(event.venue_idx)} reports execution {event.exec_id} of child {event.child_id} "
        f"again, with other content: {event.size_shares} shares at {event.price_ticks / 1e4:.4f}. "
        "It is not booked; the router asks the venue",
    )
    if event.stated is not None and event.stated.filled_shares is not None:
        doubt.ask(core, child)
        doubt.hold(core, child, event.stated)
    else:
        name = f"{event.exec_id} {event.size_shares} {event.price_ticks} {event.price_rest_femtos}"
        doubt.fear(core, child, name, event.size_shares, "an ExecID was used twice")


def _is_booked_by_hand(child: Child, event: ChildFill) -> bool:
    """True for the venue's own report of shares that a person has booked."""
    if child.hand_shares < event.size_shares or event.exec_id.startswith(HAND):
        return False
    total = None if event.stated is None else event.stated.filled_shares
    return total is None or total <= child.filled_shares


def _confirm_hand(core: Core, child: Child, event: ChildFill) -> None:
    child.hand_shares = Shares(child.hand_shares - event.size_shares)
    child.confirmed_ids.append(event.exec_id)
    core.alert(
        AlertLevel.CRITICAL,
        "booked_by_hand",
        f"execution {event.exec_id} of child {event.child_id}, {event.size_shares} shares at "
        f"{event.price_ticks / 1e4:.4f}, is one that a person has booked; it is not booked again. "
        "Compare the prices",
    )
    doubt.hold(core, child, event.stated)


def reject(core: Core, event: ChildReject) -> None:
    """It never traded; its shares are free again, but for those that the venue calls filled."""
    child = _known(core, event)
    if child is None:
        return
    if not child.state.is_terminal:
        core.scorecards.on_reject(event.venue_idx, child.order.tactic, core.now_ns)
        parent = core.ledger.parent_of(child)
        parent.last_reject = of_reject(core.mic(event.venue_idx), event.reason)
        core.alert(AlertLevel.WARNING, "child_rejected", f"child {event.child_id}: {event.reason}")
    doubt.hold_end(core, child, ChildState.REJECTED, event.stated)


def cancelled(core: Core, event: ChildCancelled) -> None:
    """The rest of the child is gone."""
    child = _known(core, event)
    if child is not None:
        doubt.hold_end(core, child, ChildState.CANCELLED, event.stated)


def cancel_reject(core: Core, event: ChildCancelReject) -> None:
    """
    Too late, as a rule: the fill that won the race is here or on its way. If not, cancel again.

    A venue that states totals is asked where the child stands, too: an order that it does not know
    cannot be cancelled, however often. After `MAX_CANCEL_REFUSALS` a person must act.
    """
    child = _known(core, event)
    if child is None:
        return
    doubt.hold(core, child, event.stated)
    if child.state.is_terminal:
        return
    child.state = ChildState.LIVE
    child.is_cancel_asked = False
    child.n_cancel_refusals += 1
    if not event.is_known and not core.answers_status[event.venue_idx]:
        doubt.forgotten(core, child)
        return
    if event.stated is not None:
        doubt.ask(core, child)
    if child.n_cancel_refusals < MAX_CANCEL_REFUSALS:
        wait_ns = core.config.retry_ns << (child.n_cancel_refusals - 1)
        core.set_timer(Purpose.REST_OVER, event.child_id, core.now_ns + wait_ns)
    elif child.n_cancel_refusals == MAX_CANCEL_REFUSALS:
        core.alert(
            AlertLevel.CRITICAL,
            "cancel_refused",
            f"child {event.child_id} cannot be cancelled: {event.reason}. Call "
            f"{core.mic(event.venue_idx)}, then: penstock child close {event.child_id}",
        )


def status(core: Core, event: ChildStatus) -> None:
    """The venue's answer to where a child stands."""
    child = _known(core, event)
    if child is not None:
        doubt.on_status(core, child, event)


def replaced(core: Core, event: ChildReplaced) -> None:
    """Size and limit are now as the venue says."""
    child = _known(core, event)
    if child is None:
        return
    was_terminal = child.state.is_terminal
    core.ledger.resize(child, event)
    core.risk.on_resized(child.order, child.leaves_shares)
    take_stock(core, child)
    is_over = child.state.is_terminal and not was_terminal
    doubt.hold(core, child, event.stated)
    if is_over:
        ended(core, child)


def bust(core: Core, event: ChildBust) -> None:
    """An execution is taken back or corrected; the shares are the client's again."""
    child = _known(core, event)
    if child is None:
        return
    if _is_known_bust(child, event):
        core.alert(AlertLevel.INFO, "duplicate_bust", f"bust of {event.exec_id} came again")
    elif event.exec_id in child.executions:
        _take_back(core, child, event)
        doubt.hold(core, child, event.stated)
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
        doubt.lower(core, child, event.stated)


def _take_back(core: Core, child: Child, event: ChildBust) -> None:
    """Reverse or correct an execution that is booked, and report it to the OMS."""
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
        reopen_parent(core, parent)
    elif parent.state is ParentState.FILLED and parent.filled_shares < parent.size_shares:
        # The client wanted less than had filled: it gets no more, though 14 is below 38 now.
        parent.state = ParentState.CANCELLED
    take_stock(core, child)
    if event.exec_id in child.executions:
        report_bust(core, parent, child, event.exec_id)
    else:
        core.report(parent, ReportKind.BUST, "bust", busted)


def _is_known_bust(child: Child, event: ChildBust) -> bool:
    if event.corrected_shares == 0:
        return event.exec_id in child.busted_ids
    booked = child.executions.get(event.exec_id)
    return booked is not None and (
        booked.size_shares,
        booked.price_ticks,
        booked.price_rest_femtos,
    ) == (event.corrected_shares, event.corrected_price_ticks, event.corrected_price_rest_femtos)


def _known(core: Core, event: ChildReport | DoubtChild) -> Child | None:
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


def _is_beyond_limit(child: Child, event: ChildFill) -> bool:
    if child.order.side is Side.BUY:
        return (event.price_ticks, event.price_rest_femtos) > (child.order.limit_ticks, 0)
    return event.price_ticks < child.order.limit_ticks


def _is_absurd(core: Core, event: ChildFill) -> bool:
    """True, and an alert, for an execution that can be none: booking it would free shares."""
    if event.size_shares > 0 and (event.price_ticks > 0 or event.price_rest_femtos > 0):
        return False
    core.alert(
        AlertLevel.CRITICAL,
        "absurd_fill",
        f"{event.exec_id}: {event.size_shares} shares at {event.price_ticks} ticks; not booked",
    )
    return True


def _row(child: Child) -> int:
    return row_of(child.order.venue_idx, child.order.tactic)
