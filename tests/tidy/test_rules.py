"""The tree keeps the house rules, and each rule catches what it is for."""

from collections.abc import Callable
from pathlib import PurePosixPath

import pytest

from tests.tidy import rules
from tests.tidy.rules import File, project_files

FILES = project_files()

# What each rule must catch. Broken in two where the whole would itself break the rule.
PLANTED = [
    (rules.files_stay_short, "src/penstock/book/depth.py", "x = 1\n" * 401),
    (rules.modules_say_why_they_exist, "src/penstock/book/depth.py", "x = 1\n"),
    (rules.names_say_what_is_inside, "src/penstock/book/utils.py", ""),
    (rules.names_say_what_is_inside, "tests/helpers/books.py", ""),
    (rules.package_inits_hold_no_code, "src/penstock/book/__init__.py", "x = 1\n"),
    (rules.package_inits_hold_no_code, "src/penstock/book/__init__.py", '__version__ = "1"\n'),
    (rules.package_inits_hold_no_code, "src/penstock/__init__.py", "def f() -> None: ...\n"),
    (rules.output_goes_through_the_command_line, "src/penstock/book/depth.py", "print(1)\n"),
    (rules.kernels_go_through_one_door, "src/penstock/book/depth.py", "from numba import njit\n"),
    (rules.open_ends_have_an_issue, "src/penstock/book/depth.py", "x = 1  #" + " TODO later\n"),
    (rules.no_package_index_is_named, "requirements/a.txt", "--extra-index" + "-url x\n"),
    (rules.no_package_index_is_named, "docs/a.md", "from https://pypi" + ".org/\n"),
    (rules.no_path_of_one_machine, "docs/a.md", "see " + "/home" + "/alice/tapes\n"),
]

GOOD = [
    File(
        PurePosixPath("src/penstock/book/depth.py"),
        '"""Depth."""\nimport penstock._kernels\nx = 1  # TODO(#41): y, as ~/home/a\n',
    ),
    File(PurePosixPath("src/penstock/__init__.py"), '"""P."""\n__version__ = "1"\n'),
    File(PurePosixPath("src/penstock/cli/demo.py"), '"""Demo."""\nprint(1)\n'),
    File(
        PurePosixPath("src/penstock/book/__init__.py"),
        '"""Books."""\nfrom penstock.book.depth import x\n__all__ = ["x"]\n',
    ),
]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_tree_keeps_the_rule(rule: Callable[[File], list[str]]) -> None:
    """A rule is what a check enforces; the rest is opinion."""
    breaches = [breach for file in FILES for breach in rule(file)]

    assert [] == breaches


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_rule_catches_a_planted_breach(
    rule: Callable[[File], list[str]], path: str, text: str
) -> None:
    """A rule that never fails is a rule that never looked."""
    assert rule(File(PurePosixPath(path), text))


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_rule_accepts_good_files(rule: Callable[[File], list[str]]) -> None:
    """A rule that objects to good code gets switched off."""
    assert [] == [breach for file in GOOD for breach in rule(file)]


def test_an_exception_to_the_length_rule_only_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of long files is a debt: it is paid off, never added to by stealth."""
    file = File(PurePosixPath("src/penstock/book/depth.py"), "x = 1\n" * 450)
    monkeypatch.setitem(rules.LONG_FILES, str(file.path), 500)

    assert [] == rules.files_stay_short(file)
    assert rules.long_files_only_shrink(file)


def test_the_files_under_test_are_the_project() -> None:
    """An empty listing would pass every rule."""
    paths = {str(file.path) for file in FILES}

    assert {"pyproject.toml", "src/penstock/__init__.py", "tests/tidy/test_rules.py"} <= paths
