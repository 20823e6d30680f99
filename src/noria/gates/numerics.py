"""Whether answers are numbers wherever they are asked for, and the same however they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from noria.artifact import golden
from noria.artifact.model import columns_of
from noria.artifact.predictor import Predictor
from noria.artifact.probe import probe
from noria.core.quality import Array
from noria.errors import ArtifactError
from noria.gates.finding import SHOWN, Finding, failed, passed
from noria.gates.subject import Subject
from noria.pipeline.evaluate import plain

SOME = 50
"""Rows that are asked with each odd value, and one by one."""
TOLERANCE = 1e-9
"""How far two answers to one row may lie apart, by their size where that is above 1."""
ROUNDING = 1e-6
"""How far a probability may lie outside of 0 to 1, and a sum of them from 1: some libraries use float32."""
ODD: dict[str, dict[str, Any]] = {
    "number": {"missing": float("nan"), "0": 0.0, "1e-9": 1e-9, "1e9": 1e9, "-1e9": -1e9},
    "category": {"missing": None, "an empty text": "", "a category that nobody has seen": "\0unseen"},
}
"""What a client may send for a feature of each kind, though training never saw it."""

Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Rows to ask; `must` tells whether the model has to answer them. If it does, then with numbers."""

    name: str
    columns: Columns
    must: bool = True


def numerics(subject: Subject) -> Finding:
    """Every answer is a number, whatever is missing, extreme or unknown, and the same however it is asked.

    Missing values must be answered where the schema allows them.
    """
    model = subject.candidate.predictor
    rows = columns_of(subject.holdout, model)
    cases = [Case(name="the holdout", columns=rows), *_odd(subject, _slice(rows, -SOME, None))]
    for case in cases:
        if found := _without_a_number(model, case):
            return found
    return _unsteady(subject, rows) or passed(
        f"numbers in {len(cases)} cases, and the same again, in other orders, alone and in another process",
        cases=len(cases),
    )


def _odd(subject: Subject, some: Columns) -> Iterator[Case]:
    for name, kind in subject.candidate.features.items():
        for what, value in ODD[kind].items():
            columns = {**some, name: [value] * len(some[name])}
            must = what != "missing" or subject.schema.column(name).nullable
            yield Case(name=f"{name} is {what}", columns=columns, must=must)


def _without_a_number(model: Predictor, case: Case) -> Finding | None:
    """Return what is wrong with the answers to a case, or None."""
    try:
        answers = model.predict(case.columns)
    except Exception as error:  # a model may raise anything
        reason = f"{case.name}: it raises {type(error).__name__}: {error}"
        return failed(reason, rows=_shown(case.columns, [0])) if case.must else None
    for what, wrong in _faults(answers, model.spec["task"]).items():
        if len(rows := np.flatnonzero(wrong)):
            reason = (
                f"{case.name}: {len(rows)} of {len(answers)} answers are {what}, such as {answers[rows[0]]}"
            )
            return failed(reason, rows=_shown(case.columns, rows, answers))
    return None


def _faults(answers: Array, task: str) -> dict[str, Any]:
    """Say of each answer, for each fault, whether it has it."""
    table = answers.reshape(len(answers), -1)
    found = {"NaN or infinite": ~np.isfinite(table).all(axis=1)}
    if task != "regression":
        outside = (table < -ROUNDING) | (table > 1 + ROUNDING)
        found["no probabilities"] = outside.any(axis=1)
    if task == "multiclass":
        found["probabilities that do not add up to 1"] = np.abs(table.sum(axis=1) - 1) > ROUNDING
    return found


def _unsteady(subject: Subject, rows: Columns) -> Finding | None:
    """Return which rows are answered otherwise when they are asked otherwise, or None."""
    once = subject.candidate.predictor.predict(rows)
    try:
        for how, again in _asked_otherwise(subject, rows):
            one = once[-len(again) :]
            off = (np.abs(one - again) / np.maximum(1, np.abs(one))).reshape(len(one), -1).max(axis=1)
            if len(wrong := np.flatnonzero(~(off <= TOLERANCE))):
                first = f"such as {one[wrong[0]]} and {again[wrong[0]]}"
                reason = f"{len(wrong)} of {len(one)} rows are answered otherwise when {how}, {first}"
                return failed(reason, rows=_shown(_slice(rows, -len(one), None), wrong, again))
        golden.check(subject.shipped, subject.candidate.predictor)
    except ArtifactError as error:
        return failed(error.message)
    return None


def _asked_otherwise(subject: Subject, rows: Columns) -> Iterator[tuple[str, Array]]:
    """Yield how the rows, or the last of them, were asked again, and the answers."""
    model, some = subject.candidate.predictor, _slice(rows, -SOME, None)
    count = len(next(iter(some.values())))
    yield "asked again", model.predict(rows)
    yield "asked in the other order", model.predict(_slice(rows, None, None, -1))[::-1]
    yield "asked alone", np.concatenate([model.predict(_slice(some, n, n + 1)) for n in range(count)])
    clean = probe(subject.shipped, plain(dict(some)))
    yield "asked alone, in another process", np.asarray(clean.outputs, dtype=np.float64)


def _slice(columns: Columns, *bounds: int | None) -> dict[str, Any]:
    return {name: values[slice(*bounds)] for name, values in columns.items()}


def _shown(columns: Columns, rows: Any, answers: Array | None = None) -> list[dict[str, Any]]:
    """Return some rows as plain values, with their answers."""
    some = [int(row) for row in rows[:SHOWN]]
    table = plain({name: np.asarray(values)[some].tolist() for name, values in columns.items()})
    if answers is not None:
        table["answer"] = [answers[row].tolist() for row in some]
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
