"""The consolidated tape as LEAN stores it: what becomes of each row, and of each wrong file."""

from pathlib import Path

import numpy as np
import pytest

from penstock.domain import Problem, TapeArray, TapeError, TapeFlag, TapeKind, TradingDay
from penstock.wire import (
    US_VENUES,
    IngestResult,
    NamedBytes,
    ingest_consolidated,
    read_consolidated,
)
from tests.support.consolidated_files import (
    DAY,
    OPEN_MS,
    gzipped,
    ingested,
    quote,
    quote_file,
    trade,
    trade_file,
    zipped,
)

T = OPEN_MS
QUOTES = quote(T, 1_000_000, 1_000_400) + quote(T + 10, 1_000_100, 1_000_400, "QN")
TRADES = trade(T + 5, 1_000_400) + trade(T + 12, 1_000_100, 200, "D")
MIDNIGHT_NS = 1_381_190_400 * 10**9  # 8 October 2013, as if New York were in Greenwich


def rows(tape: TapeArray) -> list[tuple[str, int, int, int, str]]:
    """Kind, side, price, size and venue of the messages."""
    return [
        (
            TapeKind(row["kind"]).name,
            int(row["side"]),
            int(row["price_ticks"]),
            int(row["shares"]),
            US_VENUES[row["venue_idx"]].code,
        )
        for row in tape
    ]


def flags_of(trades: str) -> list[int]:
    """Flags of these prints."""
    tape = ingested(QUOTES, trades).tape
    return [int(flags) for flags in tape["flags"][tape["kind"] == TapeKind.TRADE]]


def cleaning(result: IngestResult) -> dict[str, int]:
    """How often each rule applied."""
    return {step.rule: step.n for step in result.context.cleaning}


def problems_of(*files: NamedBytes, symbol: str = "TEST") -> tuple[Problem, ...]:
    """What is wrong with these files."""
    with pytest.raises(TapeError) as caught:
        read_consolidated(files, symbol, DAY)
    return caught.value.problems


def only_problem_of(*files: NamedBytes, symbol: str = "TEST") -> Problem:
    """The same, where there must be one."""
    (problem,) = problems_of(*files, symbol=symbol)
    return problem


# What the rows become.


def test_only_sides_that_changed_become_messages() -> None:
    """The source repeats the other side each time; a repeat would look like news."""
    result = ingested(QUOTES, TRADES)

    assert [
        ("NBBO", -1, 1_000_400, 100, "N"),
        ("NBBO", 1, 1_000_000, 100, "N"),
        ("TRADE", 1, 1_000_400, 100, "N"),
        ("NBBO", 1, 1_000_100, 100, "Q"),
        ("TRADE", -1, 1_000_100, 200, "D"),
    ] == rows(result.tape)
    assert 1 == cleaning(result)["quote sides that repeat the one before"]


def test_times_are_wall_time_as_if_it_were_utc_and_receipt_is_set_equal() -> None:
    """The house needs no calendar, and the source has one stamp."""
    tape = ingested(QUOTES, TRADES).tape

    assert MIDNIGHT_NS + T * 10**6 == tape["event_ns"][0]
    np.testing.assert_array_equal(tape["event_ns"], tape["recv_ns"])


def test_fractions_of_a_millisecond_are_kept_exactly() -> None:
    """Later files of the same format have them."""
    tape = ingested(quote(T, 1_000_000, 1_000_400), trade(f"{T}.000367", 1_000_000)).tape  # type: ignore[arg-type]

    assert [0, 0, 367] == (tape["event_ns"] - MIDNIGHT_NS - T * 10**6).tolist()


def test_a_trade_stands_before_the_quotes_of_its_millisecond() -> None:
    """A trade is what makes the quote change; its own consequence must not classify it."""
    quotes = quote(T, 1_000_000, 1_000_400) + quote(T + 5, 999_000, 999_400)
    result = ingested(quotes, trade(T + 5, 1_000_000))

    assert ("TRADE", -1, 1_000_000, 100, "N") == rows(result.tape)[2]


