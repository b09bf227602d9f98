"""Everything that happens to the core, one struct each. Market data comes in batches instead."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from penstock.domain.orders import ParentOrder
from penstock.domain.units import Ns, Shares, Ticks, UsdFemtos, UsdMicros
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


class CancelParent(Happening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True):
    """The OMS wants the rest of an order back; `reason` says why if it did not ask by itself."""

    parent_id: int
    client_order_id: str = ""  # of this request
    reason: str = ""


class OrderRefused(Happening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True):
    """
    A client's request that never became an order or a change, for the record alone.

    `symbol` is what the client wrote, `reason` what it was answered (at most 2,000 characters).
    """

    client: str
    msg_type: str  # 35: D, F or G
    client_order_id: str
    symbol: str
    reason: str
    side: str = ""  # 54, if it was a side at all


class VenueStatement(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """
    What a venue's report states about the whole order, whatever the report is about.

    None where the report does not state it, or not as a number of shares. `is_repeat`: the report
    may be an old one, sent again; it then can only add to what is known.
    """

    filled_shares: Shares | None = None  # 14 CumQty
    leaves_shares: Shares | None = None  # 151 LeavesQty
    size_shares: Shares | None = None  # 38 OrderQty
    is_repeat: bool = False  # 43 PossDupFlag or 97 PossResend
    has_ended: bool = False  # 39 OrdStatus is a last one, and 151 LeavesQty is 0


class ChildHappening(Happening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True):
    """Base of what a venue reports about a child. `stated` None: a market that states no totals."""

    child_id: int
    venue_idx: int
    stated: VenueStatement | None = None


class ChildAck(ChildHappening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True):
    """The venue has the child and it can trade."""


class ChildReject(
    ChildHappening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True
):
    """The venue refuses the child; it never traded."""

    reason: str


class ChildFill(ChildHappening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True):
    """
    An execution. A second report with its `exec_id` and the same content is a duplicate.

    The price is `price_ticks` whole ticks and `price_rest_femtos` (0 to FEMTOS_PER_TICK - 1) more.
    """

    exec_id: str
    price_ticks: Ticks
    size_shares: Shares
    liquidity: Liquidity
    fee_usd_micros: UsdMicros  # negative is a rebate
    price_rest_femtos: UsdFemtos = UsdFemtos(0)


class ChildCancelled(
    ChildHappening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True
):
    """The rest of the child is gone: our cancel, an IOC's end, or the venue's own doing."""


class ChildCancelReject(
    ChildHappening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True
):
    """The venue did not cancel: too late, busy, or (`is_known` False) it has no such order."""

    reason: str
    is_known: bool = True


class ChildReplaced(
    ChildHappening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True
):
    """The child now has this size (total, fills included) and limit."""

    size_shares: Shares
    limit_ticks: Ticks


class ChildBust(ChildHappening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True):
    """The venue takes an execution back, or corrects it to `corrected_shares` at another price."""

    exec_id: str
    corrected_shares: Shares  # 0 is a full bust
    corrected_price_ticks: Ticks
    corrected_price_rest_femtos: UsdFemtos = UsdFemtos(0)


class ChildStatus(
    ChildHappening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True
):
    """
    The venue's answer to "where does this child stand?".

    `is_known` False: it has no such order. `leaves_shares` 0 with a known order: it has ended.
    """

    is_known: bool
    filled_shares: Shares
    leaves_shares: Shares


class ChildStated(
    ChildHappening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True
):
    """A report that changes nothing by itself (a pending request, say): its totals count."""


class UnknownReport(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """A venue's report about no order that is known here, in words: nothing of it is dropped."""

    venue_idx: int
    text: str


class DoubtChild(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """
    Where a child stands is open: a message about it was lost, unreadable or never answered.

    `doubt_shares`: of an execution that could not be booked; 0 if no shares are known of.
    `exec_id` names it, so that a repetition of the same message adds nothing.
    """

    child_id: int
    venue_idx: int
    reason: str
    doubt_shares: Shares = Shares(0)
    exec_id: str = ""


class BookChild(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """A person books an execution that the venue confirmed on another way."""

    child_id: int
    size_shares: Shares
    price_ticks: Ticks
    price_rest_femtos: UsdFemtos
    operator: str
    reason: str


class CloseChild(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """A person ends a child: `filled_shares` have filled in all, the rest never will."""

    child_id: int
    filled_shares: Shares
    operator: str
    reason: str


class EpochStarted(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """A process has started: numbers given out from here on belong to this epoch alone."""

    epoch: int


class OrderCarried(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """
    An order of an earlier journal: late reports about it still count, and it may yet be open.

    Each part is packed by the one who reads it, for the release that wrote it.
    """

    parent_id: int
    client: str
    order: bytes  # the engine's
    names: bytes  # the clients' desk's
    children: bytes  # the venues' desk's


class DayCarried(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """
    What the day has used up so far, when it goes on in another journal under other settings.

    `traded` holds ticks times shares by client and account, both empty for an order's own.
    """

    journal: str  # the earlier one
    traded: tuple[tuple[str, str, int, int], ...]  # client, account, parent_id, value
    throttled: tuple[int, ...]  # venue_idx of those whose throttle has latched


class VenueReachable(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The venue's session is up, its orders not yet reconciled: due cancels can leave."""

    venue_idx: int


class StatusRefused(Happening, frozen=True, kw_only=True, gc=False, tag=True):
    """The venue does not take questions (35=H): from now on a cancel asks instead."""

    venue_idx: int


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
    KILL_CLIENT = "kill_client"  # end the client's orders, accept none
    RESUME_CLIENT = "resume_client"
    KILL_SYMBOL = "kill_symbol"  # end all orders in an instrument, accept none
    RESUME_SYMBOL = "resume_symbol"
    RESET_LIMITS = "reset_limits"  # what was used up counts from zero; of one client, or of all


class Control(Happening, frozen=True, kw_only=True, gc=False, tag=True, omit_defaults=True):
    """
    An operator's order, with who gave it and why.

    `target_idx` is a venue or an instrument, `client` a client; None and "" where there is none.
    """

    action: ControlAction
    target_idx: int | None
    operator: str
    client: str = ""
    reason: str = ""


Event = (
    NewParent
    | ReplaceParent
    | CancelParent
    | OrderRefused
    | ChildAck
    | ChildReject
    | ChildFill
    | ChildCancelled
    | ChildCancelReject
    | ChildReplaced
    | ChildBust
    | ChildStatus
    | ChildStated
    | UnknownReport
    | DoubtChild
    | BookChild
    | CloseChild
    | EpochStarted
    | OrderCarried
    | DayCarried
    | VenueReachable
    | StatusRefused
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
    | ChildStated
)
"""What a venue can say about a child."""
