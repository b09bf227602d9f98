"""
The tables of the feedback log, for SQLite and PostgreSQL alike; docs/feedback.md describes each.

Rows are only ever added, never changed: what a child came to is in views, which are computed. Every
key begins with `run_id`, so several runs share a database. Times are ns UTC (`_ns`), prices 1e-4
USD (`_ticks`), money 1e-6 USD (`_usd_micros`), costs bps, positive is what we pay. Missing is NULL.
`seq` is the event's number in its run.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

metadata: Final = MetaData()


def _table(name: str, *columns: Column[Any] | Index) -> Table:
    return Table(name, metadata, _key("run_id", Text), *columns)


def _key(name: str, kind: Any = BigInteger) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _text(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False)


def _text_or_none(name: str) -> Column[Any]:
    return Column(name, Text)


def _whole(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False)


def _rest(name: str) -> Column[int]:
    """What a price has beyond whole ticks, in 1e-15 USD."""
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def _whole_or_none(name: str) -> Column[Any]:
    return Column(name, BigInteger)


def _index(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False)


def _number(name: str) -> Column[Any]:
    return Column(name, Float(53))


def _bytes(name: str) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False)


RUNS: Final = _table("runs", _whole_or_none("started_ns"), _text("journal"), _text("context"))

JOURNAL_POSITIONS: Final = _table("journal_positions", _whole("offset_bytes"))

VENUES: Final = _table(
    "venues", _key("venue_idx", Integer), _text("mic"), _text("name"), _text("kind")
)

INSTRUMENTS: Final = _table("instruments", _key("instrument_idx", Integer), _text("symbol"))

VERSIONS: Final = _table(
    "versions",
    _key("versions_id", Text),
    _text("code"),
    _text("features"),
    _text("inference"),
    _text("model_sha256"),
    _text("config_sha256"),
)

PARENTS: Final = _table(
    "parents",
    _key("parent_id"),
    _whole("seq"),
    _text("client"),
    _text("client_order_id"),
    _index("instrument_idx"),
    _text("side"),
    _whole("size_shares"),
    _whole_or_none("limit_ticks"),
    _whole("arrival_ns"),
    _whole("horizon_ns"),
    Column("urgency_frac", Float(53), nullable=False),
    _text_or_none("objective"),
)

PARENT_REPORTS: Final = _table(
    "parent_reports",
    _key("seq"),
    _key("command_idx", Integer),
    _whole("at_ns"),
    _whole("parent_id"),
    _text("kind"),
    _text("state"),
    _whole("size_shares"),
    _whole_or_none("limit_ticks"),
    _whole("filled_shares"),
    _whole("leaves_shares"),
    _whole("paid_ticks_shares"),
    _whole("fees_usd_micros"),
    _whole_or_none("last_child_id"),
    _text_or_none("last_exec_id"),
    _text("text"),
    Index("parent_reports_by_parent", "run_id", "parent_id"),
)

DECISIONS: Final = _table(
    "decisions",
    _key("decision_id"),
    _whole("seq"),
    _whole("parent_id"),
    _whole("at_ns"),
    _text("policy"),
    _text("fallback"),
    _whole("route_shares"),
    _whole_or_none("bid_ticks"),
    _whole_or_none("ask_ticks"),
    _text("versions_id"),
    _text("sha256"),
    _bytes("situation"),
    _bytes("rows"),
    _bytes("features"),
    Index("decisions_by_parent", "run_id", "parent_id"),
)

CHILDREN: Final = _table(
    "children",
    _key("child_id"),
    _whole("seq"),
    _whole("parent_id"),
    _whole("decision_id"),
    _index("row_idx"),
    _whole("sent_ns"),
    _index("venue_idx"),
    _index("instrument_idx"),
    _text("side"),
    _text("tactic"),
    _text("tif"),
    _text("peg"),
    _whole("size_shares"),
    _whole("limit_ticks"),
    _whole("min_shares"),
    _whole_or_none("mid_ticks_x2"),
    _number("expected_slippage_bps"),
    _number("expected_fill_frac"),
    _number("expected_time_to_fill_s"),
    _number("expected_leakage_bps"),
    _number("wait_bps"),
    _number("cost_bps"),
    _number("score"),
    _whole_or_none("rank"),
    _number("propensity"),
    Index("children_by_parent", "run_id", "parent_id"),
    Index("children_by_decision", "run_id", "decision_id"),
)

CHILD_REQUESTS: Final = _table(
    "child_requests",
    _key("seq"),
    _key("command_idx", Integer),
    _whole("at_ns"),
    _whole("child_id"),
    _index("venue_idx"),
    _text("kind"),
    _whole_or_none("size_shares"),
    _whole_or_none("limit_ticks"),
    Index("child_requests_by_child", "run_id", "child_id"),
)

CHILD_REPORTS: Final = _table(
    "child_reports",
    _key("seq"),
    _whole("event_ns"),
    _whole("recv_ns"),
    _whole("child_id"),
    _index("venue_idx"),
    _text("kind"),
    _text_or_none("reason"),
    _text_or_none("exec_id"),
    _whole_or_none("size_shares"),
    _whole_or_none("price_ticks"),
    _whole_or_none("filled_shares"),
    _whole_or_none("leaves_shares"),
    Index("child_reports_by_child", "run_id", "child_id"),
)

FILLS: Final = _table(
    "fills",
    _key("child_id"),
    _key("exec_id", Text),
    _whole("seq"),
    _whole("parent_id"),
    _index("venue_idx"),
    _whole("event_ns"),
    _whole("recv_ns"),
    _whole("size_shares"),
    _whole("price_ticks"),
    _text("liquidity"),
    _whole("fee_usd_micros"),
    Column("is_late", Boolean, nullable=False),
    _rest("price_rest_femtos"),
    Index("fills_by_parent", "run_id", "parent_id"),
)

BUSTS: Final = _table(
    "busts",
    _key("seq"),
    _key("command_idx", Integer),
    _whole("at_ns"),
    _whole("child_id"),
    _text("exec_id"),
    _whole("parent_id"),
    _index("venue_idx"),
    _whole("corrected_shares"),
    _whole_or_none("corrected_price_ticks"),
    _whole("corrected_fee_usd_micros"),
    _rest("corrected_price_rest_femtos"),
    Index("busts_by_execution", "run_id", "child_id", "exec_id"),
)

CONTROLS: Final = _table(
    "controls",
    _key("seq"),
    _whole("at_ns"),
    _text("action"),
    Column("target_idx", Integer),
    _text("operator"),
    _text_or_none("model_sha256"),
)

VENUE_STATES: Final = _table(
    "venue_states",
    _key("seq"),
    _whole("at_ns"),
    _index("venue_idx"),
    _text("kind"),
    _text_or_none("reason"),
)

ALERTS: Final = _table(
    "alerts",
    _key("seq"),
    _key("command_idx", Integer),
    _whole("at_ns"),
    _text("level"),
    _text("code"),
    _text("text"),
)

IN_ORDER: Final = tuple(metadata.tables.values())
"""Every table, in the order in which they are described."""
