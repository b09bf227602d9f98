"""An error message lets a stranger mend the input."""

from pathlib import Path

import pytest

from penstock.domain import (
    ConfigError,
    InputError,
    JournalError,
    ModelFileError,
    OrderError,
    PenstockError,
    Problem,
    TapeError,
    reason_of,
)

PROBLEM = Problem(where="live.toml: router.venues[2]", expected="a MIC", found="'IEX'", fix="IEXG")


def test_a_problem_says_where_expected_found_and_fix() -> None:
    """All four, in this order, or somebody has to read the source at 9:29."""
    expected = "live.toml: router.venues[2]: expected a MIC; found 'IEX'.\n  Fix: IEXG"

    assert expected == str(PROBLEM)


def test_an_input_error_tells_all_problems_at_once() -> None:
    """Mending one problem per run is a morning lost."""
    other = Problem(where="line 7", expected="a price", found="''", fix="fill it in")
    error = InputError([PROBLEM, other])

    assert (PROBLEM, other) == error.problems
    assert f"{PROBLEM}\n{other}" == str(error)


@pytest.mark.parametrize(("found", "shown"), [(3, "3"), ("an empty file", "an empty file")])
def test_a_single_problem_shows_what_was_found(found: object, shown: str) -> None:
    """Values as Python shows them; words as they are."""
    error = ConfigError.one(where="a", expected="b", found=found, fix="c")

    assert isinstance(error, ConfigError)
    assert [shown] == [problem.found for problem in error.problems]


def test_an_error_without_a_problem_is_our_own_bug() -> None:
    """It would print nothing."""
    with pytest.raises(AssertionError, match="explains nothing"):
        InputError([])


def test_the_system_is_quoted_in_words(tmp_path: Path) -> None:
    """Its numbers, and the path once more, help nobody; what has no words stays as it is."""
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    said = []
    for path in (tmp_path / "nowhere", tmp_path, tmp_path / "binary"):
        with pytest.raises((OSError, UnicodeDecodeError)) as caught:
            path.read_text(encoding="utf-8")
        assert isinstance(caught.value, OSError | UnicodeDecodeError)
        said.append(reason_of(caught.value))

    not_utf_8 = "the byte 0xff in line 1, which is no UTF-8 text"
    assert ["no such file or directory", "a folder", not_utf_8] == said
    assert "timed out" == reason_of(TimeoutError("timed out"))


def test_a_byte_that_is_no_text_is_found_by_its_line(tmp_path: Path) -> None:
    """In a long file somebody has to look for it."""
    path = tmp_path / "latin-1.toml"
    path.write_bytes(b"# one\n# two\nname = 'M\xfcnchen'\n")
    with pytest.raises(UnicodeDecodeError) as caught:
        path.read_text(encoding="utf-8")

    assert "the byte 0xfc in line 3, which is no UTF-8 text" == reason_of(caught.value)


@pytest.mark.parametrize("kind", [ConfigError, OrderError, TapeError, ModelFileError, JournalError])
def test_every_bad_input_can_be_caught_as_one(kind: type[InputError]) -> None:
    """The command line turns all of them into one exit status."""
    assert issubclass(kind, InputError)
    assert issubclass(kind, PenstockError)
