"""Small decisions that every row shares: who keeps the first reason, which price is worse."""

from __future__ import annotations

from penstock._kernels import inlined
from penstock.domain import RowArray


@inlined
def exclude(rows: RowArray, r: int, reason: int) -> None:
    """Take the row out of use; a reason that it already has stays."""
    if rows[r].excluded == 0:
        rows[r].excluded = reason


@inlined
def is_worse(ticks: int, than_ticks: int, side: int) -> bool:
    """Whether a price costs us more; compared, not subtracted: limits can be huge."""
    return ticks > than_ticks if side > 0 else ticks < than_ticks


@inlined
def far_side(side: int) -> int:
    """Side of the book that we take from: a buyer's is the asks, 1."""
    return (1 + side) // 2
