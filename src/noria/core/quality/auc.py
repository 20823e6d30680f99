"""Area under the ROC curve: how often a positive row is ranked above a negative one (Hanley, McNeil 1982)."""

from __future__ import annotations

from noria.core.quality.metric import Array, Metric


def score(truth: Array, output: Array) -> float:
    """Return the Mann-Whitney share, 0 to 1, ties counted half; nan when only one class is there."""
    import numpy as np

    positives = int((truth == 1).sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(output, return_inverse=True, return_counts=True)
    midranks = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = midranks[inverse][truth == 1].sum()
    return float((rank_sum - positives * (positives + 1) / 2) / (positives * negatives))


AUC = Metric(name="auc", tasks=("binary",), lower_is_better=False, score=score)
