"""Everything the core asks of the world, one struct each; journalled before it leaves."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from penstock.domain.decisions import DecisionRecord
from penstock.domain.orders import ChildOrder, ParentState
from penstock.domain.units import Ns, Shares, Ticks, UsdFemtos, UsdMicros
from penstock.domain.venues import Liquidity


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Base of all commands. `at_ns` is the `recv_ns` of the event that caused it."""

    at_ns: Ns


class SendChild(Request, frozen=True, kw_only=True, gc=False, tag=True):
    """Send an order to its venue. From here on the child counts as live."""

    order: ChildOrder


class CancelChild(Request, frozen=True, kw_only=True, gc=False, tag=True):
    """Ask the venue to cancel; the child stays live until a terminal report."""

    child_id: int
    venue_idx: int


class ReplaceChild(Request, frozen=True, kw_only=True, gc=False, tag=True):
    """Ask the venue for a new total size and limit."""

    child_id: int
    venue_idx: int
    size_shares: Shares
    limit_ticks: Ticks


class QueryChild(Request, frozen=True, kw_only=True, gc=False, tag=True):
    """Ask the venue where a child stands (35=H)."""

    child_id: int
    venue_idx: int


class ReportKind(StrEnum):
    """What a report to the OMS is about; `ReportParent.state` says where the order stands."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # never worked
    FILL = "fill"
    BUST = "bust"  # an execution is taken back: `last_exec_id`
    CORRECTION = "correction"  # an execution now has `last_shares` at `last_price_ticks`
    PENDING_REPLACE = "pending_replace"  # worse terms can still fill: until then the old ones stand
    REPLACED = "replaced"
    REPLACE_REFUSED = "replace_refused"
    CANCEL_REFUSED = "cancel_refused"
    STOPPING = "stopping"  # no more is sent; what is live may still fill
    ENDED = "ended"  # done with shares unfilled, or complete without a last fill


class ReportParent(Request, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True):
    """
    Tell the OMS where its order stands; one for every change, fills included.

    `last_*` describe the execution that caused the report (zero and None otherwise);
    `last_exec_id` is the venue's, unique there and not beyond. `size_shares` and `limit_ticks` are
    the terms that are confirmed; `leaves_shares` is size less fills while the order is active.
    What was paid is `paid_ticks_shares`, and `paid_rest_femtos` (below a tick) more, exactly.
    """

    parent_id: int
    kind: ReportKind
    state: ParentState
    size_shares: Shares
    limit_ticks: Ticks | None
    filled_shares: Shares
    leaves_shares: Shares
    paid_ticks_shares: (
        int  # sum of price_ticks * shares over all fills: the average without rounding
    )
    fees_usd_micros: UsdMicros
    last_shares: Shares
    last_price_ticks: Ticks | None
    last_venue_idx: int | None
    last_child_id: int | None
    last_exec_id: str | None
    last_liquidity: Liquidity | None
    last_fee_usd_micros: UsdMicros
    text: str
    paid_rest_femtos: UsdFemtos = UsdFemtos(0)
    last_price_rest_femtos: UsdFemtos = UsdFemtos(0)


class SetTimer(Request, frozen=True, kw_only=True, gc=False, tag=True):
    """Deliver `Timer(timer_id)` at `due_ns`. None is ever cancelled; the core ignores late ones."""

    timer_id: int
    due_ns: Ns


class Record(Request, frozen=True, kw_only=True, tag=True):
    """A decision with everything it knew; for the journal, not for any venue."""

    decision: DecisionRecord


class AlertLevel(StrEnum):
    """How soon a person must look."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Alert(Request, frozen=True, kw_only=True, gc=False, tag=True):
    """Something a person should know, said once, in words that tell what to do."""

    level: AlertLevel
    code: str  # stable, for filters: "unknown_child", "overfill", "risk_denied", …
    text: str


Command = (
    SendChild | CancelChild | ReplaceChild | QueryChild | ReportParent | SetTimer | Record | Alert
)

VenueCommand = SendChild | CancelChild | ReplaceChild
"""The commands that change an order at a venue; `QueryChild` asks about one."""
