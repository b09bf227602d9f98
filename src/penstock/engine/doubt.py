"""
Shares in doubt: what a venue states, or may state, as filled and that is not booked.

Every report states totals of its order. They are held against the ledger here, whatever the report
is about. A total above ours puts the difference in doubt: those shares are neither free nor filled.
The venue is asked about that child alone, with back-off and a bound; the missing execution settles
the doubt, or the venue's answer, or a person (`by_hand`).
"""

from __future__ import annotations

from typing import Final

from penstock.domain import (
    AlertLevel,
    ChildState,
    ChildStatus,
    DoubtChild,
    Ns,
    QueryChild,
    Shares,
    VenueStatement,
)
from penstock.engine.child import Child
from penstock.engine.core import Core
from penstock.engine.rounds import end_child, revive, settled, take_stock
from penstock.engine.timers import Purpose
from penstock.engine.working import MAX_CANCEL_REFUSALS, cancel_child

MAX_ASKS: Final = 6
"""Questions about one child without an answer that settles it; then a person must act."""

FORGOTTEN: Final = "the venue does not know the order"


def hold(core: Core, child: Child, stated: VenueStatement | None) -> None:
    """Hold a report's totals against the ledger; call when what it is about has been booked."""
    if stated is None and not (child.stated_shares or child.feared_shares or child.unbooked):
        return  # a market that states nothing, and nothing is in doubt
    before_shares = child.doubt_shares
    if stated is not None:
        _raise_stated(child, stated)
        if stated.has_ended and not stated.is_repeat and stated.filled_shares is not None:
            if stated.filled_shares < child.filled_shares:
                _less_is_filled(core, child, stated.filled_shares)
            end_child(core, child, ChildState.CANCELLED)  # whatever the report is about
        elif not stated.is_repeat:
            _hold_fresh(core, child, stated)
    _follow_doubt(core, child, before_shares)


def lower(core: Core, child: Child, stated: VenueStatement | None) -> None:
    """Take a lower total for true that a bust explains, of an execution that never was booked."""
    if stated is not None and not stated.is_repeat and stated.filled_shares is not None:
        child.stated_shares = Shares(max(stated.filled_shares, child.filled_shares))
    hold(core, child, stated)


def hold_end(core: Core, child: Child, state: ChildState, stated: VenueStatement | None) -> None:
    """End a child by its venue's report: what the totals leave open stays in doubt."""
    if child.state.is_terminal:
        hold(core, child, stated)
        return
    before_shares = child.doubt_shares
    if stated is not None:
        _raise_stated(child, stated)
        was_there = child.is_acked or child.filled_shares > 0 or state is not ChildState.REJECTED
        if stated.filled_shares is None and was_there:
            child.fear_total(child.size_shares)
        elif stated.leaves_shares and not stated.is_repeat:
            child.fear_total(max(child.stated_shares, child.filled_shares) + stated.leaves_shares)
    end_child(core, child, state)
    _follow_doubt(core, child, before_shares)


def _raise_stated(child: Child, stated: VenueStatement) -> None:
    if stated.filled_shares is not None and stated.filled_shares > child.stated_shares:
        child.stated_shares = stated.filled_shares


def _hold_fresh(core: Core, child: Child, stated: VenueStatement) -> None:
    """What only the latest word of a venue can state: less than is booked, and what is open."""
    filled_shares, leaves_shares = stated.filled_shares, stated.leaves_shares
    if filled_shares is not None and filled_shares < child.filled_shares:
        _less_is_filled(core, child, filled_shares)
    if child.state.is_terminal:
        if leaves_shares:
            _still_open(core, child, leaves_shares)
        return
    size_shares = max(
        (stated.size_shares or 0) - child.busted_shares,
        (filled_shares or 0) + (leaves_shares or 0),
    )
    if size_shares > child.size_shares:
        _grown(core, child, Shares(size_shares))
    elif leaves_shares == 0 and child.leaves_shares > child.doubt_shares:
        ask(core, child)  # an end that is not called one: its own answer decides


