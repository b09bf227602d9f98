"""The compiled decoder equals the slow one, on good messages, damaged ones and noise."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from penstock.domain import TAPE_DTYPE, TapeArray, TapeKind, empty_tape
from penstock.wire.feed.decoding import (
    BLOCK_BYTES,
    UNKNOWN_INSTRUMENT,
    decode_messages,
    hand_over,
)
from penstock.wire.feed.framing import encode_blocks, symbol_number
from tests.support.naive_feed import Row, naive_hand_over, naive_messages

SYMBOLS = ["IBM", "A", "BRK.A", "ZVZZT", "AA", "LONGNAME"]
VENUE = 3
MAX_MESSAGES = 35


def random_rows(rng: np.random.Generator, n: int) -> TapeArray:
    """Rows that a publisher may send."""
    rows = empty_tape(n)
    rows["event_ns"] = rng.integers(0, 2**63 - 1, n)
    rows["kind"] = rng.integers(0, max(TapeKind) + 1, n)
    rows["side"] = np.where(
        np.isin(rows["kind"], [TapeKind.LEVEL, TapeKind.NBBO]),
        rng.choice([1, -1], n),
        rng.choice([1, 0, -1], n),
    )
    rows["price_ticks"] = rng.integers(1, 2**48, n)
    rows["shares"] = rng.integers(0, 2**48, n) * rng.integers(0, 2, n)
    rows["flags"] = rng.integers(0, 2**16, n)
    rows["instrument_idx"] = rng.integers(0, len(SYMBOLS), n)
    return rows


def compiled(blocks: bytes, known: list[str]) -> list[Row] | None:
    """What the kernel makes of the blocks."""
    numbers = np.array([symbol_number(s.encode().ljust(8)) for s in known], np.int64)
    order = np.argsort(numbers).astype(np.int64)
    data = np.frombuffer(bytearray(b"front" + blocks), np.uint8)
    rows, n = empty_tape(MAX_MESSAGES), len(blocks) // BLOCK_BYTES
    if not decode_messages(data, 5, n, numbers[order], order, VENUE, rows):
        return None
    return as_dicts(rows[:n])


def as_dicts(rows: TapeArray) -> list[Row]:
    """Rows as the slow decoder has them."""
    names = TAPE_DTYPE.names or ()
    return [{name: int(row[name]) for name in names} for row in rows]


def wire_names() -> NDArray[np.bytes_]:
    """What `encode_blocks` needs."""
    return np.array([s.encode().ljust(8) for s in SYMBOLS])


@pytest.mark.parametrize("seed", range(30))
def test_good_messages_come_out_as_they_went_in(seed: int) -> None:
    """Both decoders, and what was encoded, agree; some names are unknown to the reader."""
    rng = np.random.default_rng(seed)
    rows = random_rows(rng, int(rng.integers(1, MAX_MESSAGES + 1)))
    blocks = encode_blocks(rows, wire_names())
    known = [str(s) for s in rng.permutation(SYMBOLS)[: rng.integers(1, len(SYMBOLS) + 1)]]

    found = compiled(blocks, known)

    assert naive_messages(blocks, known, VENUE) == found
    assert found is not None
    for row, sent in zip(found, as_dicts(rows), strict=True):
        name = SYMBOLS[sent["instrument_idx"]]
        sent["instrument_idx"] = known.index(name) if name in known else UNKNOWN_INSTRUMENT
        assert {**sent, "venue_idx": VENUE} == row


@pytest.mark.parametrize("seed", range(200))
def test_damaged_messages_are_judged_alike(seed: int) -> None:
    """A few bytes of good messages changed: refused by both, or read alike by both."""
    rng = np.random.default_rng(seed)
    blocks = bytearray(encode_blocks(random_rows(rng, 3), wire_names()))
    for at in rng.integers(0, len(blocks), int(rng.integers(1, 4))):
        blocks[at] = rng.choice([0, 1, 2, 7, 127, 128, 255, int(rng.integers(256))])

    assert naive_messages(bytes(blocks), SYMBOLS, VENUE) == compiled(bytes(blocks), SYMBOLS)


def test_each_field_is_refused_by_both_just_beyond_its_limit() -> None:
    """Limits are where the two would first drift apart."""
    good = {"kind": 0, "side": 1, "price_ticks": 1, "shares": 0, "event_ns": 0}
    cases = [
        ({}, True),
        ({"kind": 6}, True),
        ({"kind": 7}, False),
        ({"side": 0}, False),
        ({"side": -1}, True),
        ({"side": 2}, False),
        ({"side": -2}, False),
        ({"price_ticks": 0}, False),
        ({"price_ticks": 0, "kind": 1}, False),
        ({"price_ticks": 0, "kind": 2, "side": 0}, True),
        ({"price_ticks": 0, "kind": 6}, True),
        ({"price_ticks": 0, "kind": 6, "shares": 1}, False),
        ({"price_ticks": 2**48 - 1}, True),
        ({"price_ticks": 2**48}, False),
        ({"price_ticks": -1}, False),
        ({"shares": 2**48 - 1}, True),
        ({"shares": 2**48}, False),
        ({"shares": -1}, False),
        ({"event_ns": -1}, False),
        ({"flags": 2**16 - 1}, True),
    ]
    for change, is_good in cases:
        blocks = raw_block({**good, **change})
        naive, fast = naive_messages(blocks, SYMBOLS, VENUE), compiled(blocks, SYMBOLS)

        assert naive == fast, change
        assert is_good == (fast is not None), change


def raw_block(fields: Row) -> bytes:
    """One block, whatever its fields."""
    names = ("event_ns", "price_ticks", "shares", "flags", "kind", "side")
    event_ns, ticks, shares, flags, kind, side = (fields.get(name, 0) for name in names)
    return struct.pack(">Hq8sqqHBb", 36, event_ns, b"IBM     ", ticks, shares, flags, kind, side)


@pytest.mark.parametrize("seed", range(10))
def test_rows_are_numbered_alike(seed: int) -> None:
    """Numbers run within each instrument, over several calls; unknown instruments are left out."""
    rng = np.random.default_rng(seed)
    out, n_out, last_seq = empty_tape(300), 0, np.zeros(len(SYMBOLS), np.int64)
    expected: list[Row] = []
    naive_last: dict[int, int] = {}
    for call in range(6):
        rows = random_rows(rng, 40)
        rows["instrument_idx"] = rng.integers(UNKNOWN_INSTRUMENT, len(SYMBOLS), 40)
        lo = int(rng.integers(0, 40))
        hi = int(rng.integers(lo, 41))
        n_out = hand_over(rows, lo, hi, 1_000 + call, last_seq, out, n_out)
        expected += naive_hand_over(as_dicts(rows[lo:hi]), 1_000 + call, naive_last)

    assert expected == as_dicts(out[:n_out])
