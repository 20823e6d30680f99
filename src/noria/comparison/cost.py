"""What an answer of each version costs: both asked in turns, each time in a clean process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from noria.artifact.probe import probe
from noria.comparison.result import Cost

TURNS = 2
"""How often each is asked, in turns, so that a slow moment of the machine meets both."""


def costs(artifacts: Sequence[Path], columns: Sequence[Mapping[str, Sequence[Any]]]) -> list[Cost]:
    """Return the cost of each artifact's answers to its columns, row by row.

    Raises:
        ArtifactError: one does not load or answer in a clean process.
    """
    seconds: list[list[float]] = [[] for _ in artifacts]
    for _ in range(TURNS):
        for spent, artifact, asked in zip(seconds, artifacts, columns, strict=True):
            spent += probe(artifact, asked).seconds
    return [
        Cost(median=float(np.median(spent)), p99=float(np.quantile(spent, 0.99)), size=_size(artifact))
        for spent, artifact in zip(seconds, artifacts, strict=True)
    ]


def _size(artifact: Path) -> int:
    return sum(file.stat().st_size for file in artifact.rglob("*") if file.is_file())
