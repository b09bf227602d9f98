"""`penstock calibrate` from end to end, on days that the tests simulate and write as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from penstock.sim import Scenario
from penstock.trials import read_scenario
from penstock.wire import write_tape
from tests.support.calibration_tapes import recorded_day
from tests.support.command_line import penstock, refusal
from tests.support.order_files import OrderLaw, mbo_file, poisson_orders


class Calibrated(NamedTuple):
    truth: Scenario
    report: Mapping[str, Any]
    scenario: Path
    page: Path
    tape: Path


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Calibrated:
    """A tape of a known scenario, and what calibration makes of it."""
    folder = tmp_path_factory.mktemp("calibrated")
    truth, file = recorded_day()
    tape, scenario, page = folder / "day.tape", folder / "found.toml", folder / "page.html"
    write_tape(tape, file)
    ran = penstock(
        "calibrate", tape, "--out", scenario, "--page", page, "--rounds", 6, "--seeds", 2, "--json"
    )
    assert 0 == ran.status, ran.err
    return Calibrated(truth, json.loads(ran.out), scenario, page, tape)


def distance(report: Mapping[str, Any], statistic: str) -> Mapping[str, Any]:
    """The entry of one statistic."""
    found: Mapping[str, Any] = next(
        one for one in report["distances"] if one["statistic"] == statistic
    )
    return found


def test_the_written_scenario_can_be_run(calibrated: Calibrated) -> None:
    """It is a file like any other: `evaluate` reads it."""
    scenario = read_scenario(calibrated.scenario)

    assert "PNSK" == scenario.instrument.symbol
    assert {"XNYS", "XNAS", "EDGX"} == {venue.mic for venue in scenario.venues if venue.is_lit}


def test_every_number_of_the_scenario_says_where_it_comes_from(calibrated: Calibrated) -> None:
    """A number without an origin would pass for a measured one."""
    for line in calibrated.scenario.read_text(encoding="utf-8").splitlines():
        key, _, rest = line.partition(" = ")
        if rest and not line.startswith("#") and not rest.startswith(('"', "true", "false")):
            assert "  # " in rest, f"{key} has no origin"


def test_volatility_spread_and_rates_are_found_again(calibrated: Calibrated) -> None:
    """What the fit matches, on days that it did not see: within a quarter."""
    for statistic in (
        "volatility, two scales, bps per √s", "takers per s", "quote changes per s",
        "quoted spread at prints, bps",
    ):  # fmt: skip
        assert abs(distance(calibrated.report, statistic)["distance"]) < 0.25, statistic


def test_the_price_process_is_found_again(calibrated: Calibrated) -> None:
    """The true noise, drift and pieces of news together, within a third."""
    found = read_scenario(calibrated.scenario).price
    truth = calibrated.truth.price

    assert pytest.approx(truth.noise_bps_per_sqrt_s, rel=0.35) == found.noise_bps_per_sqrt_s


def test_busy_venues_are_told_from_quiet_ones(calibrated: Calibrated) -> None:
    """PNYA has most market orders and PECN fewest; their letters are N and K."""
    by_mic = {venue.mic: venue for venue in read_scenario(calibrated.scenario).venues}
    rates = [by_mic[mic].lit.market_per_s for mic in ("XNYS", "XNAS", "EDGX")]  # type: ignore[union-attr]

    assert rates == sorted(rates, reverse=True)


def test_matching_brings_the_moments_closer(calibrated: Calibrated) -> None:
    """Else the rounds would be for nothing."""
    misfits = [one["misfit"] for one in calibrated.report["rounds"]]

    assert 7 == len(misfits)
    assert min(misfits) < 0.6 * misfits[0]


def test_distances_have_a_scale_and_an_interval(calibrated: Calibrated) -> None:
    """Two simulated days: wide intervals, but intervals."""
    for one in calibrated.report["distances"]:
        assert one["measure"]
        if one["distance"] is not None:
            assert one["ci95"][0] <= one["distance"] <= one["ci95"][1]
    assert 0.0 < distance(calibrated.report, "spread")["ks"] < 1.0


def test_the_report_holds_the_curves(calibrated: Calibrated) -> None:
    """Who has no browser can read them, point by point."""
    curves = {one["name"]: one for one in calibrated.report["curves"]}

    assert 5 == len(curves)
    assert {None} == set(curves["depth behind the touch"]["real"])  # a tape has the best price only
    for one in curves.values():
        assert len(one["x"]) == len(one["real"]) == len(one["simulated"])
    assert all(value > 0 for value in curves["volatility signature"]["real"] if value is not None)


def test_the_page_stands_alone(calibrated: Calibrated) -> None:
    """No address but its own, and every plot in it."""
    page = calibrated.page.read_text(encoding="utf-8")

    assert page.startswith("<!DOCTYPE html>")
    assert 11 == page.count("<figure>")
    assert "Nothing of it was recorded" in page
    assert "no claim of realism" in page


def test_the_same_command_gives_the_same_scenario(calibrated: Calibrated, tmp_path: Path) -> None:
    """Nothing in it depends on luck."""
    names = ("again.toml", "again.html")
    paths = [tmp_path / name for name in names]

    penstock(
        "calibrate", calibrated.tape, "--out", paths[0], "--page", paths[1], "--rounds", 6,
        "--seeds", 1,
    )  # fmt: skip

    texts = [path.read_text(encoding="utf-8") for path in (calibrated.scenario, paths[0])]
    bodies = [[line for line in text.splitlines() if not line.startswith("#")] for text in texts]
    assert bodies[0] == bodies[1]


def test_orders_of_one_venue_make_a_scenario(tmp_path: Path) -> None:
    """Rates and lives go into the file as they were measured."""
    law = OrderLaw()
    mbo, path = tmp_path / "mbo.csv", tmp_path / "one.toml"
    mbo.write_bytes(mbo_file(poisson_orders(law, 1_500.0, seed=2)).data)

    ran = penstock(
        "calibrate", "--mbo", mbo, "--out", path, "--page", tmp_path / "p.html", "--rounds", 0,
        "--seeds", 1, "--json",
    )  # fmt: skip

    assert 0 == ran.status, ran.err
    depth = next(one for one in json.loads(ran.out)["curves"] if "depth" in one["name"])
    assert 1.0 == depth["real"][0] == depth["simulated"][0]
    assert all(0.0 < part for part in depth["simulated"])
    lit = read_scenario(path).venues[0].lit
    assert lit is not None
    assert pytest.approx(law.life_s, rel=0.1) == lit.order_life_s
    assert "mbo.csv" in path.read_text(encoding="utf-8")


def test_orders_of_another_stock_are_refused_unless_borrowed(
    calibrated: Calibrated, tmp_path: Path
) -> None:
    """Rates of another stock look plausible; the file must say whose they are."""
    mbo, path = tmp_path / "mbo.csv", tmp_path / "two.toml"
    mbo.write_bytes(mbo_file(poisson_orders(OrderLaw(), 700.0, seed=2), symbol="ELSE").data)
    rest = ["--mbo", mbo, "--out", path, "--page", tmp_path / "p.html", "--rounds", 0, "--seeds", 1]

    assert "orders of ELSE" in refusal("calibrate", calibrated.tape, *rest)
    assert 0 == penstock("calibrate", calibrated.tape, *rest, "--borrow").status
    assert "borrowed from ELSE" in path.read_text(encoding="utf-8")


def test_without_data_nothing_is_calibrated() -> None:
    """The one error names the ways to pass some."""
    assert "a tape, or a file of orders" in refusal("calibrate")


def test_an_extract_too_short_for_a_session_is_refused_as_such(tmp_path: Path) -> None:
    """Before the fit, and in words of the file that was passed."""
    mbo = tmp_path / "mbo.csv"
    mbo.write_bytes(mbo_file(poisson_orders(OrderLaw(), 49.0, seed=2)).data)

    assert "expected orders of 121 s or more; found 4" in refusal("calibrate", "--mbo", mbo)


def test_two_files_of_orders_are_refused(tmp_path: Path) -> None:
    """Which of them should count?"""
    path = tmp_path / "mbo.csv"
    path.write_bytes(b"x")

    assert "one file of orders" in refusal("calibrate", "--mbo", path, "--lobster", path)


@pytest.mark.parametrize("content", [b"", b"PENSTAPE", b"time,bid,ask\n"])
def test_a_file_that_is_no_tape_is_refused(tmp_path: Path, content: bytes) -> None:
    """Raw files must be ingested first; the message says so."""
    path = tmp_path / "day.tape"
    path.write_bytes(content)

    assert "a tape file of Penstock" in refusal("calibrate", path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """One error, with the path."""
    assert "none.csv" in refusal("calibrate", "--mbo", tmp_path / "none.csv")
