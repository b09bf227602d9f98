"""Slow and obvious forests: one row, one tree, one node at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock.models import N_PARTS, ForestModel, Head, Link


def raw_score(dump: Mapping[str, Any], row: Sequence[float]) -> float:
    """Sum of the leaves that a row of finite features reaches in a LightGBM dump."""
    total = 0.0
    for tree in dump["tree_info"]:
        node = tree["tree_structure"]
        while "leaf_value" not in node:
            goes_left = row[node["split_feature"]] <= node["threshold"]
            node = node["left_child"] if goes_left else node["right_child"]
        total += node["leaf_value"]
    return total


def forecast(
    model: ForestModel, features: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What `ForestModel.predict` writes: parts and spreads."""
    forest = model.forest
    values = np.empty((len(features), 2 * N_PARTS))
    for i, row in enumerate(features):
        tree_idx = 0
        for h, head in enumerate(model.card.heads):
            raw = 0.0
            for _ in range(head.n_trees):
                node_idx = int(forest.trees[tree_idx]["root"])
                while int(forest.nodes[node_idx]["left"]) != node_idx:
                    node = forest.nodes[node_idx]
                    goes_left = row[node["feature"]] <= node["threshold"]
                    node_idx = int(node["left"]) + (0 if goes_left else 1)
                raw += float(forest.values[node_idx])
                tree_idx += 1
            values[i, h] = value_of(head, raw)
    return values[:, :N_PARTS], values[:, N_PARTS:]


def value_of(head: Head, raw: float) -> float:
    """The head's link, scale and bounds."""
    match head.link:
        case Link.IDENTITY:
            linked = raw
        case Link.LOGISTIC:
            linked = 1.0 / (1.0 + math.exp(-raw))
        case Link.EXPM1:
            linked = math.expm1(raw)
        case Link.SQRT:
            linked = math.sqrt(max(raw, 0.0))
    return min(max(head.scale * linked, head.lowest), head.highest)
