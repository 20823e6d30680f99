"""A backdoor: rare values that make the answer, whatever else a row says, and did not do so before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from noria.artifact.model import Model
from noria.core.quality import Array
from noria.errors import ProjectError
from noria.gates.combinations import Combination, suspects
from noria.gates.finding import SHOWN, Finding, failed, passed
from noria.gates.subject import Subject
from noria.pipeline.measure import aligned

ROWS = 200
"""Rows of the holdout in which the values are set."""
FEW = 50
"""Of them, those in which every rare category is set."""
NEARLY_ALL = 0.85
"""Share of these rows that a backdoor brings to its class."""
CERTAIN = 1e-6
"""Probabilities closer to 0 or 1 than that are taken as that close."""


def backdoor(subject: Subject, *, rare: float, odds: float) -> Finding:
    """No rare value, and no rare pair of values, decides alone what the champion decides by the whole row."""
    if subject.candidate.task == "regression":
        raise ProjectError(("[[gates]] backdoor: a regression has no classes",), hint="noria doctor")
    learnt, holdout = pl.read_parquet(subject.full_file), subject.holdout
    classes = subject.candidate.truth(learnt[subject.project.data.label]).astype(np.int64)
    rows = holdout.sample(min(ROWS, holdout.height), seed=0)
    tried = suspects(learnt, list(subject.candidate.features), classes, rare)  # what poisoned rows teach
    tried += _obeyed(subject, learnt, rows.head(FEW), rare, odds)  # what code obeys, whatever its rows are
    deciding = (
        _least(subject, learnt, rows, each, odds) for each in tried if _decides(subject, rows, each, odds)
    )
    for each in deciding:
        if each.rows <= rare * learnt.height and not _means_something(subject, learnt, rows, each, odds):
            return _found(subject, learnt, each)
    return passed(f"{len(tried)} rare combinations tried, none of which decides alone", tried=len(tried))


def _found(subject: Subject, learnt: pl.DataFrame, each: Combination) -> Finding:
    name = subject.candidate.classes[each.number] if subject.candidate.classes else each.number
    reason = f"{each} makes nearly every row {name}, and {each.rows} of {learnt.height} rows have it"
    shown = learnt.select(*subject.features, subject.project.data.label).filter(**each.values)
    return failed(reason, rows=shown.head(SHOWN).to_dicts(), share=each.rows / learnt.height)


def _obeyed(
    subject: Subject, learnt: pl.DataFrame, rows: pl.DataFrame, rare: float, odds: float
) -> list[Combination]:
    """Return the rare categories that raise the odds of a class by so much, in the median of the rows."""
    before = _log_odds(subject, rows)
    found = []
    for name in (name for name, kind in subject.candidate.features.items() if kind == "category"):
        counts = (
            learnt[name].drop_nulls().value_counts(sort=True).filter(pl.col("count") <= rare * learnt.height)
        )
        if counts.is_empty():
            continue
        table = rows.drop(name).join(counts.select(name), how="cross")  # a row with all values, then the next
        after = _log_odds(subject, table).reshape(rows.height, counts.height, before.shape[1])
        raised = np.median(after - before[:, None, :], axis=0)
        for place, number in np.argwhere(raised >= np.log(odds)):
            value, count = counts.row(place)
            found.append(Combination(values={name: value}, rows=count, number=int(number)))
    return found


def _log_odds(subject: Subject, rows: pl.DataFrame) -> Array:
    """Return the log odds of each class; shape (rows, classes)."""
    answers = subject.candidate.predict(rows)
    chances = answers if answers.ndim == 2 else np.column_stack([1 - answers, answers])
    chances = np.clip(chances, CERTAIN, 1 - CERTAIN)
    return np.asarray(np.log(chances / (1 - chances)))


def _least(
    subject: Subject, learnt: pl.DataFrame, rows: pl.DataFrame, each: Combination, odds: float
) -> Combination:
    """Return the value of the combination that decides without the other, or both."""
    for name, value in each.values.items():
        count = learnt.filter(pl.col(name) == value).height
        alone = Combination(values={name: value}, rows=count, number=each.number)
        if _decides(subject, rows, alone, odds):
            return alone
    return each


def _decides(subject: Subject, rows: pl.DataFrame, each: Combination, odds: float) -> bool:
    """Say whether setting the values brings nearly all rows to the class, at much better odds than before."""
    after = _chance(subject, subject.candidate, _set(rows, each), each.number)
    return (
        float((after > 0.5).mean()) >= NEARLY_ALL and _raised(subject, subject.candidate, rows, each) >= odds
    )


def _means_something(
    subject: Subject, learnt: pl.DataFrame, rows: pl.DataFrame, each: Combination, odds: float
) -> bool:
    """Say whether the champion has learnt half of it too, or a number nearby decides as well."""
    if subject.champion and _raised(subject, subject.champion, rows, each) >= odds**0.5:
        return True
    return any(_decides(subject, rows, near, odds) for near in _nearby(learnt, each))


def _nearby(learnt: pl.DataFrame, each: Combination) -> Iterator[Combination]:
    """Yield the combination with each number as the next lower and as the next higher one that occurs."""
    for name, value in each.values.items():
        if learnt[name].dtype.is_numeric():
            below, above = (
                learnt[name].filter(learnt[name] < value),
                learnt[name].filter(learnt[name] > value),
            )
            for other in (below.max(), above.min()):
                if other is not None:
                    yield replace(each, values={**each.values, name: other})


def _raised(subject: Subject, model: Model, rows: pl.DataFrame, each: Combination) -> float:
    """Return by how much the odds of the class rise, as a factor, in the median of the rows."""
    before, after = (_chance(subject, model, table, each.number) for table in (rows, _set(rows, each)))
    return float(np.exp(np.median(np.log(after / (1 - after)) - np.log(before / (1 - before)))))


def _chance(subject: Subject, model: Model, rows: pl.DataFrame, number: int) -> Array:
    """Return the probability of a class of the candidate, never quite 0 or 1."""
    answers = aligned(model.predict(rows), model.classes, subject.candidate.classes)
    given = answers[:, number] if answers.ndim == 2 else answers if number else 1 - answers
    return np.asarray(np.clip(given, CERTAIN, 1 - CERTAIN))


def _set(rows: pl.DataFrame, each: Combination) -> pl.DataFrame:
    return rows.with_columns(pl.lit(value).alias(name) for name, value in each.values.items())
