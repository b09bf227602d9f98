"""Prices of executions below a tick, to the last digit that a venue stated."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Whole ticks are what earlier releases could book: the rest is 0."""
    for table in ("fills", "busts"):
        name = "price_rest_femtos" if table == "fills" else "corrected_price_rest_femtos"
        op.add_column(
            table, sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0"))
        )


def downgrade() -> None:
    """The reverse."""
    op.drop_column("busts", "corrected_price_rest_femtos")
    op.drop_column("fills", "price_rest_femtos")
