"""Scenario files: what they mean, and how they are refused."""

import math
import re
from pathlib import Path

import pytest

from penstock.domain import ConfigError, VenueKind, parse_toml
from penstock.sim import Scenario, World, check_scenario
from penstock.sim.quantiles import distance_quantiles, latency_quantiles, size_quantiles
from penstock.sim.scenario.tables import days_since_epoch, is_date
from tests.support.worlds import SCENARIOS, plain_day, plain_text

TEXT = plain_text()
LATER_FIRST = """leak_max_bps = 2.0
[[venues.changes]]
at_s = 9.0
leak_max_bps = 1.5
[[venues.changes]]
at_s = 5.0
leak_min_bps = 1.7"""
SPELLS = "leak_max_bps = 2.0\n[venues.spells]\ntime_frac = 0.5\n"


def problems_of(text: str) -> list[str]:
    """Where the problems of a scenario are, in order; empty if it can be used."""
    try:
        check_scenario(parse_toml(text, Scenario, file="my.toml"), "my.toml")
    except ConfigError as error:
        return [
            re.sub(r" \([A-Z]{4}\)", "", problem.where.removeprefix("my.toml: "))
            for problem in error.problems
        ]
    return []


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_scenarios_can_be_used(path: Path) -> None:
    """They are also the examples that users start from."""
    assert [] == problems_of(path.read_text(encoding="utf-8"))


def test_the_universe_says_the_same_in_the_houses_words() -> None:
    """Fees in millionths of a dollar, the increment in ticks, venues in the file's order."""
    universe = plain_day().universe()

    assert [0, 1, 2, 3, 3] == [int(venue.kind) for venue in universe.venues]
    assert VenueKind.ECN is universe.venues[2].kind
    assert (3_000.0, -2_000.0, 1_000.0) == (
        universe.venues[3].fees[0].take_usd_micros,
        universe.venues[3].fees[0].make_usd_micros,
        universe.venues[3].fees[0].midpoint_usd_micros,
    )
    assert 100 == universe.instruments[0].increment_ticks
    assert [False, False, True, True, True] == [venue.is_protected for venue in universe.venues]


def test_times_are_wall_time_as_if_it_were_utc() -> None:
    """10:00 on 2 March 2026; 1772445600 is that moment in UTC."""
    day = plain_day(600.0)

    assert 1_772_445_600 * 10**9 == day.start_ns
    assert 600 * 10**9 == day.end_ns - day.start_ns


@pytest.mark.parametrize(
    ("day", "days"),
    [(19700101, 0), (19691231, -1), (20000229, 11_016), (20131008, 15_986), (20261231, 20_818)],
)
def test_days_are_counted_without_a_calendar_library(day: int, days: int) -> None:
    """The core imports none; Gregorian leap days are all there is to it."""
    assert days == days_since_epoch(day)


