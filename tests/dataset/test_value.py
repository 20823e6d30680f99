from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from noria.adapters.lake import Dataset
from noria.dataset.experiment import Fit, hold_out
from noria.dataset.value import row_values, sources, worst_rows
from noria.errors import DataError
from noria.project.model import Project
from tests.dataset.conftest import KINDS, NOW, rows, turned

Fill = Callable[..., Dataset]


def test_the_source_with_turned_labels_is_the_worst_and_hurts(project: Project, fill: Fill, fit: Fit) -> None:
    fill(
        one=rows(1000, 0),
        two=turned(rows(1000, 1, first=1000), 0.3),
        three=rows(1000, 2, first=2000),
        four=rows(500, 3, first=3000),
    )
    held = hold_out(project, 4, NOW)
    found = sources(project, held, "source", fit)
    assert found[0].source == "two.csv"
    assert (found[0].rows, found[0].verdict) == (1000, "hurts")
    assert "hurts" not in [one.verdict for one in found[1:]]
    by_month = sources(project, held, "month", fit)
    assert {one.source for one in by_month[:2]} == {"2026-02", "2026-03"}  # when these rows came


def test_three_percent_of_turned_rows_are_among_the_worst(project: Project, fill: Fill) -> None:
    table = rows(3000, 4, noise=0)
    wrong = pl.int_range(pl.len()) % 33 == 0
    fill(one=table.with_columns(late=pl.when(wrong).then(1 - pl.col("late")).otherwise("late")))
    held = hold_out(project, 1, NOW)
    valued, values = row_values(project, held, KINDS)
    is_wrong = valued.rows["customer"].str.slice(1).cast(pl.Int64).to_numpy() % 33 == 0
    worst = np.argsort(values, kind="stable")[: is_wrong.sum()]
    assert is_wrong[worst].mean() > 0.7  # recall and precision are the same here
    shown = worst_rows(project, held, KINDS)
    assert [row["value"] for row in shown] == sorted(row["value"] for row in shown)
    assert shown[0]["value"] < 0


def test_a_parting_that_is_none_is_said(project: Project, fill: Fill, fit: Fit) -> None:
    fill(one=rows(600, 0))
    held = hold_out(project, 1, NOW)
    with pytest.raises(DataError, match=r"--by source: all \d+ rows have one.csv"):
        sources(project, held, "source", fit)
    with pytest.raises(DataError, match="--by: found 'colour'; allowed: source, version, month, customer"):
        sources(project, held, "colour", fit)
