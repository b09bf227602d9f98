"""Many trees in one array of nodes, and the proof that walking them is safe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock.models.walk import NODE_DTYPE, TREE_DTYPE, NodeArray, TreeArray, predict_raw, scratch

# LightGBM's deepest tree has n_leaves - 1 levels; the walk costs depth × rows, so a deeper one is
# either a mistake or an attack on the latency.
MAX_DEPTH: Final = 64

# Keeps any sum of a million trees finite and far from losing its digits.
MAX_LEAF_VALUE: Final = 1e12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlatForest:
    """
    Trees of one or several heads, ready to walk.

    Invariant, checked when it is made: `structure_problems` finds nothing. So every walk ends in a
    leaf of its own tree after at most `depth` steps, whatever the features, NaN included.

    nodes: NODE_DTYPE, shape (n_nodes,), tree after tree, parents before children.
    values: what a leaf adds, 0 for inner nodes, shape (n_nodes,).
    trees: TREE_DTYPE, shape (n_trees,), head after head.
    trees_per_head: how many trees each head owns.

    The arrays are made read-only: a model that changes under a running router cannot be replayed.
    """

    nodes: NodeArray
    values: NDArray[np.float64]
    trees: TreeArray
    trees_per_head: tuple[int, ...]
    n_features: int

    def __post_init__(self) -> None:
        problems = structure_problems(self.nodes, self.values, self.trees, self.n_features)
        assert not problems, "; ".join(problems)
        assert sum(self.trees_per_head) == len(self.trees), "every tree belongs to one head"
        for array in (self.nodes, self.values, self.trees):
            array.flags.writeable = False

    @property
    def first_trees(self) -> NDArray[np.uint32]:
        """Where each head's trees start; one entry more than heads."""
        return np.concatenate(([0], np.cumsum(self.trees_per_head))).astype(np.uint32)

    def predict_raw(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Sum of each head's trees, no link applied; LightGBM's `predict(raw_score=True)` to the bit.

        Args:
            features: shape (n_rows, n_features), C order, finite.
        Returns:
            Shape (n_rows, n_heads).
        """
        assert features.ndim == 2, features.shape
        assert features.shape[1] == self.n_features, (features.shape, self.n_features)
        out_raw = np.empty((len(features), len(self.trees_per_head)))
        predict_raw(
            np.ascontiguousarray(features, dtype=np.float64),
            self.nodes,
            self.values,
            self.trees,
            self.first_trees,
            *scratch(),
            out_raw,
        )
        return out_raw

    @staticmethod
    def joined(forests: Sequence[FlatForest]) -> FlatForest:
        """One forest with the heads of all, in order. All must read the same features."""
        assert forests, "nothing to join"
        assert len({forest.n_features for forest in forests}) == 1, "different feature matrices"
        all_nodes, all_trees, n_nodes = [], [], 0
        for forest in forests:
            nodes, trees = forest.nodes.copy(), forest.trees.copy()
            nodes["left"] += np.uint32(n_nodes)
            trees["root"] += np.uint32(n_nodes)
            all_nodes.append(nodes)
            all_trees.append(trees)
            n_nodes += len(nodes)
        return FlatForest(
            nodes=np.concatenate(all_nodes),
            values=np.concatenate([forest.values for forest in forests]),
            trees=np.concatenate(all_trees),
            trees_per_head=tuple(n for forest in forests for n in forest.trees_per_head),
            n_features=forests[0].n_features,
        )


def structure_problems(
    nodes: NodeArray, values: NDArray[np.float64], trees: TreeArray, n_features: int
) -> list[str]:
    """
    Why a walk over these arrays could read out of bounds, run forever or give no number.

    Proven, in this order, since each rests on the one before: types and shapes; roots in order;
    every index in range; children behind their parent (no cycle) and inside its tree; every node
    but a root the child of exactly one node; the recorded depth the real one; numbers finite.

    Returns:
        One sentence a kind of fault; empty if the arrays are a forest.
    """
    wanted: tuple[np.dtype[Any], ...] = (NODE_DTYPE, np.dtype(np.float64), TREE_DTYPE)
    if (nodes.dtype, values.dtype, trees.dtype) != wanted:
        return ["arrays are of other types than NODE_DTYPE, float64, TREE_DTYPE"]
    if not (nodes.ndim == values.ndim == trees.ndim == 1 and len(nodes) == len(values)):
        return ["nodes, values and trees are not three lists, the first two of one length"]
    if not len(trees):
        return ["there is no tree"]
    n_nodes = len(nodes)
    roots = trees["root"].astype(np.int64)
    if roots[0] != 0 or np.any(np.diff(roots) < 1) or roots[-1] >= n_nodes:
        return ["roots do not start at 0 and grow, one tree after the other"]

    left = nodes["left"].astype(np.int64)
    index = np.arange(n_nodes)
    is_inner = left != index
    ends = np.append(roots[1:], n_nodes)
    end_of_tree = np.repeat(ends, ends - roots)  # of the tree that a node is in
    problems = []
    if np.any(nodes["feature"] >= n_features):
        problems.append(f"a node reads a feature beyond the {n_features} there are")
    if np.any(is_inner & ((left < index) | (left + 1 >= end_of_tree))):
        return [*problems, "a child stands before its parent or outside its tree"]

    parents = np.zeros(n_nodes, dtype=np.int64)
    np.add.at(parents, left[is_inner], 1)
    np.add.at(parents, left[is_inner] + 1, 1)
    n_parents = np.ones(n_nodes, dtype=np.int64)
    n_parents[roots] = 0
    if np.any(parents != n_parents):
        return [*problems, "a node is not the child of exactly one other"]

    problems += _depth_problems(left, is_inner, trees)
    problems += _number_problems(nodes, values, is_inner)
    return problems


def _depth_problems(
    left: NDArray[np.int64], is_inner: NDArray[np.bool_], trees: TreeArray
) -> list[str]:
    if np.any(trees["depth"] > MAX_DEPTH):
        return [f"a tree claims more than {MAX_DEPTH} levels"]
    # One level of all trees at a time. Nodes are children once, so no level is wider than the
    # forest, and the limit above ends the loop.
    tree_of = np.arange(len(trees))
    level = trees["root"].astype(np.int64)
    depth = np.zeros(len(trees), dtype=np.int64)
    for n_steps in range(1, MAX_DEPTH + 2):
        inner = is_inner[level]
        level, tree_of = level[inner], tree_of[inner]
        if not len(level):
            break
        depth[tree_of] = n_steps
        level = np.concatenate((left[level], left[level] + 1))
        tree_of = np.concatenate((tree_of, tree_of))
    if np.any(depth != trees["depth"]):
        return ["a tree is deeper or shallower than it says"]
    return []


def _number_problems(
    nodes: NodeArray, values: NDArray[np.float64], is_inner: NDArray[np.bool_]
) -> list[str]:
    problems = []
    if not np.all(np.isfinite(nodes["threshold"][is_inner])):
        problems.append("a threshold is not finite")
    leaves = nodes[~is_inner]
    if not np.all((leaves["threshold"] == np.inf) & (leaves["feature"] == 0)):
        problems.append("a leaf has a threshold other than inf or reads a feature")
    if not np.all(np.abs(values) <= MAX_LEAF_VALUE):  # NaN fails too
        problems.append(f"a leaf value is not within ±{MAX_LEAF_VALUE:g}")
    if np.any(values[is_inner] != 0.0):
        problems.append("an inner node has a value")
    return problems
