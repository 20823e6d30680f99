"""Looks into an artifact without loading any of it: at names, first bytes, sizes, and what models say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from noria.artifact import golden, manifest, mlmodel
from noria.artifact.predictor.scikit import TRUSTED

PICKLES = (".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill", ".pt", ".pth", ".so", ".dll", ".pyd")
"""Endings of files that run code of their own as soon as they are loaded."""
HEADS = {
    rb"\x80[\x02-\x05]|\(|c[\w.]+\n[\w.]+\n": "a pickle",
    rb"\x7fELF|MZ|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe|#!": "a program",
}
"""How files begin that run code."""
MODELS = {
    "lightgbm": ("model.txt", rb"tree\nversion="),
    "xgboost": ("model.ubj", rb"\{"),
    "sklearn": ("model.skops", rb"PK\x03\x04"),
    "onnx": ("model.onnx", None),
    "pyfunc": ("pyfunc", None),
}
"""The file of each kind of model, and how it begins."""
CODE = "code/noria_predictor"
WRITTEN = {"MLmodel", golden.EXAMPLE, golden.FILE, manifest.NAME, "requirements.txt", "data/spec.json"}
"""What `noria.artifact.package` writes beside model and code."""
LARGEST = 2**31
"""Bytes that a file may have."""
SWELLS = 10
"""How much larger than its file the content of an archive may be."""
STANDARD = ("", "ai.onnx", "ai.onnx.ml")
"""The domains of operators that ONNX itself defines."""


def inspect(directory: Path, *, pickle: bool = False) -> list[str]:
    """Return what of an artifact is not to be loaded, a sentence each; `pickle` allows what runs code.

    The manifest is taken as it is: verify it first.
    """
    files = [path for path in sorted(directory.rglob("*")) if path.is_file() and not _left_behind(path)]
    found = [fault for path in files for fault in _of_file(directory, path, pickle=pickle)]
    return found or list(_of_model(directory, pickle=pickle))


def admit(directory: Path, *, pickle: bool = False) -> None:
    """Return when an artifact is whole, and nothing in it speaks against loading it; see `inspect`.

    Raises:
        ArtifactError: names the first fault.
    """
    manifest.verify(directory, manifest.digest(directory))
    for fault in inspect(directory, pickle=pickle):
        raise manifest.fault(directory, fault)


def _left_behind(path: Path) -> bool:
    return bool(manifest.LEFT_BEHIND.intersection(path.parts))


def _of_file(directory: Path, path: Path, *, pickle: bool) -> Iterator[str]:
    name = path.relative_to(directory).as_posix()
    if path.stat().st_size > LARGEST:
        yield f"{name} has {path.stat().st_size / 1e9:.1f} GB"
    if name.startswith(f"{CODE}/"):
        own = mlmodel.CODE / path.name
        if path.parent != directory / CODE or not own.exists() or own.read_bytes() != path.read_bytes():
            yield f"{name} is not noria's own code, and runs when an MLflow client loads the model"
        return
    if pickle:
        return
    with path.open("rb") as file:
        head = file.read(64)
    kinds = [kind for beginning, kind in HEADS.items() if re.match(beginning, head)]
    if kinds or path.suffix in PICKLES:
        yield f"{name} runs code of its own when it is loaded ({(kinds or [f'it ends in {path.suffix}'])[0]})"
    elif name not in WRITTEN | {f"data/{model}" for model, _ in MODELS.values()}:
        yield f"{name} is no file that noria packages"


def _of_model(directory: Path, *, pickle: bool) -> Iterator[str]:
    """Yield what is wrong with the model's own file."""
    try:
        spec = json.loads((directory / "data" / "spec.json").read_text())
        kind, file = spec["kind"], spec["file"]
        wanted, head = MODELS[kind]
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield f"data/spec.json does not say what the model is ({error!r})"
        return
    path = directory / "data" / wanted
    if file != wanted:
        yield f"data/spec.json names the file {file!r}, and a model of the kind {kind} is {wanted}"
    elif kind == "pyfunc" and not pickle:
        yield "a Python model runs code of its own when it is loaded"
    elif head and not re.match(head, path.read_bytes()[:64]):
        yield f"data/{file} does not begin as a model of the kind {kind} does"
    elif look := LOOKS.get(kind):
        yield from (f"data/{file} {fault}" for fault in look(path, spec))


def _lightgbm(path: Path, spec: dict[str, Any]) -> Iterator[str]:
    head, _, trees = path.read_text(errors="replace").partition("\n\n")
    said = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    names, sizes = said.get("feature_names", "").split(), said.get("tree_sizes", "").split()
    if len(names) != len(spec["features"]):
        yield f"has {len(names)} features, and data/spec.json {len(spec['features'])}"
    if not all(size.isdigit() for size in sizes) or sum(map(int, sizes)) > len(trees.encode()):
        yield "is cut off: its trees are shorter than it says"


def _skops(path: Path, spec: dict[str, Any]) -> Iterator[str]:
    from skops.io import get_untrusted_types

    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
    except BadZipFile as error:
        yield f"is no archive: {error}"
        return
    content = sum(member.file_size for member in members)
    if content > SWELLS * path.stat().st_size:
        yield f"swells to {content / 1e6:.0f} MB when it is opened"
        return
    outside = [member.filename for member in members if ".." in member.filename or member.filename[0] == "/"]
    if outside:
        yield f"holds {outside[0]!r}, which leads out of it"
    elif types := sorted(set(get_untrusted_types(file=path)) - set(TRUSTED)):
        yield f"holds types that nobody trusts: {', '.join(types)}"


def _onnx(path: Path, spec: dict[str, Any]) -> Iterator[str]:
    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's errors have no common class
        yield f"is no ONNX graph: {error}"
        return
    foreign = {f"{node.domain}.{node.op_type}" for node in _nodes(model.graph) if node.domain not in STANDARD}
    if foreign:
        yield f"has operators that ONNX does not define: {', '.join(sorted(foreign))}"
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
        yield "takes numbers from other files"


def _nodes(graph: Any) -> Iterator[Any]:
    """Yield the nodes of a graph, and of the graphs within."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


LOOKS: dict[str, Callable[[Path, dict[str, Any]], Iterator[str]]] = {
    "lightgbm": _lightgbm,
    "sklearn": _skops,
    "onnx": _onnx,
}
