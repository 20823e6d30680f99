from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from noria.core.calibration import LOSS, OUTPUT, PREDICTIONS, ROWS, TRUTH
from noria.core.profile.grid import Grid, number_bins
from noria.monitor.cohort import by_day
from noria.project.model import Task
from tests.monitor.days import measured, project


def totals(kept) -> dict[str, float]:
    sums = np.array(kept.scores).sum(axis=1)
    return {
        "predictions": sums[PREDICTIONS],
        "rows": sums[ROWS],
        "output": sums[OUTPUT],
        "truth": sums[TRUTH],
    }


def test_of_several_classes_the_likeliest_is_judged() -> None:
    rows = pl.DataFrame(
        {"output": [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4]], "label": [0.0, 2.0, None]},
        schema_overrides={"output": pl.List(pl.Float64)},
    )
    kept = measured(project(Task.MULTICLASS, slices=("x",)), 0, rows.with_columns(x=pl.lit("a")), None)
    # said .7 and was right, said .6 and was wrong: its loss is that of the .3 for what came
    assert totals(kept) == pytest.approx({"predictions": 3, "rows": 2, "output": 1.3, "truth": 1})
    loss = -np.log(0.7) - np.log(0.3)
    assert np.array(kept.scores)[LOSS].sum() == pytest.approx(loss)
    assert kept.segments["x"]["a"] == (3, 2, pytest.approx(loss), 0, 0, 0, 0)


def test_a_label_that_is_no_number_is_none() -> None:
    rows = pl.DataFrame({"output": [0.2, 0.9], "label": [0.0, float("nan")]})
    kept = measured(project(slices=("x",)), 0, rows.with_columns(x=pl.lit("a")), None)
    assert totals(kept) == pytest.approx({"predictions": 2, "rows": 1, "output": 0.2, "truth": 0})
    assert kept.segments["x"]["a"][:3] == (2, 1, pytest.approx(-np.log(0.8)))


def test_a_row_without_an_answer_does_not_count() -> None:
    rows = pl.DataFrame({"output": [0.2, None], "label": [0.0, None]}, schema_overrides={"label": pl.Float64})
    assert measured(project(), 0, rows, None).predictions == 1


@pytest.mark.parametrize("rows", [0, 1])
def test_a_day_of_hardly_any_rows_is_measured(rows: int) -> None:
    frame = pl.DataFrame({"output": [0.5], "label": [1.0], "x": ["a"]}).head(rows)
    kept = measured(project(slices=("x",)), 0, frame, None)
    assert (kept.predictions, sum(kept.delays)) == (rows, rows)


def test_a_regression_without_a_reference_has_no_bins() -> None:
    rows = pl.DataFrame({"output": [10.0], "label": [12.0]})
    kept = measured(project(Task.REGRESSION), 0, rows, None)
    assert kept.scores == ()
    assert kept.metrics["rmse"] == 2


def test_numbers_are_watched_by_quarters_of_the_reference() -> None:
    grid = Grid(columns={"age": number_bins(np.arange(100.0))})
    rows = pl.DataFrame({"output": [0.5] * 5, "label": [1.0] * 5, "age": [5.0, 30.0, 60.0, 99.0, None]})
    kept = measured(project(slices=("age",)), 0, rows, grid)
    assert list(kept.segments["age"].values()) == [(1, 1, pytest.approx(np.log(2)), 0, 1, 0, 0)] * 4
    assert sorted(kept.segments["age"])[0].startswith("above ")


def test_only_the_most_frequent_values_are_watched() -> None:
    names = [f"c{place}" for place in range(40) for _ in range(1 + (place < 20))]
    rows = pl.DataFrame({"output": [0.5] * 60, "label": [1.0] * 60, "city": names})
    watched = measured(project(slices=("city",)), 0, rows, None).segments["city"]
    assert set(watched) == {f"c{place}" for place in range(20)}


def test_a_version_with_two_roles_on_a_day_counts_in_the_larger_one() -> None:
    rows = pl.DataFrame({"output": [0.5] * 3, "label": [1.0] * 3})
    champion, shadow = (measured(project(), 0, rows.head(count), None) for count in (1, 3))
    found = by_day([replace(shadow, role="shadow"), champion, replace(champion, version=2)], 1)
    assert [row.role for row in found.values()] == ["shadow"]
