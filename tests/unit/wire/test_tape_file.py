"""A tape file is whole or it is an error."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from penstock.domain import TAPE_DTYPE, TapeError
from penstock.wire import TapeFile, decode_tape, encode_tape, read_tape, write_tape
from tests.support.consolidated_files import ingested, random_day


def a_file() -> TapeFile:
    """A small tape."""
    return ingested(*random_day(seed=1, n_changes=20)).file


def the_problem(data: bytes) -> tuple[str, str, str, str]:
    """What `decode_tape` says about these bytes."""
    with pytest.raises(TapeError) as caught:
        decode_tape(data, "day.tape")
    (problem,) = caught.value.problems
    return problem.where, problem.expected, problem.found, problem.fix


def resealed(data: bytes) -> bytes:
    """The bytes with a checksum that fits them: what another program might have written."""
    return data[:-32] + hashlib.sha256(data[:-32]).digest()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """Round trip through a file, context included."""
    file = a_file()
    write_tape(tmp_path / "new" / "day.tape", file)

    tape, context = read_tape(tmp_path / "new" / "day.tape")

    np.testing.assert_array_equal(file.tape, tape)
    assert file.context == context


def test_the_tape_that_is_read_can_be_written_to() -> None:
    """Kernels compile anew for arrays that are read-only; there is to be one kind."""
    tape = decode_tape(encode_tape(a_file()), "day.tape").tape

    assert tape.flags.writeable


def test_equal_tapes_have_equal_files() -> None:
    """Bytes between the fields of a row are whatever memory held; they must not reach the file."""
    file = a_file()
    noisy = np.frombuffer(b"\xaa" * file.tape.nbytes, dtype=TAPE_DTYPE).copy()
    for field in TAPE_DTYPE.names or ():
        noisy[field] = file.tape[field]

    assert encode_tape(file) == encode_tape(TapeFile(noisy, file.context))


def test_another_format_is_named_by_its_first_bytes() -> None:
    """The usual mistake is to pass the source instead of the tape."""
    _, expected, found, fix = the_problem(b"PK\x03\x04 something zipped")

    assert "a tape file of Penstock" == expected
    assert "bytes that start with b'PK\\x03\\x04 som'" == found
    assert "penstock ingest tape" in fix


@pytest.mark.parametrize("n_bytes", [0, 3, 8, 20])
def test_a_file_without_its_front_is_not_a_tape(n_bytes: int) -> None:
    """There is not even a length to compare with."""
    _, expected, found, _ = the_problem(encode_tape(a_file())[:n_bytes])

    assert ("a tape file of Penstock", f"a file of {n_bytes} bytes") == (expected, found)


def test_a_file_cut_short_says_how_long_it_should_be() -> None:
    """A copy that was interrupted is told from damage."""
    data = encode_tape(a_file())
    _, expected, found, _ = the_problem(data[:-1])

    assert (f"{len(data):,} bytes, as its front says", f"{len(data) - 1:,}") == (expected, found)


def test_a_changed_bit_is_found() -> None:
    """A price that is off by one tick is worse than no price."""
    data = bytearray(encode_tape(a_file()))
    data[len(data) // 2] ^= 1

    assert "the content that its checksum was made of" == the_problem(bytes(data))[1]


def test_another_version_asks_for_a_new_ingest() -> None:
    """The recorded data is the source; tapes are made again, not migrated."""
    data = bytearray(encode_tape(a_file()))
    data[8] = 9

    assert ("version 1 of the tape format", "version 9") == the_problem(bytes(data))[1:3]


def test_an_unsorted_tape_is_refused_even_if_its_checksum_fits() -> None:
    """Every user of a tape relies on its order."""
    file = a_file()
    data = encode_tape(file)
    first = len(data) - 32 - file.tape.nbytes
    swapped = file.tape[::-1].tobytes()

    where, expected, _, _ = the_problem(resealed(data[:first] + swapped + data[-32:]))

    assert "messages in order of receipt" == expected
    assert where.startswith("day.tape: message ")


def test_a_context_of_another_program_is_refused() -> None:
    """The venue table is what gives `venue_idx` a meaning."""
    data = encode_tape(a_file()).replace(b'"symbol"', b'"ticker"')

    assert "day.tape: context" == the_problem(resealed(data))[0]


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    """The path comes from the user."""
    with pytest.raises(TapeError, match="expected a file that can be read; found no such file"):
        read_tape(tmp_path / "none.tape")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """Somebody may be replaying the old one right now."""
    path = tmp_path / "day.tape"
    write_tape(path, a_file())
    before = path.read_bytes()

    with pytest.raises(AssertionError, match="sorted by recv_ns"):
        write_tape(path, TapeFile(a_file().tape[::-1], a_file().context))

    assert before == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())
