"""Parents and children as bytes, for what is kept and seldom looked at."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock.domain import Packer
from penstock.engine.child import Child
from penstock.engine.parent import ATTEMPT_DTYPE, Parent

PARENTS: Final = Packer(Parent, "attempts")
CHILDREN: Final = Packer(Child)


def unpack_parent(data: bytes, attempts: bytes, n_rows: int | None = None) -> Parent:
    """
    A parent with what was done for it in each row.

    Args:
        n_rows: of the frame, if venues may have been added since; their rows have seen nothing.
    """
    parent = PARENTS.unpack(data)
    known = np.frombuffer(attempts, ATTEMPT_DTYPE)
    parent.n_rows = len(known) if n_rows is None else n_rows
    parent.attempts = _grown(known, parent.n_rows)
    return parent


def _grown(known: NDArray[Any], n_rows: int) -> NDArray[Any]:
    grown = np.zeros(n_rows, ATTEMPT_DTYPE)
    grown[: len(known)] = known
    return grown
