import json
import pickle
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import onnx
import pandas as pd
import pytest
import skops.io
from lightgbm import LGBMClassifier
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from xgboost import XGBClassifier

from noria.artifact import manifest, package
from noria.artifact.inspection import admit, inspect
from noria.errors import ArtifactError

FEATURES = {"a": "number", "b": "number"}
ROWS = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 2)), columns=list(FEATURES))


def packaged(folder: Path, name: str = "lightgbm") -> Path:
    models = {
        "lightgbm": lambda: LGBMClassifier(n_estimators=3, verbosity=-1),
        "xgboost": lambda: XGBClassifier(n_estimators=3),
        "sklearn": LogisticRegression,
    }
    model = models[name]().fit(ROWS, ROWS["a"] > 0)
    package.save(model, folder / name, task="binary", features=FEATURES, example=ROWS)
    return folder / name


def graph(folder: Path, *nodes: onnx.NodeProto, external: bool = False) -> Path:
    """An artifact with an ONNX graph of one's choosing."""
    artifact = packaged(folder)
    spec = json.loads((artifact / "data/spec.json").read_text()) | {"kind": "onnx", "file": "model.onnx"}
    (artifact / "data/spec.json").write_text(json.dumps(spec))
    (artifact / "data/model.txt").unlink()
    weight = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    if external:
        weight.data_location = TensorProto.EXTERNAL
    whole = helper.make_graph(list(nodes), "g", [], [], [weight])
    (artifact / "data/model.onnx").write_bytes(helper.make_model(whole).SerializeToString())
    return artifact


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "sklearn"])
def test_what_noria_packages_has_no_fault(tmp_path: Path, name: str) -> None:
    assert inspect(packaged(tmp_path, name)) == []


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_is_known_by_its_content(tmp_path: Path, protocol: int) -> None:
    artifact = packaged(tmp_path)
    (artifact / "data/model.txt").write_bytes(pickle.dumps(Path("/"), protocol))
    (said,) = inspect(artifact)
    assert said == "data/model.txt runs code of its own when it is loaded (a pickle)"
    assert inspect(artifact, pickle=True) == [
        "data/model.txt does not begin as a model of the kind lightgbm does"
    ]


def replaced(name: str, content: bytes) -> Callable[[Path], None]:
    def change(artifact: Path) -> None:
        (artifact / name).write_bytes(content)

    return change


def cut(artifact: Path) -> None:
    text = (artifact / "data/model.txt").read_text()
    (artifact / "data/model.txt").write_text(text[: text.index("Tree=1")])


def renamed(artifact: Path) -> None:
    spec = json.loads((artifact / "data/spec.json").read_text())
    (artifact / "data/spec.json").write_text(json.dumps(spec | {"file": "../../other.txt"}))


def fewer(artifact: Path) -> None:
    spec = json.loads((artifact / "data/spec.json").read_text())
    (artifact / "data/spec.json").write_text(json.dumps(spec | {"features": spec["features"][:1]}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            replaced("data/hook.so", b"\x7fELF"),
            "data/hook.so runs code of its own when it is loaded (a program)",
        ),
        (replaced("data/a.pkl", b""), "data/a.pkl runs code of its own when it is loaded (it ends in .pkl)"),
        (replaced("data/more.json", b"{}"), "data/more.json is no file that noria packages"),
        (
            replaced("code/noria_predictor/tables.py", b"import os"),
            "code/noria_predictor/tables.py is not noria's own",
        ),
        (replaced("code/noria_predictor/extra.py", b""), "code/noria_predictor/extra.py is not noria's own"),
        (replaced("data/spec.json", b"[]"), "data/spec.json does not say what the model is"),
        (cut, "data/model.txt is cut off"),
        (renamed, "data/spec.json names the file '../../other.txt'"),
        (fewer, "data/model.txt has 2 features, and data/spec.json 1"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, change: Callable[[Path], None], said: str) -> None:
    artifact = packaged(tmp_path)
    change(artifact)
    (found,) = inspect(artifact)
    assert found.startswith(said)


def test_a_type_that_nobody_trusts_is_named_without_being_loaded(tmp_path: Path) -> None:
    artifact = packaged(tmp_path, "sklearn")
    skops.io.dump(FunctionTransformer(func=Path), artifact / "data/model.skops")
    assert inspect(artifact) == ["data/model.skops holds types that nobody trusts: pathlib.Path"]


def test_an_archive_that_swells_or_leads_out_is_not_opened(tmp_path: Path) -> None:
    artifact = packaged(tmp_path, "sklearn")
    with ZipFile(artifact / "data/model.skops", "w", ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 10_000_000)
    assert inspect(artifact) == ["data/model.skops swells to 10 MB when it is opened"]
    with ZipFile(artifact / "data/model.skops", "w") as archive:
        archive.writestr("../evil.npy", b"")
    assert inspect(artifact) == ["data/model.skops holds '../evil.npy', which leads out of it"]


def test_onnx_graphs_have_standard_operators_and_all_their_numbers(tmp_path: Path) -> None:
    own = helper.make_node("Identity", ["w"], ["y"])
    assert inspect(graph(tmp_path, own)) == []
    foreign = helper.make_node("Run", ["w"], ["y"], domain="com.example")
    inner = helper.make_graph([foreign], "inner", [], [])
    within = helper.make_node("If", ["w"], ["y"], then_branch=inner, else_branch=inner)
    (said,) = inspect(graph(tmp_path, within))
    assert said == "data/model.onnx has operators that ONNX does not define: com.example.Run"
    (said,) = inspect(graph(tmp_path, own, external=True))
    assert said == "data/model.onnx takes numbers from other files"


def test_only_a_whole_artifact_without_faults_is_admitted(tmp_path: Path) -> None:
    artifact = packaged(tmp_path)
    admit(artifact)
    (artifact / "data/model.pkl").write_bytes(pickle.dumps(Path("/")))
    with pytest.raises(ArtifactError, match=r"data/model\.pkl is not part of it"):
        admit(artifact)
    manifest.write(artifact)
    with pytest.raises(ArtifactError, match=r"data/model\.pkl runs code of its own") as refused:
        admit(artifact)
    assert refused.value.hint
    admit(artifact, pickle=True)