def test_above_the_midpoint_buys_and_below_it_sells() -> None:
    """Lee and Ready's quote rule; inside the spread too."""
    trades = trade(T + 1, 1_000_300) + trade(T + 2, 1_000_100)
    sides = [row[1] for row in rows(ingested(quote(T, 1_000_000, 1_000_400), trades).tape)[2:]]

    assert [1, -1] == sides


def test_at_the_midpoint_the_last_change_of_price_decides() -> None:
    """Lee and Ready's tick rule; the first trade of all has nothing to go by."""
    trades = "".join(trade(T + i, p) for i, p in enumerate([1000, 1000, 1100, 1000, 1000], 1))
    quotes = quote(T, 900, 1100)
    sides = [row[1] for row in rows(ingested(quotes, trades).tape)[2:]]

    assert [0, 0, 1, -1, -1] == sides


def test_a_rising_bid_comes_after_its_ask() -> None:
    """Applied row by row, the NBBO must not look crossed when it never was."""
    quotes = quote(T, 1_000_000, 1_000_100) + quote(T, 1_000_200, 1_000_300)
    messages = rows(ingested(quotes, TRADES).tape)[:4]

    assert [("NBBO", -1, 1_000_300, 100, "N"), ("NBBO", 1, 1_000_200, 100, "N")] == messages[2:]


def test_a_falling_bid_comes_before_its_ask() -> None:
    """The same, downwards."""
    quotes = quote(T, 1_000_200, 1_000_300) + quote(T, 1_000_000, 1_000_100)
    messages = rows(ingested(quotes, TRADES).tape)[:4]

    assert [("NBBO", 1, 1_000_000, 100, "N"), ("NBBO", -1, 1_000_100, 100, "N")] == messages[2:]


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        (trade(T, 1_000_000), 0),
        (trade(T, 1_000_000, condition="20000020"), 0),  # an intermarket sweep
        (trade(T, 1_000_000, code="D"), TapeFlag.OFF_EXCHANGE),
        (trade(T, 1_000_000, mark=1), TapeFlag.SUSPICIOUS),
        (trade(T, 1_000_000, condition="20100200"), TapeFlag.SUSPICIOUS),  # an average price
        (trade(T, 1_000_000, condition="40"), TapeFlag.AUCTION),
        (trade(T, 1_000_000, condition="80000000"), TapeFlag.ODD_LOT),
        (trade(T, 1_000_000, shares=99), TapeFlag.ODD_LOT),
    ],
)
def test_prints_are_flagged_by_what_they_are(line: str, flags: int) -> None:
    """Nothing is thrown away that has a price and a size; users choose."""
    assert [flags] == flags_of(line)


def test_a_suspicious_quote_is_kept_but_moves_nothing() -> None:
    """The repeat after it is still a repeat, and trades are classified without it."""
    marked = quote(T + 1, 1_000_000, 9_000_000).replace(",1,0\n", ",1,1\n")
    quotes = quote(T, 1_000_000, 1_000_400) + marked + quote(T + 2, 1_000_000, 1_000_400)
    result = ingested(quotes, trade(T + 3, 1_000_400))

    assert ("TRADE", 1, 1_000_400, 100, "N") == rows(result.tape)[-1]
    assert [0, 0, TapeFlag.SUSPICIOUS, TapeFlag.SUSPICIOUS, 0] == result.tape["flags"].tolist()
    assert 2 == cleaning(result)["quote rows that the source marks as suspicious"]


def test_what_cleaning_did_is_counted() -> None:
    """Rows without a price, sides without a size, trades without either; locks and crosses."""
    quotes = (
        quote(T, 1_000_000, 1_000_400)
        + f"{T},0,0,0,0,N,1,0\n"
        + quote(T + 1, 1_000_400, 1_000_400)
        + quote(T + 2, 1_000_500, 1_000_400)
        + quote(T + 3, 1_000_000, 1_000_400, ask_shares=0)
        + quote(T + 4, 1_000_000, 1_000_400).replace(",1,0\n", ",400,0\n")
    )
    trades = trade(T, 0) + trade(T, 1_000_000, shares=0) + trade(T, 1_000_000)

    assert {
        "quote rows without a price": 1,
        "quote sides with a price and no size": 1,
        "quote rows with a condition that is not firm": 2,
        "changes in the session that lock the NBBO": 1,
        "changes in the session that cross the NBBO": 1,
        "trades without price or size": 2,
        "quote sides that repeat the one before": 2,
    } == cleaning(ingested(quotes, trades))


