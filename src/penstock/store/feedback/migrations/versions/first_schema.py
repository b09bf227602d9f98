"""
The first schema.

A copy of what the tables were then, not the tables of today: later steps start from here.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None

_EXECUTIONS: Final = """
CREATE VIEW executions AS
SELECT f.run_id, f.parent_id, f.child_id, f.venue_idx, f.exec_id, f.event_ns, f.recv_ns,
       f.liquidity, f.is_late,
       COALESCE(b.corrected_shares, f.size_shares) AS size_shares,
       COALESCE(b.corrected_price_ticks, f.price_ticks) AS price_ticks,
       COALESCE(b.corrected_fee_usd_micros, f.fee_usd_micros) AS fee_usd_micros
FROM fills f
LEFT JOIN busts b
  ON b.run_id = f.run_id AND b.child_id = f.child_id AND b.exec_id = f.exec_id
 AND NOT EXISTS (SELECT 1 FROM busts later
                 WHERE later.run_id = b.run_id AND later.child_id = b.child_id
                   AND later.exec_id = b.exec_id AND later.seq > b.seq)
WHERE COALESCE(b.corrected_shares, f.size_shares) > 0
"""

# Fees are 100 micros to a tick; twice everything, because the midpoint is stored twice over.
_CHILD_OUTCOMES: Final = """
CREATE VIEW child_outcomes AS
SELECT o.run_id, o.child_id, o.filled_shares, o.n_fills, o.paid_ticks_shares, o.fees_usd_micros,
       o.first_fill_ns,
       CASE WHEN o.filled_shares > 0 AND o.mid_ticks_x2 > 0 THEN
           CAST(10000.0 * (o.side_sign * (2 * o.paid_ticks_shares
                                          - o.filled_shares * o.mid_ticks_x2)
                           + o.fees_usd_micros / 50.0) AS DOUBLE PRECISION)
           / CAST(o.filled_shares * o.mid_ticks_x2 AS DOUBLE PRECISION)
       END AS slippage_bps
FROM (SELECT c.run_id, c.child_id, c.mid_ticks_x2,
             CASE c.side WHEN 'buy' THEN 1 ELSE -1 END AS side_sign,
             COALESCE(SUM(e.size_shares), 0) AS filled_shares,
             COUNT(e.exec_id) AS n_fills,
             COALESCE(SUM(e.size_shares * e.price_ticks), 0) AS paid_ticks_shares,
             COALESCE(SUM(e.fee_usd_micros), 0) AS fees_usd_micros,
             MIN(e.recv_ns) AS first_fill_ns
      FROM children c
      LEFT JOIN executions e ON e.run_id = c.run_id AND e.child_id = c.child_id
      GROUP BY c.run_id, c.child_id, c.mid_ticks_x2, c.side) o
