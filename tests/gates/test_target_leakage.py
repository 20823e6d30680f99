from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.gates.finding import Finding
from noria.gates.subject import Subject
from noria.gates.target_leakage import target_leakage
from tests.gates.conftest import BEGIN, rows

Change = Callable[..., Subject]
Column = Callable[[pl.DataFrame], pl.Series]


def asked(subject: Subject, power: float = 0.95) -> Finding:
    return target_leakage(subject, power=power)


def with_feature(changed: Change, honest: Subject, of_train: Column, of_holdout: Column) -> Subject:
    """A candidate with one feature more."""
    data = replace(honest.project.data, features=(*honest.project.data.features, "more"))
    return changed(
        project=replace(honest.project, data=data),
        train=honest.train.with_columns(more=of_train(honest.train)),
        holdout=honest.holdout.with_columns(more=of_holdout(honest.holdout)),
    )


def numeric_copy(rows: pl.DataFrame) -> pl.Series:
    return rows["late"] * 3.0 - 7


def in_words(rows: pl.DataFrame) -> pl.Series:
    return pl.Series(np.where(rows["late"] == 1, "delayed", "on time"))


def minutes_late(rows: pl.DataFrame) -> pl.Series:
    minutes = np.random.default_rng(rows.height).exponential(30, rows.height)
    return pl.Series(np.where(rows["late"] == 1, 15 + minutes, 15 - minutes))


def of_any_size(rows: pl.DataFrame) -> pl.Series:
    """Large numbers that differ in the last digits, some of them infinite or missing."""
    values = rows["late"] + 1e15
    return values.set(pl.Series(range(len(values))) % 50 == 0, float("inf")).set(
        values.is_first_distinct(), None
    )


def noise(rows: pl.DataFrame) -> pl.Series:
    return pl.Series(np.random.default_rng(5).normal(size=rows.height))


def mean_of_its_own_group(rows: pl.DataFrame) -> pl.Series:
    """The mean label of two rows each, one of them its own."""
    return rows.select((pl.col("late").sum().over(pl.int_range(pl.len()) // 2)) / 2.0).to_series()


def test_an_honest_candidate_passes_and_the_strongest_feature_is_told(honest: Subject) -> None:
    found = asked(honest)
    assert found.outcome is Outcome.PASSED
    assert found.reason.startswith("age tells most of the label: ")
    assert [row["column"] for row in found.rows][:2] == ["age", "city"]


@pytest.mark.parametrize("leak", [numeric_copy, in_words, minutes_late, of_any_size])
def test_the_label_in_other_words_is_named(changed: Change, honest: Subject, leak: Column) -> None:
    found = asked(with_feature(changed, honest, leak, leak))
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith("more alone tells ")


def test_a_careful_project_allows_less(honest: Subject) -> None:
    found = asked(honest, 0.3)
    assert found.outcome is Outcome.FAILED
    assert "of the label, 30.0% at most are allowed" in found.reason


def test_what_tells_the_label_in_the_training_rows_only_is_made_from_it(
    changed: Change, honest: Subject
) -> None:
    found = asked(with_feature(changed, honest, mean_of_its_own_group, noise))
    assert found.outcome is Outcome.FAILED
    assert "more tells" in found.reason
    assert "it seems to be made from the label" in found.reason


def test_few_rows_say_nothing(changed: Change) -> None:
    assert asked(changed(train=rows(100, 1))).reason == "100 rows to train on: too few to say"


def test_without_a_holdout_the_training_rows_are_asked(changed: Change) -> None:
    assert asked(changed(holdout=rows(1000, 2, BEGIN).head(0))).outcome is Outcome.PASSED
