"""The background of a version: a sample of the rows that it learnt from, kept beside its artifact.

What a value means is seen beside the values that the model knew: explanations and their monitor ask these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from noria.artifact.lineage import place
from noria.errors import ArtifactError

FILE = "background.parquet"
DAYS, ROWS = 40, 100
"""The newest days that are sampled, and the rows of each; of fewer days there are more rows."""


def save(rows: pl.DataFrame, features: Sequence[str], folder: Path, seed: int = 0) -> Path:
    """Write a sample of rows with their `_time` into a folder, and return where."""
    kept = rows.select("_time", *features)
    if rows["_time"].dtype.is_temporal():
        day = pl.col("_time").dt.date()
        days = kept.select(day.unique(maintain_order=True)).to_series().sort().tail(DAYS)
        each = DAYS * ROWS // max(len(days), 1)
        chosen = pl.int_range(pl.len()).shuffle(seed).over(day) < each
        kept = kept.filter(day.is_in(days.implode())).filter(chosen)
    else:
        kept = kept.sample(min(kept.height, DAYS * ROWS), seed=seed)
    path = folder / FILE
    kept.sort("_time").write_parquet(path)
    return path


def digest(path: Path) -> str:
    """Return the SHA-256 of a background's file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load(artifact: str | Path, expected: str) -> pl.DataFrame:
    """Return the background of a registered artifact, which has this digest.

    Raises:
        ArtifactError: it is gone, or another one.
    """
    path = place(artifact, FILE)
    if not path.is_file():
        raise ArtifactError(f"there is no {path}: the rows that explain this version", hint="noria run")
    if (found := digest(path)) != expected:
        raise ArtifactError(f"{path} was changed: its digest is {found}, not {expected}", hint="noria models")
    return pl.read_parquet(path)
