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

    `block` is the day since 1970, or the number of the first row where rows have an order and no time. `loss`
    is the other model's; where more is better, what it lacks to 1.
    """

    block: int
    rows: int
    gain: float
    loss: float = 0.0


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
    that is the squared error. `loss` is the champion's, `by_block` what all was computed from.
    """

    metric: str
    rows: int
    blocks: int
    gain: float
    low: float
    high: float
    confidence: float
    loss: float = 0.0
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
    own, other = (_block_losses(metric, truth, output, index, rows) for output in (candidate, champion))
    found = zip(numbers.tolist(), rows.tolist(), (other - own).tolist(), other.tolist(), strict=True)
    kept = [
        Block(block=block, rows=count, gain=gain, loss=loss)
        for block, count, gain, loss in found
        if isfinite(gain)
    ]
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
        loss=sum(block.rows * block.loss for block in blocks) / rows if rows else 0.0,
        by_block=tuple(blocks),
    )


def merged(older: Sequence[Block], newer: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks of two comparisons with the same model: the newer one's from its first block on."""
    first = min((block.block for block in newer), default=inf)
    return (*(block for block in older if block.block < first), *newer)


def losses(metric: Metric, truth: Array, output: Array, blocks: NDArray[np.int64]) -> tuple[Loss, ...]:
    """Return a model's mean loss in each block in which the metric is defined."""
    import numpy as np

    numbers, index, rows = np.unique(blocks, return_inverse=True, return_counts=True)
    means = _block_losses(metric, truth, output, index, rows)
    found = zip(numbers.tolist(), rows.tolist(), means.tolist(), strict=True)
    return tuple(Loss(block=block, rows=count, loss=loss) for block, count, loss in found if isfinite(loss))


def _block_losses(
    metric: Metric, truth: Array, output: Array, index: NDArray[np.intp], rows: NDArray[np.int64]
) -> Array:
    """Return the mean loss of each block, or what its score lacks to 1 where more is better."""
    import numpy as np

    if metric.per_row is not None:
        return np.bincount(index, metric.per_row(truth, output), len(rows)) / rows
    parts = (index == number for number in range(len(rows)))
    scores = np.array([metric.score(truth[part], output[part]) for part in parts])
    return scores if metric.lower_is_better else 1 - scores
