"""The exception tree: bad input raises, before anything starts; a venue's "no" is an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with an input: where, what was expected, what is there, how to mend it."""

    where: str
    expected: str
    found: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}; found {self.found}.\n  Fix: {self.fix}"


class PenstockError(Exception):
    """
    Base of every error that Penstock raises on purpose.

    The tree, each one thing a caller can do something about:

        PenstockError
          InputError          an input is wrong; `problems` lists all of it, at once
            ConfigError       a TOML file, key by key
            OrderError        a parent order that no market could take
            TapeError         a market-data file
            ModelFileError    a model file: damaged, or made for other features
            JournalError      an order journal: damaged in the middle, or of another version
            ModelRefError     a reference that names no stored model, or several (penstock.store)
            DatasetError      a training table that nothing can be learned from (penstock.learning)
    """


class InputError(PenstockError):
    """An input cannot be used. Raised before anything starts; carries every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems, "an InputError without a problem explains nothing"
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def one(cls, *, where: str, expected: str, found: object, fix: str) -> Self:
        """The error for a single problem; `found` is shown with its type visible."""
        shown = found if isinstance(found, str) else repr(found)
        return cls([Problem(where=where, expected=expected, found=shown, fix=fix)])


def reason_of(error: OSError | UnicodeDecodeError) -> str:
    """Why a file or a socket could not be used: the system's words, without its numbers."""
    if isinstance(error, UnicodeDecodeError):
        line = error.object[: error.start].count(b"\n") + 1
        return f"the byte 0x{error.object[error.start]:02x} in line {line}, which is no UTF-8 text"
    if isinstance(error, IsADirectoryError):
        return "a folder"  # the system's "is a directory" is no answer to what was found
    return (error.strerror or str(error)).lower()


class ConfigError(InputError):
    """A setting is missing, unknown, of the wrong type or out of range."""


class OrderError(InputError):
    """A parent order is malformed: size zero or absurd, unknown instrument, no horizon."""


class TapeError(InputError):
    """A market-data file is truncated, unsorted, of another format, or not what its name says."""


class ModelFileError(InputError):
    """A model file is damaged, of another version, or was made for other features."""


class JournalError(InputError):
    """A journal is damaged before its last record, or was written by another format version."""
