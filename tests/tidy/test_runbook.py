"""The run-book has every code that an operator can be shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.tidy.rules import ROOT

CALLS = {"alert", "notice", "_notice", "Notice"}


def codes_of(source: str) -> Iterator[str]:
    """Codes that a file gives to alerts and notices."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in CALLS:
            continue
        texts = [a.value for a in node.args[:2] if isinstance(a, ast.Constant)]
        yield from (text for text in texts if isinstance(text, str))


def test_every_code_is_in_the_run_book() -> None:
    """A person who is woken by a code has to find what to type."""
    sources = [
        path.read_text(encoding="utf-8")
        for package in ("engine", "runtime")
        for path in sorted((ROOT / "src" / "penstock" / package).rglob("*.py"))
        if "drill" not in path.relative_to(ROOT).parts
    ]
    codes = {code for source in sources for code in codes_of(source)}
    book = (ROOT / "docs" / "live.md").read_text(encoding="utf-8").split("## Run-book")[1]
    documented = set(re.findall(r"`([a-z_]+)`", book))

    assert len(codes) > 40
    assert set() == codes - documented
