"""Rule 605 reports and public venue shares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penstock.domain import TapeError, TradingDay
from penstock.wire import (
    NamedBytes,
    read_ats_part,
    read_ats_shares,
    read_exchange_shares,
)
from penstock.wire.rule605 import read_rule605
from tests.support.order_files import gzipped_file, rule605_line

DAY = TradingDay(20131007)
REPORT = NamedBytes(
    "605.txt",
    "\n".join(
        [
            rule605_line("IBM", 11, 1_000, 500, 0.04),
            rule605_line("IBM", 12, 3_000, 1_500, 0.08),
            rule605_line("IBM", 15, 9_000, 9_000, 0.50),  # not marketable: does not count
            rule605_line("BAC", 11, 100, 100, 0.01),
            "",
        ]
    ).encode(),
)


def test_a_report_is_weighted_by_executed_shares() -> None:
    """A spread at which nothing was executed was paid by nobody."""
    found = read_rule605(gzipped_file(REPORT), "ibm")

    assert (4_000, 2_000, 0.5) == (found.covered_shares, found.executed_shares, found.executed_frac)
    assert pytest.approx((500 * 0.04 + 1_500 * 0.08) / 2_000) == found.effective_spread_usd
    assert ("TTEST", 201612) == (found.center, found.month)


def test_a_report_without_the_stock_is_refused() -> None:
    """An empty answer would read as "no cost"."""
    with pytest.raises(TapeError, match="marketable orders of MSFT"):
        read_rule605(REPORT, "MSFT")


def test_a_report_with_other_columns_is_refused() -> None:
    """The layout changed over the years."""
    with pytest.raises(TapeError, match="26 fields"):
        read_rule605(NamedBytes("605.txt", b"T|TTEST|201612|IBM\n"), "IBM")


def shares_file(rows: object) -> NamedBytes:
    """The rows as a JSON file."""
    return NamedBytes("shares.json", json.dumps(rows).encode())


def test_shares_are_those_of_the_year() -> None:
    """Shares of another year are another market."""
    rows = [
        {"year": 2012, "sym": "NYSE", "mktShare": 1.0},
        {"year": 2013, "sym": "NYSE", "mktShare": 0.6},
        {"year": 2013, "sym": "TRF", "mktShare": 0.4},
    ]

    assert {"NYSE": 0.6, "TRF": 0.4} == read_exchange_shares(shares_file(rows), DAY).frac


def test_shares_that_sum_to_something_else_are_refused() -> None:
    """Percent and fractions are easily confused."""
    with pytest.raises(TapeError, match="sum to 1"):
        read_exchange_shares(shares_file([{"year": 2013, "sym": "NYSE", "mktShare": 60.0}]), DAY)


def test_json_that_was_cut_is_refused() -> None:
    """A download that stopped."""
    with pytest.raises(TapeError, match="JSON of venue shares"):
        read_exchange_shares(NamedBytes("shares.json", b'[{"year": 2013, "sy'), DAY)


WEEKS = {"t1": {"week": ["2015-01-05", "2016-01-04"], "UBSA": [0.2, 0.3], "CROS": [0.1, 0.0]}}


def test_the_nearest_week_is_taken_and_says_how_near_it_is() -> None:
    """Weekly data begin in 2014: older days must say that they borrow."""
    found = read_ats_shares(shares_file(WEEKS), DAY)

    assert ("2015-01-05", 455) == (found.week, found.days_away)
    assert {"UBSA": 0.2, "CROS": 0.1} == found.frac
    assert pytest.approx(0.7) == found.other_frac


def test_an_ats_without_volume_is_left_out() -> None:
    """Files hold zeros for ATSs that were not among the largest."""
    assert {"UBSA": 0.3} == read_ats_shares(shares_file(WEEKS), TradingDay(20160105)).frac


def test_columns_of_different_length_are_refused() -> None:
    """A share would be read from another week."""
    with pytest.raises(TapeError, match="the same length"):
        read_ats_shares(shares_file({"t1": {"week": ["2015-01-05"], "UBSA": []}}), DAY)


def test_the_part_of_ats_is_a_fraction() -> None:
    """Percent and fractions are easily confused."""
    weeks = ["2017-01-02"]

    assert 0.4 == read_ats_part(shares_file({"t1": {"week": weeks, "atsPct": [0.4]}}), DAY)
    with pytest.raises(TapeError, match="atsPct"):
        read_ats_part(shares_file({"t1": {"week": weeks, "atsPct": [40.0]}}), DAY)


def test_public_files_are_read(shared_data: Path) -> None:
    """Figures of the real files, looked up by hand."""
    folder = shared_data / "venue_shares_dpkwhan"
    files = {
        name: NamedBytes(name, (folder / name).read_bytes())
        for name in ("market_share_by_exch.json", "ats_market_share.json")
    }

    assert 0.3644 == round(
        read_exchange_shares(files["market_share_by_exch.json"], DAY).frac["TRF"], 4
    )
    assert 10 == len(read_ats_shares(files["ats_market_share.json"], DAY).frac)
    report = shared_data / "rule605" / "VIRT_605_201612.txt.gz"
    found = read_rule605(NamedBytes(report.name, report.read_bytes()), "IBM")
    assert (99_341, 20_464) == (found.covered_shares, found.executed_shares)
