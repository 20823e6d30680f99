"""CBPE: the quality of a classifier that its own, calibrated scores promise.

Confidence-based performance estimation (NannyML; formally in arXiv 2407.08649): where a score of 0.3 came
true in 25 of 100 cases, so it will in the next 100. That holds while P(y | score) stays; concept drift it
cannot see.
"""

from __future__ import annotations

from noria.core.calibration import OUTPUT, ROWS, TRUTH
from noria.core.quality.auc import AUC
from noria.core.quality.metric import Array, Metric

PRIOR = 10.0
"""Rows that a bin is given that came true as often as its scores say: a bin of two rows knows little."""


def estimate(metric: Metric, counts: Array, scores: Array) -> float:
    """Return the metric that is to be expected of predictions of a binary task.

    `counts` of shape (bins,) says how many have an output in each bin; `scores` are the sums of labelled
    ones (see `noria.core.calibration`). nan without predictions, or for a metric of another kind.
    """
    import numpy as np

    total = counts.sum()
    if not total or not scores[ROWS].any():
        return float("nan")
    output = mean_outputs(scores)
    true = (scores[TRUTH] + PRIOR * output) / (scores[ROWS] + PRIOR)
    if metric is AUC:
        return _auc(counts * true, counts * (1 - true))
    if metric.per_row is None:
        return float("nan")
    hit, miss = (metric.per_row(np.full(len(output), truth), output) for truth in (1.0, 0.0))
    loss = float((counts * (true * hit + (1 - true) * miss)).sum() / total)
    return loss if metric.lower_is_better else 1 - loss


def mean_outputs(scores: Array) -> Array:
    """Return the mean output of each bin; of one without rows what its neighbours let expect."""
    import numpy as np

    known = np.flatnonzero(scores[ROWS])
    means = scores[OUTPUT, known] / scores[ROWS, known]
    found: Array = np.interp(np.arange(scores.shape[1]), known, means)
    return found


def _auc(positives: Array, negatives: Array) -> float:
    """Return the share of the pairs that are ranked rightly, those of one bin counted half."""
    import numpy as np

    pairs = positives.sum() * negatives.sum()
    below = np.cumsum(negatives) - negatives / 2
    return float((positives * below).sum() / pairs) if pairs else float("nan")
