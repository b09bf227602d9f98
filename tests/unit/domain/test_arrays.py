"""Array layouts that files, kernels and records depend on."""

import numpy as np
import pytest

from penstock.domain import (
    N_TACTICS,
    ROW_DTYPE,
    SITUATION_DTYPE,
    TAPE_DTYPE,
    DecisionRecord,
    Exclusion,
    Ns,
    Shares,
    Tactic,
    TapeFlag,
    TapeKind,
    Versions,
    empty_tape,
)


def test_a_tape_message_is_56_bytes_without_padding() -> None:
    """Tape files hold it as it is; padding would put noise into their hashes."""
    widths = [np.dtype(TAPE_DTYPE[name]).itemsize for name in TAPE_DTYPE.names or ()]

    assert (56, 56) == (TAPE_DTYPE.itemsize, sum(widths))


def test_a_row_has_no_padding() -> None:
    """Rows are recorded as raw bytes and compared by hash."""
    widths = [np.dtype(ROW_DTYPE[name]).itemsize for name in ROW_DTYPE.names or ()]

    assert sum(widths) == ROW_DTYPE.itemsize


def test_an_empty_tape_says_nothing() -> None:
    """Rows not written are levels of no shares, not yesterday's memory."""
    tape = empty_tape(3)

    assert (3,) == tape.shape
    assert not tape.view(np.uint8).any()


def test_flags_are_single_bits_that_fit() -> None:
    """Two flags on one bit would turn an odd lot into a halt."""
    bits = [int(flag) for flag in TapeFlag]

    assert all(bit.bit_count() == 1 for bit in bits)
    assert sum(bits) == np.bitwise_or.reduce(bits) <= np.iinfo(TAPE_DTYPE["flags"]).max


def test_codes_in_files_keep_their_meaning() -> None:
    """Tapes and decision records are kept for years: numbers are never reused."""
    kinds = ["LEVEL", "TRADE", "CLEAR", "SNAPSHOT_END", "GAP", "STATUS", "NBBO"]

    assert kinds == [TapeKind(code).name for code in range(len(kinds))]
    assert ["TAKE", "MID", "POST"] == [Tactic(code).name for code in range(N_TACTICS)]
    assert (0, 7, 15) == (Exclusion.USABLE, Exclusion.KILL, Exclusion.LIMIT_BREACH)


@pytest.mark.parametrize("exclusion", Exclusion)
def test_an_exclusion_has_a_label_for_people(exclusion: Exclusion) -> None:
    """The same word in records, explanations and counts."""
    assert exclusion.name == exclusion.label.upper()


def test_a_record_gives_back_what_the_decision_worked_on() -> None:
    """From the record alone a decision is computed again."""
    situation, rows = np.zeros(1, SITUATION_DTYPE), np.zeros(2 * N_TACTICS, ROW_DTYPE)
    situation["worst_ticks"], rows["score"][3] = 1_234, 5.5
    features = np.arange(2 * N_TACTICS * 4, dtype=np.float64).reshape(-1, 4)
    record = DecisionRecord(
        decision_id=1,
        parent_id=2,
        at_ns=Ns(3),
        policy="static",
        fallback="",
        route_shares=Shares(100),
        situation=situation.tobytes(),
        rows=rows.tobytes(),
        features=features.tobytes(),
        versions=Versions(code="", features="", inference="", model_sha256="", config_sha256=""),
    )

    np.testing.assert_array_equal(situation, record.situation_array())
    np.testing.assert_array_equal(rows, record.row_array())
    np.testing.assert_array_equal(features, record.feature_matrix(4))
    with pytest.raises(ValueError, match="read-only"):
        record.row_array()["score"] = 0.0
