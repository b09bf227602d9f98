"""FIX messages for tests: what somebody said, what we said as the other side hears it, desks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from penstock.domain import (
    ChildOrder,
    Command,
    Event,
    NewParent,
    Ns,
    ParentOrder,
    ParentState,
    PegKind,
    ReportKind,
    ReportParent,
    SendChild,
    Shares,
    Side,
    Tactic,
    Ticks,
    Tif,
    Universe,
    UsdMicros,
)
from penstock.wire.fix import (
    SOH,
    ClientRules,
    DeskAnswer,
    DeskRules,
    FixMessage,
    Incoming,
    OmsDesk,
    OrderDefaults,
    Outgoing,
    VenueDesk,
    split,
)
from penstock.wire.fix.messages import NO_FIELDS, NO_GROUPS, Groups
from tests.support.engines import small_universe

RUN = "k3f9"
CLIENT = "OMS"
NOW = Ns(1_767_623_400_123_456_789)  # 2026-01-05 14:30:00.123456789 UTC
DEFAULTS = OrderDefaults(horizon_ns=Ns(120_000_000_000), urgency_frac=0.5)
UNIVERSE = small_universe()  # DRK0 (internal pool), LIT1, LIT2; TEST0, TEST1

ORDER = {
    11: "a1",
    55: "TEST0",
    54: "1",
    38: "1000",
    40: "2",
    44: "100.0500",
    59: "0",
    60: "20260105-14:30:00.100000",
}


def said(
    msg_type: str,
    fields: Mapping[int, str | None],
    *,
    by: str = CLIENT,
    seq_num: int = 7,
    recv_ns: Ns = NOW,
    is_possible_dup: bool = False,
    header: Mapping[int, str] = NO_FIELDS,
    groups: Groups = NO_GROUPS,
) -> Incoming:
    """A message as a session delivers it; a field None is left out."""
    present = {tag: text for tag, text in fields.items() if text is not None}
    return Incoming(
        by, msg_type, seq_num, is_possible_dup, present, recv_ns, groups=groups, header=header
    )


def order(**changes: str | None) -> Incoming:
    """A good NewOrderSingle with tags changed: `order(t38="0", t44=None)`."""
    return said("D", {**ORDER, **tagged(changes)})


def tagged(changes: Mapping[str, str | None]) -> dict[int, str | None]:
    """Keywords like `t38` as tags."""
    return {int(name[1:]): text for name, text in changes.items()}


def heard(message: FixMessage, by: str, *, recv_ns: Ns = NOW, seq_num: int = 1) -> Incoming:
    """What we sent, as the other side's session delivers it. Outside groups no tag occurs twice."""
    assert all(type(text) is str and text for _, text in message.fields), message
    text = "".join(f"{tag}={value}{SOH}" for tag, value in message.fields)
    read = split(text)
    assert read.flaw == "", f"{read.flaw} in {message}"
    kept = {tag: read.envelope[tag] for tag in (43, 97) if tag in read.envelope}
    return Incoming(
        by,
        message.msg_type,
        seq_num,
        False,
        {**read.body, **kept},
        recv_ns,
        groups=read.groups,
    )


def text_of(answer: DeskAnswer) -> str:
    """58 Text of the only reply."""
    (reply,) = answer.replies
    return dict(reply.message.fields)[58]


def fields_of(outgoing: Outgoing) -> dict[int, str]:
    """Tags of a message."""
    return dict(outgoing.message.fields)


def oms_desk(
    rules: ClientRules | None = None, copies: Mapping[str, tuple[str, ...]] | None = None
) -> OmsDesk:
    """A router's desk for its clients, at the start of its day; `rules` are those of CLIENT."""
    clients = {} if rules is None else {CLIENT: rules}
    return OmsDesk(UNIVERSE, DEFAULTS, RUN, DeskRules(clients, copies or {}))


def venue_desk(universe: Universe = UNIVERSE) -> VenueDesk:
    """A router's desk for its venues, at the start of its day."""
    return VenueDesk(universe, RUN)


def stamped(event: Event, seq: int) -> Event:
    """A draft with its place in the sequence."""
    return msgspec.structs.replace(event, seq=seq)


def report(
    kind: ReportKind,
    *,
    parent_id: int = 1,
    state: ParentState = ParentState.WORKING,
    size: int = 1_000,
    limit: int | None = 1_000_500,
    filled: int = 0,
    paid: int = 0,
    text: str = "said",
    **last: Any,
) -> ReportParent:
    """What the engine says about a parent."""
    facts: dict[str, Any] = {
        "last_shares": Shares(0),
        "last_price_ticks": None,
        "last_venue_idx": None,
        "last_child_id": None,
        "last_exec_id": None,
        "last_liquidity": None,
        "last_fee_usd_micros": UsdMicros(0),
    }
    return ReportParent(
        at_ns=NOW,
        parent_id=parent_id,
        kind=kind,
        state=state,
        size_shares=Shares(size),
        limit_ticks=None if limit is None else Ticks(limit),
        filled_shares=Shares(filled),
        leaves_shares=Shares(0 if state.is_terminal else size - filled),
        paid_ticks_shares=paid,
        fees_usd_micros=UsdMicros(0),
        text=text,
        **(facts | last),
    )


def new_parent(cl_ord_id: str = "a1", parent_id: int = 1, client: str = CLIENT) -> NewParent:
    """A journalled order of a client."""
    return NewParent(
        seq=parent_id,
        event_ns=NOW,
        recv_ns=NOW,
        order=ParentOrder(
            parent_id=parent_id,
            client=client,
            instrument_idx=0,
            side=Side.BUY,
            size_shares=Shares(1_000),
            limit_ticks=Ticks(1_000_500),
            arrival_ns=NOW,
            horizon_ns=Ns(120_000_000_000),
            client_order_id=cl_ord_id,
        ),
    )


def working_desk(rules: ClientRules | None = None) -> OmsDesk:
    """A desk with one accepted order, "a1", parent 1."""
    desk = oms_desk(rules)
    desk.on_step(new_parent(), [report(ReportKind.ACCEPTED)])
    return desk


def child(child_id: int = 5, **changes: Any) -> ChildOrder:
    """A buy of 300 TEST0 at LIT1, resting."""
    facts: dict[str, Any] = {
        "child_id": child_id,
        "parent_id": 1,
        "venue_idx": 1,
        "instrument_idx": 0,
        "side": Side.BUY,
        "size_shares": Shares(300),
        "limit_ticks": Ticks(1_000_100),
        "tactic": Tactic.POST,
        "tif": Tif.DAY,
        "peg": PegKind.NONE,
        "min_shares": Shares(0),
    }
    return ChildOrder(**(facts | changes))


def send(order: ChildOrder) -> SendChild:
    """The command that sends it."""
    return SendChild(at_ns=NOW, order=order)


def desk_with(*children: ChildOrder) -> VenueDesk:
    """A venue desk that has sent these."""
    desk = venue_desk()
    desk.note(new_parent(), [send(order) for order in children])
    return desk


def step(kind: Callable[..., Event], seq: int = 9, **facts: Any) -> Event:
    """An event with stamps of no interest."""
    return kind(seq=seq, event_ns=NOW, recv_ns=NOW, **facts)


def one_event(events: Sequence[Event]) -> Event:
    """The only one."""
    (event,) = events
    return event


Steps = list[tuple[Event, list[Command]]]
"""What a journal holds."""