def _grown(core: Core, child: Child, size_shares: Shares) -> None:
    """The venue can fill more than we sent: that counts, and is called back."""
    core.alert(
        AlertLevel.CRITICAL,
        "size_differs",
        f"{_at(core, child)} states a size of {size_shares} shares; {child.size_shares} were sent. "
        "The larger size counts; the router cancels what is too much",
    )
    child.size_shares = size_shares
    core.risk.on_resized(child.order, child.leaves_shares)
    take_stock(core, child)


def _still_open(core: Core, child: Child, leaves_shares: Shares) -> None:
    """The venue states an order as open that had ended here: cancel first, reconcile after."""
    core.alert(
        AlertLevel.CRITICAL,
        "still_open",
        f"{_at(core, child)} is open for {leaves_shares} shares; its end had been reported. "
        "The router cancels it",
    )
    revive(core, child, leaves_shares)
    child.n_cancel_refusals = 0
    child.is_cancel_asked = False
    cancel_child(core, child)
    take_stock(core, child)


def _less_is_filled(core: Core, child: Child, filled_shares: Shares) -> None:
    core.alert(
        AlertLevel.WARNING,
        "totals_differ",
        f"{_at(core, child)} states {filled_shares} shares filled, {child.filled_shares} are "
        "booked; a bust may be on its way. The router asks",
    )
    ask(core, child)


def fear(core: Core, child: Child, name: str, size_shares: int, reason: str) -> None:
    """Put shares in doubt that may have filled; `name` counts once."""
    before_shares = child.doubt_shares
    child.fear(name, size_shares)
    if child.doubt_shares > before_shares:
        _follow_doubt(core, child, before_shares, reason)
    else:
        ask(core, child)


def _follow_doubt(core: Core, child: Child, before_shares: int, reason: str = "") -> None:
    """More in doubt: alert and ask. Less: settle, if the child has ended."""
    doubt_shares = child.doubt_shares
    left_doubt = core.ledger.settle(child)
    if doubt_shares > before_shares:
        core.alert(AlertLevel.CRITICAL, "in_doubt", _doubt_text(core, child, reason))
        ask(core, child)
        parent = core.ledger.parent_of(child)
        if child.state.is_terminal:
            core.risk.on_reopened(child.order, parent.order.client, doubt_shares)
        take_stock(core, child)
    elif left_doubt:
        core.alert(
            AlertLevel.INFO,
            "doubt_settled",
            f"{_at(core, child)}: {child.filled_shares} shares are filled, all of them booked",
        )
        settled(core, child)


def settle_by(core: Core, child: Child) -> None:
    """Drop every doubt about a child: what is booked is all that has filled."""
    before_shares = child.doubt_shares
    child.settle()
    child.needs_answer = False
    child.n_asks = 0
    _follow_doubt(core, child, before_shares)


def on_doubt(core: Core, child: Child, event: DoubtChild) -> None:
    """Something about a child is lost, unreadable or overdue: hold what it may be, and ask."""
    core.alert(AlertLevel.WARNING, "doubt", f"{_at(core, child)}: {event.reason}. The router asks")
    fear(core, child, event.exec_id, event.doubt_shares, event.reason)


def on_status(core: Core, child: Child, event: ChildStatus) -> None:
    """
    Take the venue's answer to a question about a child.

    Fills are booked from executions alone: a total above ours stays in doubt, and is asked about
    again. A total below what the venue had stated itself counts when it has been answered twice.
    """
    child.needs_answer = False
    if not event.is_known:
        forgotten(core, child)
        return
    before_shares = child.doubt_shares
    child.is_acked = True
    child.unbooked.clear()
    child.feared_shares = Shares(0)
    _take_answer(child, event.filled_shares)
    if event.filled_shares < child.filled_shares:
        _less_is_filled(core, child, event.filled_shares)
    if event.leaves_shares > 0:
        _is_open(core, child, event.leaves_shares)
    if event.leaves_shares == 0:
        end_child(core, child, ChildState.CANCELLED)
    if child.doubt_shares == 0 and not child.needs_answer:
        child.n_asks = 0
    else:
        ask(core, child)
    _follow_doubt(core, child, before_shares)


def _take_answer(child: Child, filled_shares: Shares) -> None:
    highest = Shares(max(filled_shares, child.filled_shares))
    if highest >= child.stated_shares or child.answered_shares == filled_shares:
        child.stated_shares = highest
        child.answered_shares = None
    else:
        child.answered_shares = filled_shares


