"""Compares two versions of a model on rows that neither learnt from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from noria.artifact import manifest
from noria.artifact.model import Model, columns_of
from noria.comparison import quality
from noria.comparison.cost import costs
from noria.comparison.flips import flips, furthest
from noria.comparison.result import Comparison, Cost, Rows, Side
from noria.comparison.training import training
from noria.comparison.untouched import SHIPS, Stand, Untouched, known, untouched
from noria.core.quality import Array
from noria.errors import DataError, StateError
from noria.monitor.importance import importance
from noria.pipeline.evaluate import plain
from noria.pipeline.measure import agreement, aligned, blocks_of
from noria.ports import State
from noria.project.model import Project
from noria.project.table import TableSchema
from noria.registered import find, verified
from noria.rows import VersionRow

PROBED = 200
"""The newest rows that are asked one by one, for the latency."""
SLICED = 3
"""The most important categories, by which rows are sliced where noria.toml names no slices."""


def compare(project: Project, schema: TableSchema, state: State, a: int, b: int, now: datetime) -> Comparison:
    """Return how version `b` differs from version `a`; gains above 0 say that `b` is better.

    Raises:
        StateError: there is no such version, both are the same, or they are not for the same task.
        ArtifactError: an artifact is gone, altered, or does not answer.
        DataError: there are no rows to compare on, or they lack a feature.
    """
    both = versions(project, state, a, b)
    found = untouched(known(project, schema, now), *both, max(project.enough_rows, 2))
    models = [_model(stand) for stand in (found.a, found.b)]
    _check(models, found, both)
    outputs = [model.predict(found.rows) for model in models]
    outputs[0] = aligned(outputs[0], models[0].classes, models[1].classes)
    sides = _sides(project, found, both, models, outputs)
    return _compared(project, found, models[1], outputs, sides, _notes(both, models))


def versions(project: Project, state: State, a: int, b: int) -> tuple[VersionRow, VersionRow]:
    """Return both versions, whose artifacts are what they were when they were registered.

    Raises:
        StateError: there is no such version, or both are the same.
        ArtifactError: an artifact is gone or altered.
    """
    if a == b:
        raise StateError(f"{a} and {b} are the same version: nothing differs", hint="noria models")
    one, other = (find(state, project.name, number) for number in (a, b))
    for row in (one, other):
        verified(row, project.home)
    return one, other


def _model(stand: Stand) -> Model:
    if stand.asked != SHIPS:
        manifest.verify(stand.artifact, manifest.digest(stand.artifact))
    return Model(stand.artifact)


def _check(models: Sequence[Model], found: Untouched, both: Sequence[VersionRow]) -> None:
    tasks = [model.task for model in models]
    if len(set(tasks)) > 1:
        told = " and ".join(f"version {row.version} is {task}" for row, task in zip(both, tasks, strict=True))
        raise StateError(f"versions of one task are compared: {told}", hint="noria models")
    for row, model in zip(both, models, strict=True):
        if missing := [name for name in model.features if name not in found.rows.columns]:
            message = f"version {row.version} needs {missing[0]}, which the dataset has no column for"
            raise DataError(message, hint="noria doctor")


def _sides(
    project: Project,
    found: Untouched,
    both: Sequence[VersionRow],
    models: Sequence[Model],
    outputs: Sequence[Array],
) -> list[Side]:
    truth, blocks = _truth(project, found.rows, models[1]), blocks_of(found.rows["_time"])
    return [
        Side(
            version=row.version,
            asked=stand.asked,
            calibration=quality.calibration(project.loss, truth, output, blocks),
            cost=cost,
            importance=importance(found.rows, list(model.features), model.predictor.predict),
            training=training(project, row),
        )
        for row, stand, model, output, cost in zip(
            both, (found.a, found.b), models, outputs, _costs(both, found.rows), strict=True
        )
    ]


def _compared(
    project: Project,
    found: Untouched,
    model: Model,
    outputs: Sequence[Array],
    sides: Sequence[Side],
    notes: Iterator[str],
) -> Comparison:
    rows, (one, other) = found.rows, outputs
    truth, blocks = _truth(project, rows, model), blocks_of(rows["_time"])
    columns = project.monitor.slices or _categories(model, sides[1].importance)
    data = project.data
    shown = [name for name in (data.entity, data.time, data.label, *model.features) if name]
    return Comparison(
        model=project.name,
        task=model.task,
        loss=project.loss.name,
        a=sides[0],
        b=sides[1],
        rows=_rows(found, len(np.unique(blocks))),
        metrics=tuple(quality.gains(model.task, truth, one, other, blocks)),
        slices=tuple(quality.slices(project.loss, rows, columns, truth, one, other, blocks)),
        flips=tuple(flips(_named(model), truth, one, other)),
        examples=tuple(furthest(rows, list(dict.fromkeys(shown)), model.task, one, other)),
        agreement=float(agreement(one, other).agreement or 0.0),
        apart=float(np.abs(one - other).mean()),
        notes=tuple(notes),
    )


def _truth(project: Project, rows: pl.DataFrame, model: Model) -> Array:
    return model.truth(rows[project.data.label])


def _named(model: Model) -> list[str]:
    """Return the classes in the order of their numbers; none of a regression."""
    return [str(name) for name in model.predictor.spec["classes"]] if model.task != "regression" else []


def _rows(found: Untouched, blocks: int) -> Rows:
    times = found.rows["_time"]
    return Rows(count=len(times), blocks=blocks, begin=_text(times[0]), end=_text(times[-1]), told=found.told)


def _text(time: datetime | int) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if isinstance(time, datetime) else f"row {time}"


def _categories(model: Model, importance: dict[str, float]) -> list[str]:
    names = [name for name, kind in model.features.items() if kind == "category"]
    return sorted(names, key=lambda name: -importance.get(name, 0.0))[:SLICED]


def _costs(both: Sequence[VersionRow], rows: pl.DataFrame) -> list[Cost]:
    artifacts = [Path(row.artifact) for row in both]
    asked = [plain(columns_of(rows.tail(PROBED), Model(artifact).predictor)) for artifact in artifacts]
    return costs(artifacts, asked)


def _notes(both: Sequence[VersionRow], models: Sequence[Model]) -> Iterator[str]:
    one, other = both
    if one.digest == other.digest:
        yield "both have the same artifact, byte by byte"
    for row, model, rest in ((one, models[0], models[1]), (other, models[1], models[0])):
        if only := [name for name in model.features if name not in rest.features]:
            yield f"only version {row.version} takes {', '.join(only)}"
