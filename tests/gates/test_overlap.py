from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.gates.overlap import overlap
from noria.gates.subject import Subject
from tests.gates.conftest import BEGIN, rows

Change = Callable[..., Subject]


def earlier(some: pl.DataFrame) -> pl.DataFrame:
    """Rows as they would look had they happened in January."""
    return some.with_columns(pl.col("_time") - timedelta(days=170))


def test_an_honest_candidate_passes(honest: Subject) -> None:
    assert overlap(honest).outcome is Outcome.PASSED


def test_training_rows_as_new_as_the_holdout_are_counted(changed: Change, honest: Subject) -> None:
    found = overlap(changed(train=pl.concat([honest.train, honest.holdout.head(7)])))
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith("7 of 4007 training rows are not older than the holdout, from 2026-")


def test_rows_of_the_holdout_with_another_time_are_found(changed: Change, honest: Subject) -> None:
    found = overlap(changed(train=pl.concat([honest.train, earlier(honest.holdout.head(100))])))
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith("10.0% of the holdout have a copy among the training rows, 0.0% of")


def test_the_same_entity_at_the_same_time_is_found(changed: Change, honest: Subject) -> None:
    data = replace(honest.project.data, entity="id", time=None)
    id_of = pl.int_range(pl.len()).cast(pl.String).alias("id")
    found = overlap(
        changed(
            project=replace(honest.project, data=data),
            train=honest.train.with_columns(id_of),
            holdout=honest.holdout.tail(20).with_columns(id_of),
        )
    )
    assert (found.outcome, found.reason) == (
        Outcome.FAILED,
        "20 of 20 rows of the holdout are training rows, by id",
    )


def test_rows_that_are_alike_everywhere_are_no_overlap(changed: Change) -> None:
    coarse = [pl.lit(30).alias("age"), pl.lit(1.0).alias("income")]
    alike = rows(5000, 1).with_columns(coarse)
    found = overlap(changed(train=alike.head(4000), holdout=alike.tail(1000)))
    assert (found.outcome, found.numbers) == (Outcome.PASSED, {"copies": 1.0, "usual": 1.0})


@pytest.mark.parametrize("part", ["train", "holdout"])
def test_where_a_part_is_empty_nothing_overlaps(changed: Change, part: str) -> None:
    assert overlap(changed(**{part: rows(10, 1, BEGIN).head(0)})).reason == "nothing is held out"
