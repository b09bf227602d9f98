"""Everything that happens to the core, one struct each. Market data comes in batches instead."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from penstock.domain.orders import ParentOrder
from penstock.domain.units import Ns, Shares, Ticks, UsdMicros
from penstock.domain.venues import Liquidity


class Happening(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """
    Base of all events. `seq` orders them; `event_ns` is the source's stamp, `recv_ns` ours.

    A tagged msgspec struct and not a dataclass: it is journalled on the hot path
    (docs/adr/0003).
    """

    seq: int
    event_ns: Ns
    recv_ns: Ns


class NewParent(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The OMS sends an order. Already checked with `check_parent`."""

    order: ParentOrder


class ReplaceParent(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The OMS changes size or limit of a working order; size is the new total, not the rest."""

    parent_id: int
    size_shares: Shares
    limit_ticks: Ticks | None
    client_order_id: str = ""  # of this request


class CancelParent(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The OMS wants the rest of an order back."""

    parent_id: int
    client_order_id: str = ""  # of this request


class ChildAck(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The venue has the child and it can trade."""

    child_id: int
    venue_idx: int


class ChildReject(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The venue refuses the child; it never traded."""

    child_id: int
    venue_idx: int
    reason: str


class ChildFill(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """An execution. `exec_id` is unique at the venue; a second report with it is a duplicate."""

    child_id: int
    venue_idx: int
    exec_id: str
    price_ticks: Ticks
    size_shares: Shares
    liquidity: Liquidity
    fee_usd_micros: UsdMicros  # negative is a rebate


class ChildCancelled(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The rest of the child is gone: our cancel, an IOC's end, or the venue's own doing."""

    child_id: int
    venue_idx: int


class ChildCancelReject(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The venue could not cancel: too late, or it does not know the child."""

    child_id: int
    venue_idx: int
    reason: str


class ChildReplaced(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The child now has this size (total, fills included) and limit."""

    child_id: int
    venue_idx: int
    size_shares: Shares
    limit_ticks: Ticks


class ChildBust(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The venue takes an execution back, or corrects it to `corrected_shares` at another price."""

    child_id: int
    venue_idx: int
    exec_id: str
    corrected_shares: Shares  # 0 is a full bust
    corrected_price_ticks: Ticks


class ChildStatus(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """
    The venue's answer to "where does this child stand?", asked after a lost session or a restart.

    `is_known` False: it never had the order. `leaves_shares` 0 with a known order: it has ended.
    """

    child_id: int
    venue_idx: int
    is_known: bool
    filled_shares: Shares
    leaves_shares: Shares


class VenueUp(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """Orders can be sent to the venue."""

    venue_idx: int


class VenueDown(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """Orders cannot be sent; live children there are in doubt until reconciled."""

    venue_idx: int
    reason: str


class FeedGap(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """Market data of the venue was lost; its book is invalid until repaired."""

    venue_idx: int


class FeedStale(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """No market data of the venue for longer than allowed."""

    venue_idx: int


class FeedRecovered(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The venue's book is whole and fresh again."""

    venue_idx: int


class Timer(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """A timer that the core set is due. `timer_id` comes from its SetTimer."""

    timer_id: int


class LatencyObserved(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The host measured a decision; feeds the fall-back when the budget is exceeded."""

    decision_ns: Ns


class ModelSwap(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """From now on the policy uses the model with this content hash (already loaded by the host)."""

    model_sha256: str


class ControlAction(StrEnum):
    """What an operator can do."""

    KILL = "kill"  # cancel everything, accept nothing
    DRAIN = "drain"  # the same, because the process is about to end
    RESUME = "resume"
    VENUE_ON = "venue_on"
    VENUE_OFF = "venue_off"
    RESTRICT = "restrict"  # no trading in an instrument
    UNRESTRICT = "unrestrict"


class Control(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """An operator's order, with who gave it. `target_idx` is a venue or instrument, or None."""

    action: ControlAction
    target_idx: int | None
    operator: str


Event = (
    NewParent
    | ReplaceParent
    | CancelParent
    | ChildAck
    | ChildReject
    | ChildFill
    | ChildCancelled
    | ChildCancelReject
    | ChildReplaced
    | ChildBust
    | ChildStatus
    | VenueUp
    | VenueDown
    | FeedGap
    | FeedStale
    | FeedRecovered
    | Timer
    | LatencyObserved
    | ModelSwap
    | Control
)

ChildReport = (
    ChildAck
    | ChildReject
    | ChildFill
    | ChildCancelled
    | ChildCancelReject
    | ChildReplaced
    | ChildBust
    | ChildStatus
)
"""What a venue can say about a child."""
