"""What two versions' answers to the same rows are worth: metrics, slices and calibration, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.comparison.result import Calibration, Gain, Slice
from noria.core import compare
from noria.core.calibration import BINS, calibration_error, likeliest, placed, reliability, sums
from noria.core.fairness import ENOUGH
from noria.core.interval import Interval
from noria.core.jackknife import jackknife
from noria.core.quality import Array, Metric, metrics_of

CONFIDENCE = 0.95

Blocks = NDArray[np.int64]


def gains(task: str, truth: Array, a: Array, b: Array, blocks: Blocks) -> Iterator[Gain]:
    """Yield every metric of a task on n rows: of A, of B, and what B gains, with an interval over blocks."""
    for metric in metrics_of(task):
        found = _paired(metric, truth, a, b, blocks)
        yield Gain(
            metric=metric.name,
            unit="squared error" if metric.name == "rmse" else metric.name,
            a=metric.score(truth, a),
            b=metric.score(truth, b),
            gain=_interval(found),
            daily=tuple(block.gain for block in found.by_block),
        )


def slices(
    metric: Metric,
    rows: pl.DataFrame,
    columns: Sequence[str],
    truth: Array,
    a: Array,
    b: Array,
    blocks: Blocks,
) -> list[Slice]:
    """Return what B gains on each value of these columns that has enough rows, what it loses most on first.

    `metric` is one that has a loss a row. The more slices there are, the wider is the interval of each, so
    that one of all of them misses its gain in 5% of the cases (Bonferroni).
    """
    one, other = (metric.losses(truth, output) for output in (a, b))
    parts = [part for column in columns for part in _parts(rows[column])]
    confidence = 1 - (1 - CONFIDENCE) / max(len(parts), 1)
    found = [
        Slice(
            column=column,
            value=value,
            rows=int(part.sum()),
            a=float(one[part].mean()),
            b=float(other[part].mean()),
            gain=_interval(_paired(metric, truth[part], a[part], b[part], blocks[part], confidence)),
        )
        for column, value, part in parts
    ]
    return sorted(found, key=lambda each: each.gain.value)


def calibration(metric: Metric, truth: Array, output: Array, blocks: Blocks) -> Calibration:
    """Return how far answers are from what came true, with an interval over blocks."""
    loss = metric.losses(truth, output)
    truth, output = likeliest(truth, output)
    place, labelled = placed(output), np.ones(len(output), dtype=bool)
    parts = [blocks == block for block in np.unique(blocks)]
    by_block = np.array(
        [sums(place[part], BINS, labelled[part], output[part], truth[part], loss[part]) for part in parts]
    )
    return Calibration(error=jackknife(by_block, calibration_error), groups=reliability(by_block.sum(axis=0)))


def _parts(column: pl.Series) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Yield the column's name, each value that has enough rows, and which rows these are."""
    values = column.cast(pl.String).fill_null("missing").to_numpy()
    for value in np.unique(values):
        if (part := values == value).sum() >= ENOUGH:
            yield column.name, str(value), part


def _paired(
    metric: Metric, truth: Array, a: Array, b: Array, blocks: Blocks, confidence: float = CONFIDENCE
) -> compare.Comparison:
    return compare.compare(metric, truth=truth, candidate=b, champion=a, blocks=blocks, confidence=confidence)


def _interval(found: compare.Comparison) -> Interval:
    return Interval(value=found.gain, low=found.low, high=found.high)
