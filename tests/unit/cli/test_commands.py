"""What commands print when all is well: help with an example, tables, one JSON object."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner

from penstock import __version__
from penstock.cli.main import COMMANDS, EXIT_BROKEN_PROMISE, cli
from penstock.domain import SendChild
from penstock.journal import JournalWriter, RecordKind, read_context, read_journal
from penstock.models import dump_model, synthetic_model
from penstock.store import Registry
from tests.support.command_line import penstock
from tests.support.consolidated_files import random_day
from tests.support.small_days import N_PARENTS, SMALL, small_file


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_says_what_its_exit_status_means(name: str) -> None:
    """A script that calls it has nothing else to go by; with one line to start from."""
    result = CliRunner().invoke(cli, [name, "--help"])

    assert 0 == result.exit_code
    assert "Exit status: 0 " in result.output
    assert name == "demo" or "Example:  penstock " + name in result.output


def test_the_help_lists_all_commands_without_importing_any() -> None:
    """The compiler and LightGBM take seconds to import."""
    result = CliRunner().invoke(cli, ["--help"])

    assert 0 == result.exit_code
    for name, (_, text) in COMMANDS.items():
        assert f"  {name} " in result.output
        assert text.split(":")[0] in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_lives_under_the_name_that_it_is_called_by(name: str) -> None:
    """The table of commands and the commands themselves are written apart."""
    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    assert name == command.name
    for subcommand in command.commands.values() if isinstance(command, click.Group) else ():
        assert subcommand.help


def test_the_version_is_that_of_the_package() -> None:
    """The one that results are shown with."""
    assert f"penstock, version {__version__}\n" == penstock("--version").out


def test_an_empty_registry_says_how_to_fill_it(tmp_path: Path) -> None:
    """Not an error; in JSON an empty list."""
    ran = penstock("models", "list", "--models", tmp_path / "none")
    as_json = penstock("models", "list", "--models", tmp_path / "none", "--json")

    assert (0, 0) == (ran.status, as_json.status)
    assert "penstock train" in ran.out
    assert {"models": []} == msgspec.json.decode(as_json.out)
    assert not (tmp_path / "none").exists()


def test_models_are_listed_and_shown(tmp_path: Path) -> None:
    """Name, version, hash; and the card of the one that is asked for."""
    model = synthetic_model(feature_names=("a",), features_version="t", n_trees=1, n_leaves=2)
    model_id = Registry(tmp_path).add(dump_model(model), "mine")

    assert f"{model_id}\n" == penstock("models", "list", "--models", tmp_path).out
    shown = penstock("models", "show", "mine@1", "--models", tmp_path)
    assert "trained on  nothing: random trees" in shown.out
    assert "slippage_bps" in shown.out
    as_json = penstock("models", "show", model_id.sha256[:8], "--models", tmp_path, "--json")
    assert model_id.sha256 == msgspec.json.decode(as_json.out)["model"]["sha256"]


def test_files_with_stock_and_day_in_their_names_are_ingested(tmp_path: Path) -> None:
    """Two files in, one tape out, and what was cleaned is shown."""
    quotes, trades = random_day(seed=1)
    paths = [tmp_path / f"test_20131008_{kind}.csv" for kind in ("quote", "trade")]
    for path, text in zip(paths, (quotes, trades), strict=True):
        path.write_text(text, encoding="utf-8")
    tape = tmp_path / "made" / "test.tape"
    ran = penstock("ingest", "tape", *paths, "--out", tape, "--json")

    assert 0 == ran.status
    assert tape.is_file()
    found = msgspec.json.decode(ran.out)
    assert ("TEST", 20131008, "tape") == (found["symbol"], found["day"], found["format"])


class Evaluated:
    """One small comparison, its page and its journals."""

    def __init__(self, folder: Path) -> None:
        self.page, self.journals = folder / "page" / "page.html", folder / "journals"
        self.args = (
            "evaluate", small_file(folder), "--policies", "static,sweep", "--seeds", 2,
            "--baseline-seeds", 1, "--workers", 1, "--page", self.page, "--json",
            "--kept", folder / "days",
        )  # fmt: skip
        self.ran = penstock(*self.args, "--journal", self.journals)
        self.journal = self.journals / f"{SMALL}-static-1.journal"


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """Run once."""
    return Evaluated(tmp_path_factory.mktemp("evaluated"))


def test_evaluate_prints_one_json_object_and_writes_a_page(evaluated: Evaluated) -> None:
    """Progress and the page's name go to stderr, so that stdout can be piped."""
    result = msgspec.json.decode(evaluated.ran.out)["scenarios"][SMALL]

    assert 0 == evaluated.ran.status
    assert [1, 2] == result["seeds"]
    assert 2 * N_PARENTS == result["policies"]["sweep"]["n_parents"]
    assert result["best_baseline"] in ("static", "sweep")
    assert SMALL in evaluated.page.read_text(encoding="utf-8")
    assert "page" in evaluated.ran.err


def test_evaluate_again_gives_the_same_figures(evaluated: Evaluated) -> None:
    """Journalled or not."""
    again = penstock(*evaluated.args, "--fresh")
    first, second = (msgspec.json.decode(ran.out)["scenarios"] for ran in (evaluated.ran, again))

    assert first == second


