"""Price levels of one side: sorted, best last, so that changes near the touch move little."""

from __future__ import annotations

from penstock._kernels import inlined, kernel
from penstock.book.layout import ASK, BID, MAX_LEVELS, LevelArray, MetaArray


@kernel
def n_levels(meta: MetaArray, b: int, side: int) -> int:
    """Levels in use on a side of book b."""
    return int(meta[b].n_bids if side == BID else meta[b].n_asks)


@kernel
def _set_n_levels(meta: MetaArray, b: int, side: int, n: int) -> None:
    if side == BID:
        meta[b].n_bids = n
    else:
        meta[b].n_asks = n


@kernel
def level_ticks(levels: LevelArray, meta: MetaArray, b: int, side: int, depth: int) -> int:
    """Price of the level `depth` steps behind the best; the caller has checked that it exists."""
    return int(levels[b, side, n_levels(meta, b, side) - 1 - depth, 0])


@kernel
def level_shares(levels: LevelArray, meta: MetaArray, b: int, side: int, depth: int) -> int:
    """Displayed shares at that level."""
    return int(levels[b, side, n_levels(meta, b, side) - 1 - depth, 1])


@kernel
def best_ticks(levels: LevelArray, meta: MetaArray, b: int, side: int) -> int:
    """Best price of a side; 0 when it is empty."""
    return level_ticks(levels, meta, b, side, 0) if n_levels(meta, b, side) > 0 else 0


@kernel
def best_shares(levels: LevelArray, meta: MetaArray, b: int, side: int) -> int:
    """Displayed shares at the best price; 0 when the side is empty."""
    return level_shares(levels, meta, b, side, 0) if n_levels(meta, b, side) > 0 else 0


@kernel
def shares_within(levels: LevelArray, meta: MetaArray, b: int, side: int, worst_ticks: int) -> int:
    """Displayed shares at `worst_ticks` or better, seen by somebody who takes them."""
    total_shares = 0
    for k in range(n_levels(meta, b, side) - 1, -1, -1):
        ticks = levels[b, side, k, 0]
        if (ticks > worst_ticks) if side == ASK else (ticks < worst_ticks):
            break
        total_shares += levels[b, side, k, 1]
    return total_shares


@kernel
def forget_side(meta: MetaArray, b: int, side: int) -> None:
    """Start a side anew: nothing is known of it, so nothing of it was dropped."""
    _set_n_levels(meta, b, side, 0)
    if side == BID:
        meta[b].forgotten_bid_ticks = 0
    else:
        meta[b].forgotten_ask_ticks = 0


@inlined
def set_level(
    levels: LevelArray, meta: MetaArray, b: int, side: int, ticks: int, shares: int
) -> None:
    """
    Displayed size at a price is now `shares`; 0 or less removes the level.

    When the side is full the level farthest from the touch is dropped and counted. From then on
    nothing at or behind it is kept either, so that what is there never has a hole.

    Cost: one step per level better than `ticks`.
    """
    n = n_levels(meta, b, side)
    k = n  # one past the place of the first level that is not better
    while k > 0:
        at = levels[b, side, k - 1, 0]
        if at == ticks:
            if shares > 0:
                levels[b, side, k - 1, 1] = shares
            else:
                _close_up(levels, b, side, k - 1, n)
                _set_n_levels(meta, b, side, n - 1)
            return
        if (at < ticks) if side == BID else (at > ticks):
            break
        k -= 1
    if shares > 0:
        _insert(levels, meta, b, side, k, n, ticks, shares)


@kernel
def _forget(meta: MetaArray, b: int, side: int, ticks: int) -> None:
    meta[b].n_dropped += 1
    if side == BID:
        meta[b].forgotten_bid_ticks = max(meta[b].forgotten_bid_ticks, ticks)
    elif meta[b].forgotten_ask_ticks == 0 or ticks < meta[b].forgotten_ask_ticks:
        meta[b].forgotten_ask_ticks = ticks


@kernel
def _is_out_of_reach(meta: MetaArray, b: int, side: int, ticks: int) -> bool:
    """True at and behind the best level that was dropped."""
    if side == BID:
        return bool(ticks <= meta[b].forgotten_bid_ticks)
    return bool(0 < meta[b].forgotten_ask_ticks <= ticks)


@inlined
def _close_up(levels: LevelArray, b: int, side: int, k: int, n: int) -> None:
    for j in range(k, n - 1):
        levels[b, side, j, 0] = levels[b, side, j + 1, 0]
        levels[b, side, j, 1] = levels[b, side, j + 1, 1]


@inlined
def _insert(
    levels: LevelArray, meta: MetaArray, b: int, side: int, k: int, n: int, ticks: int, shares: int
) -> None:
    if _is_out_of_reach(meta, b, side, ticks) or (k == 0 and n == MAX_LEVELS):
        _forget(meta, b, side, ticks)
        return
    if n == MAX_LEVELS:
        _forget(meta, b, side, levels[b, side, 0, 0])
        _close_up(levels, b, side, 0, n)
        n -= 1
        k -= 1
    for j in range(n, k, -1):
        levels[b, side, j, 0] = levels[b, side, j - 1, 0]
        levels[b, side, j, 1] = levels[b, side, j - 1, 1]
    levels[b, side, k, 0] = ticks
    levels[b, side, k, 1] = shares
    _set_n_levels(meta, b, side, n + 1)
