"""Looking at a scenario before anything is done with it: `simulate` and `check`."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

from penstock.domain import NS_PER_S, ConfigError
from penstock.trials.calibration.sample import Prints, Quotes, Sample
from penstock.trials.portrait import Portrait, portray
from tests.support.command_line import penstock, refusal
from tests.support.small_days import SMALL, replay_file, small_file, small_scenario, tape_file
from tests.support.worlds import SCENARIOS

CONF = Path(__file__).parents[3] / "conf"


class Simulated:
    """One small day, its page and its files."""

    def __init__(self, folder: Path) -> None:
        self.page, self.prints, self.quotes = (
            folder / name for name in ("new/day.html", "prints.csv", "quotes.csv")
        )
        self.args = ("simulate", small_file(folder), "--page", self.page)
        ran = penstock(*self.args, "--prints", self.prints, "--quotes", self.quotes, "--json")
        assert 0 == ran.status, ran.err
        self.found = msgspec.json.decode(ran.out, type=Portrait)
        self.err = ran.err

    def rows(self, path: Path) -> list[dict[str, str]]:
        """What stands in one of its files."""
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """Run once."""
    return Simulated(tmp_path_factory.mktemp("simulated"))


def test_a_day_is_shown_without_an_order_of_ours(simulated: Simulated) -> None:
    """Venues that trade, a spread of at least an increment, a page and all files by name."""
    found = simulated.found

    assert (SMALL, 1, 600.0) == (found.market, found.seed, found.duration_s)
    assert 1.0 <= found.spread_increments < 10.0
    assert found.low_usd <= min(found.open_usd, found.last_usd)
    assert found.high_usd >= max(found.open_usd, found.last_usd)
    assert 0.0 <= found.no_quote_frac < 0.01
    lit = [one for one in found.venues if one.depth_shares]
    assert {"ecn", "exchange"} == {one.kind for one in lit}
    assert all(one.n_prints > 0 and one.depth_shares[0] > 0.0 for one in lit)
    for path in (simulated.page, simulated.prints, simulated.quotes):
        assert str(path) in simulated.err


def test_the_figures_of_venues_add_up_and_are_those_of_the_files(simulated: Simulated) -> None:
    """Every print belongs to one venue, one part of the day and one row."""
    found, prints = simulated.found, simulated.rows(simulated.prints)

    assert found.n_prints == len(prints) == sum(one.n_prints for one in found.venues)
    assert found.n_shares == sum(int(row["shares"]) for row in prints)
    for one in found.venues:
        mine = [int(row["shares"]) for row in prints if row["venue"] == one.venue]
        assert one.n_shares == sum(mine) == sum(one.shares_by_bin), one.venue
    assert pytest.approx(1.0) == sum(one.share_frac for one in found.venues)
    assert pytest.approx(1.0) == sum(one.quote_frac for one in found.venues)
    assert found.n_quotes == len(simulated.rows(simulated.quotes))


def test_the_mean_spread_is_that_of_the_quotes_as_they_lasted(simulated: Simulated) -> None:
    """From the file, by a loop over its rows; the last quote lasts until the end."""
    quotes = simulated.rows(simulated.quotes)
    end_s = simulated.found.start_s + simulated.found.duration_s
    lasted_s = weighted = 0.0
    for row, after in zip(quotes, [*quotes[1:], {"time_s": str(end_s)}], strict=True):
        if not row["bid_usd"] or not row["ask_usd"]:
            continue
        bid, ask = float(row["bid_usd"]), float(row["ask_usd"])
        if bid < ask:
            for_s = float(after["time_s"]) - max(float(row["time_s"]), simulated.found.start_s)
            lasted_s += for_s
            weighted += for_s * 1e4 * (ask - bid) / ((ask + bid) / 2)

    assert pytest.approx(weighted / lasted_s, rel=1e-6) == simulated.found.spread_bps


def test_the_volume_is_held_against_the_scenarios_daily_one(simulated: Simulated) -> None:
    """Ten minutes are a 39th of a session of 6.5 hours; a parent's participation follows."""
    found = simulated.found

    assert small_scenario().instrument.adv_shares == found.adv_shares
    assert pytest.approx(100.0 * found.n_shares / found.adv_shares) == found.volume_adv_pct
    assert pytest.approx(0.39 * found.volume_adv_pct) == found.pace_adv_ratio
    said = f"{found.volume_adv_pct:.1f} % of adv_shares ({found.adv_shares:,}), at "
    assert said in simulated.page.read_text(encoding="utf-8")


