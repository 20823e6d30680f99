"""Measure a candidate on the holdout: itself, the baseline and the champion on the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.artifact.predictor import Predictor, load
from noria.artifact.probe import probe
from noria.core.compare import Comparison, compare
from noria.core.gates import Evidence, Gate
from noria.core.quality import METRICS, Array, score
from noria.errors import ArtifactError, PipelineError
from noria.rows import Rival

PROBED = 200
"""Rows that are asked one by one in a clean process, for latency and repeatability."""
AGREED = 20_000
"""Rows on which the refitted model is held against the candidate."""
BLOCKS = 20
"""Blocks of a holdout whose rows have an order but no time."""
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What is to be measured: Parquet files of rows, artifact directories, the task and the gates."""

    holdout: str
    train: str
    candidate: str
    rival: Rival | None
    newer: bool
    label: str
    task: str
    gates: tuple[Gate, ...]


def evaluate(asked: Evaluation) -> Evidence:
    """Return everything that the gates before the refit judge.

    Raises:
        ArtifactError: an artifact does not load.
        PipelineError: the holdout holds a class that the candidate does not know.
    """
    model = load(asked.candidate)
    rows = pl.read_parquet(asked.holdout)
    truth = truth_of(rows[asked.label], model.spec)
    output = model.predict(columns_of(rows, model))
    evidence = Evidence(
        rows=len(rows),
        metrics=score(asked.task, truth, output),
        newer=asked.newer,
        not_finite=int((~np.isfinite(output)).sum()),
    )
    base = np.broadcast_to(
        _baseline(pl.read_parquet(asked.train, columns=[asked.label]), model), output.shape
    )
    every = np.ones(len(rows), dtype=bool)
    evidence = replace(
        evidence,
        against_baseline=_compare(asked.gates, "beats-baseline", rows, truth, output, base, every),
    )
    return _against_champion(asked, _probed(evidence, model, rows, output, asked), model, rows, truth, output)


def agree(rows: str, candidate: str, shipped: str) -> Evidence:
    """Return the correlation of two artifacts' outputs on the newest of the rows that both were trained on.

    Not on the holdout: the refit has seen its labels and the candidate has not, so there even the same code
    must disagree.
    """
    common = pl.read_parquet(rows).tail(AGREED)
    one, other = (load(path) for path in (candidate, shipped))
    a, b = (model.predict(columns_of(common, model)).ravel() for model in (one, other))
    if np.allclose(a, b):
        return Evidence(rows=len(common), agreement=1.0)
    with np.errstate(invalid="ignore"):
        correlation = float(np.corrcoef(a, b)[0, 1])
    return Evidence(rows=len(common), agreement=correlation if np.isfinite(correlation) else 0.0)


def columns_of(rows: pl.DataFrame, model: Predictor) -> dict[str, Any]:
    """Return the feature columns as a predictor takes them."""
    kinds = {feature["name"]: feature["kind"] for feature in model.spec["features"]}
    return {name: _column(rows[name], kind) for name, kind in kinds.items()}


def truth_of(labels: pl.Series, spec: dict[str, Any]) -> Array:
    """Return labels as float64: a regression's value, or the number of the class in the model's order.

    Raises:
        PipelineError: a label is no class of the model.
    """
    if spec["task"] == "regression":
        return labels.cast(pl.Float64).to_numpy()
    numbers = {str(name): float(number) for number, name in enumerate(spec["classes"])}
    values = [str(value) for value in labels.to_list()]
    unknown = sorted(set(values) - set(numbers))
    if unknown:
        raise PipelineError(
            f"the holdout has the class {unknown[0]!r}, and the model knows only {sorted(numbers)}",
            hint="noria doctor",
        )
    return np.array([numbers[value] for value in values])


def _column(series: pl.Series, kind: str) -> Sequence[Any] | Array:
    if kind == "number":
        return series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return series.cast(pl.String).to_list()


