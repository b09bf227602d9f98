"""The one importer of gymnasium, which is an extra."""

from __future__ import annotations

from penstock.domain import PenstockError

try:
    import gymnasium
    from gymnasium import vector
except ModuleNotFoundError as error:
    raise PenstockError(
        "the environments need gymnasium, which is not installed.\n"
        '  Fix: pip install "penstock[gym]"'
    ) from error

__all__ = ["gymnasium", "vector"]
