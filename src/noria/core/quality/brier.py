"""Brier score: the squared distance of the probability from what happened (Brier 1950)."""

from __future__ import annotations

from noria.core.quality.metric import Array, Metric, mean_of


def per_row(truth: Array, output: Array) -> Array:
    """Return the loss of each row, 0 to 1."""
    return (output - truth) ** 2


BRIER = Metric(name="brier", tasks=("binary",), lower_is_better=True, score=mean_of(per_row), per_row=per_row)
