"""A golden set: labelled rows in the project that a person has checked, and that no feedback ever touches."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from noria.adapters import sources
from noria.adapters.contract import check
from noria.artifact.model import Model
from noria.core.quality import METRICS, Array, Metric, primary
from noria.errors import DataError
from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject
from noria.pipeline.measure import aligned
from noria.project.table import TableSchema


def golden(subject: Subject, *, file: str, metric: str, limit: float | None, worse: float) -> Finding:
    """On the project's golden set, the candidate keeps to a limit, and is not worse than the champion."""
    chosen = METRICS[metric] if metric else primary(subject.project.task)
    rows = _rows(subject, subject.checkout / file)
    model = subject.candidate
    truth = model.truth(rows[subject.project.data.label])
    value = chosen.score(truth, model.predict(rows))
    said = f"{chosen.name} {value:.4f} on the {rows.height} rows of {file}"
    numbers = {chosen.name: value}
    if limit is not None and _loss(chosen, value) > _loss(chosen, limit):
        return failed(f"{said}; allowed is {limit:g}", **numbers)
    if subject.champion is None:
        return passed(f"{said}; there is no champion", **numbers)
    before = chosen.score(truth, _answers(subject.champion, model, rows))
    numbers["champion"] = before
    told = f"{said}; the champion has {before:.4f}"
    if _loss(chosen, value) > _loss(chosen, before) * (1 + worse) + 1e-12:
        return failed(f"{told}, and it may be worse by {worse:.0%} at most", **numbers)
    return passed(told, **numbers)


def _rows(subject: Subject, file: Path) -> pl.DataFrame:
    """Return the golden rows, with the schema's types; only features and label need be there.

    Raises:
        DataError: the file is not in the commit, cannot be read, or has a row that breaks the contract.
    """
    if not file.exists():
        raise DataError(f"{file.name}: the commit has no such file", hint=f"git add -f {file.name}")
    data = subject.project.data
    names = (*data.features, data.label)
    schema = TableSchema(columns=tuple(subject.schema.column(name) for name in names))
    plain = type(data)(source=(), label=data.label, features=data.features)
    found = check(sources.read([file], names), schema, plain)
    if found.refused.height:
        raise DataError(f"{file.name}: {found.refused['reason'][0]}", hint="noria doctor")
    return found.rows


def _answers(champion: Model, model: Model, rows: pl.DataFrame) -> Array:
    """Return what the champion says, its classes in the order of the candidate's."""
    return aligned(champion.predict(rows), champion.classes, model.classes)


def _loss(metric: Metric, value: float) -> float:
    """Return a metric as a loss: itself, or what it lacks to 1."""
    return value if metric.lower_is_better else 1 - value
