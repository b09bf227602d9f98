"""Flat forests: what they are made of, and what they refuse."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from penstock.models import N_PARTS, FlatForest, synthetic_model
from penstock.models.forest import MAX_DEPTH, structure_problems
from penstock.models.synthetic import random_tree
from penstock.models.walk import NODE_DTYPE, TREE_DTYPE

NAMES = ("a", "b", "c")


def stump(threshold: float, low: float, high: float) -> FlatForest:
    """One split of column 0."""
    nodes = [(threshold, 0, 1), (np.inf, 0, 1), (np.inf, 0, 2)]
    return FlatForest(
        nodes=np.array(nodes, dtype=NODE_DTYPE),
        values=np.array([0.0, low, high]),
        trees=np.array([(0, 1)], dtype=TREE_DTYPE),
        trees_per_head=(1,),
        n_features=1,
    )


def test_a_value_at_the_threshold_goes_left() -> None:
    """LightGBM splits with <=; a feature that is a whole number sits on thresholds all the time."""
    features = np.array([[0.0], [np.nextafter(1.0, 0.0)], [1.0], [np.nextafter(1.0, 2.0)], [9.0]])

    assert [-5.0, -5.0, -5.0, 7.0, 7.0] == stump(1.0, -5.0, 7.0).predict_raw(features)[
        :, 0
    ].tolist()


def test_nodes_are_sixteen_bytes() -> None:
    """Four to a cache line: the walk is bound by loads."""
    assert 16 == NODE_DTYPE.itemsize


def test_a_forest_is_read_only() -> None:
    """A model that changes under a running router cannot be replayed."""
    forest = stump(1.0, -5.0, 7.0)

    for array in (forest.nodes, forest.values, forest.trees):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1] if len(array) > 1 else array[0]


def test_columns_in_another_memory_order_give_the_same_sums() -> None:
    """A training table may come column by column; the live row does not."""
    forest = random_tree(np.random.default_rng(1), n_features=5, n_leaves=31, max_depth=6)
    features = np.random.default_rng(2).normal(size=(100, 5))

    assert (
        forest.predict_raw(features).tolist()
        == forest.predict_raw(np.asfortranarray(features)).tolist()
    )


def test_an_unsafe_forest_cannot_be_made() -> None:
    """The invariant holds for every object, not only for loaded ones."""
    nodes = np.array([(0.0, 0, 0)], dtype=NODE_DTYPE)  # a leaf with a threshold

    with pytest.raises(AssertionError, match="leaf has a threshold"):
        FlatForest(
            nodes=nodes,
            values=np.zeros(1),
            trees=np.array([(0, 0)], dtype=TREE_DTYPE),
            trees_per_head=(1,),
            n_features=1,
        )


def test_a_tree_deeper_than_any_trained_one_is_refused() -> None:
    """The walk costs depth × rows: a chain of splits would hold up every decision."""
    n_inner = MAX_DEPTH + 1
    nodes = np.zeros(2 * n_inner + 1, dtype=NODE_DTYPE)
    nodes["threshold"] = np.inf
    nodes["left"] = np.arange(len(nodes))
    chain = np.concatenate(([0], np.arange(2, 2 * n_inner, 2)))
    nodes["left"][chain] = 2 * np.arange(n_inner) + 1
    nodes["threshold"][chain] = 0.0
    values = np.zeros(len(nodes))

    def problems(depth: int) -> list[str]:
        trees = np.array([(0, depth)], dtype=TREE_DTYPE)
        return structure_problems(nodes, values, trees, n_features=1)

    assert [f"a tree claims more than {MAX_DEPTH} levels"] == problems(n_inner)
    assert ["a tree is deeper or shallower than it says"] == problems(MAX_DEPTH)


def test_features_that_are_not_finite_stop_the_process() -> None:
    """The feature kernels impute; a NaN here is a bug, and trading on it would hide that."""
    model = synthetic_model(feature_names=NAMES, features_version="test", n_trees=2)
    features = np.zeros((3, 3))
    features[1, 2], features[2, 0] = np.nan, np.inf
    parts, sd = np.zeros((3, N_PARTS)), np.zeros((3, N_PARTS))

    with pytest.raises(AssertionError, match="2 features are not finite"):
        model.predict(features, parts, sd)


@pytest.mark.parametrize(
    ("features", "parts", "sd"),
    [
        ((3, 2), (3, 4), (3, 4)),
        ((3, 4), (3, 4), (3, 4)),
        ((3, 3), (2, 4), (3, 4)),
        ((3, 3), (3, 4), (3, 3)),
    ],
)
def test_arrays_of_the_wrong_shape_never_reach_the_kernel(
    features: tuple[int, int], parts: tuple[int, int], sd: tuple[int, int]
) -> None:
    """It checks nothing, and would write past the end."""
    model = synthetic_model(feature_names=NAMES, features_version="test", n_trees=2)

    with pytest.raises(AssertionError):
        model.predict(np.zeros(features), np.zeros(parts), np.zeros(sd))


def test_two_threads_may_forecast_with_one_model() -> None:
    """Kernels release the interpreter's lock: scratch kept in the model would be shared."""
    model = synthetic_model(feature_names=NAMES, features_version="test", n_trees=50)
    inputs = [np.random.default_rng(k).normal(size=(500, 3)) for k in range(2)]
    alone = []
    for features in inputs:
        out = np.empty((500, N_PARTS)), np.empty((500, N_PARTS))
        model.predict(features, *out)
        alone.append(out[0].tobytes())
    together: list[list[bytes]] = [[], []]

    def work(k: int) -> None:
        for _ in range(20):
            out = np.empty((500, N_PARTS)), np.empty((500, N_PARTS))
            model.predict(inputs[k], *out)
            together[k].append(out[0].tobytes())

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [[alone[k]] * 20 for k in range(2)] == together


def test_a_synthetic_model_has_the_shape_that_was_asked_for() -> None:
    """A speed measured on a smaller forest would flatter."""
    model = synthetic_model(
        feature_names=NAMES, features_version="test", n_trees=60, n_leaves=31, max_depth=6
    )

    n_leaves = np.sum(model.forest.nodes["left"] == np.arange(len(model.forest.nodes)))
    assert 31 * (4 * 60 + 4) == n_leaves
    assert [6] == np.unique(model.forest.trees["depth"]).tolist()
    assert (60, 60, 60, 60, 1, 1, 1, 1) == model.forest.trees_per_head
