"""Bad input at the command line: one clear error with its fix, exit status 2, no traceback."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.journal import JournalWriter
from penstock.models import dump_model, synthetic_model
from penstock.routing import POLICIES
from penstock.store import Registry
from tests.support.command_line import refusal
from tests.support.small_days import SMALL, replay_file, small_file, tape_file
from tests.tidy.rules import ROOT


def model_file(*, features_version: str = FEATURES_VERSION) -> bytes:
    """A model that knows nothing."""
    return dump_model(
        synthetic_model(
            feature_names=FEATURE_NAMES, features_version=features_version, n_trees=1, n_leaves=2
        )
    )


def test_an_unknown_policy_is_refused_with_those_that_are() -> None:
    """Before any file is looked at."""
    said = refusal("evaluate", "no-such.toml", "--policies", "static,statik")

    assert "--policies: 'statik'" in said
    assert ", ".join(POLICIES) in said


@pytest.mark.parametrize(("policies", "found"), [("sweep,sweep", "sweep,sweep"), (",", "nothing")])
def test_a_policy_twice_or_none_is_refused(policies: str, found: str) -> None:
    """Its days would be counted twice; and nothing cannot be compared."""
    said = refusal("evaluate", "no-such.toml", "--policies", policies)

    assert f"expected each policy once, at least one; found {found}" in said


def test_an_unknown_key_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    """A misspelt key that is ignored is a setting that is not what its writer thinks."""
    path = small_file(tmp_path, ("duration_s = 600.0", "duration_secs = 600.0"))
    said = refusal("evaluate", path)

    assert f"{path}: scenario.duration_secs" in said
    assert "unknown key" in said
    assert "did you mean `duration_s`?" in said


def test_a_value_of_the_wrong_type_names_file_key_and_both_types(tmp_path: Path) -> None:
    """Where, expected, found, fix; and all problems at once."""
    path = small_file(
        tmp_path,
        ("duration_s = 600.0", 'duration_s = "ten minutes"'),
        ("adv_shares = 12_000_000", "adv_shares = 8.5"),
    )
    said = refusal("train", path)

    assert f"{path}: scenario.duration_s: expected" in said
    assert "ten minutes" in said
    assert f"{path}: instrument.adv_shares: expected" in said
    assert 2 == said.count("Fix:")


def test_text_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    """With the place."""
    path = tmp_path / "broken.toml"
    path.write_text("[scenario\nname = ", encoding="utf-8")
    said = refusal("evaluate", path)

    assert str(path) in said
    assert "Fix:" in said


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("evaluate", "conf/router.toml"),
        ("train", "conf/router.toml"),
        ("simulate", "conf/oms.toml"),
        ("simulate", "conf/venues.toml"),
        ("run", "scenarios/null.toml"),
        ("run", "conf/oms.toml"),
        ("run", "conf/venues.toml"),
        ("venues", "conf/router.toml"),
        ("venues", "scenarios/null.toml"),
        ("oms", "conf/venues.toml"),
    ],
)
def test_a_file_of_the_wrong_kind_is_one_problem(command: str, name: str) -> None:
    """Not one for every key of it, with hints at keys that nobody meant."""
    path = ROOT / name
    said = refusal(command, path)

    assert f"penstock: {path}: expected a file with [" in said
    assert 1 == said.count("Fix:")
    assert f"`penstock check {path}` says what it is" in said


def test_one_venue_is_not_a_market_to_route_in(tmp_path: Path) -> None:
    """There is nothing to compare."""
    text = small_file(tmp_path).read_text(encoding="utf-8")
    front, *venues = text.split("[[venues]]\n")
    thick = next(venue for venue in venues if "PNYA" in venue)
    path = tmp_path / "one.toml"
    path.write_text(f"{front}[[venues]]\n{thick}", encoding="utf-8")
    said = refusal("evaluate", path)

    assert f"{path}: venues: expected 2 to 64 venues" in said
    assert "found 1 venue" in said


def test_a_scenario_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Every command that takes one."""
    for command in ("evaluate", "train"):
        assert "no-such.toml" in refusal(command, tmp_path / "no-such.toml")


def test_a_truncated_tape_is_refused(tmp_path: Path) -> None:
    """Half a day would look like a quiet one."""
    tape = tape_file(tmp_path)
    tape.write_bytes(tape.read_bytes()[:-100])
    said = refusal("evaluate", replay_file(tmp_path), "--policies", "static")

    assert "test.tape" in said
    assert "cut short" in said