def _baseline(train: pl.DataFrame, model: Predictor) -> Array | float:
    """What a model answers that knows only the labels: their mean, or each class's share."""
    truth = truth_of(train.to_series(), model.spec)
    if model.spec["task"] != "multiclass":
        return float(truth.mean())
    return np.bincount(truth.astype(np.intp), minlength=len(model.spec["classes"])) / len(truth)


def _probed(
    evidence: Evidence, model: Predictor, rows: pl.DataFrame, output: Array, asked: Evaluation
) -> Evidence:
    """Add what a clean process says about the first rows: latency, and whether the answers are the same."""
    some = rows.head(PROBED)
    try:
        seen = probe(Path(asked.candidate), _plain(columns_of(some, model)))
    except ArtifactError as error:
        return replace(
            evidence, faults={**evidence.faults, "latency": error.message, "finite": error.message}
        )
    again = np.array(seen.outputs, dtype=np.float64)
    off = ~np.isclose(again, output[: len(some)], rtol=0, atol=TOLERANCE, equal_nan=True)
    return replace(
        evidence,
        latency=float(np.quantile(seen.seconds, 0.99)),
        not_repeatable=int(off.reshape(len(some), -1).any(axis=1).sum()),
    )


def _plain(columns: dict[str, Any]) -> dict[str, Any]:
    """Return columns as JSON can say them: a missing number is null."""
    return {
        name: [None if value != value else value for value in np.asarray(values, dtype=object).tolist()]
        for name, values in columns.items()
    }


def _against_champion(
    asked: Evaluation, evidence: Evidence, model: Predictor, rows: pl.DataFrame, truth: Array, output: Array
) -> Evidence:
    rival = asked.rival
    if rival is None:
        return evidence
    for artifact, name, untouched in _artifacts(rival, rows):
        champion = load(artifact)
        if champion.spec.get("classes") != model.spec.get("classes"):
            fault = f"{name} knows other classes: {champion.spec.get('classes')}"
            return replace(evidence, rival=name, faults={**evidence.faults, "better-than-champion": fault})
        other = champion.predict(columns_of(rows, champion))
        found = _compare(asked.gates, "better-than-champion", rows, truth, output, other, untouched)
        evidence = replace(evidence, rival=name, against_champion=found)
        if any(comparison.blocks > 1 for comparison in found.values()):
            break
    return evidence


def _artifacts(rival: Rival, rows: pl.DataFrame) -> Iterable[tuple[str, str, NDArray[np.bool_]]]:
    """The champion's artifacts, each with the rows of the holdout that it was not trained on.

    The shipped one first: it is what serves. Where it was refitted on these very rows, its twin stands in,
    which saw none from its own holdout on.
    """
    later = rows["_version"].to_numpy() > rival.data_version
    times = rows["_time"]
    cut = datetime.fromisoformat(rival.holdout_from) if times.dtype.is_temporal() else int(rival.holdout_from)
    held_out = (times >= cut).to_numpy()
    if rival.refit:
        yield rival.shipped, f"version {rival.version}", later
        yield rival.twin, f"version {rival.version} as it was before its refit", later | held_out
    else:
        yield rival.shipped, f"version {rival.version}", later | held_out


def _compare(
    gates: Sequence[Gate],
    check: str,
    rows: pl.DataFrame,
    truth: Array,
    candidate: Array,
    other: Array,
    usable: NDArray[np.bool_],
) -> dict[str, Comparison]:
    """Compare on the usable rows by each metric that a gate of this check names."""
    blocks = _blocks(rows["_time"])[usable]
    return {
        gate.options["metric"]: compare(
            METRICS[gate.options["metric"]],
            truth=truth[usable],
            candidate=candidate[usable],
            champion=other[usable],
            blocks=blocks,
            confidence=gate.options.get("confidence", 0.95),
        )
        for gate in gates
        if gate.check == check
    }


def _blocks(times: pl.Series) -> NDArray[np.int64]:
    """Return the block of each row: its day, or its share of the order where there is no time."""
    if times.dtype.is_temporal():
        return times.dt.epoch("d").to_numpy().astype(np.int64)
    return np.arange(len(times), dtype=np.int64) * BLOCKS // max(len(times), 1)
