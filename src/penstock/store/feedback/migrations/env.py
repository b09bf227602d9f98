"""Run by Alembic: the steps go over the connection that `open_for_writing` has in hand."""

from __future__ import annotations

from alembic import context

from penstock.store.feedback.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
