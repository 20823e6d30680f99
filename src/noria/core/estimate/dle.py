"""DLE: the loss that predictions of such outputs have had.

Direct loss estimation (NannyML): the loss is itself predicted, here from the output's bin. It sees that more
predictions come from where the model is bad. It cannot see that the model became worse at the same outputs.
"""

from __future__ import annotations

from noria.core.calibration import LOSS, ROWS
from noria.core.quality.metric import Array

PRIOR = 10.0
"""Rows that a bin is given with the mean loss of all: a bin of two rows knows little."""


def estimate(counts: Array, scores: Array) -> float:
    """Return the mean loss a row that is to be expected of predictions, in the loss's unit.

    `counts` of shape (bins,) says how many have an output in each bin; `scores` are the sums of labelled
    ones (see `noria.core.calibration`). nan without either.
    """
    rows, total = scores[ROWS].sum(), counts.sum()
    if not rows or not total:
        return float("nan")
    mean = scores[LOSS].sum() / rows
    losses = (scores[LOSS] + PRIOR * mean) / (scores[ROWS] + PRIOR)
    return float((counts * losses).sum() / total)
