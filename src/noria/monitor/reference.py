"""The reference of a version: the rows that it learnt from, profiled day by day, with its answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from noria.artifact import predictor
from noria.artifact.lineage import REFERENCE, place
from noria.core.profile.grid import Bins, CategoryBins, Grid, NumberBins, Numbers, category_bins, number_bins
from noria.core.profile.profile import TALLIES
from noria.core.profile.reference import Reference, pack, unpack
from noria.core.profile.sketches import NONE
from noria.monitor.importance import Answer, importance
from noria.monitor.outliers import SCORE, bins
from noria.monitor.profiling import OUTPUT, TRAFFIC, profile

OUTSIDE = TALLIES.index("outside")
DAYS = 182
"""The newest days that are kept: half a year shows what a week and a season do."""
STRETCHES = 30
"""Blocks that rows without a time are parted into."""
ASKED = 50_000
"""The newest rows that the model is asked, for what its answers usually are."""


def build(rows: pl.DataFrame, features: Mapping[str, str], artifact: Path) -> Reference:
    """Return the reference of the model in `artifact`, which learnt from `rows`, with their `_time`.

    `features` are its columns, with "number" or "category". Beside them the grid has the model's outputs, its
    latency, and the outlier scores of the rows, if they have any.
    """
    asked = rows.tail(ASKED)
    model = predictor.load(artifact)
    answers = _answers(asked, features, model.predict)
    columns = dict(grid_of(rows, features).columns)
    columns |= {name: number_bins(values) for name, values in answers.items()}
    if SCORE in rows.columns:
        columns[SCORE] = bins(rows[SCORE])
    columns |= TRAFFIC.columns
    told = asked.with_columns(**{name: pl.Series(values) for name, values in answers.items()})
    rest = rows.head(rows.height - asked.height)
    reference = counted(pl.concat([rest, told], how="diagonal"), Grid(columns=columns))
    return replace(reference, importance=importance(rows, list(features), model.predict))


def grid_of(rows: pl.DataFrame, features: Mapping[str, str]) -> Grid:
    """Return the grid for the columns of these rows, each "number" or "category"."""
    return Grid(columns={name: _bins(rows[name], kind) for name, kind in features.items()})


def counted(rows: pl.DataFrame, grid: Grid) -> Reference:
    """Return the reference of rows with their `_time`, counted on a grid.

    Of a block, what no block before it had counts as `outside`: so often something new is met by itself.
    """
    parts = rows.with_columns(_block=_blocks(rows)).partition_by("_block", as_dict=True)
    found = {str(block): part for (block,), part in parts.items()}
    met: dict[str, Bins | None] = {}
    blocks = {}
    for block in sorted(found):
        blocks[block] = replace(profile(found[block], grid), sketches=NONE)  # nobody looks at each
        for name in found[block].columns:
            if name in grid.columns:
                new, met[name] = _meet(found[block][name], grid.columns[name], met.get(name))
                blocks[block].tallies[grid.rows[name], OUTSIDE] = new
    return Reference(grid=grid, blocks={block: blocks[block] for block in sorted(blocks)[-DAYS:]})


def save(reference: Reference, folder: Path) -> Path:
    """Write the reference into a folder, and return where."""
    path = folder / REFERENCE
    path.write_bytes(pack(reference))
    return path


def load(artifact: Path) -> Reference:
    """Return the reference of a registered artifact.

    Raises:
        ProfileError: it is damaged, or of a later release.
        OSError: it cannot be read.
    """
    return unpack(place(artifact, REFERENCE).read_bytes())


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
        return number_bins(_finite(values))
    return category_bins(_counts(values))


def _meet(values: pl.Series, bins: Bins, met: Bins | None) -> tuple[int, Bins | None]:
    """Return how many values are new after all that was met, and what is met with them."""
    if isinstance(bins, NumberBins):
        numbers = _finite(values)
        if not len(numbers):
            return 0, met
        fresh = number_bins(numbers, ())
        if not isinstance(met, NumberBins):
            return 0, fresh
        both = NumberBins(edges=(), low=min(met.low, fresh.low), high=max(met.high, fresh.high))
        return int(met.outside(numbers).sum()), both
    counts = _counts(values)
    known = set(met.categories) if isinstance(met, CategoryBins) else set(counts)
    new = sum(count for name, count in counts.items() if name not in known)
    return new if bins.complete else 0, CategoryBins(categories=tuple(known | set(counts)))


def _finite(values: pl.Series) -> Numbers:
    numbers: Numbers = values.cast(pl.Float64, strict=False).to_numpy()
    return numbers[np.isfinite(numbers)]


def _counts(values: pl.Series) -> dict[str, int]:
    seen = values.cast(pl.String).drop_nulls().value_counts(name="_count")
    return dict(zip(seen[values.name].to_list(), seen["_count"].to_list(), strict=True))


def _answers(rows: pl.DataFrame, features: Mapping[str, str], answer: Answer) -> dict[str, np.ndarray]:
    """Return the model's outputs under the names of the grid's columns."""
    outputs = answer({name: rows[name].to_list() for name in features})
    if outputs.ndim == 1:
        return {OUTPUT: outputs}
    return {f"{OUTPUT}:{place}": column for place, column in enumerate(outputs.T)}
