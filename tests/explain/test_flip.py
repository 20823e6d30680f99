from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from noria.errors import ProjectError
from noria.explain.explanation import explanation
from noria.explain.flip import flips
from noria.explain.prediction import find
from noria.project.model import Explain


def near(kept) -> list[str]:
    """Return the ids of predictions that are near to one half."""
    lake = kept.project.home / "lake" / "predictions"
    table = pl.scan_parquet(str(lake / "**" / "*.parquet")).collect()
    return table.filter(pl.col("output").is_between(0.3, 0.7))["id"].to_list()


def test_every_flip_crosses_the_threshold_by_allowed_changes_alone(kept, version) -> None:
    flipped = 0
    for key in near(kept)[:20]:
        prediction = find(kept.project, key)
        found = flips(prediction, version, kept.project.explain)
        assert len(found) <= 3
        flipped += bool(found)
        for flip in found:
            assert (flip.output >= 0.5) != (prediction.output >= 0.5)
            assert {change.column for change in flip.changes} <= {"rooms", "city"}
            row = version.rows(prediction).with_columns(
                **{change.column: pl.lit(change.after) for change in flip.changes}
            )
            assert version.model.predict(row)[0] == pytest.approx(flip.output, abs=1e-12)
    assert flipped > 15


def test_whole_numbers_stay_whole_and_within_what_is_known(kept, version) -> None:
    found = [
        flip
        for key in near(kept)[:20]
        for flip in flips(find(kept.project, key), version, kept.project.explain)
    ]
    rooms = [change.after for flip in found for change in flip.changes if change.column == "rooms"]
    assert rooms
    assert set(rooms) <= {1, 2, 3, 4, 5, 6}
    assert {type(value) for value in rooms} == {int}


def test_a_single_change_is_the_smallest_one_that_flips(kept, version) -> None:
    """Of the rooms alone all are tried: no nearer number of them flips the answer."""
    tried = 0
    for key in near(kept)[:20]:
        prediction = find(kept.project, key)
        for flip in flips(prediction, version, Explain(changeable=("rooms",))):
            row, (change,) = version.rows(prediction), flip.changes
            step = 1 if change.after > change.before else -1
            for rooms in range(change.before + step, int(change.after), step):
                answer = version.model.predict(row.with_columns(rooms=pl.lit(rooms)))[0]
                assert (answer >= 0.5) == (prediction.output >= 0.5)
                tried += 1
    assert tried


def test_two_columns_flip_together_what_neither_flips_alone(kept, version) -> None:
    allowed = Explain(changeable=("age", "rooms"), threshold=0.97)
    pairs = [
        flip
        for number in range(60)
        for flip in flips(find(kept.project, f"id-{number}"), version, allowed)
        if len(flip.changes) == 2
    ]
    assert pairs
    for flip in pairs:
        assert {change.column for change in flip.changes} == {"age", "rooms"}


def test_without_allowed_changes_the_key_is_named(kept, version) -> None:
    with pytest.raises(ProjectError, match=r"explain.changeable: found nothing"):
        flips(find(kept.project, "id-0"), version, Explain())


def test_of_several_classes_another_one_wins(train: pl.DataFrame, answered: Any) -> None:
    size = train["rooms"].replace_strict({1: "small", 2: "small", 5: "large", 6: "large"}, default="fair")
    features = train.drop("_time", "late").to_pandas().astype({"city": "category"})
    model = LGBMClassifier(n_estimators=10, verbosity=-1, n_jobs=1).fit(features, size)
    prediction, version = answered(model, "multiclass")
    told = explanation(prediction, version)
    assert told.explained == size[0]
    assert told.scale == "score before the softmax"
    assert told.parts[0].column == "rooms"
    assert told.base + sum(part.contribution for part in told.parts) == pytest.approx(told.score, abs=1e-6)
    (flip,) = flips(prediction, version, Explain(changeable=("rooms",)))
    assert np.argmax(flip.output) != np.argmax(prediction.output)


def test_a_number_crosses_the_threshold_of_the_project(train: pl.DataFrame, answered: Any) -> None:
    encoder = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    features = train.drop("_time", "late").to_pandas()
    model = make_pipeline(encoder, LinearRegression()).fit(features, 2.0 * train["rooms"])
    prediction, version = answered(model, "regression")
    told = explanation(prediction, version)
    assert (told.exact, told.scale) == (False, "the answer")
    assert told.score == pytest.approx(prediction.output, abs=1e-9)
    turn = prediction.output + (1 if train["rooms"][0] < 6 else -1)
    (flip,) = flips(prediction, version, Explain(changeable=("rooms",), threshold=turn))
    assert (flip.output >= turn) != (prediction.output >= turn)
    with pytest.raises(ProjectError, match=r"explain.threshold: found nothing"):
        flips(prediction, version, Explain(changeable=("rooms",)))
