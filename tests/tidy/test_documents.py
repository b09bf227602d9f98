"""The documents against the code: links, make targets, dependencies, decisions, the lock."""

import re
import tomllib
from pathlib import PurePosixPath
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.tidy.rules import ROOT, File, project_files

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
DOCUMENTS = [file for file in project_files() if file.path.suffix == ".md"]
DECISIONS = [file for file in DOCUMENTS if file.path.parent == PurePosixPath("docs/adr")]


def names(requirements: list[str]) -> list[str]:
    """Names of the packages that the requirement lines ask for, sorted."""
    return sorted(Requirement(line).name for line in requirements)


def table_rows(document: str, section: str) -> list[list[str]]:
    """Cells of the table under a heading, header and rule left out."""
    text = (ROOT / document).read_text().split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def locked() -> dict[str, str]:
    """Version by package name, as pinned in the lock file."""
    text = (ROOT / "requirements/lock.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==(\S+) \\$", text, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.path))
def test_links_lead_somewhere(document: File) -> None:
    """A dead link is the first thing that a visitor finds."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.text)
    folder = (ROOT / document.path).parent
    dead = [link for link in links if "://" not in link and not (folder / link).exists()]

    assert [] == dead


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.path))
def test_make_targets_that_are_named_exist(document: File) -> None:
    """A command in a document is a promise."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^ {4}|^\$ )make ([a-z]+)", document.text, re.MULTILINE))

    assert set() == named - targets


def test_every_dependency_is_justified() -> None:
    """A dependency that nobody can justify goes; one that is gone needs no excuse."""
    rows = table_rows("docs/dependencies.md", "To run")

    assert names(PROJECT["dependencies"]) == [row[0] for row in rows]
    assert all(all(cell for cell in row) for row in rows)


def test_every_extra_is_justified() -> None:
    """The same for what is optional."""
    rows = table_rows("docs/dependencies.md", "Extras")

    assert {extra: names(lines) for extra, lines in EXTRAS.items()} == {
        row[0].strip("`"): row[1].split(", ") for row in rows
    }


def test_lock_pins_every_dependency_within_its_range() -> None:
    """`make install` and `pip install penstock` must not mean different versions."""
    pins = locked()
    wanted = [Requirement(line) for line in PROJECT["dependencies"] + EXTRAS["dev"]]
    breaches = [str(r) for r in wanted if not r.specifier.contains(pins.get(r.name, "0"))]

    assert [] == breaches
    assert "setuptools" in pins  # builds the editable install without a network


def test_lock_holds_pins_and_hashes_only() -> None:
    """A line with an address or an option would install something else on another machine."""
    text = (ROOT / "requirements/lock.txt").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    pin_with_hashes = re.compile(r"[\w.-]+==[\w.]+ (\s*--hash=sha256:[0-9a-f]{64})+")

    assert [] == [line for line in lines if not pin_with_hashes.fullmatch(line)]
    assert len(locked()) == len(lines)


def test_the_fix_engine_is_pinned_apart_with_its_hash() -> None:
    """It is built with flags of its own, so it has a file of its own; the pin is still one."""
    text = (ROOT / "requirements/fix.txt").read_text().replace("\\\n", "")
    (line,) = [line for line in text.splitlines() if line and not line.startswith("#")]

    assert EXTRAS["fix"] == [line.split()[0]]
    assert re.fullmatch(r"[\w.-]+==[\w.]+ (\s*--hash=sha256:[0-9a-f]{64})+", line)


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda decision: decision.path.name)
def test_decisions_have_the_form(decision: File) -> None:
    """Short, dated, with the road not taken and the condition to revisit."""
    number = decision.path.name[:4]
    paragraphs = ["Context.", "Options.", "Decision.", "Consequences.", "Revisit when "]

    assert decision.text.startswith(f"# {number}. ")
    assert re.search(
        r"^Status: (proposed|accepted|superseded by \d{4}),? \d{4}-\d\d-\d\d\.$",
        decision.text,
        re.MULTILINE,
    )
    assert [] == [p for p in paragraphs if not re.search(f"^{p}", decision.text, re.MULTILINE)]


def test_decisions_are_numbered_once() -> None:
    """A number that is cited must mean one decision."""
    numbers = [decision.path.name[:4] for decision in DECISIONS]

    assert sorted(set(numbers)) == numbers


def test_changelog_pieces_are_named_after_their_issue() -> None:
    """One file per change, so that two changes never meet in one line."""
    pieces = [d.path.name for d in DOCUMENTS if d.path.parts[0] == "changelog.d"]

    assert [] == [p for p in pieces if p != "README.md" and not re.fullmatch(r"\d+\.md", p)]
