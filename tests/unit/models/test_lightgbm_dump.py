"""What cannot be walked exactly is refused with its name."""

from __future__ import annotations

import copy
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from penstock.domain import ModelFileError
from penstock.models import forest_from_dump


def dump_of(params: dict[str, Any], **dataset: Any) -> dict[str, Any]:
    """A trained booster of few trees, as a dump."""
    rng = np.random.default_rng(1)
    features = rng.normal(size=(500, 3))
    features[:, 2] = rng.integers(0, 4, 500)
    label = features[:, 0] + (features[:, 2] == 2)
    if params.get("objective") == "multiclass":
        label = features[:, 2]
    fixed = {"verbosity": -1, "num_threads": 1, "num_leaves": 8}
    train_set = lgb.Dataset(features, label=label, **dataset)
    dump: dict[str, Any] = lgb.train({**fixed, **params}, train_set, 5).dump_model()
    return dump


@pytest.mark.parametrize(
    ("params", "dataset", "expected"),
    [
        ({}, {"categorical_feature": [2]}, "numerical splits"),
        ({"linear_tree": True}, {}, "constant leaves"),
        ({"zero_as_missing": True}, {}, "missing values that are NaN"),
        ({"objective": "multiclass", "num_class": 4}, {}, "one class"),
        ({"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1}, {}, "a sum of trees"),
    ],
    ids=["categorical", "linear", "zero", "classes", "averaged"],
)
def test_trees_that_would_be_walked_wrongly_are_refused(
    params: dict[str, Any], dataset: dict[str, Any], expected: str
) -> None:
    """An approximation here would be a model that nobody validated."""
    with pytest.raises(ModelFileError, match=expected):
        forest_from_dump(dump_of(params, **dataset))


def test_each_kind_of_problem_is_named_once_and_all_together() -> None:
    """Five trees with the same fault are one fault; two faults are two."""
    dump = dump_of({"linear_tree": True})
    dump["version"] = "v3"

    with pytest.raises(ModelFileError) as caught:
        forest_from_dump(dump, where="my.txt")

    assert ["my.txt: version", "my.txt: tree 0"] == [p.where for p in caught.value.problems]


def test_a_dump_without_trees_is_refused() -> None:
    """It would forecast zero for everything, without a word."""
    dump = copy.deepcopy(dump_of({}))
    dump["tree_info"] = []

    with pytest.raises(ModelFileError, match="at least one tree"):
        forest_from_dump(dump)