@pytest.mark.parametrize("day", [20230229, 20240431, 20241301, 20240100, 1, 0, -20240101])
def test_a_day_that_never_was_is_no_date(day: int) -> None:
    """A typing error in a date must not become another date."""
    assert not is_date(day)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("day = 20260302", "day = 20260230", ["scenario.day"]),
        ("duration_s = 7_200.0", "duration_s = 90_000.0", ["scenario.duration_s"]),
        ("start_s = 36_000.0", "start_s = 36_000_000", ["scenario.start_s"]),
        ("duration_s = 7_200.0", "duration_s = 30.0", ["parents.horizon_s"]),
        ("duration_s = 7_200.0", "duration_s = -1.0", ["scenario.duration_s"]),
        ("duration_s = 7_200.0", "duration_s = nan", ["scenario.duration_s"]),
        ("increment_usd = 0.01", "increment_usd = 0.0001", ["instrument.increment_usd"]),
        ("increment_usd = 0.01", "increment_usd = 0.00015", ["instrument.increment_usd"]),
        ("price_usd = 85.0", "price_usd = 0.2", ["instrument.price_usd"]),
        ("adv_shares = 12_000_000", "adv_shares = 0", ["instrument.adv_shares"]),
        ('mic = "PNYB"', 'mic = "PNYA"', ["venues[4].mic"]),
        ('mic = "PNYB"', 'mic = "nyse"', ["venues[4].mic"]),
        ('kind = "ecn"', 'kind = "bazaar"', ["venues[2].kind"]),
        ('kind = "ecn"', 'kind = "dark"', ["venues[2].kind"]),
        ('kind = "dark"', 'kind = "dark"\nprotected = true', ["venues[1].kind"]),
        ('kind = "dark"', 'kind = "exchange"', ["venues[1].kind"]),
        ("add_per_s = 12.0", "add_per_s = -12.0", ["venues[2].lit.add_per_s"]),
        ("add_per_s = 12.0", "add_per_s = 0.0", ["venues[2].lit"]),
        ("add_per_s = 12.0", "adds_per_s = 12.0", ["venues[2].lit.adds_per_s"]),
        ("order_in_jitter_us = 20.0", "order_in_jitter_us = 91.0",
         ["venues[2].latency.order_in_jitter_us"]),
        ("{ take_usd = 0.0018, make_usd = -0.0010, midpoint_usd = 0.0010 }",
         "{ take_usd = 0.0018, make_usd = -0.0010 }", ["venues[2].fees.midpoint_usd"]),
        ("take_usd = 0.0018", "take_usd = 18.0", ["venues[2].fees.take_usd"]),
        ("leak_min_bps = 1.0", "leak_min_bps = 3.0", ["venues[1].pool.leak_min_bps"]),
        (
            "hidden_frac = 0.20",
            "hidden_frac = 0.20\nmidpoint_frac = 0.5\niceberg_frac = 0.4",
            ["venues[2].lit.hidden_frac"],
        ),
        ("leak_prob = 0.30", "leak_prob = 1.30", ["venues[1].pool.leak_prob"]),
        ('mode = "generated"', 'mode = "replay"', ["replay"]),
        ("[instrument]", "[replay]\ntape = 'x'\n[instrument]", ["replay"]),
        ("[instrument]", "[parents]\nsize_min_adv_frac = 0.1\n[instrument]",
         ["parents.size_min_adv_frac"]),
        ("[instrument]", "[parents]\nsize_max_adv_frac = 15\n[instrument]",
         ["parents.size_max_adv_frac"]),
        ("adv_shares = 12_000_000",
         "adv_shares = 1_000_000_000_000\n[parents]\nsize_max_adv_frac = 1",
         ["parents.size_max_adv_frac"]),
        ("[instrument]", "[others]\nsize_adv_frac = 1.5\n[instrument]",
         ["others.size_adv_frac"]),
        ('symbol = "PNSK"', 'symbol = "AC ME"', ["instrument.symbol"]),
        ('symbol = "PNSK"', 'symbol = "ACME\\n"', ["instrument.symbol"]),
        ('symbol = "PNSK"', 'symbol = ""', ["instrument.symbol"]),
        ("[instrument]", "[parents]\nurgency_frac = []\n[instrument]", ["parents.urgency_frac"]),
        ("[instrument]", "[others]\nparents_per_hour = 1e5\n[instrument]",
         ["others.parents_per_hour"]),
        ("[instrument]", "[dark]\nspell_min_s = 900.0\n[instrument]", ["dark.spell_min_s"]),
        ("leak_max_bps = 2.0", SPELLS + "min_s = 9.0\nmax_s = 5.0\nleak_min_bps = 2.5",
         ["venues[1].spells.leak_min_bps", "venues[1].spells.min_s"]),
        ("leak_max_bps = 2.0", SPELLS + "min_s = 5.0\nmax_s = 9.0\n[[venues.changes]]\nat_s = 1.0",
         ["venues[1].spells"]),
        ("leak_max_bps = 2.0", LATER_FIRST,
         ["venues[1].changes[0].leak_min_bps"]),
        ("day = 20260302", "day = 22630302", ["scenario.day"]),
        ("order_life_s = 4.0", "order_life_s = 4_000_000.0", ["venues[2].lit.order_life_s"]),
        ("interest_life_s = 30.0", "interest_life_s = 1e-9", ["venues[0].pool.interest_life_s"]),
        ("interest_per_s = 0.08", "interest_per_s = 50.0", ["venues[0].pool.interest_per_s"]),
        ("[instrument]", "[[regimes]]\nat_s = 9.0\n[[regimes]]\nat_s = 9.0\n[instrument]",
         ["regimes[1].at_s"]),
        ("[instrument]", "[auctions]\nvenue = 'PNYA'\nopening_s = 61.0\n[instrument]",
         ["parents.lead_in_s"]),
        ("[instrument]", "[makers]\nrefill_min_s = 20.0\n[instrument]", ["makers.refill_min_s"]),
        ("[instrument]", "[price]\njump_min_bps = 20.0\njump_interval_s = 0.01\n[instrument]",
         ["price.jump_min_bps", "price.jump_interval_s"]),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(old: str, new: str, where: list[str]) -> None:
    """File, key, expected, found, fix: a stranger must be able to mend it."""
    assert old in TEXT

    assert where == problems_of(TEXT.replace(old, new, 1))


