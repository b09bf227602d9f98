"""Opening a feedback log: the one for its writer is made or brought up to date, others refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from penstock.domain import InputError

BUSY_S: Final = 30.0  # how long one writer of a database waits for another's transaction

# After a power cut NORMAL may lose the last transactions of a WAL, but never half of one, and the
# journal's position goes with them: they are read from the journal once more. FULL would buy
# nothing for its flush per batch.
_SYNCHRONOUS: Final = "PRAGMA synchronous=NORMAL"


class FeedbackError(InputError):
    """A feedback log that cannot be used, or that does not hold what is asked for."""


def open_for_writing(where: Path | str) -> Engine:
    """
    The log, ready for this release: made if there is none, brought up to date if it is older.

    Args:
        where: a file, which becomes a SQLite database, or a database URL.
    Raises:
        FeedbackError: no database, one of something else, or one of a newer release.
    """
    url = _url(where)
    if url.database and url.get_backend_name() == "sqlite":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            _bring_up_to_date(connection, url)
        if engine.dialect.name == "sqlite":
            _set_wal(engine)
    except DBAPIError as error:
        engine.dispose()
        raise _unusable(url, error) from None
    except FeedbackError:
        engine.dispose()
        raise
    return engine


def open_for_reading(where: Path | str) -> Engine:
    """
    The log as it is; nothing is made or changed.

    Raises:
        FeedbackError: no log there, one of something else, or one of another release.
    """
    url = _url(where)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise FeedbackError.one(
            where=shown(url),
            expected="a feedback log",
            found="no file",
            fix="write one with `penstock store JOURNAL --database PATH`, or give its path",
        )
    engine = _engine(url, is_read_only=True)
    try:
        with engine.connect() as connection:
            _check_current(connection, url)
    except DBAPIError as error:
        engine.dispose()
        raise _unusable(url, error) from None
    except FeedbackError:
        engine.dispose()
        raise
    return engine


def _url(where: Path | str) -> URL:
    text = str(where)
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
        url.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise FeedbackError.one(
            where=text.rsplit("@", maxsplit=1)[-1],  # without a password
            expected="a path, or the URL of a SQLite or PostgreSQL database",
            found=str(error),
            fix="for example runs/store.db, or postgresql+psycopg://user@host/penstock, which "
            "needs `pip install penstock[postgres]`",
        ) from None
    return url


def _engine(url: URL, *, is_read_only: bool = False) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url)
    if is_read_only:
        path = Path(url.database or "").absolute().as_uri()
        url = url.set(database=path, query={"mode": "ro", "uri": "true"})
    engine = create_engine(url, connect_args={"timeout": BUSY_S})

    # Python's driver begins transactions late, and none for DDL; so we begin them ourselves, and
    # for writing at once: two writers then wait for each other instead of failing half way.
    @event.listens_for(engine, "connect")
    def _take_over(driver_connection: Any, _record: Any) -> None:
        driver_connection.isolation_level = None
        driver_connection.execute(_SYNCHRONOUS)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")

    return engine


def _set_wal(engine: Engine) -> None:
    """Outside a transaction, and only in a file that is known to be ours: it stays that way."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "penstock.store.feedback:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _bring_up_to_date(connection: Connection, url: URL) -> None:
    config = _alembic(connection)
    if inspect(connection).get_table_names():
        _check_known(connection, config, url)
    command.upgrade(config, "head")


def _check_known(connection: Connection, config: Config, url: URL) -> str:
    """The schema that the log has; refused unless this release knows it."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables or "journal_positions" not in tables:
        raise FeedbackError.one(
            where=shown(url),
            expected="a feedback log of Penstock",
            found=f"a database of something else; its tables: {', '.join(tables[:4]) or 'none'}",
            fix="give another path",
        )
    revision = str(MigrationContext.configure(connection).get_current_revision())
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in known:
        raise FeedbackError.one(
            where=shown(url),
            expected=f"a feedback log of this release, schema {_head(config)} at most",
            found=f"schema {revision}, which a newer release has written",
            fix="use that release, or another path",
        )
    return revision


def _check_current(connection: Connection, url: URL) -> None:
    config = _alembic(connection)
    revision = _check_known(connection, config, url)
    if revision != _head(config):
        raise FeedbackError.one(
            where=shown(url),
            expected=f"a feedback log of schema {_head(config)}",
            found=f"schema {revision}, of an older release",
            fix="`penstock store JOURNAL --database PATH` with any of its journals brings it up "
            "to date",
        )


def _head(config: Config) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None, "no migration is installed"
    return head


def _unusable(url: URL, error: DBAPIError) -> FeedbackError:
    return FeedbackError.one(
        where=shown(url),
        expected="a database that can be opened",
        found=str(error.orig),
        fix="give the path of a feedback log, or of a file that does not exist yet",
    )


def shown(url: URL) -> str:
    """A database as errors name it; never with a password."""
    is_file = url.get_backend_name() == "sqlite"
    return str(url.database) if is_file else url.render_as_string(hide_password=True)
