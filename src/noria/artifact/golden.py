"""The golden request of an artifact: rows whose answers were kept when it was packaged.

The rows are those of MLflow's input example. A host asks for them before it serves: another library version,
or another processor, may load the same files and answer otherwise.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from noria.artifact.predictor import Predictor
from noria.errors import ArtifactError

FILE = "data/golden.json"
EXAMPLE = "input_example.json"
TOLERANCE = 1e-6
"""How far an answer may lie from the one that was kept, by its size where that is above 1."""


def write(directory: Path, outputs: np.ndarray) -> None:
    """Keep what the model answered on the first rows of its example, of shape (n,) or (n, k)."""
    count = len(_example(directory)["data"])
    (directory / FILE).write_text(json.dumps(outputs[:count].tolist()))


def check(directory: Path, model: Predictor) -> None:
    """Ask a loaded model its golden request.

    Raises:
        ArtifactError: it answers otherwise than when it was packaged; the message has both numbers.
    """
    expected = np.asarray(json.loads((directory / FILE).read_text()), dtype=np.float64)
    example = _example(directory)
    columns = {
        name: list(values)
        for name, values in zip(example["columns"], zip(*example["data"], strict=True), strict=True)
    }
    found = model.predict(columns)
    if found.shape != expected.shape:
        raise ArtifactError(
            f"the model answers its golden request with the shape {found.shape}, not {expected.shape}"
        )
    off = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    if not (off <= TOLERANCE).all():  # NaN is never within
        worst = np.unravel_index(np.argmax(np.nan_to_num(off, nan=np.inf)), off.shape)
        raise ArtifactError(
            f"the model answers row {worst[0]} of its golden request with {found[worst]:.9g}, and answered "
            f"{expected[worst]:.9g} when it was packaged: a library or the processor has changed since",
            hint="noria run",
        )


def _example(directory: Path) -> dict[str, Any]:
    return json.loads((directory / EXAMPLE).read_text())  # type: ignore[no-any-return]