def test_evaluate_goes_on_where_it_stopped(evaluated: Evaluated) -> None:
    """Kept days are the same to the bit, a damaged one is run again, and people are told."""
    days = evaluated.args[-1]
    assert isinstance(days, Path)
    files = sorted(days.rglob("*.day"))
    assert 6 == len(files), "two judged days and one other of two policies"
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-1])
    again = penstock(*evaluated.args)
    first, second = (msgspec.json.decode(ran.out)["scenarios"] for ran in (evaluated.ran, again))

    assert "4 of 6 days" in again.err
    assert first == second
    assert files == sorted(days.rglob("*.day"))


def test_evaluate_shows_a_table_to_people(evaluated: Evaluated) -> None:
    """Every policy by name."""
    shown = penstock(*(arg for arg in evaluated.args if arg != "--json"))

    assert 0 == shown.status
    assert "static" in shown.out
    assert "sweep" in shown.out


def test_a_journal_is_never_overwritten(evaluated: Evaluated) -> None:
    """Two workers or one: the error that a second run gets is whole."""
    for n_workers in (1, 2):
        ran = penstock(*evaluated.args, "--journal", evaluated.journals, "--workers", n_workers)

        assert 2 == ran.status
        assert f"{evaluated.journal}: expected no file: a journal is never overwritten" in ran.err


def test_a_journal_replays(evaluated: Evaluated) -> None:
    """One for each policy of the first day."""
    paths = sorted(evaluated.journals.iterdir())
    ran = penstock("replay", evaluated.journal)
    as_json = msgspec.json.decode(penstock("replay", evaluated.journal, "--json").out)

    assert [f"{SMALL}-{policy}-1.journal" for policy in ("static", "sweep")] == [
        path.name for path in paths
    ]
    assert 0 == ran.status
    assert f"{SMALL}, seed 1, static" in ran.out
    assert "the same, to the bit" in ran.out
    assert as_json["difference"] is None
    assert as_json["state_hash"] in ran.out


def test_a_journal_that_ends_in_the_middle_of_the_work_says_so(
    evaluated: Evaluated, tmp_path: Path
) -> None:
    """Cut between two records it is whole; only the parents tell that something is missing."""
    path = tmp_path / "cut.journal"
    first_child = next(
        entry
        for entry in read_journal(evaluated.journal)
        if entry.kind is RecordKind.COMMANDS
        and any(isinstance(command, SendChild) for command in entry.commands)
    )
    path.write_bytes(evaluated.journal.read_bytes()[: first_child.end_offset])
    cut = penstock("replay", path)

    assert 0 == cut.status
    assert "1 parents were still at work" in cut.out
    assert 1 == msgspec.json.decode(penstock("replay", path, "--json").out)["n_parents_at_work"]
    assert "at its end" not in penstock("replay", evaluated.journal).out


def test_a_command_that_differs_is_shown_with_a_status_of_its_own(
    evaluated: Evaluated, tmp_path: Path
) -> None:
    """A journal that says another policy than the one that wrote it: the replay must notice."""
    path = tmp_path / "edited.journal"
    context = read_context(evaluated.journal) | {"policy": "sweep"}
    with JournalWriter.create(path, context) as writer:
        for entry in read_journal(evaluated.journal):
            if entry.kind is RecordKind.MARKET:
                writer.append_market(entry.tape, 0, len(entry.tape))
            elif entry.kind is RecordKind.EVENT:
                writer.append_event(entry.event)
            else:
                writer.append_commands(entry.commands)
    ran = penstock("replay", path)

    assert EXIT_BROKEN_PROMISE == ran.status
    assert "DIFFERENT at byte" in ran.out
    assert "recorded" in ran.out


def test_a_broken_promise_ends_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """An assertion of ours is never bad input: the status tells, and how to see it again."""

    def broken(**_options: object) -> None:
        raise AssertionError("shares were lost")

    monkeypatch.setattr(cli, "main", broken)
    ran = penstock("models", "list")

    assert EXIT_BROKEN_PROMISE == ran.status
    assert "shares were lost" in ran.err
    assert "to see it again: penstock models list" in ran.err


def test_a_signal_to_end_ends_a_command_and_its_workers(tmp_path: Path) -> None:
    """As a service manager would send it; nothing stays behind."""
    path = small_file(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "penstock", "evaluate", str(path), "--policies", "static,sweep",
         "--seeds", "500", "--workers", "2", "--page", str(tmp_path / "page.html"),
         "--kept", str(tmp_path / "days")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + 600.0  # kernels may have to be compiled
        while len(_group(process.pid)) < 3 and time.monotonic() < until:
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()

        assert 143 == process.wait(60)
        until = time.monotonic() + 60.0
        while _group(process.pid) and time.monotonic() < until:
            time.sleep(0.05)
        assert [] == _group(process.pid)
    finally:
        for pid in _group(process.pid):
            os.kill(pid, signal.SIGKILL)


def _group(leader: int) -> list[int]:
    """Processes of a session, zombies left out."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            _, _, after = stat.read_text().rpartition(")")
            state, _, group = after.split()[:3]
            if int(group) == leader and state != "Z":
                found.append(int(stat.parent.name))
    return found
