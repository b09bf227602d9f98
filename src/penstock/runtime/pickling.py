"""Pickling a run's memory: what is shared with the program goes by name, views stay views."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

_OURS: Final = ("penstock", "numpy", "collections", "msgspec")
_BUILTINS: Final = frozenset(
    {"getattr", "set", "frozenset", "slice", "range", "object", "bytearray"}
)


def dump(value: object, shared: Mapping[str, object]) -> bytes:
    """
    An object graph as bytes.

    Args:
        shared: objects that the graph refers to and that `load` is given again, by name.
    """
    buffer = io.BytesIO()
    _Dumper(buffer, shared).dump(value)
    return buffer.getvalue()


def load(data: bytes, shared: Mapping[str, object]) -> Any:
    """
    The graph that `dump` took, over the same shared objects.

    Raises:
        pickle.UnpicklingError: the bytes name anything but parts of this program.
    """
    return _Loader(io.BytesIO(data), shared).load()


class _Dumper(pickle.Pickler):
    def __init__(self, buffer: io.BytesIO, shared: Mapping[str, object]) -> None:
        super().__init__(buffer, pickle.HIGHEST_PROTOCOL)
        self._names = {id(value): name for name, value in shared.items()}

    def persistent_id(self, value: object) -> str | None:
        return self._names.get(id(value))

    def reducer_override(self, value: Any) -> Any:
        """A view of an array, as one: two names of the same memory must stay so."""
        if type(value) is not np.ndarray:
            return NotImplemented
        owner = value
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        if owner is value:
            return NotImplemented
        start = value.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        return _view, (owner, value.dtype, value.shape, start, value.strides)


def _view(
    owner: np.ndarray[Any, Any],
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    start: int,
    strides: tuple[int, ...],
) -> np.ndarray[Any, Any]:
    flat = owner.reshape(-1).view(np.uint8)
    return np.ndarray(shape, dtype, buffer=flat.data, offset=start, strides=strides)


class _Loader(pickle.Unpickler):
    """Finds classes and functions of this program and of the libraries that its records use."""

    def __init__(self, buffer: io.BytesIO, shared: Mapping[str, object]) -> None:
        super().__init__(buffer)
        self._shared = shared

    def persistent_load(self, name: str) -> object:
        if name not in self._shared:
            raise pickle.UnpicklingError(f"the program has no {name} to share")
        return self._shared[name]

    def find_class(self, module: str, name: str) -> Any:
        package = module.partition(".")[0]
        if package not in _OURS and not (module == "builtins" and name in _BUILTINS):
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a run's memory")
        return super().find_class(module, name)