def test_midpoints_say_how_far_apart_they_are(simulated: Simulated) -> None:
    """Their step is not that of what is counted in bins."""
    found = simulated.found

    assert found.duration_s == len(found.mids_usd) * found.mid_step_s
    assert found.duration_s == len(found.spread_bps_by_bin) * found.bin_s


def test_a_mean_over_a_bin_stands_in_its_middle(simulated: Simulated) -> None:
    """The spread's points as the bars: else one plot would be half a bin late."""
    html = simulated.page.read_text(encoding="utf-8")
    first, second = (
        re.search(rf'Plotly.newPlot\(\s*"{name}".*?"x":\[(.*?)\]', html, re.DOTALL)
        for name in ("spread", "volume")
    )

    assert first is not None
    assert second is not None
    assert second[1] == first[1]
    assert first[1].startswith("0.208,0.625,")  # of 25 seconds, in minutes


def test_the_same_seed_is_the_same_day_and_the_table_names_all_venues(
    simulated: Simulated, tmp_path: Path
) -> None:
    """To the byte; another seed is another day."""
    ran = penstock(*simulated.args[:2], "--page", tmp_path / "p.html", "--json")
    assert simulated.found == msgspec.json.decode(ran.out, type=Portrait)
    other = penstock(*simulated.args[:2], "--page", tmp_path / "p.html", "--seed", 2)
    assert "seed 2" in other.out
    for one in simulated.found.venues:
        assert f" {one.venue} " in other.out


def test_the_page_of_a_day_loads_nothing(simulated: Simulated) -> None:
    """It works from a file, offline; Plotly's own script is left out of the search."""
    html = simulated.page.read_text(encoding="utf-8")
    ours = html[: html.index("<script>")] + html[html.rindex("</script>\n</head>") :]

    assert "Midpoint" in ours
    assert "Displayed depth" in ours
    assert "src=" not in ours
    assert "://" not in ours


def test_a_recorded_day_is_shown_under_an_assumption_about_its_depth(tmp_path: Path) -> None:
    """Its prints are the recorded ones; the first assumption unless another is named."""
    tape_file(tmp_path)
    path, page = replay_file(tmp_path), tmp_path / "p.html"
    first = penstock("simulate", path, "--page", page)
    deep = penstock("simulate", path, "--page", page, "--depth", "deep")

    assert (0, 0) == (first.status, deep.status), first.err + deep.err
    assert "[thin]" in first.out
    assert "[deep]" in deep.out


def test_what_a_tape_does_not_say_is_not_zero(tmp_path: Path) -> None:
    """Hidden size is unknown in a replay, and its prints off exchange are not the first pool's."""
    tape_file(tmp_path)
    args = ("simulate", replay_file(tmp_path), "--page", tmp_path / "p.html")
    shown, found = penstock(*args).out, json.loads(penstock(*args, "--json").out)

    assert found["hidden_frac"] is None
    assert ["PDRK"] == found["off_exchange_venues"]
    words = " ".join(shown.split())
    assert "— against hidden size" in words
    assert "stand under PDRK" in words


def test_the_help_says_that_one_assumption_is_shown() -> None:
    """Other commands run all of them."""
    said = " ".join(penstock("simulate", "--help").out.split())

    assert "default is the scenario's first" in said


def test_a_moment_with_a_quote_is_no_mean_of_its_bin() -> None:
    """25 ms of a wide quote in a halt would be drawn as the spread of minutes."""
    scenario = small_scenario()
    venues = tuple(venue.mic for venue in scenario.venues)
    start_ns = int(scenario.start_ns)
    bin_ns = 25 * NS_PER_S
    # Empty, whole for 25 ms, empty again; then whole for two bins.
    times_ns = start_ns + bin_ns * np.array([0, 2, 2, 10, 12])
    times_ns[2] += 25_000_000
    asks = np.array([0, 1_010_000, 0, 1_000_100, 0])
    bids, shares = np.full(5, 1_000_000), np.full(5, 100)
    none = np.zeros(0, np.int64)
    sample = Sample(
        label="halted", symbol="TEST", day=20260105, start_ns=start_ns,
        end_ns=start_ns + 24 * bin_ns, increment_ticks=100, venues=venues,
        quotes=Quotes(times_ns, bids, asks, shares, shares),
        prints=Prints(none, none, none, none, none, none > 0, none > 0),
        quote_sides=np.zeros(len(venues), np.int64),
    )  # fmt: skip

    spreads_bps = portray(sample, scenario, SMALL, 1).spread_bps_by_bin
    assert [10, 11] == [k for k, value in enumerate(spreads_bps) if value is not None]


