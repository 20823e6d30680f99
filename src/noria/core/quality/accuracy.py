"""Accuracy: the share of rows whose most probable class happened."""

from __future__ import annotations

from noria.core.quality.metric import Array, Metric, mean_of


def error(truth: Array, output: Array) -> Array:
    """Return 1 for each row that is wrong, else 0; a probability of exactly one half counts as class 0."""
    chosen = output > 0.5 if output.ndim == 1 else output.argmax(axis=1)
    wrong: Array = (chosen != truth).astype(float)
    return wrong


def score(truth: Array, output: Array) -> float:
    """Return the share of right rows, 0 to 1."""
    return 1 - mean_of(error)(truth, output)


ACCURACY = Metric(
    name="accuracy", tasks=("binary", "multiclass"), lower_is_better=False, score=score, per_row=error
)
