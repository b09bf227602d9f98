"""Imports point down, the core reads no clock, and the build notices when that changes."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.tidy.rules import ROOT

DOWN = "Imports point down"
PURE = "The core does no I/O and reads no clock"
MATCHING = "Matching knows no world"


def lint_imports(root: Path) -> tuple[dict[str, str], str]:
    """Verdict by contract, and the whole report, of import-linter over the package in `root`."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root / "src"), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    report = done.stdout + done.stderr
    verdicts = {
        name: verdict
        for name in (DOWN, PURE, MATCHING)
        for verdict in ("KEPT", "BROKEN")
        if f"{name} {verdict}" in report
    }
    return verdicts, report


def test_every_package_has_its_level() -> None:
    """A package that no layer names may import anything, and nobody would notice."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    levels = " ".join(contracts["contracts"][0]["layers"])
    named = set(re.findall(r"penstock\.(\w+)", levels))
    modules = {
        path.stem
        for path in (ROOT / "src" / "penstock").glob("[!_]*")
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }

    assert set() == modules - named


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    """A copy of the package and its contracts, to plant things in."""
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_point_down(copied_tree: Path) -> None:
    """Also the control of the tests below: the copy is clean before anything is planted."""
    verdicts, report = lint_imports(copied_tree)

    assert dict.fromkeys((DOWN, PURE, MATCHING), "KEPT") == verdicts, report


@pytest.mark.parametrize(
    ("package", "planted", "broken"),
    [
        ("domain", "import penstock.sim", DOWN),
        ("domain", "import time", PURE),
        ("sim.matching", "import penstock.sim.layout", MATCHING),
    ],
)
def test_a_planted_import_breaks_its_contract(
    copied_tree: Path, package: str, planted: str, broken: str
) -> None:
    """A contract that was never seen to fail may be checking nothing."""
    culprit = copied_tree / "src" / "penstock" / package.replace(".", "/") / "planted.py"
    culprit.write_text(f'"""A module that does what it must not."""\n{planted}\n')

    found, report = lint_imports(copied_tree)

    assert found == dict.fromkeys((DOWN, PURE, MATCHING), "KEPT") | {broken: "BROKEN"}, report
    assert f"penstock.{package}.planted" in report