def test_messages_outside_the_session_are_kept_and_counted() -> None:
    """The quote in force at the open was made before it."""
    quotes = quote(T - 1, 1_000_000, 1_000_400) + QUOTES
    result = ingested(quotes, TRADES + trade(57_600_000, 1_000_000))

    assert 3 == cleaning(result)["messages outside 09:30 to 16:00"]
    assert len(result.tape) - 3 == result.context.counts["session_messages"]
    assert result.context.session_start_ns == MIDNIGHT_NS + T * 10**6


def test_a_row_with_both_sides_is_one_change() -> None:
    """Not what the source does today; nothing else it could mean."""
    result = ingested(f"{T},1000000,100,1000400,300,N,1,0\n", TRADES)

    assert [
        ("NBBO", -1, 1_000_400, 300, "N"),
        ("NBBO", 1, 1_000_000, 100, "N"),
    ] == rows(result.tape)[:2]


def test_a_bid_and_an_ask_of_different_times_are_two_changes() -> None:
    """Between them the new bid stands against the old ask."""
    quotes = quote(T, 900, 1100) + f"{T + 10},1050,100,0,0,N,1,0\n{T + 20},0,0,1200,100,N,1,0\n"

    assert ("TRADE", -1, 1060, 100, "N") in rows(ingested(quotes, trade(T + 15, 1060)).tape)


# What the files may be wrapped in.


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_of_either_kind_will_do(ending: str) -> None:
    """Files pass through all sorts of machines; the last line need not end."""
    plain = ingested(QUOTES, TRADES).tape
    other = ingested(
        QUOTES.replace("\n", ending).removesuffix(ending), TRADES.replace("\n", ending)
    ).tape

    np.testing.assert_array_equal(plain, other)


def test_zip_gzip_and_plain_give_the_same_tape() -> None:
    """And the order of the files does not matter."""
    quotes, trades = quote_file(QUOTES), trade_file(TRADES)
    plain = read_consolidated([quotes, trades], "TEST", DAY).tape

    np.testing.assert_array_equal(
        plain, read_consolidated([zipped(trades), gzipped(quotes)], "TEST", DAY).tape
    )


def test_the_context_says_which_files_it_came_from() -> None:
    """By name without folders, size and hash: the same wherever the files lie."""
    here = ingested(QUOTES, TRADES).context
    there = read_consolidated(
        [quote_file(QUOTES, "far/away/quote.csv"), trade_file(TRADES)], "TEST", DAY
    ).context

    assert ["quote.csv", "trade.csv"] == [source.name for source in here.sources]
    assert here == there


# What can be wrong with them.


@pytest.mark.parametrize(
    ("line", "found", "expected"),
    [
        ("34200000,1,2,N,1", "5 in '34200000,1,2,N,1'", "6 comma-separated fields"),
        ("", "1 in ''", "6 comma-separated fields"),
        ("x,1,2,N,1,0", "'x' in 'x,1,2,N,1,0'", "time to be milliseconds, at least 0"),
        # Overflows to less than a millisecond after midnight.
        ("18446744073710,1,2,N,1,0", "'18446744073710'", "time to be milliseconds, at least 0"),
        ("34200000,-1,2,N,1,0", "'-1'", "price to be a whole number of at least 0"),
        ("34200000,1.5,2,N,1,0", "'1.5'", "price to be a whole number of at least 0"),
        ("34200000,1,,N,1,0", "''", "shares to be a whole number of at least 0"),
        ("34200000,1,2,n,1,0", "'n'", "exchange to be a known letter (N, Q, P,"),
        ("34200000,1,2,N,G,0", "'G'", "condition to be a hexadecimal number"),
        ("34200000,1,2,N,1,2", "'2'", "suspicious to be 0 or 1"),
        ("34200000,9999999999999999,2,N,1,0", "'9999999999999999'", "price to be a whole"),
    ],
)
def test_a_wrong_line_is_named(line: str, found: str, expected: str) -> None:
    """File, line, field: an editor can go there."""
    trades = trade(T, 1_000_000) + line + "\n" + trade(T, 1_000_000)
    problem = only_problem_of(quote_file(QUOTES), trade_file(trades))

    assert "trade.csv:2" == problem.where
    assert problem.expected.startswith(expected)
    assert problem.found.startswith(found)