def test_a_market_that_quotes_nothing_is_no_promise_of_ours_that_broke() -> None:
    """A clear error: there is no price to show."""
    none = np.zeros(0, np.int64)
    sample = Sample(
        label="nothing", symbol="TEST", day=20260105, start_ns=0, end_ns=NS_PER_S,
        increment_ticks=100, venues=("LIT0",), quotes=Quotes(*[none] * 5),
        prints=Prints(none, none, none, none, none, none > 0, none > 0),
        quote_sides=np.zeros(1, np.int64),
    )  # fmt: skip

    with pytest.raises(ConfigError, match="a bid below an offer"):
        portray(sample, small_scenario(), SMALL, 1)


def test_files_are_checked_without_being_used(tmp_path: Path) -> None:
    """Shipped scenarios and configurations, each named with what it is."""
    paths = [SCENARIOS / "reference-day.toml", CONF / "router.toml", CONF / "oms.toml"]
    ran = penstock("check", *paths, tmp_path / "none.toml")

    assert 2 == ran.status
    assert "scenario reference-day, generated, 5 venues" in ran.out
    assert "router demo" in ran.out
    assert "client OMS" in ran.out
    assert "none.toml" in ran.err


def test_tuned_settings_are_checked_with_their_own_reader(tmp_path: Path) -> None:
    """What `penstock tune` writes is a file of ours, too."""
    shipped = CONF / "baselines" / "reference-day.toml"
    ran = penstock("check", shipped)
    assert (0, "") == (ran.status, ran.err)
    assert f"{shipped}: tuned settings of scenario reference-day: best_static, " in ran.out

    wrong = tmp_path / "tuned.toml"
    text = shipped.read_text(encoding="utf-8")
    wrong.write_text(text.replace('"PNYA", tactic = "post"', '"PINT", tactic = "post"', 1))
    assert "policies.best_static.waterfall[2].tactic: expected" in refusal("check", wrong)


def test_the_configuration_that_names_no_scenario_is_blamed_itself(tmp_path: Path) -> None:
    """Not the file that is not there: it is the key that has to be changed."""
    text = (CONF / "venues.toml").read_text(encoding="utf-8")
    path = tmp_path / "venues.toml"
    path.write_text(text.replace("reference-day.toml", "nosuch.toml"), encoding="utf-8")

    assert f"{path}: venues.scenario: expected a scenario file" in refusal("check", path)


@pytest.mark.parametrize(
    ("path", "section", "meant"),
    [
        (SCENARIOS / "reference-day.toml", "[scenario]", "did you mean `scenario`"),
        (CONF / "router.toml", "[router]", "did you mean `router`"),
        (CONF / "router.toml", "[instruments]", "did you mean `instruments`"),
    ],
)
def test_a_misspelt_section_does_not_make_another_file_of_it(
    tmp_path: Path, path: Path, section: str, meant: str
) -> None:
    """Scenarios and routers have venues, too; what else they have tells them apart."""
    text = path.read_text(encoding="utf-8")
    wrong = tmp_path / path.name
    wrong.write_text(text.replace(section, section[:-2] + "]"), encoding="utf-8")

    assert meant in refusal("check", wrong)


def test_two_outputs_into_one_file_are_refused_however_it_is_written(tmp_path: Path) -> None:
    """The second would replace the first."""
    (tmp_path / "a").mkdir()
    day = small_file(tmp_path)
    one, same = tmp_path / "p.csv", tmp_path / "a" / ".." / "p.csv"

    assert "one file for several" in refusal("simulate", day, "--prints", one, "--quotes", same)


def test_all_that_is_wrong_in_all_files_is_said_at_once(tmp_path: Path) -> None:
    """So that one pass mends them all."""
    bad = small_file(tmp_path, ("duration_s = 600.0", "duration_s = -1.0"))
    none = tmp_path / "x.toml"
    none.write_text("[basket]\na = 1\n", encoding="utf-8")
    said = refusal("check", bad, none)

    assert "scenario.duration_s" in said
    assert "found basket" in said
