"""Events and commands survive the journal, and only what was written can be read."""

from typing import Any, get_args

import msgspec
import pytest

from penstock.domain import (
    Alert,
    AlertLevel,
    BookChild,
    CancelChild,
    CancelParent,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildOrder,
    ChildReject,
    ChildReplaced,
    ChildReport,
    ChildStated,
    ChildStatus,
    CloseChild,
    Command,
    Control,
    ControlAction,
    DayCarried,
    DecisionRecord,
    DoubtChild,
    EpochStarted,
    Event,
    FeedGap,
    FeedRecovered,
    FeedStale,
    LatencyObserved,
    Liquidity,
    ModelSwap,
    NewParent,
    Ns,
    OrderCarried,
    OrderRefused,
    ParentOrder,
    ParentState,
    PegKind,
    QueryChild,
    Record,
    ReplaceChild,
    ReplaceParent,
    ReportKind,
    ReportParent,
    SendChild,
    SetTimer,
    Shares,
    Side,
    StatusRefused,
    Tactic,
    Ticks,
    Tif,
    Timer,
    UnknownReport,
    UsdFemtos,
    UsdMicros,
    VenueCommand,
    VenueDown,
    VenueReachable,
    VenueStatement,
    VenueUp,
    Versions,
)

AT: Any = {"seq": 2**40, "event_ns": 1_700_000_000_000_000_001, "recv_ns": 2**62}

PARENT = ParentOrder(
    parent_id=3,
    client="acmé & sons",
    instrument_idx=1,
    side=Side.SELL,
    size_shares=Shares(10_000),
    limit_ticks=Ticks(1_234_500),
    arrival_ns=Ns(5),
    horizon_ns=Ns(60_000_000_000),
    urgency_frac=0.1,
    objective="stealth",
)
CHILD = ChildOrder(
    child_id=9,
    parent_id=3,
    venue_idx=2,
    instrument_idx=1,
    side=Side.SELL,
    size_shares=Shares(300),
    limit_ticks=Ticks(1_234_600),
    tactic=Tactic.MID,
    tif=Tif.DAY,
    peg=PegKind.MIDPOINT,
    min_shares=Shares(100),
)
DECISION = DecisionRecord(
    decision_id=1,
    parent_id=3,
    at_ns=Ns(7),
    policy="supervised",
    fallback="",
    route_shares=Shares(500),
    situation=b"\x00\xff",
    rows=b"",
    features=bytes(range(256)),
    versions=Versions(
        code="0.1", features="f1", inference="i1", model_sha256="ab", config_sha256="cd"
    ),
)

EVENTS: list[Event] = [
    NewParent(**AT, order=PARENT),
    NewParent(**AT, order=msgspec.structs.replace(PARENT, limit_ticks=None, objective=None)),
    ReplaceParent(**AT, parent_id=3, size_shares=Shares(1), limit_ticks=None),
    CancelParent(**AT, parent_id=3),
    ChildAck(**AT, child_id=9, venue_idx=2),
    ChildReject(**AT, child_id=9, venue_idx=2, reason="no such symbol"),
    ChildFill(
        **AT,
        child_id=9,
        venue_idx=2,
        exec_id="E-1",
        price_ticks=Ticks(1_234_567),
        size_shares=Shares(1),
        liquidity=Liquidity.MAKE,
        fee_usd_micros=UsdMicros(-2_000),
    ),
    ChildCancelled(**AT, child_id=9, venue_idx=2),
    ChildCancelReject(**AT, child_id=9, venue_idx=2, reason="too late"),
    ChildReplaced(**AT, child_id=9, venue_idx=2, size_shares=Shares(5), limit_ticks=Ticks(6)),
    ChildBust(
        **AT,
        child_id=9,
        venue_idx=2,
        exec_id="E-1",
        corrected_shares=Shares(0),
        corrected_price_ticks=Ticks(0),
    ),
    ChildStatus(
        **AT,
        child_id=9,
        venue_idx=2,
        is_known=True,
        filled_shares=Shares(100),
        leaves_shares=Shares(0),
    ),
    ChildAck(
        **AT,
        child_id=9,
        venue_idx=2,
        stated=VenueStatement(filled_shares=Shares(60), leaves_shares=Shares(0)),
    ),
    ChildStated(**AT, child_id=9, venue_idx=2, stated=VenueStatement(size_shares=Shares(100))),
    DoubtChild(**AT, child_id=9, venue_idx=2, reason="unreadable", doubt_shares=Shares(60)),
    BookChild(
        **AT,
        child_id=9,
        size_shares=Shares(60),
        price_ticks=Ticks(9_876),
        price_rest_femtos=UsdFemtos(50_000_000_000),
        operator="ann",
        reason="confirmed on the telephone",
    ),
    CloseChild(**AT, child_id=9, filled_shares=Shares(60), operator="ann", reason="telephone"),
    EpochStarted(**AT, epoch=2),
    OrderCarried(**AT, parent_id=3, client="acme", order=b"\x00", names=b"", children=b"\xff"),
    DayCarried(**AT, journal="a.journal", traded=(("acme", "", 3, 2**40),), throttled=(1,)),
    VenueReachable(**AT, venue_idx=0),
    OrderRefused(**AT, client="acme", msg_type="D", client_order_id="a", symbol="X", reason="no"),
    UnknownReport(**AT, venue_idx=0, text="150=F for order 17"),
    StatusRefused(**AT, venue_idx=0),
    VenueUp(**AT, venue_idx=0),
    VenueDown(**AT, venue_idx=0, reason="logout"),
    FeedGap(**AT, venue_idx=0),
    FeedStale(**AT, venue_idx=0),
    FeedRecovered(**AT, venue_idx=0),
    Timer(**AT, timer_id=4),
    LatencyObserved(**AT, decision_ns=Ns(90_000)),
    ModelSwap(**AT, model_sha256="ef"),
    Control(**AT, action=ControlAction.KILL, target_idx=None, operator="ann"),
    Control(**AT, action=ControlAction.VENUE_OFF, target_idx=2, operator="ann"),
]

