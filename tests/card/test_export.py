"""An exported version stands alone: it verifies, and MLflow loads it where there is no noria."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from noria.artifact import manifest, signature
from noria.card import provenance
from noria.card.export import export
from noria.card.record import Record
from noria.cli import app
from noria.errors import ArtifactError, DataError
from noria.project.parse import load
from noria.wiring import state

LOAD = """
import json, sys
sys.modules["noria"] = None  # whoever imports it fails
import mlflow, pandas
model = mlflow.pyfunc.load_model("model")
example = json.load(open("model/input_example.json"))
print(json.dumps(model.predict(pandas.DataFrame(example["data"], columns=example["columns"])).tolist()))
"""


def test_mlflow_loads_it_without_noria(record: Record, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(record, out)
    loaded = subprocess.run([sys.executable, "-c", LOAD], cwd=out, check=True, capture_output=True, text=True)
    golden = json.loads((record.artifact / "data" / "golden.json").read_text())
    assert json.loads(loaded.stdout.splitlines()[-1]) == pytest.approx(golden)
    assert {path.name for path in out.iterdir()} == {
        "model", "lineage", "keys", "README.md", "card.md", "card.html", "bom.json", "annex-iv.md",
    }  # fmt: skip
    assert provenance.load(out / "model") == record.made_from
    assert not list(out.rglob("*.key"))


def test_the_same_version_makes_the_same_bytes(record: Record, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        export(record, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "out")
    signature.verify(tmp_path / "out" / "model", record.row.digest, tmp_path / "out" / "keys" / "model.pub")


def test_what_is_not_as_it_was_registered_is_not_exported(record: Record, tmp_path: Path) -> None:
    altered = shutil.copytree(record.artifact.parent, tmp_path / "altered") / "model"
    (altered / "data" / "model.txt").write_text("another")
    manifest.write(altered)
    row = replace(record.row, artifact=str(altered), digest=manifest.digest(altered))
    with pytest.raises(ArtifactError, match=r"model\.sig was made for another data/model\.txt"):
        export(replace(record, row=row), tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"altered"}


@pytest.mark.parametrize("out", ["taken", "nowhere/out.zip"])
def test_it_writes_over_nothing(record: Record, tmp_path: Path, out: str) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(DataError, match="allowed: a new name in a folder that is there"):
        export(record, tmp_path / out)


def test_the_verb(root: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", "1", str(tmp_path / "one.zip")])
    assert "delay/1" in done.output
    assert "delay/1" in zipfile.ZipFile(tmp_path / "one.zip").read("README.md").decode()


def test_doctor_names_the_version_that_was_altered(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = load(shutil.copytree(made, tmp_path / "delay"))
    monkeypatch.chdir(project.root)
    assert _versions()["found"] == "2, as they were registered"
    store = state(project)
    row = store.version("delay", 2)
    assert row
    moved = project.home / "mlartifacts" / "2" / "model"
    (moved / "data" / "model.txt").write_text("another")
    store.save_version(replace(row, artifact=str(moved)))
    assert _versions()["status"] == "fail"
    assert "2: the artifact in" in _versions()["found"]
    assert "data/model.txt was changed" in _versions()["found"]


def _versions() -> dict[str, str]:
    found = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).output)
    return next(each for each in found if each["check"] == "versions")
