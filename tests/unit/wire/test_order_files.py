"""Files of single orders: what they become, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from penstock.domain import NS_PER_S, TapeError
from penstock.wire import (
    NamedBytes,
    OrderKind,
)
from penstock.wire.databento_csv import read_mbo_csv
from penstock.wire.lobster import read_lobster
from tests.support.order_files import MBO_HEADER, Row, gzipped_file, mbo_file, mbo_line

LOBSTER_NAME = "TEST_2012-06-21_34200000_57600000_message_5.csv"
LOBSTER = b"""34200.5,1,11,100,2238100,1
34201.25,4,11,40,2238100,1
34202,5,0,7,2238500,-1
34203,2,11,10,2238100,1
34204,7,0,0,-1,-1
34205,3,11,50,2238100,1
"""

TRADED = [
    Row(0.0, "A", "B", 10.00, 100, 1, 1),
    Row(0.0, "A", "A", 10.05, 100, 2, 2),
    Row(1.0, "T", "B", 10.05, 30, 0, 3),  # takes 30 of order 2 …
    Row(1.0, "F", "A", 10.05, 30, 2, 3),
    Row(1.0, "C", "A", 10.05, 30, 2, 3),  # … which only repeats the fill
    Row(2.0, "T", "N", 10.03, 5, 0, 4),  # nobody showed these
    Row(3.0, "C", "B", 10.00, 100, 1, 5),
]


def test_a_cancel_that_repeats_a_fill_is_no_withdrawal() -> None:
    """Else every execution would look like a change of mind."""
    log = read_mbo_csv(mbo_file(TRADED))

    assert [
        OrderKind.ADD, OrderKind.ADD, OrderKind.PRINT, OrderKind.FILL, OrderKind.HIDDEN_PRINT,
        OrderKind.CANCEL,
    ] == log.orders["kind"].tolist()  # fmt: skip
    assert [1, -1, 1, -1, 0, 1] == log.orders["side"].tolist()
    assert [100_000, 100_500] == log.orders["price_ticks"][:2].tolist()


def test_times_become_wall_time_at_the_exchange() -> None:
    """The file is in UTC; the house counts the hours of the exchange."""
    log = read_mbo_csv(mbo_file(TRADED))

    assert int(log.session_start_ns) == int(log.orders["event_ns"][0])
    assert NS_PER_S == int(log.orders["event_ns"][2] - log.orders["event_ns"][0])
    assert ("TEST", "XNAS", 20250717) == (log.symbol, log.mic, log.day)


def test_a_gzipped_file_is_the_same_file() -> None:
    """Vendors deliver both."""
    plain, packed = (
        read_mbo_csv(file) for file in (mbo_file(TRADED), gzipped_file(mbo_file(TRADED)))
    )

    assert np.array_equal(plain.orders, packed.orders)


def refused(file: NamedBytes, symbol: str | None = None) -> str:
    """The one problem that a file is refused with."""
    with pytest.raises(TapeError) as raised:
        read_mbo_csv(file, symbol)
    assert 1 == len(raised.value.problems), "one error for one mistake"
    return str(raised.value)


def test_an_empty_file_is_refused() -> None:
    """A download that failed."""
    assert "an empty file" in refused(NamedBytes("mbo.csv", b""))


def test_a_header_without_lines_is_refused() -> None:
    """An export of a day on which nothing was asked for."""
    assert "at least one line" in refused(NamedBytes("mbo.csv", MBO_HEADER.encode()))


def test_a_truncated_gzip_is_refused() -> None:
    """Half a day must not pass for a quiet one."""
    assert "a whole gzip file" in refused(gzipped_file(mbo_file(TRADED), cut=20))


@pytest.mark.parametrize("data", [b"\x28\xb5\x2f\xfd\x00frame", b"DBN\x01binary"])
def test_a_binary_file_says_how_to_make_text_of_it(data: bytes) -> None:
    """As a vendor delivers it; no reader of ours takes it."""
    assert "dbn FILE --csv" in refused(NamedBytes("mbo.dbn.zst", data))


def test_a_missing_column_is_named() -> None:
    """Another schema of the same vendor."""
    file = NamedBytes("mbo.csv", mbo_file(TRADED).data.replace(b"order_id", b"order_no"))

    assert "none called order_id" in refused(file)


def test_another_stock_is_refused() -> None:
    """Rates of another stock would look plausible."""
    message = refused(mbo_file(TRADED), "IBM")

    assert "expected IBM; found TEST" in message


def test_two_stocks_in_one_file_are_refused() -> None:
    """Their books would be mixed."""
    both = mbo_file(TRADED).data + mbo_line(TRADED[-1], "ELSE").encode()

    assert "ELSE, TEST" in refused(NamedBytes("mbo.csv", both))


def test_a_line_that_is_no_number_is_named() -> None:
    """Whoever mends the file needs the line."""
    file = NamedBytes("mbo.csv", mbo_file(TRADED).data.replace(b",100,0,1,", b",many,0,1,", 1))

    message = refused(file)
    assert "mbo.csv:2" in message
    assert "'many'" in message


def test_times_that_go_back_are_refused() -> None:
    """A book replayed out of order is another book."""
    assert "times that do not go back" in refused(mbo_file([*TRADED, TRADED[0]]))


def test_an_unknown_action_is_refused() -> None:
    """What is not understood is not guessed."""
    assert "action to be one of" in refused(mbo_file([TRADED[0]._replace(action="Z")]))


@pytest.mark.parametrize(
    ("rtype", "found"), [("10", "rtype 10, the schema mbp-10"), ("34", "rtype 34"), ("", "empty")]
)
def test_another_schema_with_the_same_columns_is_refused(rtype: str, found: str) -> None:
    """Market by price has actions, sizes and sides, too, and some files even order ids."""
    data = mbo_file(TRADED).data.replace(b",160,", f",{rtype},".encode())

    message = refused(NamedBytes("mbp.csv", data))
    assert "mbp.csv:2: expected rtype 160, market by order" in message
    assert found in message
    assert "mbo schema" in message


def test_something_else_than_a_table_is_refused() -> None:
    """A file of another kind, named by mistake."""
    with pytest.raises(TapeError):
        read_mbo_csv(NamedBytes("mbo.csv", b"\x00\x01\x02 no table at all"))


def test_an_execution_of_a_resting_bid_was_a_sale() -> None:
    """LOBSTER gives the side that rested; a print has the side that was in a hurry."""
    log = read_lobster(NamedBytes(LOBSTER_NAME, LOBSTER))

    found = zip(log.orders["kind"].tolist(), log.orders["side"].tolist(), strict=True)
    assert [
        (OrderKind.ADD, 1), (OrderKind.PRINT, -1), (OrderKind.FILL, 1),
        (OrderKind.HIDDEN_PRINT, 1), (OrderKind.CANCEL, 1), (OrderKind.CANCEL, 1),
    ] == list(found)  # fmt: skip
    assert ("TEST", 20120621) == (log.symbol, log.day)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("messages.csv", LOBSTER, "a name like"),
        (LOBSTER_NAME, b"", "an empty file"),
        (LOBSTER_NAME, b"34200.5,1,11,100,2238100\n", "6 fields"),
        (LOBSTER_NAME, b"34200.5,9,11,100,2238100,1\n", "a type from 1 to 7"),
        (LOBSTER_NAME, b"34200.5,1,11,100,2238100,1\n34200.4,1,12,100,2238100,1\n", "go back"),
        (LOBSTER_NAME, b"x,1,11,100,2238100,1\n", "time to be a number"),
    ],
)
def test_a_file_that_is_none_of_lobsters_is_refused(name: str, data: bytes, says: str) -> None:
    """Each mistake has a message of its own."""
    with pytest.raises(TapeError, match=says):
        read_lobster(NamedBytes(name, data))


def test_the_recorded_day_of_orders_is_read(shared_data: Path) -> None:
    """Counts of the real file, as its provenance has them."""
    path = shared_data / "databento" / "ARL_XNAS_mbo_2025-07-17.csv.gz"

    log = read_mbo_csv(NamedBytes(str(path), path.read_bytes()), "arl")

    kinds = np.bincount(log.orders["kind"], minlength=7)
    # 2,913 cancels in the file, of which 11 repeat the 11 fills.
    assert (2_915, 2_902, 11, 11, 35) == tuple(kinds[[0, 1, 2, 4, 5]].tolist())
