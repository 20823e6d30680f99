import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from noria.adapters.lake import Dataset
from noria.dataset.examples import examples
from noria.dataset.label_errors import suspects
from noria.dataset.out_of_fold import by_time_or_entity, out_of_fold
from noria.dataset.report import compared, report, save
from noria.dataset.versions import versions
from noria.errors import DataError
from noria.project.model import Project, Task
from tests.dataset.conftest import BEGIN, KINDS, SCHEMA, rows

Fill = Callable[..., Dataset]


def test_a_report_names_what_was_planted(project: Project, fill: Fill) -> None:
    table = rows(1000, 0)
    odd = table[:3].with_columns(customer=pl.Series(["x", "y", "z"]), city=pl.lit("Zug"), income=pl.lit(None))
    twin = table[10:20].with_columns(customer=pl.format("t{}", "customer"))
    alike = table[30:35].with_columns(customer=pl.format("n{}", "customer"), age=pl.col("age") + 0.001)
    against = table[50:57].with_columns(customer=pl.format("a{}", "customer"), late=1 - pl.col("late"))
    fill(one=pl.concat([table, odd, twin, alike, against], how="vertical_relaxed"))
    made = report(project, SCHEMA, 1)
    assert (made.rows, made.difference) == (1025, None)
    assert [(gap.column, gap.value, gap.rows) for gap in made.gaps] == [("city", "Zug", 3)]
    assert made.missing["income"] == round(3 / 1025, 4)
    assert made.duplicates
    assert (made.duplicates.exact, made.duplicates.conflicts) == (10, 14)
    assert 10 <= made.duplicates.near <= 12  # two strangers may be alike by chance
    assert sum(made.balance.classes.values()) == 1025
    assert made.label_errors
    assert made.label_errors.explained > 0.5
    kept = json.loads(save(made, project.home).read_text())
    assert kept["label_errors"]["rows"][0]["chance"] < 0.1


def test_three_percent_of_turned_labels_are_found(project: Project) -> None:
    table = rows(4000, 1, noise=0).with_columns(_time="at", _version=1)
    wrong = pl.int_range(pl.len()) % 33 == 0
    known = examples(
        table.with_columns(late=pl.when(wrong).then(1 - pl.col("late")).otherwise("late")),
        KINDS,
        project.data,
        Task.BINARY,
    )
    found = suspects(known, out_of_fold(known, by_time_or_entity(known, project.data)))
    hits = sum(index % 33 == 0 for index in found)
    assert hits / 122 > 0.9  # 122 were turned
    assert hits / len(found) > 0.7


def test_the_folds_keep_the_rows_of_an_entity_together(project: Project) -> None:
    table = rows(100, 0).with_columns(customer=pl.Series(["a", "b", "c", "d"] * 25), _time="at")
    known = examples(table, KINDS, project.data, Task.BINARY)
    folds = pl.DataFrame({"who": known.rows["customer"], "fold": by_time_or_entity(known, project.data)})
    assert folds.n_unique() == 4


@pytest.mark.parametrize("task", [Task.MULTICLASS, Task.REGRESSION])
def test_other_tasks_have_reports(project: Project, fill: Fill, task: Task) -> None:
    label = pl.col("age") + pl.col("income") / 1e4 if task == Task.REGRESSION else pl.col("city")
    fill(one=rows(600, 0).with_columns(late=label))
    made = report(replace(project, task=task), SCHEMA, 1)
    classes = ["low", "high"] if task == Task.REGRESSION else ["Basel", "Bern", "Chur"]
    assert list(made.balance.classes) == classes
    assert made.label_errors
    assert made.label_errors.share < 0.2


def test_a_difference_names_what_moved_and_what_is_new(project: Project, fill: Fill) -> None:
    later = rows(480, 1, first=480).with_columns(
        age=pl.col("age") + 30, city=pl.when(pl.col("city") == "Bern").then(pl.lit("Zug")).otherwise("city")
    )
    fill(one=rows(480, 0), two=later)
    found = compared(project, SCHEMA, 1, 2)
    assert (found.added, found.removed) == (480, 0)
    assert found.columns == ("city: new are Zug",)
    assert {"age", "city"} <= {one.column for one in found.moved} <= {"age", "city", "late"}


def test_honest_versions_seldom_differ(project: Project, fill: Fill) -> None:
    fill(one=rows(960, 0), two=rows(960, 1, first=960), three=rows(960, 2, first=1920))
    assert not compared(project, SCHEMA, 1, 2).moved
    assert not compared(project, SCHEMA, 2, 3).moved


def test_what_is_not_there_is_said(project: Project, fill: Fill) -> None:
    with pytest.raises(DataError, match="there is no data version 1; there are: none yet"):
        report(project, SCHEMA, 1)
    fill(one=rows(100, 0))
    with pytest.raises(DataError, match="there is no data version 7; there are: 1\n"):
        report(project, SCHEMA, 7)
    with pytest.raises(DataError, match="the data version 2 is not older than 2"):
        compared(project, SCHEMA, 2, 2)


def test_the_list_says_who_gave_what_and_what_was_removed(project: Project, fill: Fill) -> None:
    dataset = fill(one=rows(50, 0), two=rows(30, 1, first=50))
    dataset.remove("customer", "c3")
    one, two, three = versions(project)
    assert (one.added, one.sources, two.added) == (49, {"one.csv": 49}, 30)
    assert (three.added, three.removed) == (0, 1)
    assert compared(project, SCHEMA, 1, 3).removed == 1
    assert dataset.read(1).collect()["at"].min() == BEGIN + timedelta(0)
