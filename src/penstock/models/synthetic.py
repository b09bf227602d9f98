"""Models of any size that know nothing: for speed measurements, and to test what uses a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from penstock.domain import N_TACTICS, NS_PER_S, Ns
from penstock.models.card import INFERENCE_FORMAT, N_PARTS, PARTS, Head, Link, ModelCard
from penstock.models.forest import FlatForest
from penstock.models.model import ForestModel
from penstock.models.walk import NODE_DTYPE, TREE_DTYPE


def synthetic_model(
    *,
    feature_names: Sequence[str],
    features_version: str,
    n_trees: int = 80,
    n_leaves: int = 31,
    max_depth: int = 6,
    seed: int = 0,
) -> ForestModel:
    """
    A forest of the shape that training gives: `n_trees` a mean, one a spread; random splits.

    Its forecasts are within the bounds of an outcome model and mean nothing. A walk takes as long
    as a trained forest's of the same shape, since it has no branch that data could sway.
    """
    rng = np.random.default_rng(seed)
    links = (Link.IDENTITY, Link.LOGISTIC, Link.EXPM1, Link.IDENTITY)
    bounds = ((-100.0, 100.0), (0.0, 1.0), (0.0, 600.0), (-100.0, 100.0))
    means = tuple(
        Head(link=link, n_trees=n_trees, scale=1.0, lowest=low, highest=high)
        for link, (low, high) in zip(links, bounds, strict=True)
    )
    spread = Head(link=Link.SQRT, n_trees=1, scale=1.0, lowest=0.0, highest=100.0)
    card = ModelCard(
        name="synthetic",
        version=f"seed {seed}",
        kind="forest",
        inference=INFERENCE_FORMAT,
        feature_names=tuple(feature_names),
        features_version=features_version,
        trained_on="nothing: random trees",
        horizon_ns=Ns(NS_PER_S),
        n_rows=0,
        seed=seed,
        means=means,
        deviations=(spread,) * N_PARTS,
        sd_by_tactic=((None,) * N_TACTICS,) * N_PARTS,
        cover_90=(1.645,) * N_PARTS,  # of a normal distribution
        metrics={part: {} for part in PARTS},
        calibration=(),
    )
    trees = [
        random_tree(rng, n_features=len(feature_names), n_leaves=n_leaves, max_depth=max_depth)
        for head in card.heads
        for _ in range(head.n_trees)
    ]
    together = FlatForest.joined(trees)
    forest = FlatForest(
        nodes=together.nodes,
        values=together.values,
        trees=together.trees,
        trees_per_head=tuple(head.n_trees for head in card.heads),
        n_features=len(feature_names),
    )
    return ForestModel(card, forest)


def random_tree(
    rng: np.random.Generator, *, n_features: int, n_leaves: int, max_depth: int
) -> FlatForest:
    """One tree grown leaf by leaf at random; fewer leaves where the depth does not hold them."""
    depths, lefts = [0], [0]
    leaves = [0]
    while len(leaves) < n_leaves:
        splittable = [k for k in leaves if depths[k] < max_depth]
        if not splittable:
            break
        k = splittable[int(rng.integers(len(splittable)))]
        leaves.remove(k)
        lefts[k] = len(lefts)
        for _ in range(2):
            leaves.append(len(lefts))
            lefts.append(len(lefts))
            depths.append(depths[k] + 1)

    n_nodes = len(lefts)
    nodes = np.zeros(n_nodes, dtype=NODE_DTYPE)
    nodes["left"] = lefts
    is_leaf = np.array(lefts) == np.arange(n_nodes)
    n_inner = n_nodes - int(is_leaf.sum())
    nodes["threshold"] = np.inf
    nodes["threshold"][~is_leaf] = rng.normal(size=n_inner)
    nodes["feature"][~is_leaf] = rng.integers(n_features, size=n_inner)
    values = np.where(is_leaf, rng.normal(scale=0.1, size=n_nodes), 0.0)
    return FlatForest(
        nodes=nodes,
        values=values,
        trees=np.array([(0, max(depths))], dtype=TREE_DTYPE),
        trees_per_head=(1,),
        n_features=n_features,
    )