"""


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "alerts",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("command_idx", sa.Integer(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", "command_idx"),
    )
    op.create_table(
        "busts",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("command_idx", sa.Integer(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("exec_id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_idx", sa.Integer(), nullable=False),
        sa.Column("corrected_shares", sa.BigInteger(), nullable=False),
        sa.Column("corrected_price_ticks", sa.BigInteger()),
        sa.Column("corrected_fee_usd_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", "command_idx"),
    )
    op.create_index("busts_by_execution", "busts", ["run_id", "child_id", "exec_id"])
    op.create_table(
        "child_reports",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("event_ns", sa.BigInteger(), nullable=False),
        sa.Column("recv_ns", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_idx", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("exec_id", sa.Text()),
        sa.Column("size_shares", sa.BigInteger()),
        sa.Column("price_ticks", sa.BigInteger()),
        sa.Column("filled_shares", sa.BigInteger()),
        sa.Column("leaves_shares", sa.BigInteger()),
        sa.PrimaryKeyConstraint("run_id", "seq"),
    )
    op.create_index("child_reports_by_child", "child_reports", ["run_id", "child_id"])
    op.create_table(
        "child_requests",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("command_idx", sa.Integer(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_idx", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size_shares", sa.BigInteger()),
        sa.Column("limit_ticks", sa.BigInteger()),
        sa.PrimaryKeyConstraint("run_id", "seq", "command_idx"),
    )
    op.create_index("child_requests_by_child", "child_requests", ["run_id", "child_id"])
    op.create_table(
        "children",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("row_idx", sa.Integer(), nullable=False),
        sa.Column("sent_ns", sa.BigInteger(), nullable=False),
        sa.Column("venue_idx", sa.Integer(), nullable=False),
        sa.Column("instrument_idx", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("tactic", sa.Text(), nullable=False),
        sa.Column("tif", sa.Text(), nullable=False),
        sa.Column("peg", sa.Text(), nullable=False),
        sa.Column("size_shares", sa.BigInteger(), nullable=False),
        sa.Column("limit_ticks", sa.BigInteger(), nullable=False),
        sa.Column("min_shares", sa.BigInteger(), nullable=False),
        sa.Column("mid_ticks_x2", sa.BigInteger()),
        sa.Column("expected_slippage_bps", sa.Float(53)),
        sa.Column("expected_fill_frac", sa.Float(53)),
        sa.Column("expected_time_to_fill_s", sa.Float(53)),
        sa.Column("expected_leakage_bps", sa.Float(53)),
        sa.Column("wait_bps", sa.Float(53)),
        sa.Column("cost_bps", sa.Float(53)),
        sa.Column("score", sa.Float(53)),
        sa.Column("rank", sa.BigInteger()),
        sa.Column("propensity", sa.Float(53)),
        sa.PrimaryKeyConstraint("run_id", "child_id"),
    )
    op.create_index("children_by_decision", "children", ["run_id", "decision_id"])
    op.create_index("children_by_parent", "children", ["run_id", "parent_id"])
    op.create_table(
        "controls",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target_idx", sa.Integer()),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("model_sha256", sa.Text()),
        sa.PrimaryKeyConstraint("run_id", "seq"),
    )
    op.create_table(
        "decisions",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("fallback", sa.Text(), nullable=False),
        sa.Column("route_shares", sa.BigInteger(), nullable=False),
        sa.Column("bid_ticks", sa.BigInteger()),
        sa.Column("ask_ticks", sa.BigInteger()),
        sa.Column("versions_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("situation", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "decision_id"),
    )
    op.create_index("decisions_by_parent", "decisions", ["run_id", "parent_id"])
    op.create_table(
        "fills",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("exec_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_idx", sa.Integer(), nullable=False),
        sa.Column("event_ns", sa.BigInteger(), nullable=False),
        sa.Column("recv_ns", sa.BigInteger(), nullable=False),
        sa.Column("size_shares", sa.BigInteger(), nullable=False),
        sa.Column("price_ticks", sa.BigInteger(), nullable=False),
        sa.Column("liquidity", sa.Text(), nullable=False),
        sa.Column("fee_usd_micros", sa.BigInteger(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "child_id", "exec_id"),
    )
    op.create_index("fills_by_parent", "fills", ["run_id", "parent_id"])
    op.create_table(
        "instruments",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("instrument_idx", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "instrument_idx"),
    )
    op.create_table(
        "journal_positions",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "parent_reports",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("command_idx", sa.Integer(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("size_shares", sa.BigInteger(), nullable=False),
        sa.Column("limit_ticks", sa.BigInteger()),
        sa.Column("filled_shares", sa.BigInteger(), nullable=False),
        sa.Column("leaves_shares", sa.BigInteger(), nullable=False),
        sa.Column("paid_ticks_shares", sa.BigInteger(), nullable=False),
        sa.Column("fees_usd_micros", sa.BigInteger(), nullable=False),
        sa.Column("last_child_id", sa.BigInteger()),
        sa.Column("last_exec_id", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", "command_idx"),
    )
    op.create_index("parent_reports_by_parent", "parent_reports", ["run_id", "parent_id"])
    op.create_table(
        "parents",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("instrument_idx", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("size_shares", sa.BigInteger(), nullable=False),
        sa.Column("limit_ticks", sa.BigInteger()),
        sa.Column("arrival_ns", sa.BigInteger(), nullable=False),
        sa.Column("horizon_ns", sa.BigInteger(), nullable=False),
        sa.Column("urgency_frac", sa.Float(53), nullable=False),
        sa.Column("objective", sa.Text()),
        sa.PrimaryKeyConstraint("run_id", "parent_id"),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("started_ns", sa.BigInteger()),
        sa.Column("journal", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "venue_states",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.Column("venue_idx", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("run_id", "seq"),
    )
    op.create_table(
        "venues",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("venue_idx", sa.Integer(), nullable=False),
        sa.Column("mic", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "venue_idx"),
    )
    op.create_table(
        "versions",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("versions_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("features", sa.Text(), nullable=False),
        sa.Column("inference", sa.Text(), nullable=False),
        sa.Column("model_sha256", sa.Text(), nullable=False),
        sa.Column("config_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "versions_id"),
    )
    op.execute(_EXECUTIONS)
    op.execute(_CHILD_OUTCOMES)
