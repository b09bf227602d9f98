"""A router's configuration: what is wrong is said all at once, with the key and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.domain import ConfigError, VenueKind
from penstock.runtime import RouterConf, parse_router_conf, read_router_conf
from tests.support.killable_routers import CONF
from tests.tidy.rules import ROOT

TEXT = CONF.format(run_dir="runs/test")


def changed(*changes: tuple[str, str]) -> str:
    """The sound text with pieces replaced."""
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def problems_of(text: str) -> list[str]:
    """Where the problems of a text are."""
    with pytest.raises(ConfigError) as caught:
        parse_router_conf(text, file="router.toml")
    return [problem.where.removeprefix("router.toml: ") for problem in caught.value.problems]


def test_the_shipped_configuration_is_sound() -> None:
    """It is what a newcomer starts."""
    conf = read_router_conf(ROOT / "conf" / "router.toml")

    assert ["PINT", "PDRK", "PECN", "PNYA", "PNYB"] == [venue.mic for venue in conf.venues]


def test_a_configuration_becomes_a_universe() -> None:
    """The words of the file and those of the house."""
    universe = parse_router_conf(TEXT, file="router.toml").universe()

    assert 20260302 == universe.day
    assert [VenueKind.DARK, VenueKind.EXCHANGE, VenueKind.EXCHANGE] == [
        venue.kind for venue in universe.venues
    ]
    assert 3_000.0 == universe.venues[1].fees[0].take_usd_micros
    assert 100 == universe.instruments[0].increment_ticks


def test_the_day_is_that_of_new_york() -> None:
    """03:00 UTC on 3 March is still the evening of the 2nd there."""
    conf = parse_router_conf(changed(("day = 20260302\n", "")), file="router.toml")
    at_ns = 1_772_506_800 * 10**9

    assert 20260302 == conf.on_day(at_ns).router.day
    assert 20260303 == conf.on_day(at_ns + 3 * 3_600 * 10**9).router.day


def test_fees_may_be_a_list_of_dated_tables() -> None:
    """Access fees change by notice; a run uses what was in force."""
    fees = "fees = { take_usd = 0.003, make_usd = -0.002, midpoint_usd = 0.0 }"
    usual = "take_usd = 0.003, make_usd = 0.0, midpoint_usd = 0.0"
    dated = (
        f"fees = [{{ effective_day = 20250101, {usual} }}, {{ effective_day = 20260601, {usual} }}]"
    )
    venue = parse_router_conf(changed((fees, dated)), file="router.toml").universe().venues[1]

    assert [20250101, 20260601] == [schedule.effective_day for schedule in venue.fees]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('mic = "LITB"', 'mic = "LITA"', "venues[2]"),
        ("increment_usd = 0.01", "increment_usd = 0.00015", "instruments[0].increment_usd"),
        ("day = 20260302", "day = 20260230", "router.day"),
        ("drain_s = 2.0", 'policy = "clever"', "router.policy: 'clever'"),
        ("drain_s = 2.0", 'policy = "supervised"', "router.model"),
        ('clients = ["OMS"]', "clients = []", "oms.clients"),
        ('clients = ["OMS"]', 'clients = ["OMS", "OMS"]', "oms.clients[1]"),
        ('clients = ["OMS"]', 'clients = ["OMS", "LITA"]', "oms.clients[1]"),
        ('clients = ["OMS"]', 'clients = ["PENSTOCK"]', "oms.clients[0]"),
        ('fix = "127.0.0.1:1"', 'fix = "127.0.0.1:99999"', "venues[0] (DRKA).fix"),
        ('fix = "127.0.0.1:1"', 'fix = "nowhere"', "venues[0] (DRKA).fix"),
        ("[feed]", '[feed]\nlisten = "127.0.0.1:0"', "feed.listen"),
        ("[feed]", '[feed]\nlisten = "h:1"\nsnapshot = "h:1"', "feed.listen"),
        ("[engine]", "[engine]\nretry_ns = 0", "engine.retry_ns"),
        ("[routing]", "[routing]\nmid_share_frac = 2.0", "routing.mid_share_frac"),
        ("[engine]", "[risk]\nrestricted = [4]\n[engine]", "risk.restricted[0]"),
        ("take_usd = 0.0,", "effective_day = 20300101, take_usd = 0.0,", "venues[0] (DRKA).fees"),
        ("drain_s = 2.0", "drain_seconds = 2.0", "router.drain_seconds"),
        ('path = ""', "path = 7", "store.path"),
    ],
)
def test_each_mistake_is_named(old: str, new: str, where: str) -> None:
    """Where it is, in the words of the file."""
    assert [where] == problems_of(changed((old, new)))


def test_contradictions_are_told_together() -> None:
    """One start, one list."""
    text = changed(("day = 20260302", "day = 1"), ('mic = "LITB"', 'mic = "LITA"'))

    assert {"router.day", "venues[2]"} <= set(problems_of(text))


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    """And says where to start from, without the system's numbers."""
    with pytest.raises(
        ConfigError, match=r"found no such file or directory\.\n  Fix: start from conf/router\.toml"
    ):
        read_router_conf(tmp_path / "nothing.toml")


def test_paths_are_under_the_run_directory() -> None:
    """One folder holds a router."""
    conf: RouterConf = parse_router_conf(TEXT, file="router.toml")

    assert Path("runs/test/control.sock") == conf.paths.control_socket
    assert Path("runs/test/journals") == conf.paths.journals
