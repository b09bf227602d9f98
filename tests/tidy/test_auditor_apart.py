"""The drill's auditor shares no code with what it judges."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy.rules import ROOT

AUDIT = "penstock.runtime.drill.audit"
FILES = sorted((ROOT / "src" / AUDIT.replace(".", "/")).glob("*.py"))


def imported_by(path: Path) -> Iterator[str]:
    """Every module that a file names in an import."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_the_auditor_imports_the_standard_library_only(path: Path) -> None:
    """A mistake that router and auditor had in common would never be found."""
    foreign = [
        name
        for name in imported_by(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(AUDIT)
    ]

    assert [] == foreign


def test_there_is_an_auditor() -> None:
    """An empty folder would keep every rule."""
    assert len(FILES) > 5
