"""From one step of a journal, an event and its commands, to rows of the log. Pure."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Table

from penstock.domain import (
    N_TACTICS,
    Alert,
    BookChild,
    CancelChild,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildReject,
    ChildReplaced,
    ChildStatus,
    Command,
    Control,
    DecisionRecord,
    Event,
    FeedGap,
    FeedRecovered,
    FeedStale,
    ModelSwap,
    NewParent,
    ParentOrder,
    Record,
    ReplaceChild,
    ReportKind,
    ReportParent,
    SendChild,
    VenueDown,
    VenueUp,
    Versions,
)
from penstock.store.feedback import schema

_ZLIB_LEVEL: Final = 1  # the slower levels save 5 % more

_VENUE_STATES: Final = {
    VenueUp: "up",
    VenueDown: "down",
    FeedGap: "feed_gap",
    FeedStale: "feed_stale",
    FeedRecovered: "feed_recovered",
}
_OPTIONAL: Final = (
    *("reason", "exec_id", "size_shares", "price_ticks", "filled_shares", "leaves_shares"),
)
_CHILD_REPORTS: Final = {
    ChildAck: "ack",
    ChildReject: "reject",
    ChildFill: "fill",
    ChildCancelled: "cancelled",
    ChildCancelReject: "cancel_reject",
    ChildReplaced: "replaced",
    ChildBust: "bust",
    ChildStatus: "status",
}


class Row(NamedTuple):
    """One row to add, without its run."""

    table: Table
    values: dict[str, Any]


def rows_of_step(event: Event, commands: Sequence[Command]) -> Iterator[Row]:
    """
    What is kept of a step; timers, measured latencies and market data are in the journal alone.

    What was booked is told by the core's reports, not by the venue's: a fill that came twice is one
    row of `fills`, and its second copy a row of `child_reports`.
    """
    yield from _rows_of_event(event, commands)
    decisions: dict[int, DecisionRecord] = {}
    for idx, command in enumerate(commands):
        key = {"seq": event.seq, "command_idx": idx, "at_ns": command.at_ns}
        if isinstance(command, Record):
            decisions[command.decision.parent_id] = command.decision
            yield from _decision(event.seq, command.decision)
        elif isinstance(command, SendChild):
            yield _child(event.seq, command, decisions[command.order.parent_id])
        elif isinstance(command, ReportParent):
            yield Row(schema.PARENT_REPORTS, key | _picked(schema.PARENT_REPORTS, command))
            if command.kind in (ReportKind.BUST, ReportKind.CORRECTION):
                yield _bust(key, command)
        elif isinstance(command, CancelChild | ReplaceChild):
            kind = "cancel" if isinstance(command, CancelChild) else "replace"
            asked = {"size_shares": None, "limit_ticks": None}
            values = key | {"kind": kind} | asked | _picked(schema.CHILD_REQUESTS, command)
            yield Row(schema.CHILD_REQUESTS, values)
        elif isinstance(command, Alert):
            yield Row(schema.ALERTS, key | _picked(schema.ALERTS, command))


def _rows_of_event(event: Event, commands: Sequence[Command]) -> Iterator[Row]:
    reports = [command for command in commands if isinstance(command, ReportParent)]
    if isinstance(event, NewParent):
        # A number that came twice is refused without a report.
        if any(report.kind in (ReportKind.ACCEPTED, ReportKind.REJECTED) for report in reports):
            yield _parent(event.seq, event.order)
    elif isinstance(event, BookChild):
        for report in reports:
            if report.kind is ReportKind.FILL:
                yield _fill_by_hand(event, report)
    elif isinstance(event, Control):
        values = _picked(schema.CONTROLS, event) | {"model_sha256": None}
        yield Row(schema.CONTROLS, values | {"at_ns": event.recv_ns, "action": event.action.value})
    elif isinstance(event, ModelSwap):
        values = {"action": "use_model", "target_idx": None, "operator": ""}
        values |= _picked(schema.CONTROLS, event) | {"at_ns": event.recv_ns}
        yield Row(schema.CONTROLS, values)
    elif type(event) in _VENUE_STATES:
        values = {"kind": _VENUE_STATES[type(event)], "at_ns": event.recv_ns, "reason": None}
        yield Row(schema.VENUE_STATES, values | _picked(schema.VENUE_STATES, event))
    elif type(event) in _CHILD_REPORTS:
        booked = next((report for report in reports if _books(report, event)), None)
        late = any(isinstance(c, Alert) and c.code == "late_fill" for c in commands)
        if isinstance(event, ChildFill) and booked is not None:
            yield _fill(event, booked.parent_id, is_late=late)
        elif not _is_booked_bust(event, reports):
            yield _child_report(event)


def _fill_by_hand(event: BookChild, report: ReportParent) -> Row:
    """An execution that a person booked; its name and venue are in the report to the client."""
    values = {
        "child_id": event.child_id,
        "exec_id": report.last_exec_id,
        "seq": event.seq,
        "parent_id": report.parent_id,
        "venue_idx": report.last_venue_idx,
        "event_ns": event.event_ns,
        "recv_ns": event.recv_ns,
        "size_shares": report.last_shares,
        "price_ticks": report.last_price_ticks,
        "liquidity": "take"
        if report.last_liquidity is None
        else report.last_liquidity.name.lower(),
        "price_rest_femtos": report.last_price_rest_femtos,
        "fee_usd_micros": report.last_fee_usd_micros,
        "is_late": False,
    }
    return Row(schema.FILLS, values)


def _books(report: ReportParent, event: Event) -> bool:
    return (
        isinstance(event, ChildFill)
        and report.kind is ReportKind.FILL
        and (report.last_child_id, report.last_exec_id) == (event.child_id, event.exec_id)
    )


def _is_booked_bust(event: Event, reports: Sequence[ReportParent]) -> bool:
    return isinstance(event, ChildBust) and any(
        report.kind in (ReportKind.BUST, ReportKind.CORRECTION)
        and (report.last_child_id, report.last_exec_id) == (event.child_id, event.exec_id)
        for report in reports
    )


def _parent(seq: int, order: ParentOrder) -> Row:
    values = {"seq": seq} | _picked(schema.PARENTS, order)
    return Row(schema.PARENTS, values | {"side": order.side.name.lower()})


def _decision(seq: int, record: DecisionRecord) -> Iterator[Row]:
    situation = record.situation_array()[0]
    has_nbbo = bool(situation["has_nbbo"])
    values = {"seq": seq} | _picked(schema.DECISIONS, record)
    values |= {
        "bid_ticks": int(situation["bid_ticks"]) if has_nbbo else None,
        "ask_ticks": int(situation["ask_ticks"]) if has_nbbo else None,
        "versions_id": versions_id(record.versions),
        "sha256": record.sha256(),
        "situation": packed(record.situation),
        "rows": packed(record.rows),
        "features": packed(record.features),
    }
    yield Row(schema.DECISIONS, values)
    facts = msgspec.to_builtins(record.versions)
    yield Row(schema.VERSIONS, {"versions_id": versions_id(record.versions)} | facts)


def _child(seq: int, command: SendChild, record: DecisionRecord) -> Row:
    order = command.order
    row_idx = order.venue_idx * N_TACTICS + order.tactic
    row = record.row_array()[row_idx]
    situation = record.situation_array()[0]
    values: dict[str, Any] = {"seq": seq, "sent_ns": command.at_ns, "row_idx": row_idx}
    values |= {"decision_id": record.decision_id} | _picked(schema.CHILDREN, order)
    for name in ("side", "tactic", "tif", "peg"):
        values[name] = getattr(order, name).name.lower()
    for name in ("slippage_bps", "fill_frac", "time_to_fill_s", "leakage_bps"):
        values[f"expected_{name}"] = _finite(row[name])
    for name in ("wait_bps", "cost_bps", "score", "propensity"):
        values[name] = _finite(row[name])
    values["rank"] = int(row["rank"]) if row["rank"] >= 0 else None
    values["mid_ticks_x2"] = int(situation["mid_ticks_x2"]) if situation["has_nbbo"] else None
    return Row(schema.CHILDREN, values)


def _fill(event: ChildFill, parent_id: int, *, is_late: bool) -> Row:
    values = _picked(schema.FILLS, event) | {"parent_id": parent_id, "is_late": is_late}
    return Row(schema.FILLS, values | {"liquidity": event.liquidity.name.lower()})


def _bust(key: dict[str, Any], report: ReportParent) -> Row:
    stands = report.kind is ReportKind.CORRECTION
    values = {
        "child_id": report.last_child_id,
        "exec_id": report.last_exec_id,
        "parent_id": report.parent_id,
        "venue_idx": report.last_venue_idx,
        "corrected_shares": report.last_shares if stands else 0,
        "corrected_price_ticks": report.last_price_ticks if stands else None,
        "corrected_price_rest_femtos": report.last_price_rest_femtos if stands else 0,
        "corrected_fee_usd_micros": report.last_fee_usd_micros if stands else 0,
    }
    return Row(schema.BUSTS, key | values)


def _child_report(event: Event) -> Row:
    values: dict[str, Any] = dict.fromkeys(_OPTIONAL)
    values |= {"kind": _CHILD_REPORTS[type(event)]} | _picked(schema.CHILD_REPORTS, event)
    if isinstance(event, ChildReplaced):
        values["price_ticks"] = event.limit_ticks
    elif isinstance(event, ChildBust):
        values["size_shares"] = event.corrected_shares
        values["price_ticks"] = event.corrected_price_ticks
    elif isinstance(event, ChildStatus) and not event.is_known:
        values["reason"] = "unknown to the venue"
    return Row(schema.CHILD_REPORTS, values)


def _picked(table: Table, struct: msgspec.Struct) -> dict[str, Any]:
    """The struct's fields that the table has columns for."""
    return {name: getattr(struct, name) for name in struct.__struct_fields__ if name in table.c}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def versions_id(versions: Versions) -> str:
    """A short name for a set of versions."""
    return hashlib.sha256(msgspec.msgpack.encode(versions)).hexdigest()[:16]


def packed(raw: bytes) -> bytes:
    """As blobs are stored: zlib."""
    return zlib.compress(raw, _ZLIB_LEVEL)


def unpacked(blob: bytes) -> bytes:
    """The raw bytes of a stored blob."""
    return zlib.decompress(blob)
