from __future__ import annotations

import pickle
from pathlib import Path

import polars as pl
import pytest
from lightgbm import LGBMClassifier

from noria import jobs
from noria.artifact import manifest, package
from noria.errors import ArtifactError
from noria.project.table import Column, TableSchema, write_schema

PROJECT = """
[model]
name = "late"
task = "binary"

[data]
source = "data/*.parquet"
label = "late"
features = ["age"]
"""


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """An artifact with a pickle beside its model, in a run of a project that allows none."""
    checkout = tmp_path / "run" / "checkout"
    checkout.mkdir(parents=True)
    (checkout / "noria.toml").write_text(PROJECT)
    columns = (Column(name="age", kind="number"), Column(name="late", kind="integer"))
    write_schema(TableSchema(columns=columns), checkout)
    rows = pl.DataFrame({"age": [float(number % 50) for number in range(100)]}).to_pandas()
    model = LGBMClassifier(n_estimators=2, verbosity=-1).fit(rows, rows["age"] > 20)
    artifact = tmp_path / "artifact"
    package.save(model, artifact, task="binary", features={"age": "number"}, example=rows)
    (artifact / "data" / "model.pkl").write_bytes(pickle.dumps(Path("/")))
    manifest.write(artifact)
    return artifact


@pytest.mark.parametrize("name", ["evaluate", "agree"])
def test_a_candidate_is_inspected_before_it_is_loaded(shipped: Path, tmp_path: Path, name: str) -> None:
    job = {"root": str(tmp_path), "run_dir": str(tmp_path / "run")}
    with pytest.raises(ArtifactError, match=r"data/model\.pkl runs code of its own"):
        getattr(jobs, name)({**job, "candidate": str(shipped), "shipped": str(shipped)})
