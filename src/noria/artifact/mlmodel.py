"""The files that make an artifact an MLflow model, written without MLflow, whose import takes seconds.

Format: https://mlflow.org/docs/latest/ml/model/#storage-format (MLmodel is YAML, of which JSON is a part).
"""

from __future__ import annotations

import json
import math
import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from noria.artifact import predictor

CODE = Path(predictor.__file__).parent
LIBRARIES = {
    "lightgbm": ("lightgbm", "numpy", "pandas"),
    "xgboost": ("xgboost-cpu", "numpy", "pandas"),
    "sklearn": ("scikit-learn", "skops", "numpy", "pandas"),
    "onnx": ("onnxruntime", "numpy"),
    "pyfunc": ("mlflow-skinny", "cloudpickle", "numpy", "pandas"),
}


def write(directory: Path, spec: Mapping[str, Any], columns: Mapping[str, list[Any]], *, rows: int) -> None:
    """Write MLmodel, the loader's code, requirements.txt and an input example of the first `rows` rows."""
    code = directory / "code"
    shutil.copytree(CODE, code / "noria_predictor", ignore=shutil.ignore_patterns("__pycache__"))
    pins = "".join(f"{name}=={version(name)}\n" for name in LIBRARIES[spec["kind"]])
    (directory / "requirements.txt").write_text(pins)
    names = [feature["name"] for feature in spec["features"]]
    example = [
        [_json(columns[name][row]) for name in names] for row in range(min(rows, len(columns[names[0]])))
    ]
    (directory / "input_example.json").write_text(json.dumps({"columns": names, "data": example}))
    (directory / "MLmodel").write_text(json.dumps(_mlmodel(spec), indent=1))


def _mlmodel(spec: Mapping[str, Any]) -> dict[str, Any]:
    width = len(spec["classes"]) if spec["task"] == "multiclass" else None
    output = {"dtype": "float64", "shape": [-1, width] if width else [-1]}
    inputs = [
        {
            "name": feature["name"],
            "type": "double" if feature["kind"] == "number" else "string",
            "required": True,
        }
        for feature in spec["features"]
    ]
    return {
        "flavors": {
            "python_function": {
                "loader_module": "noria_predictor",
                "code": "code",
                "data": "data",
                "python_version": platform.python_version(),
                "env": {"virtualenv": "requirements.txt"},
            }
        },
        "signature": {
            "inputs": json.dumps(inputs),
            "outputs": json.dumps([{"type": "tensor", "tensor-spec": output}]),
        },
        "saved_input_example_info": {
            "artifact_path": "input_example.json",
            "pandas_orient": "split",
            "type": "dataframe",
        },
    }


def _json(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
