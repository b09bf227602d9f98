"""A file as it came, zipped, gzipped or plain, to the one text that it holds."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from typing import Final, NamedTuple

from penstock.domain import TapeError

_ZIP_MAGIC: Final = b"PK"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_DBN_MAGIC: Final = b"DBN"

MAX_TEXT_BYTES: Final = 2**31
"""A day of the busiest stock is a tenth of this. More is a mistake, or a trap."""


class NamedBytes(NamedTuple):
    """Content of a file, and its name for messages; the name ends in what the file claims to be."""

    name: str
    data: bytes


def unpack(file: NamedBytes) -> NamedBytes:
    """
    The text inside a file; of an archive, the text and the name of its only member.

    The content decides what is done, and the name must not contradict it.

    Raises:
        TapeError: empty, truncated or damaged, not what its ending says, several members, too
            large.
    """
    name, data = file
    if not data:
        raise _error(name, "market data", "an empty file", "fetch it again")
    ending = name.lower().rpartition(".")[2]
    if data.startswith(_ZIP_MAGIC):
        return _of_zip(file)
    if ending == "zip":
        found = f"bytes that start with {data[:4]!r}"
        raise _error(name, "a zip archive, as its name says", found, "fetch or rename the file")
    if data.startswith((_ZSTD_MAGIC, _DBN_MAGIC)):
        raise _error(
            name,
            "text, plain, gzipped or zipped",
            "a Zstandard file" if data.startswith(_ZSTD_MAGIC) else "a binary DBN file",
            "unpack it first: `dbn FILE --csv` for .dbn and .dbn.zst, else `zstd -d FILE`",
        )
    if data.startswith(_GZIP_MAGIC):
        return NamedBytes(name.removesuffix(".gz"), _of_gzip(file))
    if ending in ("gz", "gzip"):
        found = f"bytes that start with {data[:4]!r}"
        raise _error(name, "a gzip file, as its name says", found, "fetch or rename the file")
    return file


def _of_zip(file: NamedBytes) -> NamedBytes:
    name = file.name
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1:
                raise _error(
                    name,
                    "an archive with one file in it",
                    f"{len(members)} files",
                    "unpack it, and pass the file that is meant",
                )
            inner = f"{name}/{members[0].filename}"
            if members[0].file_size > MAX_TEXT_BYTES:
                raise _too_large(inner, members[0].file_size)
            return NamedBytes(inner, archive.read(members[0]))
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _error(name, "a whole zip archive", f"{error}", "fetch it again") from None
    except (NotImplementedError, RuntimeError) as error:  # its encryption, or its method
        raise _error(
            name, "a zip archive that can be read", f"{error}", "unpack it by hand"
        ) from None


def _of_gzip(file: NamedBytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(file.data)) as stream:
            text = stream.read(MAX_TEXT_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        found = f"{error}"
        raise _error(file.name, "a whole gzip file", found, "fetch it again") from None
    if len(text) > MAX_TEXT_BYTES:
        raise _too_large(file.name, len(text))
    return text


def _too_large(name: str, n_bytes: int) -> TapeError:
    expected = f"at most {MAX_TEXT_BYTES:,} bytes when unpacked"
    return _error(name, expected, f"{n_bytes:,} or more", "pass one day of one stock a file")


def _error(where: str, expected: str, found: str, fix: str) -> TapeError:
    return TapeError.one(where=where, expected=expected, found=found, fix=fix)
