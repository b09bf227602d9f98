"""What `penstock status` shows: one struct, put together by the engine thread when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from penstock.runtime.inbox import Side
from penstock.runtime.latencies import Percentiles
from penstock.runtime.parts import RouterParts, session_name
from penstock.runtime.stepping import Stepper


class VenueStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One venue: can it be sent to, and can its market data be believed?"""

    state: str  # LinkState
    reason: str
    is_fed: bool
    is_off: bool


class ClientStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One client's session."""

    is_logged_on: bool
    n_reports: int


class ParentCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Parents of the run."""

    working: int
    done: int


class ChildCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Children of the run."""

    live: int
    total: int


class RouterStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    A router as it stands. `is_ready`: it accepts orders, every venue is up and every feed believed.

    Latencies are of the whole run, in microseconds: `decision_us` from an item's leaving the queue
    to its commands in the journal, of steps that decided something; `wire_us` from a client's order
    at our socket to its first child handed to the FIX engine.
    """

    run: str
    name: str
    pid: int
    state: str  # "running" or "draining"
    is_ready: bool
    uptime_s: float
    policy: str  # configured; `decided_by` is who decided last
    decided_by: str
    fallback_reason: str
    model_sha256: str
    is_killed: bool
    venues: dict[str, VenueStatus]
    clients: dict[str, ClientStatus]
    parents: ParentCounts
    children: ChildCounts
    n_fills: int
    n_decisions: int
    decision_us: Percentiles
    wire_us: Percentiles
    queue_depth: int
    n_shed: int  # messages of clients that were rejected because too many waited
    feed: dict[str, int]
    fsync: str
    journal: str
    journal_bytes: int
    store: str
    store_pid: int | None
    alerts: list[str]


class Surroundings(NamedTuple):
    """What the program around the loop can tell about itself; each is asked when status is."""

    journal: str
    queue_depth: Callable[[], int]
    feed_counters: Callable[[], Mapping[str, int]]
    journal_bytes: Callable[[], int]
    store_pid: Callable[[], int | None]
    reset_session: Callable[[Side, str], bool] = lambda _side, _counterparty: False  # waits for it


NO_SURROUNDINGS = Surroundings(
    journal="",
    queue_depth=lambda: 0,
    feed_counters=dict,
    journal_bytes=lambda: 0,
    store_pid=lambda: None,
)


def build_status(
    parts: RouterParts,
    stepper: Stepper,
    around: Surroundings,
    *,
    is_draining: bool,
    logged_on: Mapping[str, bool],
    uptime_s: float,
    pid: int,
    n_shed: int = 0,
) -> RouterStatus:
    """Put the status together; under a millisecond, because the next order waits for it."""
    conf, standing = parts.conf, parts.standing
    venues = {
        venue.mic: VenueStatus(
            state=parts.links[venue.venue_idx].state,
            reason=parts.links[venue.venue_idx].reason,
            is_fed=standing.is_fed[venue.venue_idx],
            is_off=standing.is_off[venue.venue_idx],
        )
        for venue in parts.universe.venues
    }
    parents = parts.engine.parents
    return RouterStatus(
        run=parts.run,
        name=conf.router.name,
        pid=pid,
        state="draining" if is_draining else "running",
        is_ready=not is_draining
        and not standing.is_killed
        and all(standing.is_up)
        and all(standing.is_fed),
        uptime_s=uptime_s,
        policy=conf.router.policy,
        decided_by=standing.policy,
        fallback_reason=standing.fallback,
        model_sha256=standing.model_sha256,
        is_killed=standing.is_killed,
        venues=venues,
        clients={
            client: ClientStatus(
                is_logged_on=is_on,
                n_reports=parts.marks.reported(session_name(Side.OMS, client)),
            )
            for client, is_on in logged_on.items()
        },
        parents=ParentCounts(working=len(standing.working), done=standing.n_done),
        children=ChildCounts(
            live=sum(len(parents[parent_id].live_children) for parent_id in standing.working),
            total=standing.n_children,
        ),
        n_fills=standing.n_fills,
        n_decisions=standing.n_decisions,
        decision_us=stepper.decision_times.percentiles(),
        wire_us=stepper.wire_times.percentiles(),
        queue_depth=around.queue_depth(),
        n_shed=n_shed,
        feed=dict(around.feed_counters()),
        fsync=conf.router.fsync,
        journal=around.journal,
        journal_bytes=around.journal_bytes(),
        store=conf.store.path,
        store_pid=around.store_pid(),
        alerts=list(stepper.alerts),
    )
