"""What a scenario says of its venues: fees by day and tape, and the laws of delays."""

import pytest

from penstock.domain import ConfigError, fees_on, parse_toml
from penstock.sim import Scenario, check_scenario
from penstock.sim.quantiles import latency_quantiles
from tests.support.worlds import plain_text


def test_lognormal_delays_have_their_mean_and_a_longer_tail() -> None:
    """Same mean and deviation as the exponential ones; no minimum, and the slowest is slower."""
    usual = latency_quantiles(90.0, 60.0, "exponential")
    lognormal = latency_quantiles(90.0, 60.0, "lognormal")

    assert lognormal.mean() == pytest.approx(90_000.0, rel=1e-4)
    assert lognormal.std() == pytest.approx(60_000.0, rel=0.03)
    assert usual.min() >= 30_000 > lognormal.min() > 0
    assert lognormal.max() > 1.1 * usual.max()
    assert {5_000} == set(latency_quantiles(5.0, 0.0, "lognormal"))
    assert {0} == set(latency_quantiles(0.0, 0.0, "lognormal"))


def table(take_usd: float, more: str = "") -> str:
    """One fee table."""
    return f"{{ take_usd = {take_usd}, make_usd = -0.002, midpoint_usd = 0.001{more} }}"


def with_fees(tables: list[str], tape: str = "A") -> Scenario:
    """The reference day with these fee tables at its first exchange."""
    text = plain_text().replace("adv_shares", f'tape = "{tape}"\nadv_shares', 1)
    before, mark, after = text.partition('mic = "PNYA"')
    head, key, tail = after.partition("fees = ")
    text = before + mark + head + key + f"[{', '.join(tables)}]" + tail[tail.index("\n") :]
    return parse_toml(text, Scenario, file="fees.toml")


@pytest.mark.parametrize(("tape", "expected"), [("A", 2_000.0), ("B", 3_000.0), ("C", 3_500.0)])
def test_fees_follow_the_day_and_the_tape(tape: str, expected: float) -> None:
    """The latest table for the stock's tape that is not in the future on 2 March 2026."""
    tables = [
        table(0.003, ", from_day = 20200101"),
        table(0.002, ', from_day = 20260101, tapes = ["A"]'),
        table(0.0035, ', from_day = 20250101, tapes = ["C"]'),
        table(0.001, ", from_day = 20270101"),
    ]
    scenario = with_fees(tables, tape)
    check_scenario(scenario, "fees.toml")
    universe = scenario.universe()
    venue = next(venue for venue in universe.venues if venue.mic == "PNYA")

    assert expected == fees_on(venue.fees, universe.day).take_usd_micros


@pytest.mark.parametrize(
    ("tables", "keys"),
    [
        ([table(0.003, ", from_day = 20270101")], ["fees"]),
        ([table(0.003, ", from_day = 20251301")], ["fees.from_day"]),
        ([table(0.003, ', tapes = ["B"]')], ["fees"]),
        ([table(0.003), table(0.001)], ["fees"]),
        ([], ["fees"]),
    ],
)
def test_fees_that_nobody_could_charge_are_refused(tables: list[str], keys: list[str]) -> None:
    """None in force, no date, none for the tape, two at once, none at all."""
    with pytest.raises(ConfigError) as caught:
        check_scenario(with_fees(tables), "fees.toml")

    assert [f"fees.toml: venues[3] (PNYA).{key}" for key in keys] == [
        problem.where for problem in caught.value.problems
    ]


def refusal_of(old: str, new: str) -> list[str]:
    """What is said of the plain day with this change."""
    text = plain_text()
    assert old in text
    with pytest.raises(ConfigError) as caught:
        check_scenario(parse_toml(text.replace(old, new, 1), Scenario, file="a.toml"), "a.toml")
    return [str(problem) for problem in caught.value.problems]


def test_a_pool_with_the_tables_of_a_lit_venue_is_one_mistake() -> None:
    """Its kind, or what is in it: not that one table is there and another one is not."""
    (said,) = refusal_of('kind = "ecn"', 'kind = "dark"')

    assert (
        "a.toml: venues[2] (PECN).kind: expected ecn or exchange, the only ones with [venues.lit] "
        "and protected = true; found dark with [venues.lit] and protected = true.\n"
        "  Fix: change the kind, or remove [venues.lit] and protected = true"
    ) == said


def test_a_lit_venue_with_the_table_of_a_pool_is_one_mistake() -> None:
    """The same the other way round."""
    (said,) = refusal_of('kind = "dark"', 'kind = "ecn"')

    assert (
        "a.toml: venues[1] (PDRK).kind: expected internal or dark, the only ones with "
        "[venues.pool]; found ecn with [venues.pool].\n"
        "  Fix: change the kind, or remove [venues.pool]"
    ) == said


def test_keys_of_a_lit_venue_in_a_pool_are_one_mistake() -> None:
    """They resemble keys of a pool, and mean something else: no such key is suggested."""
    lit = "add_per_s = 12.0\norder_life_s = 4.0\nmarket_shares = 160.0"

    (said,) = refusal_of("leak_max_bps = 2.0", lit)

    assert (
        "a.toml: venues[1] (PDRK).pool.add_per_s: expected keys of [venues.pool]; found keys of "
        "[venues.lit]: add_per_s, order_life_s, market_shares.\n"
        "  Fix: remove them, or move them to [venues.lit] for venues of kind ecn or exchange"
    ) == said
    (said,) = refusal_of('kind = "dark"', f'kind = "dark"\n{lit}')
    assert said.startswith("a.toml: venues[1] (PDRK).add_per_s: expected keys of [[venues]]; found")


def test_a_mic_is_asked_for_in_words() -> None:
    """Not by a pattern for programs."""
    (said,) = refusal_of('mic = "PNYB"', 'mic = "nyse"')

    assert said.startswith(
        "a.toml: venues[4].mic: expected a string of four capital letters or digits, such as XNYS; "
        "found the string 'nyse'"
    )