COMMANDS: list[Command] = [
    QueryChild(at_ns=Ns(8), child_id=9, venue_idx=2),
    SendChild(at_ns=Ns(8), order=CHILD),
    CancelChild(at_ns=Ns(8), child_id=9, venue_idx=2),
    ReplaceChild(at_ns=Ns(8), child_id=9, venue_idx=2, size_shares=Shares(1), limit_ticks=Ticks(2)),
    ReportParent(
        at_ns=Ns(8),
        parent_id=3,
        kind=ReportKind.FILL,
        state=ParentState.WORKING,
        size_shares=Shares(10_000),
        limit_ticks=Ticks(1_234_600),
        filled_shares=Shares(1),
        leaves_shares=Shares(9_999),
        paid_ticks_shares=2**62,
        fees_usd_micros=UsdMicros(-2_000),
        last_shares=Shares(1),
        last_price_ticks=Ticks(1_234_567),
        last_venue_idx=2,
        last_child_id=9,
        last_exec_id="XNAS-7",
        last_liquidity=Liquidity.MAKE,
        last_fee_usd_micros=UsdMicros(-2_000),
        text="fill",
    ),
    ReportParent(
        at_ns=Ns(8),
        parent_id=3,
        kind=ReportKind.ENDED,
        state=ParentState.CANCELLED,
        size_shares=Shares(10_000),
        limit_ticks=None,
        filled_shares=Shares(0),
        leaves_shares=Shares(0),
        paid_ticks_shares=0,
        fees_usd_micros=UsdMicros(0),
        last_shares=Shares(0),
        last_price_ticks=None,
        last_venue_idx=None,
        last_child_id=None,
        last_exec_id=None,
        last_liquidity=None,
        last_fee_usd_micros=UsdMicros(0),
        text="",
    ),
    SetTimer(at_ns=Ns(8), timer_id=4, due_ns=Ns(9)),
    Record(at_ns=Ns(8), decision=DECISION),
    Alert(at_ns=Ns(8), level=AlertLevel.CRITICAL, code="overfill", text="parent 3 has too much"),
]


def name(message: object) -> str:
    """Test id."""
    return type(message).__name__


@pytest.mark.parametrize("event", EVENTS, ids=name)
def test_an_event_survives_the_journal(event: Event) -> None:
    """A replay must see the very same event, of the very same kind."""
    read = msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=Event)

    assert event == read
    assert type(event) is type(read)


@pytest.mark.parametrize("command", COMMANDS, ids=name)
def test_a_command_survives_the_journal(command: Command) -> None:
    """A replay's commands are compared with the recorded ones."""
    read = msgspec.msgpack.decode(msgspec.msgpack.encode(command), type=Command)

    assert command == read
    assert type(command) is type(read)


@pytest.mark.parametrize(("union", "messages"), [(Event, EVENTS), (Command, COMMANDS)])
def test_every_kind_of_message_is_tested_here(union: object, messages: list[object]) -> None:
    """A new kind without a test of its way through the journal is found at once."""
    assert set(get_args(union)) == {type(message) for message in messages}


@pytest.mark.parametrize(("part", "whole"), [(ChildReport, Event), (VenueCommand, Command)])
def test_reports_are_events_and_venue_commands_are_commands(part: object, whole: object) -> None:
    """They are subsets by name; a kind in one only could never be journalled."""
    assert set(get_args(part)) < set(get_args(whole))


@pytest.mark.parametrize("message", [*EVENTS, *COMMANDS], ids=name)
def test_a_message_cannot_be_changed(message: Event | Command) -> None:
    """What was journalled is what happened."""
    field = message.__struct_fields__[0]

    with pytest.raises(AttributeError):
        setattr(message, field, 1)


def test_the_same_decision_has_the_same_hash_and_any_other_another() -> None:
    """Two runs are compared by it."""
    copy = msgspec.msgpack.decode(msgspec.msgpack.encode(DECISION), type=DecisionRecord)
    other = msgspec.structs.replace(DECISION, features=DECISION.features[:-1] + b"\x00")

    assert DECISION.sha256() == copy.sha256()
    assert DECISION.sha256() != other.sha256()


@pytest.mark.parametrize(
    "text",
    [
        b'{"type": "NoSuchEvent", "seq": 1, "event_ns": 1, "recv_ns": 1}',
        b'{"type": "Timer", "seq": 1, "event_ns": 1, "recv_ns": 1}',
        b'{"type": "Timer", "seq": 1, "event_ns": 1, "recv_ns": 1, "timer_id": "4"}',
        b'{"type":"Control","seq":1,"event_ns":1,"recv_ns":1,"operator":"ann","action":"shout"}',
    ],
)
def test_what_is_not_an_event_is_not_read_as_one(text: bytes) -> None:
    """An unknown kind, a missing field, a wrong type, an unknown choice."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Event)
