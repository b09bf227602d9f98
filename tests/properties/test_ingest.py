"""Laws of ingesting: what comes out is the recorded day or an error, never something else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.domain import TAPE_DTYPE, TapeArray, TapeError, TapeKind
from penstock.wire import (
    US_VENUES,
    NamedBytes,
    TapeFile,
    decode_tape,
    encode_tape,
    read_consolidated,
)
from penstock.wire.csv_columns import Kind, scan_lines
from tests.support import naive_csv, naive_normalising
from tests.support.consolidated_files import (
    DAY,
    OPEN_MS,
    gzipped,
    ingested,
    quote,
    quote_file,
    random_day,
    trade,
    trade_file,
    zipped,
)

SMALL = ingested(*random_day(seed=3, n_changes=5)).file
SMALL_BYTES = encode_tape(SMALL)
QUOTES, TRADES = random_day(seed=4, n_changes=8)

# Few prices, sizes and times, so that repeats, locks, crosses and ties are common.
MILLISECONDS = st.integers(0, 6).map(lambda step: OPEN_MS - 3 + step)
PRICES = st.integers(0, 5).map(lambda step: step and 1_000_000 + 100 * step)
SIZES = st.sampled_from([0, 100, 200])


@st.composite
def quote_texts(draw: st.DrawFn) -> str:
    """Quote files with rows of one side, of both, of none, paired and not."""
    lines = []
    for ms in sorted(draw(st.lists(MILLISECONDS, min_size=1, max_size=25))):
        shape = draw(st.sampled_from(["pair", "pair", "pair", "bid", "ask", "both", "none"]))
        code, mark = (
            draw(st.sampled_from("NQ")),
            draw(st.sampled_from(["1,0"] * 6 + ["1,1", "400,0"])),
        )
        bid = f"{draw(PRICES)},{draw(SIZES)}" if shape in ("pair", "bid", "both") else "0,0"
        ask = f"{draw(PRICES)},{draw(SIZES)}" if shape in ("pair", "ask", "both") else "0,0"
        if shape == "pair":
            lines += [f"{ms},{bid},0,0,{code},{mark}", f"{ms},0,0,{ask},{code},{mark}"]
        else:
            lines.append(f"{ms},{bid},{ask},{code},{mark}")
    return "".join(f"{line}\n" for line in lines)


@st.composite
def trade_texts(draw: st.DrawFn) -> str:
    """Trade files with prints of all sorts."""
    lines = []
    for ms in sorted(draw(st.lists(MILLISECONDS, min_size=1, max_size=25))):
        ticks, shares = draw(PRICES), draw(st.sampled_from([0, 50, 100, 300]))
        code = draw(st.sampled_from("NQD"))
        mark = draw(st.sampled_from(["1,0"] * 4 + ["20000020,0", "40,0", "20100200,0", "1,1"]))
        lines.append(f"{ms},{ticks},{shares},{code},{mark}\n")
    return "".join(lines)


def messages(tape: TapeArray) -> list[naive_normalising.Message]:
    """The tape as the reference has it."""
    midnight_ns = SMALL.context.session_start_ns - OPEN_MS * 10**6
    return [
        naive_normalising.Message(
            int(row["event_ns"]) - midnight_ns,
            int(row["kind"]),
            int(row["side"]),
            int(row["price_ticks"]),
            int(row["shares"]),
            US_VENUES[row["venue_idx"]].code,
            int(row["flags"]),
        )
        for row in tape
    ]


@given(quote_texts(), trade_texts())
def test_the_tape_is_that_of_the_slow_reference(quotes: str, trades: str) -> None:
    """Cleaning, pairing, repeats, order and sides, row by row."""
    assert naive_normalising.normalise(quotes, trades) == messages(ingested(quotes, trades).tape)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), min_size=1, max_size=20))
def test_applied_row_by_row_the_nbbo_never_looks_crossed_if_it_never_was(
    quotes: list[tuple[int, int]],
) -> None:
    """Users of the tape apply one row at a time, and must not see what nobody saw."""
    text = "".join(
        quote(OPEN_MS + i, 1_000_000 + 100 * bid, 1_000_000 + 100 * (bid + spread))
        for i, (bid, spread) in enumerate(quotes)
    )
    best = {1: 0, -1: 2**62}

    for message in messages(ingested(text, trade(OPEN_MS, 1_000_000)).tape):
        if message.kind == TapeKind.NBBO:
            best[message.side] = message.ticks
            assert best[1] < best[-1]
    assert 1_000_000 + 100 * quotes[-1][0] == best[1]


@given(quote_texts(), trade_texts())
def test_the_tape_is_sorted_and_every_row_is_accounted_for(quotes: str, trades: str) -> None:
    """Sides in = messages + what the cleaning log says was dropped."""
    result = ingested(quotes, trades)
    n = {step.rule: step.n for step in result.context.cleaning}
    n_sides = sum(
        (int(line.split(",")[1]) > 0) + (int(line.split(",")[3]) > 0)
        for line in quotes.splitlines()
    )

    assert (np.diff(result.tape["recv_ns"]) >= 0).all()
    assert n_sides == (
        result.context.counts["nbbo_messages"]
        + n.get("quote sides with a price and no size", 0)
        + n.get("quote sides that repeat the one before", 0)
    )
    assert trades.count("\n") == (
        result.context.counts["trade_messages"] + n.get("trades without price or size", 0)
    )


KINDS = (Kind.MILLISECONDS, Kind.WHOLE, Kind.LETTER, Kind.MASK, Kind.FLAG)


FIELDS = st.sampled_from(
    [
        "0",
        "1",
        "12",
        "1.5",
        "1.",
        ".5",
        "N",
        "Q",
        "x",
        "fF",
        "g",
        "@",
        "",
        "-1",
        "1\r",
        "9" * 15,
        "1" * 16,
    ]
)
LINES = st.lists(FIELDS, min_size=4, max_size=6).map(",".join)


@given(st.lists(LINES, max_size=8).map("\n".join) | st.text("0123456789.,NQaf\r\n", max_size=60))
def test_lines_are_read_as_the_slow_reference_reads_them(text: str) -> None:
    """Values of the lines that fit; line and field of those that do not."""
    content = text.encode()
    rows, faults = naive_csv.parse(content, KINDS, "NQ")
    places = np.full(256, -1, dtype=np.int64)
    places[[ord("N"), ord("Q")]] = [0, 1]
    n_lines = content.count(b"\n") + 1
    out_rows = np.zeros((len(KINDS), n_lines), dtype=np.int64)
    out_faults = np.zeros((n_lines, 2), dtype=np.int64)

    n_faults = scan_lines(
        np.frombuffer(content, dtype=np.uint8), np.array(KINDS), places, out_rows, out_faults
    )

    assert faults == [(int(row), int(column)) for row, column in out_faults[:n_faults]]
    wrong = [row for row, _ in faults]
    fitting = [row for row in range(len(rows) + len(faults)) if row not in wrong]
    assert rows == out_rows[:, fitting].T.tolist()


TAPE_FIELDS = {
    "price_ticks": st.integers(0, 2**40),
    "shares": st.integers(0, 2**40),
    "seq": st.integers(-(2**63), 2**63 - 1),
    "venue_idx": st.integers(0, 12),
    "kind": st.integers(0, 6),
    "side": st.integers(-1, 1),
    "flags": st.integers(0, 2**16 - 1),
}


@given(st.lists(st.fixed_dictionaries(TAPE_FIELDS), max_size=20), st.integers(0, 2**62))
def test_a_tape_file_gives_back_what_was_put_in(rows: list[dict[str, int]], start_ns: int) -> None:
    """Round trip for any tape, the empty one included."""
    tape = np.zeros(len(rows), dtype=TAPE_DTYPE)
    for i, row in enumerate(rows):
        for field, value in row.items():
            tape[i][field] = value
        tape[i]["event_ns"] = tape[i]["recv_ns"] = start_ns + i

    again = decode_tape(encode_tape(TapeFile(tape, SMALL.context)), "day.tape")

    np.testing.assert_array_equal(tape, again.tape)
    assert SMALL.context == again.context


def test_no_truncation_of_a_tape_file_is_ever_read() -> None:
    """Every length, not a sample: this is what a full disk leaves behind."""
    for n_bytes in range(len(SMALL_BYTES)):
        with pytest.raises(TapeError):
            decode_tape(SMALL_BYTES[:n_bytes], "day.tape")


@given(st.integers(0, len(SMALL_BYTES) * 8 - 1))
def test_no_changed_bit_of_a_tape_file_is_ever_read(bit: int) -> None:
    """Disks and networks do this."""
    data = bytearray(SMALL_BYTES)
    data[bit // 8] ^= 1 << bit % 8

    with pytest.raises(TapeError):
        decode_tape(bytes(data), "day.tape")


@given(st.binary(max_size=200))
def test_nothing_else_is_a_tape_file(data: bytes) -> None:
    """Whatever it is, it is one clear error."""
    with pytest.raises(TapeError):
        decode_tape(data, "day.tape")


@given(st.integers(0, len(QUOTES) - 1))
def test_a_quote_file_cut_short_is_an_error_or_the_day_up_to_there(n_bytes: int) -> None:
    """Text has no checksum: a cut between lines cannot be seen, one within a line must be."""
    text = QUOTES[:n_bytes]
    try:
        tape = ingested(text, TRADES).tape
    except TapeError:
        assert not text or len(text.rpartition("\n")[2].split(",")) < 8 or text.endswith(",")
    else:
        whole = [line for line in QUOTES.splitlines() if line in text.splitlines()]
        assert text.splitlines() == whole
        assert naive_normalising.normalise("\n".join(whole), TRADES) == messages(tape)


@given(st.data())
def test_a_damaged_archive_is_an_error_or_makes_no_difference(data: st.DataObject) -> None:
    """Zip and gzip have checksums; no damage may come out as another tape, or as another error."""
    quotes, trades = quote_file(QUOTES), trade_file(TRADES)
    intact = read_consolidated([quotes, trades], "TEST", DAY).tape
    archive = data.draw(st.sampled_from([zipped(quotes), gzipped(quotes)]))
    content = bytearray(archive.data)
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    try:
        tape = read_consolidated(
            [NamedBytes(archive.name, bytes(content)), trades], "TEST", DAY
        ).tape
    except TapeError:
        return
    np.testing.assert_array_equal(intact, tape)


@given(st.binary(max_size=300), st.sampled_from(["a", "a.csv", "a.gz", "a.zip"]))
def test_garbage_is_one_clear_error(data: bytes, name: str) -> None:
    """Nothing but TapeError may come out of a file from outside."""
    with pytest.raises(TapeError):
        read_consolidated([NamedBytes(name, data), trade_file(TRADES)], "TEST", DAY)
