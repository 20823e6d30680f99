from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from jsonschema import Draft202012Validator

from noria.project.infer import Inference, infer
from noria.project.json_schema import json_schema
from noria.project.parse import load
from noria.project.scaffold import Examples, write_project
from noria.project.table import read_schema


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "churn").mkdir()
    return tmp_path / "churn"


EXAMPLES = Examples(source="data/*.csv", label="y")


def table(label: list[object], columns: int = 2) -> Inference:
    rows = len(label)
    numbers = {
        f"number '{index}' of\tmany": [float(row * row) for row in range(rows)] for index in range(columns)
    }
    return infer(pl.DataFrame({"kind": ["a", "b"] * (rows // 2), "y": label, **numbers}), label="y")


@pytest.mark.parametrize(
    ("label", "task", "estimator", "metric"),
    [
        ([0, 1] * 50, "binary", "LGBMClassifier", "log_loss"),
        (["a", "b", "c", "d"] * 25, "multiclass", "LGBMClassifier", "log_loss"),
        ([row / 7 for row in range(100)], "regression", "LGBMRegressor", "rmse"),
    ],
)
def test_each_task_gets_a_right_file_and_its_estimator(
    root: Path, label: list[object], task: str, estimator: str, metric: str
) -> None:
    inference = table(label)
    write_project(root, None, EXAMPLES, inference)
    project = load(root)
    assert (project.task, project.data.features) == (task, inference.features)
    gates = {gate.check: gate.options for gate in project.gates}
    assert gates["better-than-champion"]["metric"] == metric
    assert gates["enough-rows"]["rows"] == 10  # 100 rows / 100 = 1, and 10 at least
    assert f"from lightgbm import {estimator}" in (root / "pipeline.py").read_text()
    assert read_schema(root) == inference.schema


@pytest.mark.parametrize("template", [None, "tabular", "flights"])
def test_a_template_fits_the_json_schema(root: Path, template: str | None) -> None:
    examples = replace(EXAMPLES, time="y", entity="y", label_time="y")
    write_project(root, template, examples, table([0, 1] * 50))
    content = tomllib.loads((root / "noria.toml").read_text())
    assert list(Draft202012Validator(json_schema()).iter_errors(content)) == []


def test_many_features_with_odd_names_are_the_same_in_both_files(root: Path) -> None:
    inference = table([0, 1] * 50, columns=30)
    write_project(root, None, EXAMPLES, inference)
    pipeline: dict[str, object] = {}
    lists = (root / "pipeline.py").read_text().partition("LABEL = ")[2].partition("def ")[0]
    exec(f"LABEL = {lists}", pipeline)
    assert tuple(pipeline["FEATURES"]) == load(root).data.features == inference.features  # type: ignore[arg-type]
    assert pipeline["CATEGORIES"] == ["kind"]


def test_the_schema_says_why_a_column_is_no_feature(root: Path) -> None:
    write_project(root, None, EXAMPLES, table([0, 1] * 50).without("kind", "not used yet"))
    assert "# no feature: not used yet" in (root / "schema.toml").read_text()
    assert "kind" not in load(root).data.features