def test_a_line_cut_at_the_end_is_told_from_a_wrong_one() -> None:
    """An interrupted copy is the usual reason, and fetching again the cure."""
    problem = only_problem_of(quote_file(QUOTES[:-6]), trade_file(TRADES))

    assert ("quote.csv:4", "8 comma-separated fields") == (problem.where, problem.expected)
    assert "the file ends in mid-line: fetch it again" == problem.fix


def test_wrong_lines_of_both_files_come_at_once_and_not_too_many() -> None:
    """A wrong file is wrong on every line."""
    problems = problems_of(quote_file(QUOTES.replace("N", "!")), trade_file("a,b,c,d,e,f\n" * 99))

    assert [f"quote.csv:{i}" for i in (1, 2, 4)] + [f"trade.csv:{i}" for i in range(1, 6)] == [
        problem.where for problem in problems
    ]
    assert problems[-1].found.endswith("and 94 more such lines")


def test_times_that_go_back_are_refused() -> None:
    """Sorting in silence would hide that two days, or two stocks, were joined."""
    problem = only_problem_of(quote_file(QUOTES + QUOTES), trade_file(TRADES))

    assert "quote.csv:5" == problem.where
    assert ("time of at least 34200010, as the line before", "34200000") == (
        problem.expected,
        problem.found,
    )


def test_a_time_beyond_the_day_is_refused() -> None:
    """Other files count from 1970, or in microseconds."""
    problem = only_problem_of(quote_file(QUOTES), trade_file(trade(86_400_000, 1_000_000)))

    assert ("trade.csv:1", "86400000") == (problem.where, problem.found)


def test_a_quote_file_passed_as_a_trade_file_is_told_so() -> None:
    """The number of columns says what a file is; its name must agree."""
    problem = only_problem_of(quote_file(QUOTES), quote_file(QUOTES, "20131008_trade.csv"))

    assert ("20131008_trade.csv", "a quote file, as its columns say") == (
        problem.where,
        problem.expected,
    )
    assert "the kind 'trade' in its name" == problem.found


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("20131008_ibm_Trade_Tick.csv", "the symbol 'ibm' in its name"),
        ("ibm_20131008_trade.csv", "the symbol 'ibm' in its name"),
        ("20131007_test_Trade_Tick.csv", "the day '20131007' in its name"),
        ("20131007_trade.csv", "the day '20131007' in its name"),
    ],
)
def test_a_name_of_another_stock_or_day_is_a_mistake(name: str, what: str) -> None:
    """Columns do not say whose trades they are."""
    problem = only_problem_of(quote_file(QUOTES), zipped(trade_file(TRADES, name), "trade.zip"))

    assert (f"trade.zip/{name}", what) == (problem.where, problem.found)


def test_prices_of_another_stock_are_a_mistake() -> None:
    """Where the names say nothing, the prices do."""
    problem = only_problem_of(quote_file(QUOTES), trade_file(trade(T + 1, 140_000)))

    assert ("trade.csv", "prices that are 86% away from them") == (problem.where, problem.found)


def test_both_files_are_needed() -> None:
    """Quotes make sides, trades make volume."""
    problem = only_problem_of(trade_file(TRADES))

    assert ("trade.csv", "no quote file") == (problem.where, problem.found)


def test_two_files_of_a_kind_are_one_too_many() -> None:
    """Which of them would be the day's?"""
    problem = only_problem_of(quote_file(QUOTES), trade_file(TRADES), trade_file(TRADES, "b.csv"))

    assert ("b.csv", "a second trade file; the first is trade.csv") == (
        problem.where,
        problem.found,
    )


