"""The predictions of a day that were most unlike what their versions learnt from, and what made them so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from noria.core.outliers import Detector
from noria.monitor.outliers import SCORE, DetectorOf, columns, kinds, scored
from noria.outcomes import stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """A prediction by its `id`; `columns` are those that made most of its `score`, `sent` what they held."""

    id: str
    version: int
    role: str
    score: float
    limit: float
    columns: dict[str, float]
    sent: dict[str, Any]


def worst(predictions: pl.DataFrame, detector_of: DetectorOf, most: int) -> list[Outlier]:
    """Return the predictions with the highest scores, the highest first; the frame is that of the table."""
    rows = scored(predictions, detector_of).drop_nulls(SCORE).top_k(most, by=SCORE)
    found = [(row, detector_of(int(row["version"][0]))) for row in rows.iter_slices(1)]
    return [_outlier(row, detector) for row, detector in found if detector]


def _outlier(row: pl.DataFrame, detector: Detector) -> Outlier:
    terms = detector.terms(columns(row, kinds(detector), stored), 1)[0]
    made = detector.told(terms)
    said = row.row(0, named=True)
    return Outlier(
        id=said["id"],
        version=said["version"],
        role=said["role"],
        score=said[SCORE],
        limit=detector.limit,
        columns=made,
        sent={name: said.get(stored(name)) for name in made},
    )
