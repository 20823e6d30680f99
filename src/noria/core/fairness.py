"""What a model does for the groups of a column: how often it says yes, and how often rightly, and the gaps.

The definitions are those of fairlearn (Agarwal et al., ICML 2018; Hardt, Price, Srebro, NeurIPS 2016). Its
functions take rows; these take counts, which days add up, so that a gap over a year costs no more than one
over a day. Counts of groups are an array of the shape (groups, 7), with a column for each of `COUNTS`.
"""

from __future__ import annotations

from collections.abc import Callable

from noria.core.quality.metric import Array

COUNTS = ("predictions", "rows", "loss", "selected", "positives", "hits", "false")
"""Of each group: all its predictions, the labelled ones, and their losses summed. In a binary task also those
that were `selected`, said to be of class 1; and of the labelled ones the `positives`, which are of class 1,
the `hits`, which are selected positives, and the `false`, which are selected and not positive."""
PREDICTIONS, ROWS, LOSS, SELECTED, POSITIVES, HITS, FALSE = range(len(COUNTS))
ENOUGH = 100
"""Labelled rows of a group below which it is not compared: a rate of ten rows is chance."""

Rate = Callable[[Array], Array]
"""Takes counts of groups, and returns a rate of each."""


def loss(groups: Array) -> Array:
    """Return the mean loss of each group, nan without rows; shape (groups,)."""
    return _share(groups[:, LOSS], groups[:, ROWS])


def selection_rate(groups: Array) -> Array:
    """Return how often each group is selected. Its gap is fairlearn's demographic_parity_difference."""
    return _share(groups[:, SELECTED], groups[:, PREDICTIONS])


def true_positive_rate(groups: Array) -> Array:
    """Return how often positives are selected. Its gap is fairlearn's equal_opportunity_difference."""
    return _share(groups[:, HITS], groups[:, POSITIVES])


def false_positive_rate(groups: Array) -> Array:
    """Return how often the others are selected. The larger gap of both: equalized_odds_difference."""
    return _share(groups[:, FALSE], groups[:, ROWS] - groups[:, POSITIVES])


def rates(task: str) -> dict[str, Rate]:
    """Return what groups are compared by, in a task."""
    binary: dict[str, Rate] = {
        "selection rate": selection_rate,
        "true positive rate": true_positive_rate,
        "false positive rate": false_positive_rate,
    }
    return {**binary, "loss": loss} if task == "binary" else {"loss": loss}


def gap(groups: Array, rate: Rate) -> float:
    """Return the largest difference of a rate between groups with enough rows; nan with fewer than two."""
    import numpy as np

    found = rate(groups[groups[:, ROWS] >= ENOUGH])
    known = found[np.isfinite(found)]
    return float(known.max() - known.min()) if len(known) > 1 else float("nan")


def _share(part: Array, whole: Array) -> Array:
    import numpy as np

    found: Array = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found