def _is_open(core: Core, child: Child, leaves_shares: Shares) -> None:
    if child.state.is_terminal:
        _still_open(core, child, leaves_shares)
        return
    size_shares = Shares(max(child.filled_shares, child.stated_shares) + leaves_shares)
    if size_shares > child.size_shares:
        _grown(core, child, size_shares)
    if child.wants_cancel:
        cancel_again(core, child)  # the venue may never have received the last one
    elif not child.is_cancel_asked:
        child.state = ChildState.LIVE


def forgotten(core: Core, child: Child) -> None:
    """Close a child that its venue does not know; what may have traded there stays in doubt."""
    if child.state.is_terminal:
        if child.doubt_shares > 0:
            ask(core, child)
        return
    if not child.is_acked and child.filled_shares == 0 and child.doubt_shares == 0:
        core.alert(
            AlertLevel.WARNING, "never_arrived", f"{_at(core, child)} is not known to its venue"
        )
        end_child(core, child, ChildState.REJECTED)
        return
    before_shares = child.doubt_shares
    child.fear_total(child.size_shares)
    end_child(core, child, ChildState.CANCELLED)
    _follow_doubt(core, child, before_shares, FORGOTTEN)


def ask(core: Core, child: Child) -> None:
    """Ask the venue where a child stands, unless a question is under way."""
    child.needs_answer = True
    if not child.has_ask_timer:
        _ask_now(core, child)


def on_ask_timer(core: Core, child: Child) -> None:
    """Ask again what is not settled; after so many times it is a person's."""
    child.has_ask_timer = False
    if not child.needs_answer and child.doubt_shares == 0:
        return
    if not core.is_reachable[child.order.venue_idx]:
        return  # `ask_anew` follows when the session is back
    if child.n_asks < MAX_ASKS:
        _ask_now(core, child)
        return
    core.alert(AlertLevel.CRITICAL, "for_a_person", _person_text(core, child))


def ask_anew(core: Core, child: Child) -> None:
    """The venue can be reached again: ask from the start what is not settled."""
    child.n_asks = 0
    if child.needs_answer or child.doubt_shares > 0:
        _ask_now(core, child)


def _ask_now(core: Core, child: Child) -> None:
    order = child.order
    if core.answers_status[order.venue_idx]:
        core.out.append(
            QueryChild(at_ns=core.now_ns, child_id=order.child_id, venue_idx=order.venue_idx)
        )
    elif not child.state.is_terminal:
        cancel_again(core, child)  # the only question that this venue answers
    else:
        child.n_asks = MAX_ASKS
    wait_ns = Ns(core.config.ask_ns << min(child.n_asks, 5))
    child.n_asks += 1
    if not child.has_ask_timer:
        child.has_ask_timer = True
        core.set_timer(Purpose.ASK, order.child_id, core.now_ns + wait_ns)


def cancel_again(core: Core, child: Child) -> None:
    """Ask for a cancel even if one is under way; refused too often, it is a person's."""
    if child.n_cancel_refusals < MAX_CANCEL_REFUSALS:
        child.is_cancel_asked = False
        cancel_child(core, child)


def _at(core: Core, child: Child) -> str:
    return f"{core.mic(child.order.venue_idx)}, child {child.order.child_id}"


def _doubt_text(core: Core, child: Child, reason: str) -> str:
    states = reason or f"its reports leave {child.doubt_shares} shares unaccounted for"
    if child.stated_shares > child.filled_shares:
        states = f"the venue states {child.stated_shares} shares filled"
    return (
        f"{_at(core, child)}: {states}; {child.filled_shares} are booked. "
        f"{child.doubt_shares} shares are in doubt and are not sent again. "
        "The router asks the venue"
    )


def _person_text(core: Core, child: Child) -> str:
    child_id = child.order.child_id
    return (
        f"{_at(core, child)}: no answer settles it; {child.filled_shares} of {child.size_shares} "
        f"shares are booked, {child.doubt_shares} in doubt. Call the venue, then: "
        f"penstock child book {child_id} (an execution) or penstock child close {child_id}"
    )