def test_a_file_of_bars_is_another_format() -> None:
    """LEAN has those too, with other columns."""
    problem = only_problem_of(quote_file("34200000,1,2,3,4,5,6\n"), trade_file(TRADES))

    assert ("quote.csv:1", "7") == (problem.where, problem.found)


@pytest.mark.parametrize(
    ("name", "data", "expected", "found"),
    [
        ("a.csv", b"", "market data", "an empty file"),
        ("a.zip", b"1,2,3", "a zip archive, as its name says", "bytes that start with b'1,2,'"),
        ("a.csv.gz", b"1,2,3", "a gzip file, as its name says", "bytes that start with b'1,2,'"),
        ("a.zip", b"PK\x03\x04", "a whole zip archive", "File is not a zip file"),
        ("a.gz", b"\x1f\x8b\x08", "a whole gzip file", "Compressed file ended before"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    name: str, data: bytes, expected: str, found: str
) -> None:
    """The content decides, but a contradiction is a mistake somewhere."""
    problem = only_problem_of(NamedBytes(name, data), trade_file(TRADES))

    assert (name, expected) == (problem.where, problem.expected)
    assert problem.found.startswith(found)


def test_an_archive_with_several_files_is_ambiguous() -> None:
    """Guessing which one is meant would work until it does not."""
    both = zipped(quote_file(QUOTES), "day.zip", trade_file(TRADES))

    assert "2 files" == only_problem_of(both).found


def test_no_date_is_no_day() -> None:
    """The day comes from the command line."""
    with pytest.raises(TapeError, match="expected a date as YYYYMMDD; found 20131345"):
        read_consolidated([quote_file(QUOTES), trade_file(TRADES)], "TEST", TradingDay(20131345))


def test_files_that_are_not_there_are_all_named(tmp_path: Path) -> None:
    """One run, one list."""
    paths = [tmp_path / "quote.zip", tmp_path / "trade.zip"]
    with pytest.raises(TapeError) as caught:
        ingest_consolidated(paths, "TEST", DAY)

    assert [str(path) for path in paths] == [problem.where for problem in caught.value.problems]


# The real thing.


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("symbol", "day", "n_messages", "n_trades", "n_locked", "n_off_exchange", "at_quote_frac"),
    [
        ("ibm", 20131007, 80_240, 24_293, 320, 7_458, 0.74),
        ("ibm", 20131008, 98_024, 33_381, 502, 10_777, 0.74),
        ("bac", 20131008, 414_186, 125_872, 9_587, 50_793, 0.99),
    ],
)
def test_recorded_days_are_read_whole(
    shared_data: Path,
    symbol: str,
    day: int,
    n_messages: int,
    n_trades: int,
    n_locked: int,
    n_off_exchange: int,
    at_quote_frac: float,
) -> None:
    """The counts that docs/data.md gives, and that the quotes are what it says they are."""
    paths = [
        shared_data / "us_taq_2013" / f"{symbol}_{day}_{kind}.zip" for kind in ("quote", "trade")
    ]
    result = ingest_consolidated(paths, symbol, TradingDay(day))

    assert (n_messages, n_trades) == (len(result.tape), result.context.counts["trade_messages"])
    assert n_locked == cleaning(result)["changes in the session that lock the NBBO"]
    assert n_off_exchange == cleaning(result)["trades off exchange"]
    assert at_quote_frac == pytest.approx(share_at_quote(result), abs=0.02)


def share_at_quote(result: IngestResult) -> float:
    """Fraction of the session's ordinary trades on exchanges that are at the bid or ask before."""
    tape, context = result
    best = {1: 0, -1: 0}
    n_trades = n_at_quote = 0
    for kind, side, ticks, flags, time_ns in tape[
        ["kind", "side", "price_ticks", "flags", "event_ns"]
    ].tolist():
        if kind == TapeKind.NBBO and flags == 0:
            best[side] = ticks
        elif flags == 0 and context.session_start_ns <= time_ns < context.session_end_ns:
            n_trades += 1
            n_at_quote += ticks in best.values()
    return n_at_quote / n_trades
