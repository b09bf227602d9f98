"""Scenario files into markets: one, or one per depth assumption; and what is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from penstock.domain import ConfigError, TapeError
from penstock.trials import RecordedDay, load_markets
from tests.support.small_days import (
    RECORDED,
    SMALL,
    replay_file,
    small_file,
    small_scenario,
    tape_file,
)


def test_a_generated_scenario_is_one_market(tmp_path: Path) -> None:
    """Under the scenario's name, without a script."""
    (market,) = load_markets(small_file(tmp_path))

    assert SMALL == market.name
    assert small_scenario() == market.scenario
    assert market.script is None


def test_a_recorded_day_is_a_market_for_each_depth_assumption(tmp_path: Path) -> None:
    """A result under one assumption only would be a result about the assumption."""
    tape_file(tmp_path)
    markets = load_markets(replay_file(tmp_path))

    assert [f"{RECORDED}[{depth}]" for depth in ("thin", "matched", "deep")] == [
        market.name for market in markets
    ]
    assert all(market.script is not None and len(market.script) > 0 for market in markets)
    assert all("no claim" in " ".join(market.notes) for market in markets)


def test_a_recorded_day_is_named_by_stock_day_and_tape(tmp_path: Path) -> None:
    """The hash is that of the file, as `sha256sum` says it; a generated market has none of it."""
    tape = tape_file(tmp_path)
    sha256 = hashlib.sha256(tape.read_bytes()).hexdigest()
    markets = load_markets(replay_file(tmp_path))

    assert {RecordedDay("TEST", 20131008, sha256)} == {market.recorded for market in markets}
    assert markets[0].recorded is not None
    assert f"recorded day TEST 20131008, tape {sha256[:12]}" == markets[0].recorded.origin
    assert load_markets(small_file(tmp_path))[0].recorded is None


def test_one_assumption_may_be_asked_for(tmp_path: Path) -> None:
    """And compiles to the same flow as among the others."""
    tape_file(tmp_path)
    path = replay_file(tmp_path)
    (thin,) = load_markets(path, depth="thin")
    first = load_markets(path)[0]

    assert first.name == thin.name
    assert first.script is not None
    assert thin.script is not None
    assert first.script.tobytes() == thin.script.tobytes()


def test_the_tape_is_looked_for_beside_the_scenario_and_may_be_another(tmp_path: Path) -> None:
    """The day of the scenario becomes the day of the tape."""
    (tmp_path / "elsewhere").mkdir()
    elsewhere = tape_file(tmp_path / "elsewhere")
    path = replay_file(tmp_path, ("day = 20131008", "day = 20131007"))
    (market,) = load_markets(path, tape=elsewhere, depth="thin")

    assert 20131008 == market.scenario.scenario.day


def test_a_scenario_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With where examples are."""
    with pytest.raises(ConfigError, match=r"no-such\.toml.*scenario file") as caught:
        load_markets(tmp_path / "no-such.toml")

    assert "scenarios/" in str(caught.value)


def test_a_folder_or_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Both would come out of Python as errors of other kinds."""
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "bytes.toml"):
        with pytest.raises(ConfigError, match="expected a scenario file"):
            load_markets(path)


def test_a_tape_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    """Recorded data is not part of the project, so this is the first thing that many will see."""
    with pytest.raises(TapeError, match="penstock ingest tape") as caught:
        load_markets(replay_file(tmp_path))

    assert "test.tape" in str(caught.value)
    assert "docs/data.md" in str(caught.value)


def test_a_tape_of_another_stock_is_refused(tmp_path: Path) -> None:
    """Its prices would be replayed as the scenario's stock."""
    tape_file(tmp_path)
    path = replay_file(tmp_path, ('symbol = "TEST"', 'symbol = "IBM"'))
    with pytest.raises(TapeError, match="a tape of TEST") as caught:
        load_markets(path)

    assert "a tape of IBM" in str(caught.value)


def test_a_file_that_cannot_be_read_is_no_scenario(tmp_path: Path) -> None:
    """The path comes first, the reason is in words, and no number of the system's is shown."""
    for path, reason in (
        (tmp_path / "x.toml", "no such file or directory"),
        (tmp_path, "a folder"),
    ):
        with pytest.raises(
            ConfigError, match=f"expected a scenario file; found {reason}"
        ) as caught:
            load_markets(path)
        assert "Errno" not in str(caught.value)


@pytest.mark.parametrize("option", [{"tape": Path("any.tape")}, {"depth": "thin"}])
def test_a_generated_market_has_no_tape(tmp_path: Path, option: dict[str, object]) -> None:
    """Silence would look as if the option had been heeded."""
    with pytest.raises(ConfigError, match="mode replay") as caught:
        load_markets(small_file(tmp_path), **option)  # type: ignore[arg-type]

    assert "leave the option out" in str(caught.value)


def test_a_depth_that_is_none_is_refused_with_those_that_are(tmp_path: Path) -> None:
    """A typing error must not fall back to the first."""
    tape_file(tmp_path)
    with pytest.raises(ConfigError, match="thin, matched, deep"):
        load_markets(replay_file(tmp_path), depth="thick")


def test_the_shipped_scenarios_are_sound() -> None:
    """The first file that a newcomer runs."""
    from penstock.trials import read_scenario
    from tests.support.worlds import SCENARIOS

    names = [read_scenario(path).scenario.name for path in sorted(SCENARIOS.glob("*.toml"))]

    assert [path.stem for path in sorted(SCENARIOS.glob("*.toml"))] == names
