"""What a person books or ends when no venue settles it; every such event is journalled."""

from __future__ import annotations

from penstock.domain import (
    AlertLevel,
    BookChild,
    ChildFill,
    ChildState,
    CloseChild,
    Liquidity,
    Shares,
    UsdMicros,
)
from penstock.engine.child import Child
from penstock.engine.core import Core
from penstock.engine.doubt import settle_by
from penstock.engine.on_report import HAND, fill
from penstock.engine.rounds import end_child


def refusal(child: Child | None, event: BookChild | CloseChild) -> str | None:
    """Why a person's booking or closing cannot be done; None if it can."""
    if child is None:
        return f"no child {event.child_id} was sent. Fix: look it up with penstock orders"
    booked_shares = child.filled_shares
    if isinstance(event, BookChild):
        open_shares = max(child.size_shares - booked_shares, child.doubt_shares)
        if not 0 < event.size_shares <= open_shares:
            return (
                f"child {event.child_id} can take 1 to {open_shares} shares more; "
                f"{event.size_shares} were given. Fix: give what the venue confirms"
            )
        if event.price_ticks <= 0 and event.price_rest_femtos <= 0:
            return "an execution has a price above 0. Fix: give the price that the venue confirms"
        return None
    if event.filled_shares != booked_shares:
        return (
            f"{booked_shares} shares of child {event.child_id} are booked, {event.filled_shares} "
            "were given. Fix: book what is missing with penstock child book, or give the number "
            "that is booked"
        )
    if child.state.is_terminal and child.doubt_shares == 0:
        return f"child {event.child_id} has ended, and nothing of it is in doubt"
    return None


def book(core: Core, event: BookChild) -> None:
    """Book an execution on a person's word; the venue's own report of it is not booked again."""
    child = core.ledger.children.get(event.child_id)
    if not _is_allowed(core, child, event) or child is None:
        return
    n_booked = sum(exec_id.startswith(HAND) for exec_id in child.executions) + 1
    _take_from_doubt(child, event.size_shares)
    fill(
        core,
        ChildFill(
            seq=event.seq,
            event_ns=event.event_ns,
            recv_ns=event.recv_ns,
            child_id=event.child_id,
            venue_idx=child.order.venue_idx,
            exec_id=f"{HAND}{event.child_id}-{n_booked}",
            price_ticks=event.price_ticks,
            price_rest_femtos=event.price_rest_femtos,
            size_shares=event.size_shares,
            liquidity=Liquidity.TAKE,
            fee_usd_micros=UsdMicros(0),
        ),
    )
    child.hand_shares = Shares(child.hand_shares + event.size_shares)


def close(core: Core, event: CloseChild) -> None:
    """End a child on a person's word: what is booked is all that has filled."""
    child = core.ledger.children.get(event.child_id)
    if not _is_allowed(core, child, event) or child is None:
        return
    settle_by(core, child)
    end_child(core, child, ChildState.CANCELLED)


def _is_allowed(core: Core, child: Child | None, event: BookChild | CloseChild) -> bool:
    said = f"{event.operator}: {type(event).__name__} {event.child_id} ({event.reason})"
    why_not = refusal(child, event)
    if why_not is not None:
        core.alert(AlertLevel.WARNING, "refused", f"{said}: {why_not}")
        return False
    core.alert(AlertLevel.WARNING, "by_hand", said)
    return True


def _take_from_doubt(child: Child, size_shares: int) -> None:
    """The booked shares are those in doubt: hold them once."""
    for name in list(child.unbooked):
        taken_shares = min(size_shares, child.unbooked[name])
        child.unbooked[name] -= taken_shares
        size_shares -= taken_shares
        if child.unbooked[name] == 0:
            del child.unbooked[name]
