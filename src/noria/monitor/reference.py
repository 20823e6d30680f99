"""The reference of a version: the rows that it learnt from, profiled day by day, with its answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from noria.artifact import predictor
from noria.core.profile.grid import Bins, Grid, category_bins, number_bins
from noria.core.profile.reference import Reference, pack, unpack
from noria.core.window import BINS as LATENCIES
from noria.core.window import end
from noria.monitor.profiling import LATENCY, OUTPUT, profile

FILE = "reference.msgpack"
DAYS = 182
"""The newest days that are kept: half a year shows what a week and a season do."""
STRETCHES = 30
"""Blocks that rows without a time are parted into."""
ASKED = 50_000
"""The newest rows that the model is asked, for what its answers usually are."""


def build(rows: pl.DataFrame, features: Mapping[str, str], artifact: Path) -> Reference:
    """Return the reference of the model in `artifact`, which learnt from `rows`, with their `_time`.

    `features` are its columns, with "number" or "category". Beside them the grid has the model's outputs and
    its latency.
    """
    blocks = _blocks(rows)
    asked = rows.tail(ASKED)
    answers = _answers(asked, features, artifact)
    columns: dict[str, Bins] = {name: _bins(rows[name], kind) for name, kind in features.items()}
    columns |= {name: number_bins(values) for name, values in answers.items()}
    columns[LATENCY] = number_bins(np.empty(0), [end(index) for index in range(LATENCIES - 1)])
    grid = Grid(columns=columns)
    told = asked.with_columns(**{name: pl.Series(values) for name, values in answers.items()})
    rest = rows.head(rows.height - asked.height)
    parts = pl.concat([rest, told], how="diagonal").with_columns(_block=blocks)
    found = {str(block): part for (block,), part in parts.partition_by("_block", as_dict=True).items()}
    return Reference(
        grid=grid, blocks={block: profile(found[block], grid) for block in sorted(found)[-DAYS:]}
    )


def save(reference: Reference, folder: Path) -> Path:
    """Write the reference into a folder, and return where."""
    path = folder / FILE
    path.write_bytes(pack(reference))
    return path


def load(path: Path) -> Reference:
    """Return the reference in a file.

    Raises:
        ProfileError: it is damaged, or of a later release.
        OSError: it cannot be read.
    """
    return unpack(path.read_bytes())


def place(artifact: Path) -> Path:
    """Return where the reference of a registered artifact lies."""
    return artifact.parent / "lineage" / FILE


def _blocks(rows: pl.DataFrame) -> pl.Series:
    times = rows["_time"]
    if times.dtype.is_temporal():
        return times.dt.date().cast(pl.String)
    return (
        (pl.int_range(rows.height, eager=True) * STRETCHES // max(rows.height, 1))
        .cast(pl.String)
        .str.zfill(4)
    )


def _bins(values: pl.Series, kind: str) -> Bins:
    if kind == "number":
        numbers = values.cast(pl.Float64, strict=False).to_numpy()
        return number_bins(numbers[np.isfinite(numbers)])
    seen = values.cast(pl.String).drop_nulls().value_counts(name="_count")
    return category_bins(dict(zip(seen[values.name].to_list(), seen["_count"].to_list(), strict=True)))


def _answers(rows: pl.DataFrame, features: Mapping[str, str], artifact: Path) -> dict[str, np.ndarray]:
    """Return the model's outputs under the names of the grid's columns."""
    outputs = predictor.load(artifact).predict({name: rows[name].to_list() for name in features})
    if outputs.ndim == 1:
        return {OUTPUT: outputs}
    return {f"{OUTPUT}:{place}": column for place, column in enumerate(outputs.T)}
