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

    assert [f"fees.toml: venues[3].{key}" for key in keys] == [
        problem.where for problem in caught.value.problems
    ]