@pytest.mark.parametrize(
    "content",
    [b"09:30:00,181.5,100\n", b"", gzip.compress(b"09:30:00,181.5,100\n", mtime=0)],
    ids=["text", "empty", "gzip"],
)
def test_a_file_that_is_no_tape_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever it is."""
    (tmp_path / "test.tape").write_bytes(content)
    said = refusal("evaluate", replay_file(tmp_path), "--policies", "static")

    assert "expected a tape file of Penstock" in said
    assert "penstock ingest tape" in said


def test_a_missing_tape_says_how_to_make_one(tmp_path: Path) -> None:
    """Recorded data is not part of the project."""
    assert "penstock ingest tape" in refusal("train", replay_file(tmp_path))


def test_a_gzip_of_something_else_is_not_ingested(tmp_path: Path) -> None:
    """A picture, say, with the name of a quote file."""
    path = tmp_path / "test_20131008_quote.csv.gz"
    path.write_bytes(gzip.compress(bytes(range(256)), mtime=0))
    said = refusal("ingest", "tape", path, "--out", tmp_path / "out.tape")

    assert "test_20131008_quote.csv" in said
    assert "Fix:" in said
    assert not (tmp_path / "out.tape").exists()


def test_files_without_a_day_in_their_names_need_it_said(tmp_path: Path) -> None:
    """A guess would put the wrong date on a tape."""
    said = refusal("ingest", "tape", tmp_path / "quotes.csv")

    assert "--symbol IBM --day 20131007" in said


def test_tuned_settings_that_are_not_there_are_missed(tmp_path: Path) -> None:
    """With a mistyped name the comparison would be with baselines that nobody searched."""
    said = refusal("evaluate", "no-such.toml", "--tuned", tmp_path / "nowhere")

    assert "--tuned" in said
    assert "nowhere" in said


def test_without_a_model_the_learned_policy_is_refused_before_a_day_runs(tmp_path: Path) -> None:
    """With the command that makes one."""
    said = refusal("evaluate", small_file(tmp_path), "--models", tmp_path / "models")

    assert f"model for {SMALL}" in said
    assert "found an empty registry" in said
    assert "penstock train" in said


def test_a_model_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    """A typing error in --model."""
    Registry(tmp_path / "models").add(model_file(), "other")
    said = refusal(
        "evaluate", small_file(tmp_path), "--models", tmp_path / "models", "--model", "othre"
    )

    assert "'othre'" in said
    assert "other@1" in said


def test_a_model_for_other_features_is_refused_before_a_day_runs(tmp_path: Path) -> None:
    """Its trees would read columns that mean something else."""
    Registry(tmp_path / "models").add(model_file(features_version="0"), SMALL)
    said = refusal("evaluate", small_file(tmp_path), "--models", tmp_path / "models")

    assert "features" in said
    assert "Fix:" in said


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    """One flipped bit is another model."""
    registry = Registry(tmp_path / "models")
    path = registry.path(registry.add(model_file(), SMALL))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))

    for said in (
        refusal("evaluate", small_file(tmp_path), "--models", tmp_path / "models"),
        refusal("models", "show", SMALL, "--models", tmp_path / "models"),
    ):
        assert path.name in said
        assert "changed after it was added" in said


def test_an_unknown_model_cannot_be_shown(tmp_path: Path) -> None:
    """The registry is empty, and says so."""
    said = refusal("models", "show", "reference-day", "--models", tmp_path / "models")

    assert "the registry is empty" in said


def test_a_missing_journal_says_how_to_write_one(tmp_path: Path) -> None:
    """A folder is none either."""
    for path in (tmp_path / "no.journal", tmp_path):
        assert "--journal" in refusal("replay", path)


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    """By its first bytes."""
    path = tmp_path / "text.journal"
    path.write_text("not a journal at all, only text", encoding="utf-8")

    assert "starts with PENJ" in refusal("replay", path)


def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    """In its context already; damage further on is tests/unit/journal's."""
    path = tmp_path / "damaged.journal"
    JournalWriter.create(path, {"model_sha256": "", "policy": "static"}).close()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))

    assert "damaged or edited" in refusal("replay", path)


def test_a_journal_of_something_else_is_refused(tmp_path: Path) -> None:
    """Whole, but it does not say how to build the engine again."""
    path = tmp_path / "other.journal"
    JournalWriter.create(path, {"program": "another"}).close()
    said = refusal("replay", path)

    assert "the journal's context" in said
    assert "release that wrote it" in said


def test_a_journals_model_that_is_gone_is_named(tmp_path: Path) -> None:
    """Another model would give other decisions, and look like a broken promise."""
    path = tmp_path / "learned.journal"
    JournalWriter.create(path, {"model_sha256": "ab" * 32, "policy": "supervised"}).close()

    assert "abababab" in refusal("replay", path, "--models", tmp_path / "models")


@pytest.mark.parametrize("option", ["--page", "--journal"])
def test_places_that_cannot_be_written_are_refused_before_a_day_runs(
    tmp_path: Path, option: str
) -> None:
    """Not after an hour: a page needs a file's name, journals a folder's."""
    path = small_file(tmp_path)
    said = refusal("evaluate", path, option, tmp_path if option == "--page" else path)

    assert option in said


def test_two_scenarios_do_not_train_one_model(tmp_path: Path) -> None:
    """A model belongs to one market."""
    (tmp_path / "other").mkdir()
    first = small_file(tmp_path)
    second = small_file(tmp_path / "other", (f'"{SMALL}"', '"another-day"'))

    assert "one after the other" in refusal("train", first, second)


