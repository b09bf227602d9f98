"""Reads the trees out of LightGBM's `Booster.dump_model()`, without LightGBM."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from penstock.domain import ModelFileError, Problem
from penstock.models.forest import FlatForest
from penstock.models.walk import NODE_DTYPE, TREE_DTYPE


def forest_from_dump(dump: Mapping[str, Any], *, where: str = "LightGBM dump") -> FlatForest:
    """
    A forest with one head, whose raw predictions are LightGBM's to the bit, for finite features.

    LightGBM sends a row left if its feature is <= the threshold, NaN being the one exception and
    excluded here, so `default_left` and the missing types None and NaN make no difference. It also
    reads a feature within ±1e-35 as zero; it puts no threshold there.

    Raises:
        ModelFileError: the model uses what the walk does not know: categorical splits, linear
            leaves, zero as missing, several classes, averaged output. Each kind is named once.
    Source: LightGBM 4.7, `Tree::NumericalDecision` and `GBDT::PredictRaw`.
    """
    problems = list(_model_problems(dump, where))
    nodes: list[tuple[float, int, int]] = []
    values: list[float] = []
    trees: list[tuple[int, int]] = []
    kinds: dict[str, Problem] = {}
    for tree in dump.get("tree_info", ()):
        trees.append((len(nodes), _append_tree(tree["tree_structure"], nodes, values)))
        for problem in _tree_problems(tree, f"{where}: tree {tree['tree_index']}"):
            kinds.setdefault(problem.expected, problem)
    problems += kinds.values()
    if problems:
        raise ModelFileError(problems)
    return FlatForest(
        nodes=np.array(nodes, dtype=NODE_DTYPE),
        values=np.array(values, dtype=np.float64),
        trees=np.array(trees, dtype=TREE_DTYPE),
        trees_per_head=(len(trees),),
        n_features=int(dump["max_feature_idx"]) + 1,
    )


def _append_tree(
    structure: Mapping[str, Any], nodes: list[tuple[float, int, int]], values: list[float]
) -> int:
    """Append one tree, parents before children and brothers side by side; returns its depth."""
    waiting = deque([(structure, len(nodes), 0)])
    nodes.append((math.inf, 0, len(nodes)))
    values.append(0.0)
    depth = 0
    while waiting:
        node, k, level = waiting.popleft()
        depth = max(depth, level)
        if "leaf_value" in node:
            nodes[k] = (math.inf, 0, k)
            values[k] = float(node["leaf_value"])
            continue
        left = len(nodes)
        nodes.extend([(math.inf, 0, left), (math.inf, 0, left + 1)])
        values.extend([0.0, 0.0])
        # A categorical split has a list of categories as its threshold; it is refused later.
        is_numerical = node["decision_type"] == "<="
        threshold = float(node["threshold"]) if is_numerical else 0.0
        nodes[k] = (threshold, int(node["split_feature"]), left)
        waiting.append((node["left_child"], left, level + 1))
        waiting.append((node["right_child"], left + 1, level + 1))
    return depth


def _model_problems(dump: Mapping[str, Any], where: str) -> Iterator[Problem]:
    wanted = {
        "version": ("v4", "LightGBM model format v4", "train with LightGBM 4"),
        "num_class": (1, "one class", "train one model a part"),
        "num_tree_per_iteration": (1, "one tree an iteration", "train one model a part"),
        "average_output": (False, "a sum of trees", "train with boosting=gbdt"),
    }
    for key, (value, expected, fix) in wanted.items():
        if dump.get(key) != value:
            yield Problem(
                where=f"{where}: {key}", expected=expected, found=repr(dump.get(key)), fix=fix
            )
    if not dump.get("tree_info"):
        yield Problem(
            where=f"{where}: tree_info",
            expected="at least one tree",
            found="none",
            fix="train at least one iteration",
        )


def _tree_problems(tree: Mapping[str, Any], where: str) -> Iterator[Problem]:
    waiting = [tree["tree_structure"]]
    while waiting:
        node = waiting.pop()
        if "leaf_value" in node:
            if "leaf_coeff" in node or "leaf_features" in node:
                yield Problem(
                    where=where,
                    expected="constant leaves",
                    found="a linear model in a leaf",
                    fix="train with linear_tree=false",
                )
            continue
        waiting += (node["left_child"], node["right_child"])
        if node["decision_type"] != "<=":
            yield Problem(
                where=where,
                expected="numerical splits",
                found=f"a split of type {node['decision_type']!r}",
                fix="train without categorical features: give each category a column",
            )
        if node["missing_type"] not in ("None", "NaN"):
            yield Problem(
                where=where,
                expected="missing values that are NaN",
                found=f"missing type {node['missing_type']!r}",
                fix="train with zero_as_missing=false",
            )
