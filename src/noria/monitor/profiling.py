"""Rows into profiles: what a version was sent and what it answered, counted hour by hour on its grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from noria.core.profile import sketches
from noria.core.profile.grid import CategoryBins, Grid, NumberBins, Numbers, Whole, number_bins
from noria.core.profile.profile import EACH, Profile
from noria.core.profile.sketches import Part, Sketches
from noria.core.window import BINS as LATENCIES
from noria.core.window import end
from noria.outcomes import OWN as TABLE
from noria.outcomes import UNASKED, stored

OUTPUT = "@output"
"""The column of the answers; of several classes, `@output:0` and on, in the order of the schema."""
LATENCY = "@latency"
"""The column of the seconds that answers took."""
OWN = "@"
"""How the columns begin that are no features."""
HOUR = "%Y-%m-%dT%H"

ALL = 0
"""The version under which the answers of all versions are counted, but for those of shadows."""
TRAFFIC = Grid(columns={LATENCY: number_bins(np.empty(0), [end(index) for index in range(LATENCIES - 1)])})

GridOf = Callable[[int], Grid | None]
"""Tells the grid of a version, None where it has none."""


def features(grid: Grid) -> tuple[str, ...]:
    """Return the columns of a grid that are features, and neither answers nor latencies nor scores."""
    return tuple(name for name in grid.columns if not name.startswith(OWN))


def hourly(predictions: pl.DataFrame, grid_of: GridOf) -> dict[tuple[int, str], Profile]:
    """Return profiles by version and hour (UTC, `2013-02-01T09`) of answered predictions.

    The frame is that of `noria.collector.records.predictions`. Fallback answers in place of no version are
    counted, with all others but the shadows', for the version `ALL`, on the grid `TRAFFIC`, with how many
    different things were asked.
    """
    asked = pl.when(~pl.col("role").is_in(UNASKED)).then("output")
    hours = predictions.with_columns(_hour=pl.col("at").dt.strftime(HOUR), output=asked)
    found = {}
    for (hour,), part in hours.filter(pl.col("role") != "shadow").partition_by("_hour", as_dict=True).items():
        seen = profile(_answers(part), TRAFFIC)
        found[ALL, str(hour)] = replace(seen, sketches=Sketches((*seen.sketches.parts, _asked(part))))
    own = hours.filter(pl.col("version") != ALL).partition_by("version", "_hour", as_dict=True)
    grids = {version: grid_of(version) for version, _ in own}
    for (version, hour), part in own.items():
        if (grid := grids[version]) is not None:
            found[int(version), str(hour)] = profile(_answers(part), grid, stored)
    return found


def profile(rows: pl.DataFrame, grid: Grid, named: Callable[[str], str] = str) -> Profile:
    """Return the profile of these rows on a grid; a column that they lack is missing in each of them.

    `named` tells under which name the rows have a column of the grid.
    """
    tallies = np.zeros((len(grid.columns), 4), np.int64)
    moments = np.zeros((len(grid.columns), 2))
    counts = np.zeros(grid.size, np.int64)
    part = Part()
    for name, bins in grid.columns.items():
        number = grid.rows[name]
        values = (
            rows[named(name)] if named(name) in rows.columns else pl.repeat(None, rows.height, eager=True)
        )
        if name.startswith(OWN):
            values = values.drop_nulls()  # of rows that the model was not asked for
        if isinstance(bins, NumberBins):
            tallies[number], finite = _numbers(values, bins)
            counts[grid.slices[name]] = np.bincount(bins.place(finite), minlength=bins.size)
            moments[number] = finite.sum(), (finite**2).sum()
            part.ranks[name] = sketches.ranks(finite)
        else:
            tallies[number], counts[grid.slices[name]], others = _categories(values, bins)
            if others:
                part.frequent[name] = sketches.frequent(others)
                part.different[name] = sketches.different(others)
    return Profile(
        grid=grid.digest, tallies=tallies, moments=moments, counts=counts, sketches=Sketches((part,))
    )


def _numbers(values: pl.Series, bins: NumberBins) -> tuple[list[int], Numbers]:
    """Return the tallies of a column of numbers, and those of its values that are finite numbers."""
    found = values.cast(pl.Float64, strict=False).to_numpy()
    finite = found[np.isfinite(found)]
    missing = values.null_count() + (int(values.is_nan().sum()) if values.dtype.is_float() else 0)
    outside = int(bins.outside(finite).sum())
    return [len(values), missing, len(values) - missing - len(finite), outside], finite


def _categories(values: pl.Series, bins: CategoryBins) -> tuple[list[int], Whole, dict[str, int]]:
    """Return the tallies and counts of a column of categories, and how often each without a bin came."""
    seen = values.cast(pl.String).drop_nulls().value_counts(name="_count")
    names, frequency = seen[values.name].to_list(), seen["_count"].to_numpy()
    places = bins.place(names)
    counts = np.bincount(places, frequency, minlength=bins.size).astype(np.int64)
    others = {names[i]: int(frequency[i]) for i in np.flatnonzero(places == bins.size - 1)}
    outside = int(counts[-1]) if bins.complete else 0
    return [len(values), values.null_count(), 0, outside], counts, others


def _asked(part: pl.DataFrame) -> Part:
    """Return the sketch of what was asked: of whom, where an entity is known, and with which values."""
    sent = [name for name in part.columns if name not in TABLE and not name.startswith((OWN, "_"))]
    minted = (part["entity"] == part["id"]).any()
    asked = part.select(*sent, *([] if minted else ["entity"]))
    if not asked.width:
        return Part()
    return Part(different={EACH: sketches.different(asked.hash_rows().reinterpret(signed=True).to_list())})


def _answers(part: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with their answers and latencies under the names of a grid's columns."""
    named: Mapping[str, pl.Expr] = {LATENCY: pl.col("latency")}
    if part["output"].dtype == pl.Float64:
        return part.with_columns(**named, **{OUTPUT: pl.col("output")})
    classes = int(part["output"].list.len().max() or 0)  # type: ignore[arg-type]
    outputs = {f"{OUTPUT}:{place}": pl.col("output").list.get(place) for place in range(classes)}
    return part.with_columns(**named, **outputs)