def test_numbers_out_of_range_and_unknown_options_are_refused() -> None:
    """Click's own errors have the same exit status."""
    assert "--seeds" in refusal("evaluate", "x.toml", "--seeds", "0")
    assert "--sedes" in refusal("evaluate", "x.toml", "--sedes", "3")
    assert "Did you mean `evaluate`?" in refusal("evalute")
    assert refusal("xyz").endswith("No such command 'xyz'.\n")


def test_days_that_another_use_has_are_refused() -> None:
    """Those above choose baselines, train and tune; and a training without a judge says nothing."""
    said = refusal("evaluate", "x.toml", "--seeds", "20", "--first-seed", "99990")
    assert "--first-seed" in said
    assert "start at 99980" in said
    said = refusal("ablate", "x.toml", "--seeds", "5")
    assert "--seeds" in said
    assert "8 trainings" in said


def command_line(*args: object, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """The real thing, in a process of its own."""
    code = "from penstock.cli import main; main()"
    source = Path(__file__).parents[3] / "src"
    return subprocess.run(
        [sys.executable, *flags, "-c", code, *map(str, args)],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_process_ends_with_status_two_and_the_error_alone(tmp_path: Path) -> None:
    """What a script sees: nothing on stdout, where to look and what to do on stderr."""
    path = small_file(tmp_path, ("duration_s = 600.0", "duration_s = true"))
    ran = command_line("evaluate", path)

    assert 2 == ran.returncode
    assert not ran.stdout
    assert ran.stderr.startswith(f"penstock: {path}: scenario.duration_s: expected ")
    assert "found" in ran.stderr
    assert "\n  Fix: " in ran.stderr
    assert "Traceback" not in ran.stderr


def test_python_without_assertions_is_refused() -> None:
    """They guard orders."""
    ran = command_line("--help", flags=("-O",))

    assert 0 != ran.returncode
    assert "python -O" in ran.stderr
    assert not ran.stdout


@pytest.mark.parametrize("name", ["My Day", "a/../../b", "", "Reference"])
def test_a_name_that_no_model_or_file_could_have_is_refused(tmp_path: Path, name: str) -> None:
    """Before the first day; and none leads out of the folder that was named."""
    path = small_file(tmp_path, (f'name = "{SMALL}"', f'name = "{name}"'))
    said = refusal("evaluate", path, "--policies", "static", "--journal", tmp_path / "journals")

    assert "scenario.name: expected 1 to 64 of a-z" in said
    assert not list(tmp_path.rglob("*.journal"))


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_two_markets_of_one_name_are_refused(tmp_path: Path, command: str) -> None:
    """The second would replace the first in every table."""
    path = small_file(tmp_path)
    said = refusal(command, path, path, "--models", tmp_path / "models")

    assert f"expected scenarios with different names; found {SMALL}" in said


def test_a_tape_of_another_day_is_refused(tmp_path: Path) -> None:
    """Prices of one day under the fees and name of another."""
    tape_file(tmp_path)
    path = replay_file(tmp_path)
    text = path.read_text(encoding="utf-8")
    day = next(line for line in text.splitlines() if line.startswith("day ="))
    path.write_text(text.replace(day, "day = 20260304"), encoding="utf-8")
    said = refusal("evaluate", path, "--policies", "static")

    assert "scenario.day: expected" in said
    assert "found 20260304" in said


def test_hours_outside_the_tape_are_refused(tmp_path: Path) -> None:
    """Nothing moves there, and it would look like a quiet market."""
    tape_file(tmp_path)
    path = replay_file(tmp_path)
    text = path.read_text(encoding="utf-8")
    start = next(line for line in text.splitlines() if line.startswith("start_s ="))
    path.write_text(text.replace(start, "start_s = 68_000.0"), encoding="utf-8")
    said = refusal("evaluate", path, "--policies", "static")

    assert "a stretch of the tape's session" in said


@pytest.mark.parametrize(
    "args",
    [
        ("evaluate", "{scenario}", "--policies", "static", "--page", "/proc/none/page.html"),
        ("evaluate", "{scenario}", "--policies", "static", "--journal", "/proc/none"),
        ("train", "{scenario}", "--models", "/proc/none/models"),
        ("ingest", "tape", "ibm_20131007_quote.zip", "--out", "/proc/none/x.tape"),
        ("demo", "--page", "/proc/none/page.html"),
    ],
)
def test_what_could_not_be_written_at_the_end_is_refused_at_the_start(
    tmp_path: Path, args: tuple[str, ...]
) -> None:
    """An hour of work for an error is a bad trade."""
    scenario = str(small_file(tmp_path))
    said = refusal(*(arg.format(scenario=scenario) for arg in args))

    assert "/proc/none" in said
    assert "expected a file that can be written" in said


def test_what_the_operating_system_refuses_is_an_error_in_words(tmp_path: Path) -> None:
    """Whatever it is: a folder where a file should be."""
    said = refusal("replay", tmp_path / ("x" * 300))

    assert "Fix:" in said
