"""Root mean squared error, in the label's unit."""

from __future__ import annotations

from noria.core.quality.metric import Array, Metric, mean_of


def per_row(truth: Array, output: Array) -> Array:
    """Return the squared error of each row, in the label's unit squared."""
    return (output - truth) ** 2


def score(truth: Array, output: Array) -> float:
    """Return the root of the mean squared error."""
    return float(mean_of(per_row)(truth, output) ** 0.5)


RMSE = Metric(name="rmse", tasks=("regression",), lower_is_better=True, score=score, per_row=per_row)
