"""Which databases are taken, which are refused, and that migrations end where the tables begin."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from penstock.store.feedback import FeedbackError, FeedbackReader
from penstock.store.feedback.database import open_for_writing
from penstock.store.feedback.schema import metadata


def execute(path: Path, *statements: str) -> None:
    """Something that another program does to a database."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_migrations_from_nothing_make_exactly_the_tables_of_the_schema(tmp_path: Path) -> None:
    """Or a new database and an old one would differ."""
    engine = open_for_writing(tmp_path / "log.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert [] == differences


def test_a_log_is_opened_again_and_again(tmp_path: Path) -> None:
    """Up to date already; in a folder that was not there; in WAL, so that reading never waits."""
    path = tmp_path / "runs" / "log.db"
    for _ in range(3):
        open_for_writing(path).dispose()

    with FeedbackReader(path) as reader:
        assert {0} == set(reader.counts().values())
        assert [] == reader.run_ids()
    assert [("wal",)] == sqlite3.connect(path).execute("PRAGMA journal_mode").fetchall()


def test_a_log_of_a_newer_release_is_refused_by_both(tmp_path: Path) -> None:
    """It may hold what this release would spoil or misread."""
    path = tmp_path / "log.db"
    open_for_writing(path).dispose()
    execute(path, "UPDATE alembic_version SET version_num = '9999'")

    for opened in (open_for_writing, FeedbackReader):
        with pytest.raises(FeedbackError, match="9999, which a newer release has written"):
            opened(path)


def test_a_database_of_something_else_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    """Even its journal mode."""
    path = tmp_path / "shop.db"
    execute(path, "CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()

    for opened in (open_for_writing, FeedbackReader):
        with pytest.raises(FeedbackError, match="something else; its tables: customers"):
            opened(path)
    assert before == path.read_bytes()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    """A path may be mistyped."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look like one\n" * 40, encoding="utf-8")
    before = path.read_bytes()

    for opened in (open_for_writing, FeedbackReader):
        with pytest.raises(FeedbackError, match="not a database"):
            opened(path)
    assert before == path.read_bytes()


def test_reading_makes_no_file(tmp_path: Path) -> None:
    """A mistyped path would otherwise become an empty log."""
    with pytest.raises(FeedbackError, match="no file"):
        FeedbackReader(tmp_path / "none.db")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["nonsense://host/db", "://", "postgresql+nothing://h/d"])
def test_a_url_that_nobody_understands_is_refused_with_an_example(url: str) -> None:
    """The password in it is not shown."""
    with pytest.raises(FeedbackError, match=r"runs/store\.db"):
        open_for_writing(url.replace("//", "//me:secret@"))
    with pytest.raises(FeedbackError) as caught:
        open_for_writing(url.replace("//", "//me:secret@"))
    assert "secret" not in str(caught.value)
