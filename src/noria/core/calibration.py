"""Calibration: does what a model says come true as often, or as much, as it says?

All of it is read from sums by bin of the output, which days add up: an array of the shape (5, bins), with a
row for each of `SUMS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noria.core.quality.metric import Array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUMS = ("predictions", "rows", "output", "truth", "loss")
"""Of each bin: all its predictions, the labelled ones, and these ones' outputs, truths and losses summed."""
PREDICTIONS, ROWS, OUTPUT, TRUTH, LOSS = range(len(SUMS))
BINS = 100
"""Bins of equal mass, from which the groups are gathered."""
GROUPS = 10
"""Groups of about as many rows each, into which bins are gathered for a reliability table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Labelled predictions of like outputs: how many, what was said of them, and what came true (means)."""

    rows: int
    output: float
    truth: float


def likeliest(truth: Array, output: Array) -> tuple[Array, Array]:
    """Return what of answers can be calibrated: truth and output, each of shape (n,).

    Of several classes, where `output` has the shape (n, k), it is the likeliest: whether it came true, and
    its probability.
    """
    if output.ndim == 1:
        return truth, output
    return (output.argmax(axis=1) == truth).astype(float), output.max(axis=1)


def placed(output: Array) -> NDArray[np.int64]:
    """Return the bin of each output, out of `BINS` with about as many each; shape (n,)."""
    import numpy as np

    edges = np.unique(np.quantile(output, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.searchsorted(edges, output, side="right").astype(np.int64)


def sums(place: NDArray[np.int64], bins: int, labelled: NDArray[np.bool_], *values: Array) -> Array:
    """Return the sums of a day's predictions, shape (5, bins).

    `place` of shape (n,) has the bin of each prediction and `labelled` says which have a label; `values` are
    output, truth and loss of those, each of shape (m,).
    """
    import numpy as np

    of_labelled = place[labelled]
    weights = (np.bincount(of_labelled, value, bins) for value in values)
    return np.array([np.bincount(place, minlength=bins), np.bincount(of_labelled, minlength=bins), *weights])


def reliability(scores: Array, groups: int = GROUPS) -> tuple[Group, ...]:
    """Return groups of neighbouring bins with about as many rows each, lowest outputs first."""
    import numpy as np

    rows = scores[ROWS]
    total = rows.sum()
    if not total:
        return ()
    middle = np.cumsum(rows) - rows / 2
    group = np.minimum((middle / total * groups).astype(int), groups - 1)
    parts = [scores[:, group == number].sum(axis=1).tolist() for number in range(groups)]
    return tuple(
        Group(rows=int(part[ROWS]), output=part[OUTPUT] / part[ROWS], truth=part[TRUTH] / part[ROWS])
        for part in parts
        if part[ROWS]
    )


def calibration_error(scores: Array) -> float:
    """Return the expected calibration error: how far outputs are from what came true; nan for none.

    Over groups of equal mass: those of equal width are biased more (Naeini et al., AAAI 2015; Roelofs et al.,
    AISTATS 2022). In the unit of the output: a probability, or the label's.
    """
    groups = reliability(scores)
    rows = sum(group.rows for group in groups)
    if not rows:
        return float("nan")
    return sum(group.rows * abs(group.output - group.truth) for group in groups) / rows
