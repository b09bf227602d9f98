"""Packing: mutable records of the core as bytes and back, exactly, field by field."""

from __future__ import annotations

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
        self._kind = kind
        self._names = names
        self._struct: Any = msgspec.defstruct(
            f"Packed{kind.__name__}",
            [(name, hints[name]) for name in names],
            array_like=True,
            gc=False,
        )
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(self._struct)

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
