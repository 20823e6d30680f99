"""What the Open Inference Protocol, and Triton's extensions of it, tell of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from noria.gateway.protocols.open_inference import OUTPUT
from noria.gateway.schema import Schema
from noria.gateway.telemetry.tally import Requests, Tally

EXTENSIONS = ("binary_tensor_data", "model_configuration", "model_repository", "statistics")
PLATFORM = "noria"
_TRITONS = {"FP64": "TYPE_FP64", "BYTES": "TYPE_STRING"}


def metadata(model: str, versions: list[str], schema: Schema) -> dict[str, Any]:
    """Return the model's metadata: an input per feature, and the output."""
    return {
        "name": model,
        "versions": versions,
        "platform": PLATFORM,
        "inputs": [
            {"name": name, "datatype": _datatype(schema.kinds[name]), "shape": [-1]}
            for name in schema.features
        ],
        "outputs": [{"name": OUTPUT, "datatype": "FP64", "shape": [-1, *schema.shape]}],
    }


def configuration(model: str, versions: list[str], schema: Schema) -> dict[str, Any]:
    """Return the same in the words of Triton's model configuration."""
    told = metadata(model, versions, schema)
    return {
        "name": model,
        "platform": PLATFORM,
        "backend": PLATFORM,
        "max_batch_size": 0,
        "version_policy": {"specific": {"versions": [int(version) for version in versions]}},
        "input": [_tritons(each) for each in told["inputs"]],
        "output": [_tritons(each) for each in told["outputs"]],
    }


def index(models: Mapping[str, Mapping[int, bool]]) -> list[dict[str, str]]:
    """Return the repository index of models whose versions are up or not."""
    return [
        {
            "name": name,
            "version": str(version),
            "state": "READY" if up else "UNAVAILABLE",
            "reason": "" if up else "its process is down",
        }
        for name, versions in models.items()
        for version, up in versions.items()
    ]


def statistics(model: str, version: int, tally: Tally) -> dict[str, Any]:
    """Return what a version has answered since this worker knows it, in the words of Triton's statistics."""
    return {
        "name": model,
        "version": str(version),
        "inference_count": tally.answered.rows,
        "execution_count": tally.calls,
        "inference_stats": {"success": _duration(tally.answered), "fail": _duration(tally.failed)},
    }


def _duration(requests: Requests) -> dict[str, int]:
    return {"count": requests.count, "ns": int(requests.seconds * 1e9)}


def _datatype(kind: str) -> str:
    return "FP64" if kind == "number" else "BYTES"


def _tritons(tensor: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": tensor["name"],
        "data_type": _TRITONS[tensor["datatype"]],
        "dims": tensor["shape"],
    }
