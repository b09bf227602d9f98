"""Handlers for venues and feeds coming and going, operators, models and latency."""

from __future__ import annotations

from typing import Final

from penstock.domain import (
    AlertLevel,
    Control,
    ControlAction,
    EpochStarted,
    FeedGap,
    FeedRecovered,
    FeedStale,
    LatencyObserved,
    ModelSwap,
    ParentState,
    StatusRefused,
    VenueDown,
    VenueReachable,
    VenueUp,
)
from penstock.engine.core import Core
from penstock.engine.doubt import ask_anew
from penstock.engine.kills import KILLS, is_meant
from penstock.engine.working import cancel_at_once, kill, retry_later

_OF_CLIENTS: Final = (
    ControlAction.KILL_CLIENT,
    ControlAction.RESUME_CLIENT,
    ControlAction.RESET_LIMITS,
)


def epoch_started(core: Core, event: EpochStarted) -> None:
    """Numbers from here on are those of this process start."""
    core.ledger.start_epoch(event.epoch)


def venue_up(core: Core, event: VenueUp) -> None:
    """Orders can go there from the next decision on."""
    core.is_reachable[event.venue_idx] = True
    core.decider.reach.is_up[event.venue_idx] = True


def venue_reachable(core: Core, event: VenueReachable) -> None:
    """
    The session is up: cancels that are due leave at once, before anything is reconciled.

    Whether the venue ever received an earlier cancel is not known, so each is sent again. What is
    in doubt there is asked about anew.
    """
    core.is_reachable[event.venue_idx] = True
    for parent in list(core.ledger.parents.values()):
        for child_id in (*parent.live_children, *parent.doubtful_children):
            child = core.ledger.children[child_id]
            if child.order.venue_idx != event.venue_idx:
                continue
            if child.wants_cancel or parent.state is not ParentState.WORKING:
                child.n_cancel_refusals = 0
                if core.answers_status[event.venue_idx]:
                    cancel_at_once(core, child)
                else:
                    child.needs_answer = True  # the cancel is the question
            ask_anew(core, child)


def status_refused(core: Core, event: StatusRefused) -> None:
    """Ask by cancels from now on, and about everything that is open or in doubt there."""
    venue_idx = event.venue_idx
    if core.answers_status[venue_idx]:
        core.answers_status[venue_idx] = False
        core.alert(
            AlertLevel.CRITICAL,
            "status_refused",
            f"{core.mic(venue_idx)} rejects OrderStatusRequests (35=H); the router cancels instead "
            "of asking. Set answers_status = false for this venue",
        )
    for parent in list(core.ledger.parents.values()):
        for child_id in (*parent.live_children, *parent.doubtful_children):
            child = core.ledger.children[child_id]
            if child.order.venue_idx == venue_idx and child.needs_answer:
                ask_anew(core, child)


def venue_down(core: Core, event: VenueDown) -> None:
    """Nothing new goes there; what is live there stays live until a report says otherwise."""
    core.is_reachable[event.venue_idx] = False
    core.decider.reach.is_up[event.venue_idx] = False
    live = [
        child_id
        for parent in core.ledger.parents.values()
        for child_id in parent.live_children
        if core.ledger.children[child_id].order.venue_idx == event.venue_idx
    ]
    core.alert(
        AlertLevel.CRITICAL,
        "venue_down",
        f"{core.mic(event.venue_idx)}: {event.reason}; {_in_words(live)}",
    )


def feed_lost(core: Core, event: FeedGap | FeedStale) -> None:
    """Its quotes are not to be believed: no row uses them, nor NBBO, collar or any price."""
    core.decider.reach.is_fed[event.venue_idx] = False
    core.view.withhold(event.venue_idx, True, core.now_ns)
    what = "a hole in its market data" if isinstance(event, FeedGap) else "no market data"
    core.alert(AlertLevel.WARNING, "feed_lost", f"{core.mic(event.venue_idx)}: {what}")


def feed_recovered(core: Core, event: FeedRecovered) -> None:
    """Its quotes count again, where no snapshot is missing."""
    core.decider.reach.is_fed[event.venue_idx] = True
    core.view.withhold(event.venue_idx, False, core.now_ns)


def latency_observed(core: Core, event: LatencyObserved) -> None:
    """So many slow decisions in a row hand over to the fall-back, until a person resumes."""
    if event.decision_ns <= core.config.latency_budget_ns:
        core.n_slow_decisions = 0
        return
    core.n_slow_decisions += 1
    if core.n_slow_decisions >= core.config.latency_strikes and not core.decider.too_slow:
        core.decider.too_slow = True
        core.alert(
            AlertLevel.CRITICAL,
            "too_slow",
            f"{core.n_slow_decisions} decisions over budget in a row: the fall-back decides until "
            "a person resumes",
        )


def model_swap(core: Core, event: ModelSwap) -> None:
    """Decide with another model from now on; an unknown one changes nothing."""
    policy = core.models.get(event.model_sha256)
    if policy is None:
        core.alert(AlertLevel.CRITICAL, "unknown_model", f"{event.model_sha256} was never loaded")
        return
    core.decider.use(policy)


def control(core: Core, event: Control) -> None:
    """An operator's order: risk takes note first, then what is live is dealt with."""
    said = f"{event.operator}: {event.action}"
    if not core.risk.on_control(event):
        text = f"{said} {event.target_idx}: nothing of that number here"
        core.alert(AlertLevel.CRITICAL, "unknown_target", text)
        return
    why = f" ({event.reason})" if event.reason else ""
    core.alert(AlertLevel.WARNING, "control", f"{said}{_target(core, event)}{why}")
    if event.action in KILLS:
        for parent in list(core.ledger.parents.values()):
            if is_meant(event, parent.order):
                kill(core, parent, _why(event))
    elif event.action is ControlAction.VENUE_OFF:
        _cancel_where(core, venue_idx=event.target_idx)
    elif event.action is ControlAction.RESTRICT:
        _cancel_where(core, instrument_idx=event.target_idx)
    elif event.action is ControlAction.RESUME:
        core.decider.too_slow = False
        core.n_slow_decisions = 0


def _why(event: Control) -> str:
    """What the client gets as the reason; a drain has many."""
    is_drain = event.action is ControlAction.DRAIN
    return event.reason if is_drain and event.reason else KILLS[event.action]


def _in_words(live: list[int]) -> str:
    if not live:
        return "nothing is live there"
    return f"{len(live)} children are live there: {', '.join(map(str, live))}"


def _target(core: Core, event: Control) -> str:
    if event.client:
        return f" {event.client}"
    if event.target_idx is None or event.action in _OF_CLIENTS:
        return ""
    if event.action in (ControlAction.VENUE_ON, ControlAction.VENUE_OFF):
        return f" {core.mic(event.target_idx)}"
    return f" {core.universe.instruments[event.target_idx].symbol}"


def _cancel_where(
    core: Core, *, venue_idx: int | None = None, instrument_idx: int | None = None
) -> None:
    for parent in core.ledger.parents.values():
        for child_id in list(parent.live_children):
            order = core.ledger.children[child_id].order
            if order.venue_idx == venue_idx or order.instrument_idx == instrument_idx:
                cancel_at_once(core, core.ledger.children[child_id])
        if parent.state is ParentState.WORKING and not parent.live_children:
            retry_later(core, parent)
