from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria.artifact import manifest, predictor
from noria.errors import DataError, PipelineError
from noria.pipeline.train import train


def cached(training) -> list[str]:
    return [step.name for step in training.steps if step.cached]


def events(request) -> list[tuple[str, str]]:
    lines = Path(request.out, "steps.jsonl").read_text().splitlines()
    return [(line["step"], line["event"]) for line in map(json.loads, lines)]


def test_packages_the_model_and_keeps_the_other_outputs(request_for):
    request = request_for()
    training = train(request)
    assert training.rows == 200
    assert [step.name for step in training.steps] == ["features", "size", "model"]
    manifest.verify(Path(training.artifact), training.digest)
    model = predictor.load(training.artifact)
    low, high = model.predict({"a": [-3.0, 3.0], "b": [-3.0, 3.0]})
    assert low < 0.01 < 0.99 < high
    # The pipeline does not see noria's own column _version.
    size = json.loads(Path(request.out, "outputs/size.json").read_text())
    assert size == {"rows": 200, "columns": ["a", "b", "y"]}
    assert pl.read_parquet(Path(request.out, "outputs/features.parquet")).height == 200


def test_nothing_changed_means_nothing_runs_and_the_same_artifact(request_for, tmp_path):
    first = train(request_for())
    again = train(request_for(out=str(tmp_path / "again")))
    assert cached(again) == ["features", "size", "model"]
    assert again.digest == first.digest
    manifest.verify(tmp_path / "again/model", again.digest)


def test_the_same_code_and_rows_make_the_same_artifact_from_scratch(request_for, tmp_path):
    first = train(request_for())
    anew = train(request_for(cache=str(tmp_path / "another")))
    assert cached(anew) == []
    assert anew.digest == first.digest


def test_a_helper_that_a_step_reaches_is_a_miss_for_it_and_a_hit_for_the_others(request_for, edit):
    train(request_for())
    edit("shapes.py", "    return frame\n\n\ndef unused", "    return frame.clone()\n\n\ndef unused")
    # The output of `features` is the same, so `model` need not run either.
    assert cached(train(request_for())) == ["size", "model"]
    edit("shapes.py", "frame.clone()", "frame * 2")
    assert cached(train(request_for())) == ["size"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("shapes.py", "def unused(frame):\n    return frame", "def unused(frame):\n    return None"),
        ("shapes.py", "Leave the numbers as they are.", "Another docstring."),
        ("pipeline.py", "import polars as pl", "import polars as pl  # a comment"),
    ],
)
def test_an_edit_that_no_step_reaches_is_a_hit_for_all(request_for, edit, file, old, new):
    train(request_for())
    edit(file, old, new)
    assert cached(train(request_for())) == ["features", "size", "model"]


@pytest.mark.parametrize("change", [{"params": {"C": 0.1}}, {"seed": 8}])
def test_parameters_and_seed_count_only_where_they_are_taken(request_for, change):
    train(request_for())
    assert cached(train(request_for(**change))) == ["features", "size"]


def test_a_changed_lock_file_is_a_miss_for_all(request_for, edit):
    train(request_for())
    edit("requirements.lock", "2.1.0", "2.2.0")
    assert cached(train(request_for())) == []


def test_a_failed_run_resumes_at_the_failed_step(request_for, edit):
    edit("pipeline.py", "    rows = features", "    raise RuntimeError('no disk')\n    rows = features")
    with pytest.raises(RuntimeError, match="no disk") as caught:
        train(request_for())
    assert caught.value.__notes__ == ["in the step model of the pipeline"]
    assert events(request_for())[-2:] == [("model", "started"), ("model", "failed")]

    edit("pipeline.py", "    raise RuntimeError('no disk')\n", "")
    assert cached(train(request_for())) == ["features", "size"]


def test_an_output_that_cannot_be_kept_makes_the_step_run_every_time(request_for, edit, capsys):
    edit("pipeline.py", "    return scale(train)", "    return lambda: scale(train)")
    edit("pipeline.py", "    rows = features.select", "    features = features()\n    rows = features.select")
    train(request_for())
    assert cached(train(request_for())) == ["size"]
    assert "step features runs every time: a function such as this cannot be kept" in capsys.readouterr().out


def test_what_is_no_model_is_named(request_for, edit):
    edit("pipeline.py", "    return LogisticRegression", "    return {}\n    LogisticRegression")
    with pytest.raises(PipelineError, match="returned dict, which is no model"):
        train(request_for())


def test_a_later_step_takes_a_model_from_the_store(request_for, edit, project):
    train(request_for())
    with (project / "pipeline.py").open("a") as file:
        file.write("\n\ndef weights(model) -> list:\n    return model.coef_.round(3).tolist()\n")
    assert cached(train(request_for())) == ["features", "size", "model"]
    assert np.shape(json.loads(Path(request_for().out, "outputs/weights.json").read_text())) == (1, 2)


def test_a_pipeline_starts_from_the_champion(request_for, edit, tmp_path):
    edit("pipeline.py", "def size(train) -> dict:", "def size(train, champion) -> dict:")
    edit("pipeline.py", '"columns": train.columns', '"seen": list(champion.features) if champion else None')
    before = train(request_for(out=str(tmp_path / "before")))
    after = train(request_for(champion=before.artifact))
    assert cached(after) == ["features", "model"]
    assert json.loads(Path(request_for().out, "outputs/size.json").read_text())["seen"] == ["a", "b"]


def test_rows_without_a_feature_or_without_rows_are_refused(request_for):
    with pytest.raises(DataError, match="no column 'c'"):
        train(request_for(features={"a": "number", "c": "number"}))
    pl.DataFrame(schema={"a": float, "b": float, "y": int}).write_parquet(request_for().rows)
    with pytest.raises(DataError, match="no rows"):
        train(request_for())
