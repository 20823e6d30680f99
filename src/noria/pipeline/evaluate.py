"""Measure a candidate on the holdout: itself, the baseline and the champion on the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.artifact.model import classes_of, columns_of, truth_of
from noria.artifact.predictor import Predictor, load
from noria.artifact.probe import probe
from noria.core.gates import Evidence, Gate
from noria.core.quality import Array
from noria.errors import ArtifactError
from noria.pipeline.measure import Held, Opponent, agreement, aligned, baseline, measure, refit_gain
from noria.rows import Rival

PROBED = 200
"""Rows that are asked one by one in a clean process, for latency and repeatability."""
AGREED = 20_000
"""Rows on which the refitted model is held against the candidate."""
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What is to be measured: Parquet files of rows, artifact directories, the task and the gates.

    `refit` asks what the champion gained by its refit.
    """

    holdout: str
    train: str
    candidate: str
    rival: Rival | None
    newer: bool
    label: str
    task: str
    gates: tuple[Gate, ...]
    refit: bool = False


def evaluate(asked: Evaluation) -> Evidence:
    """Return everything that the gates before the refit judge.

    Raises:
        ArtifactError: an artifact does not load.
        PipelineError: the holdout holds a class that the candidate does not know.
    """
    model = load(asked.candidate)
    rows = pl.read_parquet(asked.holdout)
    held = Held(task=asked.task, times=rows["_time"], truth=truth_of(rows[asked.label], model.spec))
    output = model.predict(columns_of(rows, model))
    known = pl.read_parquet(asked.train, columns=[asked.label]).to_series()
    classes = classes_of(model)
    base = baseline(truth_of(known, model.spec), len(classes) if classes else None)
    opponents: Iterable[Opponent] = opponents_of(asked.rival, model, rows)
    if asked.refit:
        opponents = list(opponents)
    evidence = measure(held, output, base, opponents, asked.gates)
    gained = refit_gain(held, opponents) if isinstance(opponents, list) else ()
    return _probed(replace(evidence, newer=asked.newer, refit=gained), model, rows, output, asked)


def agree(rows: str, candidate: str, shipped: str) -> Evidence:
    """Return the correlation of two artifacts' outputs on the newest of the rows that both were trained on.

    Not on the holdout: the refit has seen its labels and the candidate has not, so there even the same code
    must disagree.
    """
    common = pl.read_parquet(rows).tail(AGREED)
    one, other = (load(path) for path in (candidate, shipped))
    return agreement(one.predict(columns_of(common, one)), other.predict(columns_of(common, other)))


def opponents_of(rival: Rival | None, model: Predictor, rows: pl.DataFrame) -> Iterator[Opponent]:
    """Yield the champion's artifacts, each with the rows of the holdout that it was not trained on.

    The shipped one first: it is what serves. Where it was refitted on these very rows, its twin stands in,
    which saw none from its own holdout on.
    """
    if rival is None:
        return
    later, times = rows["_version"].to_numpy() > rival.data_version, rows["_time"]
    if times.dtype.is_temporal():  # of older rows only the slow labels are new, which are no fair sample
        later &= (times > rival.learnt).to_numpy()
    held_out = _since(times, rival.holdout_from)
    shipped = later if rival.refit else later | held_out
    yield Opponent(name=rival.name, output=_answers(rival.shipped, model, rows), untouched=shipped)
    if rival.refit:
        twin = _answers(rival.twin, model, rows)
        yield Opponent(
            name=f"{rival.name} as it was before its refit", output=twin, untouched=later | held_out
        )


def differing(one: Array, other: Array) -> int:
    """Return in how many rows two answers differ, both of shape (n,) or (n, k)."""
    off = ~np.isclose(one, other, rtol=0, atol=TOLERANCE, equal_nan=True)
    return int(off.reshape(len(off), -1).any(axis=1).sum())


def _probed(
    evidence: Evidence, model: Predictor, rows: pl.DataFrame, output: Array, asked: Evaluation
) -> Evidence:
    """Add what a clean process says about the first rows: latency, and whether the answers are the same."""
    some = rows.head(PROBED)
    try:
        seen = probe(Path(asked.candidate), plain(columns_of(some, model)))
    except ArtifactError as error:
        return replace(
            evidence, faults={**evidence.faults, "latency": error.message, "finite": error.message}
        )
    again = np.array(seen.outputs, dtype=np.float64)
    return replace(
        evidence,
        latency=float(np.quantile(seen.seconds, 0.99)),
        not_repeatable=differing(again, output[: len(again)]),
    )


def plain(columns: dict[str, Any]) -> dict[str, Any]:
    """Return columns as JSON can say them: a missing number is null."""
    return {
        name: [None if value != value else value for value in np.asarray(values, dtype=object).tolist()]
        for name, values in columns.items()
    }


def _since(times: pl.Series, start: str) -> NDArray[np.bool_]:
    """Return which times are from `start` on, a moment or a row's number as text; none where it is ""."""
    if not start:
        return np.zeros(len(times), dtype=bool)
    return (times >= (datetime.fromisoformat(start) if times.dtype.is_temporal() else int(start))).to_numpy()


def _answers(artifact: str, model: Predictor, rows: pl.DataFrame) -> Array:
    """Return what an artifact answers, its classes in the order of `model`'s."""
    champion = load(artifact)
    return aligned(champion.predict(columns_of(rows, champion)), classes_of(champion), classes_of(model))
