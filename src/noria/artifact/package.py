"""Packages a fitted model in a safe native format, and proves that the package answers as the model did."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from noria.artifact import compiled, golden, manifest, mlmodel, native, predictor
from noria.artifact.native import Kind, Native
from noria.errors import ArtifactError, PipelineError

TOLERANCE = 1e-9


def save(
    estimator: Any,
    directory: Path,
    *,
    task: str,
    features: Mapping[str, Kind],
    example: Any,
    pickle: bool = False,
    compile_on: Any = None,
) -> str:
    """Write the artifact of a fitted model; return its digest. `directory` is replaced.

    `task` is binary, multiclass or regression. `example` is a frame (Polars or pandas) of some rows with the
    feature columns: on them the package must answer what the model answers, to 1e-9. `pickle` allows a Python
    model of MLflow, which runs code of its own when it is loaded. With `compile_on`, a frame too, a faster
    form is kept in the model's place if it answers the same on its rows; the spec says what became of it.

    Raises:
        PipelineError: the estimator is no model, of a type that cannot be kept safely, or not for this task.
        ArtifactError: the package does not answer as the model in memory does.
    """
    model = native.of(estimator, task, features, pickle=pickle)
    note: dict[str, str] = {}
    if compile_on is not None:
        rows = {name: _values(compile_on[name], kind) for name, kind in features.items()}
        model, note["compiled"] = compiled.compiled(estimator, model, task, rows)
    columns = {name: _values(example[name], kind) for name, kind in features.items()}
    expected = np.asarray(model.predict(columns), dtype=np.float64)
    _check_outputs(expected, task)

    shutil.rmtree(directory, ignore_errors=True)
    data = directory / "data"
    data.mkdir(parents=True)
    model.write(data / model.file)
    spec = {
        "kind": model.kind,
        "task": task,
        "features": model.features,
        "classes": _classes(model, expected, task),
        "file": model.file,
        **note,
    }
    _write_spec(directory, spec, model, columns, expected)
    mlmodel.write(directory, spec, columns, rows=5)
    golden.write(directory, expected)
    return manifest.write(directory)


def _write_spec(
    directory: Path,
    spec: dict[str, Any],
    model: Native,
    columns: Mapping[str, list[Any]],
    expected: np.ndarray,
) -> None:
    """Write spec.json, with the cheapest way to ask the package in which it answers as the model did."""
    for way in model.ways:
        (directory / "data" / "spec.json").write_text(json.dumps(spec | way, indent=1))
        try:
            _check_round_trip(expected, predictor.load(directory).predict(columns))
            break
        except Exception:
            if way is model.ways[-1]:
                raise


def _check_outputs(outputs: np.ndarray, task: str) -> None:
    shape = "one row of class probabilities" if task == "multiclass" else "one number"
    if outputs.ndim != (2 if task == "multiclass" else 1):
        raise PipelineError(f"for the task {task} a model answers {shape} per row, not {outputs.shape}")
    if not np.isfinite(outputs).all():
        raise PipelineError("the model answers NaN or infinity on rows that it was trained on")
    if task != "regression" and (outputs.min() < 0 or outputs.max() > 1):
        raise PipelineError(
            f"for the task {task} a model answers probabilities, but this one answers "
            f"{outputs.min():.6g} to {outputs.max():.6g}; choose a classification objective"
        )


def _check_round_trip(expected: np.ndarray, found: np.ndarray) -> None:
    if expected.shape != found.shape:
        raise ArtifactError(f"the package answers {found.shape}, the model in memory {expected.shape}")
    worst = float(np.abs(expected - found).max(initial=0.0))
    if not worst <= TOLERANCE:
        raise ArtifactError(
            f"the package answers otherwise than the model in memory: by up to {worst:.3g}, where "
            f"{TOLERANCE:g} is allowed",
            hint="noria run",
        )


def _values(series: Any, kind: Kind) -> list[Any]:
    """Return a column as `Predictor.predict` takes it, whatever frame it comes from."""
    missing = [value is None or value != value for value in series]
    if kind == "number":
        return [np.nan if gone else float(value) for value, gone in zip(series, missing, strict=True)]
    return [None if gone else str(value) for value, gone in zip(series, missing, strict=True)]


def _classes(model: Native, outputs: np.ndarray, task: str) -> list[Any]:
    if task == "regression":
        return []
    if model.classes is not None:
        return model.classes
    return [0, 1] if task == "binary" else list(range(outputs.shape[1]))