def test_one_venue_is_refused_with_everything_else_that_is_wrong() -> None:
    """All problems at once; with one venue there is nothing to route."""
    only_pool = TEXT[: TEXT.index('[[venues]]\nmic = "PDRK"')].replace("20260302", "20261301")

    assert ["scenario.day", "venues", "venues"] == problems_of(only_pool)


@pytest.mark.parametrize("symbol", ["BRK.B", "BF-B", "X", "7203", "abc_W"])
def test_symbols_of_real_stocks_are_taken(symbol: str) -> None:
    """Share classes, short ones, those of other countries."""
    assert [] == problems_of(TEXT.replace('symbol = "PNSK"', f'symbol = "{symbol}"'))


def test_no_maximum_is_negative() -> None:
    """A start in milliseconds left a session less than no time."""
    wrong = TEXT.replace("start_s = 36_000.0", "start_s = 36_000_000")
    with pytest.raises(ConfigError, match=r"less than 86,400; found 36000000\.0") as caught:
        check_scenario(parse_toml(wrong, Scenario, file="my.toml"), "my.toml")

    assert "at most -" not in str(caught.value)


def test_a_price_without_its_unit_is_not_sent_to_the_prices_section() -> None:
    """`price = 40.0` at the top of the file would be refused again."""
    with pytest.raises(ConfigError, match="did you mean `price_usd`"):
        parse_toml(TEXT.replace("price_usd = 85.0", "price = 40.0"), Scenario, file="my.toml")


def test_the_short_scenario_of_the_page_runs() -> None:
    """Defaults stand for all tables but the venues: a user's own file can be small."""
    page = (SCENARIOS.parent / "docs" / "scenarios.md").read_text(encoding="utf-8")
    text = page.partition("```toml\n")[2].partition("```")[0]
    scenario = parse_toml(text, Scenario, file="docs/scenarios.md")
    check_scenario(scenario, "docs/scenarios.md")
    world = World(scenario, 1)
    world.advance(scenario.end_ns)

    assert world.n_book_changes > 1_000
    assert [] == world.problems()


def test_sizes_have_the_mean_that_was_asked_for() -> None:
    """And are whole lots from half a lot on; a part of them is zero if asked for."""
    sizes = size_quantiles(250.0, 1.8, 100)
    with_none = size_quantiles(250.0, 1.8, 100, zero_frac=0.25)

    assert sizes.mean() == pytest.approx(250.0, rel=0.02)
    assert set(sizes[sizes >= 100] % 100) == {0}
    assert sizes.min() >= 1
    assert 256 == (with_none == 0).sum()


def test_distances_are_geometric() -> None:
    """A mean of two increments: a third of the orders join the best price they could have."""
    distances = distance_quantiles(2.0)

    assert distances.mean() == pytest.approx(2.0, rel=0.03)
    assert (distances == 0).mean() == pytest.approx(1.0 / 3.0, abs=0.001)
    assert 0 == distance_quantiles(0.0).max()
    assert (20, 60) == (distance_quantiles(9.0).max(), distance_quantiles(9.0, 60.0).max())


def test_delays_have_their_minimum_and_their_mean() -> None:
    """90 us with 20 of jitter: never under 70."""
    delays = latency_quantiles(90.0, 20.0)

    assert delays.mean() == pytest.approx(90_000.0, rel=1e-4)
    assert 70_000 <= delays.min() < 70_100
    assert math.isclose(delays.std(), 20_000.0, rel_tol=0.05)
    assert {5_000} == set(latency_quantiles(5.0, 0.0))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[venues.lit]", "[venue.lit]", ["did you mean `venues`?"]),
        (
            'kind = "exchange"\n',
            "add_per_s = 3.0\n",
            ["a key of [venues.lit]: add_per_s", "add `kind = …` under [[venues]]"],
        ),
    ],
)
def test_a_misplaced_key_hides_nothing_else_that_is_wrong(
    old: str, new: str, said: list[str]
) -> None:
    """A mistyped section is not taken for a key of another; a missing key is still missing."""
    text = (SCENARIOS / "null.toml").read_text(encoding="utf-8").replace(old, new, 1)
    with pytest.raises(ConfigError) as caught:
        parse_toml(text, Scenario, file="x.toml")

    for piece in said:
        assert piece in str(caught.value)
