"""Paired comparison of two models on the same rows.

Rows of one day share their weather, so they are not independent: on the flights of 2013 an interval from
single rows was too narrow by a factor of nine. The unit here is the block, such as a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from typing import TYPE_CHECKING

from noria.core.quality import Array, Metric
from noria.core.student import quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What one model gains over another on the rows of a block: `gain` is positive where it is better.

    `block` is the day since 1970, or the number of the first row where rows have an order and no time.
    """

    block: int
    rows: int
    gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A model's mean loss on the rows of a block."""

    block: int
    rows: int
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How much better the candidate is: positive is better, in the metric's unit.

    `gain` is the estimate, `low` and `high` the ends of its two-sided interval at `confidence`, infinite with
    fewer than two blocks. For a metric that is a mean of losses a row, the gain is in that loss; for `rmse`
    that is the squared error. `by_block` is what it was computed from.
    """

    metric: str
    rows: int
    blocks: int
    gain: float
    low: float
    high: float
    confidence: float
    by_block: tuple[Block, ...] = ()


def compare(
    metric: Metric,
    *,
    truth: Array,
    candidate: Array,
    champion: Array,
    blocks: NDArray[np.int64],
    confidence: float = 0.95,
) -> Comparison:
    """Compare two models' outputs on the same n rows, by blocks; `blocks` of shape (n,) numbers each row's.

    Blocks in which the metric is undefined are left out.
    """
    import numpy as np

    numbers, index, rows = np.unique(blocks, return_inverse=True, return_counts=True)
    if metric.per_row is not None:
        saved = metric.per_row(truth, champion) - metric.per_row(truth, candidate)
        gains = np.bincount(index, saved) / rows
    else:
        parts = [index == number for number in range(len(numbers))]
        sign = -1.0 if metric.lower_is_better else 1.0
        scores = [
            [metric.score(truth[part], output[part]) for part in parts] for output in (candidate, champion)
        ]
        gains = sign * (np.array(scores[0]) - np.array(scores[1]))
    found = zip(numbers.tolist(), rows.tolist(), gains.tolist(), strict=True)
    kept = [Block(block=block, rows=count, gain=gain) for block, count, gain in found if isfinite(gain)]
    return pooled(metric.name, kept, confidence)


def pooled(metric: str, blocks: Sequence[Block], confidence: float = 0.95) -> Comparison:
    """Return what some blocks say together.

    The estimate weighs a block by its rows; its standard error is the cluster-robust one of a weighted mean
    with Student's t on blocks - 1 degrees of freedom (Cameron, Miller 2015).
    """
    rows, count = sum(block.rows for block in blocks), len(blocks)
    gain = sum(block.rows * block.gain for block in blocks) / rows if rows else 0.0
    half = inf
    if count > 1:
        squares = sum((block.rows / rows * (block.gain - gain)) ** 2 for block in blocks)
        half = quantile((1 + confidence) / 2, count - 1) * sqrt(count / (count - 1) * squares)
    return Comparison(
        metric=metric,
        rows=rows,
        blocks=count,
        gain=gain,
        low=gain - half,
        high=gain + half,
        confidence=confidence,
        by_block=tuple(blocks),
    )


def merged(older: Sequence[Block], newer: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks of two comparisons with the same model: the newer one's from its first block on."""
    first = min((block.block for block in newer), default=inf)
    return (*(block for block in older if block.block < first), *newer)


def losses(metric: Metric, truth: Array, output: Array, blocks: NDArray[np.int64]) -> tuple[Loss, ...]:
    """Return a model's mean loss in each block; () for a metric that is no mean of losses."""
    import numpy as np

    if metric.per_row is None or not len(truth):
        return ()
    numbers, index, rows = np.unique(blocks, return_inverse=True, return_counts=True)
    means = np.bincount(index, metric.per_row(truth, output)) / rows
    found = zip(numbers.tolist(), rows.tolist(), means.tolist(), strict=True)
    return tuple(Loss(block=block, rows=count, loss=loss) for block, count, loss in found)
