"""What the simulated venues may be told: everything that is wrong is said, before a port opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.domain import ConfigError
from penstock.runtime import VenuesConf, read_venues_conf
from penstock.runtime.venues_config import scenario_of
from tests.tidy.rules import ROOT

SCENARIOS = ROOT / "scenarios"
TEXT = f"""
[venues]
scenario = "{SCENARIOS / "reference-day.toml"}"
[feed]
[faults]
"""


def read(tmp_path: Path, *changes: tuple[str, str]) -> VenuesConf:
    """The sound text with pieces replaced, read from a file."""
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = tmp_path / "venues.toml"
    path.write_text(text, encoding="utf-8")
    return read_venues_conf(path)


def problems_of(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    """Where the problems of a changed text are."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, *changes)
    return [problem.where.removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_the_shipped_configuration_is_sound() -> None:
    """It is what a newcomer starts."""
    conf = read_venues_conf(ROOT / "conf" / "venues.toml")

    assert (1.0, ("PENSTOCK",)) == (conf.venues.speed, conf.venues.routers)
    assert 500_000_000 == conf.heartbeat_ns


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("[venues]", "[venues]\nsped = 2.0", "venues.sped"),
        ("[venues]", '[venues]\nspeed = "2"', "venues.speed"),
        ("[venues]", "[venues]\nspeed = 0.0", "venues.speed"),
        ("[venues]", "[venues]\nseed = -1", "venues.seed"),
        ("[venues]", '[venues]\nfix = "19801"', "venues.fix"),
        ("[venues]", '[venues]\nfix = "127.0.0.1:99999"', "venues.fix"),
        ("[venues]", '[venues]\nrouters = ["A B"]', "venues.routers[0]"),
        ("[venues]", "[venues]\nrouters = []", "venues.routers"),
        ("[venues]", "[venues]\ntick_s = 0", "venues.tick_s"),
        ("[feed]", '[feed]\nsubscribers = ["127.0.0.1:0"]', "feed.subscribers[0]"),
        ("[feed]", '[feed]\nsnapshot = "127.0.0.1:65536"', "feed.snapshot"),
        ("[feed]", "[feed]\nheartbeat_s = 0.0", "feed.heartbeat_s"),
        ("[faults]", "[faults]\ndrop_feed_frac = 1.5", "faults.drop_feed_frac"),
        ("[faults]", '[faults]\nreject_logon = ["PNYBX"]', "faults.reject_logon[0]"),
        ("[faults]", "[fault]", "fault"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, old: str, new: str, where: str) -> None:
    """A simulation with a setting that was never read would prove nothing."""
    assert [f"venues.toml: {where}"] == problems_of(tmp_path, (old, new))


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    """Nobody likes to start a program five times."""
    found = problems_of(
        tmp_path,
        ("[venues]", '[venues]\nspeed = "fast"\nseed = -1'),
        ("[faults]", "[faults]\ndrop_feed_frac = 2.0"),
    )

    assert 3 == len(found)


def test_a_file_that_is_not_there_is_an_error_with_an_example(tmp_path: Path) -> None:
    """The most common mistake of all."""
    with pytest.raises(ConfigError, match=r"start from conf/venues\.toml"):
        read_venues_conf(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    """Not a traceback about code points."""
    path = tmp_path / "venues.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="a TOML file"):
        read_venues_conf(path)


def test_the_market_runs_without_a_decision_latency_of_its_own(tmp_path: Path) -> None:
    """A live router has its own: counting both would charge it twice."""
    scenario = scenario_of(read(tmp_path), file="venues.toml")

    assert 0 == scenario.decision_latency_ns
    assert 5 == len(scenario.venues)


def test_a_scenario_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Of the key that names it, in the file that was read."""
    conf = read(tmp_path, ("reference-day", "no-such-day"))

    with pytest.raises(ConfigError) as caught:
        scenario_of(conf, file="conf/venues.toml")
    (problem,) = caught.value.problems
    assert "conf/venues.toml: venues.scenario" == problem.where
    assert "a scenario file" in problem.expected
    assert problem.found.endswith("no-such-day.toml: no such file or directory")


def test_a_recorded_day_cannot_be_traded_live(tmp_path: Path) -> None:
    """It cannot answer to our orders in wall time: it is over."""
    conf = read(tmp_path, ("reference-day", "ibm-2013-replay"))

    with pytest.raises(ConfigError, match=r"v\.toml: venues\.scenario: .* a generated scenario"):
        scenario_of(conf, file="v.toml")


def test_venues_that_refuse_logons_must_exist(tmp_path: Path) -> None:
    """A drill against a misspelt venue would pass without having happened."""
    conf = read(tmp_path, ("[faults]", '[faults]\nreject_logon = ["PNYB", "XXXX"]'))

    with pytest.raises(ConfigError) as caught:
        scenario_of(conf, file="v.toml")
    (problem,) = caught.value.problems
    assert ("v.toml: faults.reject_logon", "XXXX") == (problem.where, problem.found)
