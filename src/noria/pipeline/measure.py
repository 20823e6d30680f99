"""What the gates judge, from outputs that are there: the candidate's, the baseline's and the champion's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.core.compare import Block, Comparison, compare, losses
from noria.core.gates import Evidence, Gate
from noria.core.quality import METRICS, Array, primary, score

BLOCKS = 20
"""At least so many blocks are in a holdout whose rows have an order but no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The n rows of a holdout: their times, and their labels as numbers, of shape (n,)."""

    task: str
    times: pl.Series
    truth: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Opponent:
    """What the champion answers on a holdout's n rows; `untouched`, of shape (n,): not trained on them."""

    name: str
    output: Array
    untouched: NDArray[np.bool_]


def measure(
    held: Held, output: Array, base: Array | float, opponents: Iterable[Opponent], gates: Sequence[Gate]
) -> Evidence:
    """Return what the gates want to know of a candidate's `output` on a holdout.

    `base` is what a model answers that knows only the labels of the training rows. The first of the
    opponents that has two blocks of untouched rows stands for the champion, else the last.
    """
    every = np.ones(len(held.truth), dtype=bool)
    base = np.broadcast_to(base, output.shape)
    evidence = Evidence(
        rows=len(held.truth),
        metrics=score(held.task, held.truth, output),
        not_finite=int((~np.isfinite(output)).sum()),
        daily=_daily(held, output),
        losses=losses(primary(held.task), held.truth, output, blocks_of(held.times)),
        against_baseline=_compare(gates, "beats-baseline", held, output, base, every),
    )
    for opponent in opponents:
        found = _compare(gates, "better-than-champion", held, output, opponent.output, opponent.untouched)
        evidence = replace(evidence, rival=opponent.name, against_champion=found)
        if any(comparison.blocks > 1 for comparison in found.values()):
            break
    return evidence


def refit_gain(held: Held, opponents: Sequence[Opponent]) -> tuple[Block, ...]:
    """Return what the champion gains over the same model before its refit, on rows that are new to both.

    `opponents` are those of `measure`, the refitted one first; without a refit there is nothing to gain.
    """
    if len(opponents) < 2:
        return ()
    refitted, before = opponents
    return compare(
        primary(held.task),
        truth=held.truth[refitted.untouched],
        candidate=refitted.output[refitted.untouched],
        champion=before.output[refitted.untouched],
        blocks=blocks_of(held.times)[refitted.untouched],
    ).by_block


def agreement(one: Array, other: Array) -> Evidence:
    """Return the correlation of what two models answer on the same rows; 1 where the answers are equal."""
    if np.allclose(one, other):
        return Evidence(rows=len(one), agreement=1.0)
    with np.errstate(invalid="ignore"):
        correlation = float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
    return Evidence(rows=len(one), agreement=correlation if np.isfinite(correlation) else 0.0)


def aligned(output: Array, classes: Sequence[str], wanted: Sequence[str]) -> Array:
    """Return probabilities of shape (n, k), their columns in the order of the `wanted` classes.

    A class that the model does not know has the probability 0. Outputs without classes stay as they are.
    """
    if list(classes) == list(wanted):
        return output
    columns = np.zeros((len(output), len(wanted)))
    for place, name in enumerate(wanted):
        if name in classes:
            columns[:, place] = output[:, list(classes).index(name)]
    return columns


def baseline(truth: Array, classes: int | None) -> Array | float:
    """Return what a model answers that knows only these labels: their mean, or the share of each class.

    `classes` is the number of classes of a multiclass model, else None.
    """
    if classes is None:
        return float(truth.mean())
    return np.bincount(truth.astype(np.intp), minlength=classes) / len(truth)


def blocks_of(times: pl.Series) -> NDArray[np.int64]:
    """Return the block of each row: its day, or the number of its first row where there is only an order.

    The size of those is a power of two, so that the next holdout, with somewhat more rows, has the same.
    """
    if times.dtype.is_temporal():
        return times.dt.epoch("d").to_numpy().astype(np.int64)
    size = 2 ** max((len(times) // BLOCKS).bit_length() - 1, 0)
    return times.to_numpy().astype(np.int64) // size * size


def _compare(
    gates: Sequence[Gate], check: str, held: Held, candidate: Array, other: Array, usable: NDArray[np.bool_]
) -> dict[str, Comparison]:
    """Compare on the usable rows by each metric that a gate of this check names."""
    blocks = blocks_of(held.times)[usable]
    return {
        gate.options["metric"]: compare(
            METRICS[gate.options["metric"]],
            truth=held.truth[usable],
            candidate=candidate[usable],
            champion=other[usable],
            blocks=blocks,
            confidence=gate.options.get("confidence", 0.95),
        )
        for gate in gates
        if gate.check == check
    }


def _daily(held: Held, output: Array) -> dict[str, tuple[float, ...]]:
    """Return each metric of the task on each block, where it is defined."""
    blocks = blocks_of(held.times)
    parts = [blocks == block for block in np.unique(blocks)]
    scores = [score(held.task, held.truth[part], output[part]) for part in parts]
    names = scores[0] if scores else ()
    return {name: tuple(each[name] for each in scores if np.isfinite(each[name])) for name in names}
