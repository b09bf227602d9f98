"""docs/feedback.md against the log: its queries run, its tables and columns are the real ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from penstock.store.feedback.schema import IN_ORDER
from tests.support.feedback_logs import journal_of_small_day, rows, written

PAGE = Path(__file__).parents[4] / "docs" / "feedback.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small day under the static waterfall."""
    folder = tmp_path_factory.mktemp("log")
    written(journal_of_small_day(folder / "day.journal"), folder / "log.db")
    return folder / "log.db"


@pytest.mark.parametrize("query", QUERIES)
def test_a_documented_query_runs(log: Path, query: str) -> None:
    """And finds something, but for fall-backs: a static day has none."""
    found = rows(log, query)

    assert bool(found) == ("fallback <> ''" not in query)


def test_every_table_and_every_column_is_documented() -> None:
    """A line a table; a column that is not described is one that nobody can use."""
    lines = {
        line.split("`")[1]: line
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    }

    assert {table.name for table in IN_ORDER} == set(lines)
    for table in IN_ORDER:
        names = [column.name for column in table.c if column.name != "run_id"]
        missing = [name for name in names if f"`{name}`" not in lines[table.name]]
        assert [] == missing, table.name
