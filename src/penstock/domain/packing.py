"""Packing: mutable records of the core as bytes and back, exactly, field by field."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

T = TypeVar("T")


class Packer(Generic[T]):
    """
    Turns objects of one dataclass into bytes and back.

    What comes back has the same fields; neither `__init__` nor `__post_init__` runs again. Bytes
    are for the release that made them: they are kept for a trading day, never for longer.

    Args:
        kind: a dataclass whose fields, those left out excepted, msgspec can encode.
        leave_out: names of fields that the caller carries by himself.
    """

    def __init__(self, kind: type[T], *leave_out: str) -> None:
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind) if field.name not in leave_out]  # type: ignore[arg-type]
        self._kind, self._leave_out = kind, leave_out
        self._names = names
        self._struct: Any = msgspec.defstruct(
            f"Packed{kind.__name__}",
            [(name, hints[name]) for name in names],
            array_like=True,
            gc=False,
        )
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(self._struct)

    def __reduce__(self) -> tuple[object, ...]:
        return (Packer, (self._kind, *self._leave_out))

    def pack(self, record: T) -> bytes:
        """The bytes of a record."""
        return self._encoder.encode(self._struct(*(getattr(record, name) for name in self._names)))

    def unpack(self, data: bytes) -> T:
        """A record with the fields of the packed one; those left out are not set."""
        packed = self._decoder.decode(data)
        record = object.__new__(self._kind)
        for name in self._names:
            setattr(record, name, getattr(packed, name))
        return record


class Shelf(Generic[T]):
    """
    Records by number: those in use as they are, those at rest packed until somebody asks for one.

    A record that is found is the same object for as long as it is in use or among the latest at
    rest, so that it can be changed; nobody may keep one for longer.

    Args:
        n_kept: how many at rest are not packed yet.
    """

    def __init__(self, packer: Packer[T], n_kept: int) -> None:
        self._packer, self._n_kept = packer, n_kept
        self._records: dict[int, T] = {}
        self._packed: dict[int, bytes] = {}
        self._resting: deque[int] = deque()
        self._in_use: set[int] = set()

    def __len__(self) -> int:
        return len(self._records) + len(self._packed)

    def put(self, number: int, record: T) -> None:
        """A new record, in use."""
        self._records[number] = record
        self._in_use.add(number)

    def find(self, number: int) -> T | None:
        """The record; None if there is none."""
        record = self._records.get(number)
        if record is None and (data := self._packed.pop(number, None)) is not None:
            record = self._records[number] = self._packer.unpack(data)
            self._rest(number)
        return record

    def use(self, number: int) -> None:
        """The record is in use (again)."""
        self.find(number)
        self._in_use.add(number)

    def rest(self, number: int) -> None:
        """The record is not in use any more."""
        if number in self._in_use:
            self._in_use.remove(number)
            self._rest(number)

    def entries(self) -> Iterator[tuple[int, T]]:
        """Every record in the order of numbers; of those that are packed, copies."""
        for number in sorted((*self._records, *self._packed)):
            record = self._records.get(number)
            yield number, self._packer.unpack(self._packed[number]) if record is None else record

    def __getstate__(self) -> dict[str, Any]:
        """All of them packed: much faster to pickle."""
        packed = {number: self._packer.pack(record) for number, record in self._records.items()}
        return {**vars(self), "_records": packed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Those in use, and the latest at rest, as they were."""
        vars(self).update(state)
        unpack = self._packer.unpack
        self._records = {number: unpack(data) for number, data in state["_records"].items()}

    def _rest(self, number: int) -> None:
        self._resting.append(number)
        while len(self._resting) > self._n_kept:
            oldest = self._resting.popleft()
            if oldest not in self._in_use and oldest in self._records:
                self._packed[oldest] = self._packer.pack(self._records.pop(oldest))
