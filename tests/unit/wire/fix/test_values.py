"""FIX text to units and back: exact or not at all."""

import pytest

from penstock.domain import Ns, Ticks
from penstock.wire.fix.values import (
    MAX_PRICE_TICKS,
    average_price_text,
    fraction,
    plain_text,
    price_text,
    price_ticks,
    shown,
    time_ns,
    time_text,
    usd_micros,
    usd_text,
    whole,
)

ARABIC_12 = "\u0661\u0662"  # digits that Python's int() would take


@pytest.mark.parametrize(
    ("text", "ticks"),
    [
        ("85.0100", 850_100),
        ("85", 850_000),
        ("0.0001", 1),
        ("00085.01", 850_100),
        ("1.50000", 15_000),
        ("85.", 850_000),
        (".5", 5_000),
    ],
)
def test_a_price_is_read_exactly(text: str, ticks: int) -> None:
    """No float is involved: 85.01 is 850,100 ticks and nothing near it."""
    assert ticks == price_ticks(text)


@pytest.mark.parametrize(
    "text",
    ["", "0", "0.0000", "-85.01", "+85.01", "85.00005", "8.5e1", "85,01", ".", "nan",
     "inf", " 85", "85 ", "1_000", ARABIC_12, "1000000.0001", "9" * 5_000],
)  # fmt: skip
def test_a_price_that_is_no_price_is_none(text: str) -> None:
    """Zero, signs, fractions of a tick, other spellings and absurd amounts."""
    assert price_ticks(text) is None


def test_the_largest_price_is_a_million_dollars() -> None:
    """Ticks times the largest order must stay within 64 bits."""
    assert MAX_PRICE_TICKS == price_ticks("1000000")


@pytest.mark.parametrize("ticks", [1, 9_999, 10_000, 850_050, MAX_PRICE_TICKS])
def test_a_price_survives_the_round_trip(ticks: int) -> None:
    """What we print, we read."""
    assert ticks == price_ticks(price_text(ticks))


@pytest.mark.parametrize(("text", "number"), [("100", 100), ("100.0", 100), ("007", 7), ("0", 0)])
def test_a_quantity_may_be_written_as_a_decimal(text: str, number: int) -> None:
    """FIX quantities are decimals that happen to be whole."""
    assert number == whole(text)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.5", "1e3", "1,000", "1 000", ARABIC_12, "9" * 19]
)
def test_a_quantity_that_is_not_whole_is_none(text: str) -> None:
    """Signs and fractions are refused, not rounded."""
    assert whole(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0.0), ("1", 1.0), ("0.25", 0.25), ("1.000", 1.0)]
)
def test_a_fraction_is_between_zero_and_one(text: str, value: float) -> None:
    """Both ends belong to it."""
    assert value == fraction(text)


@pytest.mark.parametrize("text", ["", "1.01", "-0.1", "nan", "1e-3", "0,5", ARABIC_12])
def test_other_numbers_are_no_fraction(text: str) -> None:
    """NaN above all: it would pass any comparison written the wrong way round."""
    assert fraction(text) is None


@pytest.mark.parametrize(
    ("paid", "filled", "text"),
    [
        (0, 0, "0"),
        (850_100 * 300, 300, "85.01000000"),
        (1_000_000 * 1 + 1_000_001 * 2, 3, "100.00006667"),
        (1_000_001, 20_000, "0.00500000"),  # 0.005000005: a tie, to the even side
        (3_000_003, 20_000, "0.01500002"),  # 0.015000015: a tie, to the even side
    ],
)
def test_the_average_price_has_eight_decimals_half_to_even(
    paid: int, filled: int, text: str
) -> None:
    """From whole numbers, so that the last digit is right."""
    assert text == average_price_text(paid, filled)


@pytest.mark.parametrize("micros", [0, 1, -1, 900_000, -1_500_001])
def test_money_survives_the_round_trip(micros: int) -> None:
    """Rebates included."""
    assert micros == usd_micros(usd_text(micros))


def test_a_rebate_has_a_minus_sign() -> None:
    """Also below one dollar, where integer division would lose it."""
    assert "-0.200000" == usd_text(-200_000)


@pytest.mark.parametrize("text", ["", "1.0000001", "--1", "1e6", ARABIC_12])
def test_money_that_is_not_exact_is_none(text: str) -> None:
    """Millionths of a dollar are the finest we keep."""
    assert usd_micros(text) is None


def test_a_time_is_printed_in_microseconds() -> None:
    """Cut, not rounded: a stamp never lies in the future."""
    assert "20260105-14:30:00.123456" == time_text(1_767_623_400_123_456_789)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("20260105-14:30:00", 1_767_623_400_000_000_000),
        ("20260105-14:30:00.123", 1_767_623_400_123_000_000),
        ("20260105-14:30:00.123456789", 1_767_623_400_123_456_789),
        ("19700101-00:00:00", 0),
    ],
)
def test_a_time_is_read_to_the_nanosecond(text: str, ns: int) -> None:
    """Seconds, milliseconds, microseconds and finer are all in use."""
    assert ns == time_ns(text)


@pytest.mark.parametrize(
    "text",
    ["", "20260105", "2026-01-05T14:30:00", "20260230-00:00:00", "20260105-24:00:00",
     "20260105-23:59:61", "19691231-23:59:59", "22620411-00:00:00", "99991231-23:59:59",
     "00000000-00:00:00", "20260105-14:30:00."],
)  # fmt: skip
def test_a_time_that_is_none_is_refused(text: str) -> None:
    """No such day, no such hour, or beyond what 64 bits of nanoseconds reach."""
    assert time_ns(text) is None


def test_a_leap_second_is_the_first_second_of_the_next_day() -> None:
    """60=20161231-23:59:60 is a time; Unix time counts no leap seconds."""
    assert time_ns("20170101-00:00:00") == time_ns("20161231-23:59:60")


def test_a_time_survives_the_round_trip() -> None:
    """Whole microseconds do."""
    at_ns = Ns(1_767_623_400_123_456_000)

    assert at_ns == time_ns(time_text(at_ns))


def test_text_of_others_becomes_printable_ascii() -> None:
    """Half a surrogate pair would stop the journal."""
    assert "no? good?" == plain_text("no\ud800 good\x01")


def test_a_found_value_is_quoted_and_cut() -> None:
    """A refusal stays readable whatever was sent."""
    assert "'100 '" == shown("100 ")
    assert "'" + "9" * 40 + "...'" == shown("9" * 10_000)
    assert "nothing" == shown(None)


def test_units_are_kept() -> None:
    """A tick is 1e-4 dollar."""
    assert "0.0001" == price_text(Ticks(1))
