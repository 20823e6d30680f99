"""Outliers in service: the score of every prediction, and whether a day has more of them than is ordinary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl

from noria.artifact.lineage import BOUNDS, place
from noria.block import Column
from noria.core.bounds import Bounds, pack, unpack
from noria.core.burst import Block, tail
from noria.core.outliers import Detector, NumberCosts, learn, limit
from noria.core.profile.grid import NumberBins, number_bins
from noria.core.profile.profile import Profile
from noria.monitor.day import Day
from noria.outcomes import stored
from noria.rows import SignalRow

SCORE = "@outlier"
"""The column of the scores in the profiles."""
ROWS = 100_000
"""Rows that a detector learns from: enough for tails of one in as many."""
ALPHA = 1e-3
"""The probability that the share of outliers of an ordinary day is called a burst."""
PERCENTS = np.linspace(0, 1, 51)[1:-1]

DetectorOf = Callable[[int], Detector | None]
"""Tells the detector of a version, None where it has none."""


def save(bounds: Bounds, folder: Path) -> Path:
    """Write the bounds into a folder, and return where."""
    path = folder / BOUNDS
    path.write_bytes(pack(bounds))
    return path


def load(artifact: Path) -> Bounds:
    """Return the bounds of a registered artifact.

    Raises:
        ProfileError: they are damaged, or of a later release.
        OSError: they cannot be read.
    """
    return unpack(place(artifact, BOUNDS).read_bytes())


def learnt(rows: pl.DataFrame, features: Mapping[str, str]) -> tuple[Detector, pl.DataFrame]:
    """Return the detector for rows like these, and the rows with their scores, null where none was needed.

    `features` are the model's, with "number" or "category".
    """
    every = max(-(-rows.height // ROWS), 1)
    some = rows.gather_every(every)
    numbers = frozenset(name for name, kind in features.items() if kind == "number")
    detector, scores = learn(columns(some, features), numbers)
    filled = np.full(rows.height, np.nan)
    filled[::every] = scores
    return detector, rows.with_columns(pl.Series(SCORE, filled).fill_nan(None))


def bins(scores: pl.Series) -> NumberBins:
    """Return bins for scores like these, the last of which holds the outliers."""
    known = scores.drop_nulls().to_numpy()
    edges = np.unique([*np.quantile(known, PERCENTS), limit(known)]).tolist() if len(known) else ()
    return number_bins(known, edges)


def columns(
    rows: pl.DataFrame, features: Mapping[str, str], named: Callable[[str], str] = str
) -> dict[str, Column]:
    """Return the columns of a frame as a detector takes them; `named` tells what a feature is called."""
    return {
        name: _column(rows[named(name)], kind)
        for name, kind in features.items()
        if named(name) in rows.columns
    }


def scored(predictions: pl.DataFrame, detector_of: DetectorOf) -> pl.DataFrame:
    """Return the predictions with their scores, by the detector of their version; null where it has none."""
    if predictions.is_empty():
        return predictions.with_columns(pl.lit(None, pl.Float64).alias(SCORE))
    numbered = predictions.with_row_index("_row")
    parts = [
        _scored(part, detector_of(int(version)))
        for (version,), part in numbered.partition_by("version", as_dict=True).items()
    ]
    return pl.concat(parts).sort("_row").drop("_row")


def burst(day: Day) -> list[SignalRow]:
    """Return whether a day had more outliers than the days that the version learnt from.

    Its share is held against theirs as one of a beta-binomial distribution, see `noria.core.burst`.
    """
    bins = day.reference.grid.columns.get(SCORE)
    if not isinstance(bins, NumberBins) or not bins.edges:
        return []
    before = [_block(profile, day) for profile in day.reference.blocks.values()]
    block = _block(day.profile, day)
    if not block.labels:
        return []
    chance = tail([each for each in before if each.labels], block, above=True)
    share = block.events / block.labels
    ordinary = sum(each.events for each in before) / max(sum(each.labels for each in before), 1)
    level = "alert" if chance < ALPHA else "ok"
    counts = f"{block.events} of {block.labels} predictions are outliers"
    reason = f"{counts}, {share:.2%}; of the rows of training {ordinary:.2%} are"
    return [day.signal("outliers", "", level, share, ordinary, reason, chance=chance)]


def _column(values: pl.Series, kind: str) -> Column:
    if kind == "number":
        return values.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    return values.cast(pl.String).to_list()


def _scored(part: pl.DataFrame, detector: Detector | None) -> pl.DataFrame:
    if detector is None:
        return part.with_columns(pl.lit(None, pl.Float64).alias(SCORE))
    return part.with_columns(
        pl.Series(SCORE, detector.scores(columns(part, kinds(detector), stored), part.height))
    )


def kinds(detector: Detector) -> dict[str, str]:
    """Return the features of a detector, with "number" or "category"."""
    return {
        name: "number" if isinstance(costs, NumberCosts) else "category"
        for name, costs in detector.columns.items()
    }


def _block(profile: Profile, day: Day) -> Block:
    counts = profile.counts[day.reference.grid.slices[SCORE]]
    return Block(events=int(counts[-1]), labels=int(counts.sum()))
