"""The arithmetic of a forest: all rows walk down one tree in lockstep, tree after tree."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.models.card import Link

NODE_DTYPE: Final = np.dtype([("threshold", "<f8"), ("feature", "<u4"), ("left", "<u4")])
"""
16 bytes, four to a cache line. A row goes to `left` if its feature is <= threshold, else to the
node after it. A leaf is its own left child with threshold inf, so that standing still needs no
branch. Unsigned, because a signed index costs a test for "counted from the end" at every step
(measured: 133 against 71 µs for the reference workload of docs/adr/0006).
"""

TREE_DTYPE: Final = np.dtype([("root", "<u4"), ("depth", "<u4")])

HEAD_DTYPE: Final = np.dtype(
    [
        ("first_tree", "<u4"),
        ("n_trees", "<u4"),
        ("link", "<i8"),  # Link
        ("scale", "<f8"),
        ("lowest", "<f8"),
        ("highest", "<f8"),
    ]
)

NodeArray = NDArray[Any]
"""Shape (n_nodes,), NODE_DTYPE."""

TreeArray = NDArray[Any]
"""Shape (n_trees,), TREE_DTYPE."""

HeadArray = NDArray[Any]
"""Shape (n_heads,), HEAD_DTYPE."""

# A kernel freezes plain integers; an enum it would look up.
_LOGISTIC: Final = int(Link.LOGISTIC)
_EXPM1: Final = int(Link.EXPM1)
_SQRT: Final = int(Link.SQRT)

# 64 rows of 40 features are 20 kB: they stay in the first-level cache while all trees pass by.
_BLOCK_ROWS: Final = 64


@inlined
def step(x: NDArray[np.float64], at: np.uint64, nodes: NodeArray, k: np.uint64) -> np.uint64:
    """The node after `k` for the row whose features start at x[at]."""
    node = nodes[k]
    goes_right = x[at + np.uint64(node["feature"])] > node["threshold"]
    return np.uint64(node["left"]) + np.uint64(goes_right)


@kernel
def sum_trees(
    features: NDArray[np.float64],
    lo: int,
    hi: int,
    nodes: NodeArray,
    values: NDArray[np.float64],
    trees: TreeArray,
    first_tree: int,
    last_tree: int,
    positions: NDArray[np.uint32],
    out_raw: NDArray[np.float64],
) -> None:
    """
    Sum of the leaf values that rows lo..hi-1 reach in trees first_tree..last_tree-1.

    Added in the order of the trees, starting from zero, in double precision: the order in which
    LightGBM adds, so the difference to its raw score is exactly 0.

    Every step is taken by all rows before the next one: their loads do not wait for each other.
    Rows that have reached a leaf stand still until the deepest one has, so the time depends on the
    size of the forest only, and no branch is there to be mispredicted.

    Args:
        features: shape (n_rows, n_features), C order, finite.
        nodes, values, trees: a forest that `structure_problems` finds nothing wrong with. Nothing
            is checked here: indices out of range would read foreign memory.
        positions: scratch, shape (>= hi - lo,).
        out_raw: receives the sums at 0..hi-lo-1.

    Reference: tests/support/naive_forest.py::raw_score.
    """
    n_rows = hi - lo
    width = np.uint64(features.shape[1])
    x = features.reshape(features.size)
    start = np.uint64(lo) * width
    for r in range(n_rows):
        out_raw[r] = 0.0
    for t in range(first_tree, last_tree):
        # The first step is the same node for all rows: its three numbers are read once.
        root = nodes[trees[t]["root"]]
        feature = np.uint64(root["feature"])
        threshold = root["threshold"]
        left = np.uint64(root["left"])
        for r in range(n_rows):
            goes_right = x[start + np.uint64(r) * width + feature] > threshold
            positions[r] = left + np.uint64(goes_right)
        for _ in range(1, trees[t]["depth"]):
            for r in range(n_rows):
                at = start + np.uint64(r) * width
                positions[r] = step(x, at, nodes, np.uint64(positions[r]))
        for r in range(n_rows):
            out_raw[r] += values[positions[r]]


@inlined
def linked(raw: float, link: int) -> float:
    """The link of a head, applied to the sum of its trees."""
    if link == _LOGISTIC:
        return 1.0 / (1.0 + np.exp(-raw))  # type: ignore[no-any-return]  # as below
    if link == _EXPM1:
        return np.expm1(raw)  # type: ignore[no-any-return]  # a kernel returns plain floats
    if link == _SQRT:
        return np.sqrt(max(raw, 0.0))  # type: ignore[no-any-return]  # as above
    return raw


def scratch() -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """
    Positions and sums of one block of rows, for one call of a walk.

    Made per call and not kept in the model, so that two threads may forecast with one model; half a
    microsecond in all.
    """
    return np.empty(_BLOCK_ROWS, np.uint32), np.empty(_BLOCK_ROWS, np.float64)


@kernel
def predict_raw(
    features: NDArray[np.float64],
    nodes: NodeArray,
    values: NDArray[np.float64],
    trees: TreeArray,
    first_trees: NDArray[np.uint32],
    positions: NDArray[np.uint32],
    raw: NDArray[np.float64],
    out_raw: NDArray[np.float64],
) -> None:
    """
    Sums of trees without links, one column a head.

    Args:
        first_trees: shape (n_heads + 1,); head h owns trees first_trees[h]..first_trees[h+1]-1.
        positions, raw: scratch, see `scratch`.
        out_raw: shape (n_rows, n_heads).
    """
    n_rows = features.shape[0]
    for lo in range(0, n_rows, _BLOCK_ROWS):
        hi = min(lo + _BLOCK_ROWS, n_rows)
        for h in range(first_trees.shape[0] - 1):
            first, last = first_trees[h], first_trees[h + 1]
            sum_trees(features, lo, hi, nodes, values, trees, first, last, positions, raw)
            for r in range(lo, hi):
                out_raw[r, h] = raw[r - lo]


@kernel
def predict_parts(
    features: NDArray[np.float64],
    nodes: NodeArray,
    values: NDArray[np.float64],
    trees: TreeArray,
    heads: HeadArray,
    positions: NDArray[np.uint32],
    raw: NDArray[np.float64],
    out_parts: NDArray[np.float64],
    out_sd: NDArray[np.float64],
) -> int:
    """
    Forecast every part of every row, and its standard deviation.

    Args:
        features: shape (n_rows, n_features), C order.
        heads: the parts' means, then as many deviations: twice the columns of `out_parts`.
        positions, raw: scratch, see `scratch`.
        out_parts, out_sd: shape (n_rows, n_parts).
    Returns:
        How many features were not finite. The walk is safe with them, its result means nothing.
    """
    n_rows, n_parts = out_parts.shape
    for lo in range(0, n_rows, _BLOCK_ROWS):
        hi = min(lo + _BLOCK_ROWS, n_rows)
        for h in range(heads.shape[0]):
            head = heads[h]
            first = head["first_tree"]
            last = first + head["n_trees"]
            sum_trees(features, lo, hi, nodes, values, trees, first, last, positions, raw)
            for r in range(lo, hi):
                value = head["scale"] * linked(raw[r - lo], head["link"])
                value = min(max(value, head["lowest"]), head["highest"])
                if h < n_parts:
                    out_parts[r, h] = value
                else:
                    out_sd[r, h - n_parts] = value
    n_bad = 0
    for r in range(n_rows):
        for f in range(features.shape[1]):
            if not np.isfinite(features[r, f]):
                n_bad += 1
    return n_bad
