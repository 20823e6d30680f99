"""The series of each feature, what of them is usual in a reference, and how unlikely a day is.

Missing, missing alone, of another type and unseen are shares of rows. A column is missing alone as often as
it is missing more than its sibling, the column that is usually missing with it: an hour without any weather
is no news, and a tenth of the temperatures is. Variety, mean and spread are levels; a mean and a spread are
judged by how they jump from one day to the next: seasons are slow, and a change of unit comes over night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from noria.core.profile.grid import Grid, NumberBins, Numbers, Whole
from noria.core.profile.profile import Profile
from noria.core.profile.reference import Reference
from noria.core.series import levels, shares
from noria.core.series.variety import variety

SERIES = ("type", "unseen", "missing", "alone", "mean", "spread", "variety")
"""What explains more stands before what follows from it."""
CALM = 0.01
"""The share of a column's overall spread that is added to a day's: on a dry day, rain has none."""
FEW = 0.1
"""A block with less than this share of the median's rows is a day cut off, and not learnt from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """The series of some blocks, each of the shape (blocks, features); a level is NaN where there is none.

    `rows` are all, `present` those with a value; `variety` and `spread` are logarithms.
    """

    rows: Whole
    present: Whole
    missing: Whole
    invalid: Whole
    outside: Whole
    variety: Numbers
    mean: Numbers
    spread: Numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Usual:
    """What is usual for the `features` of a reference, whose `blocks` have so many `rows` of each.

    `calm` is what is added to their spread; `siblings` are the places of their siblings among them;
    `jumps` are those of mean and spread.
    """

    features: tuple[str, ...]
    blocks: int
    rows: Numbers
    calm: Numbers
    siblings: Whole
    missing: shares.Shares
    alone: shares.Shares
    invalid: shares.Shares
    outside: shares.Shares
    variety: levels.Levels
    mean: levels.Levels
    spread: levels.Levels
    jumps: tuple[levels.Levels, levels.Levels]


def learn(reference: Reference, features: tuple[str, ...]) -> Usual:
    """Return what is usual for these features."""
    whole = reference.whole
    calm = CALM * np.exp(measure([whole], reference.grid, features, np.zeros(len(features))).spread[0])
    rows = np.array([profile.rows for profile in reference.blocks.values()])
    blocks = [profile for profile in reference.blocks.values() if profile.rows >= FEW * np.median(rows)]
    seen = measure(blocks, reference.grid, features, calm)
    siblings = _siblings(seen.missing)
    later = slice(len(blocks) // 2, None)  # by then, what has not been met yet is rare
    return Usual(
        features=features,
        blocks=len(blocks),
        rows=np.median(seen.rows, axis=0),
        calm=calm,
        siblings=siblings,
        alone=shares.learn(_alone(seen, siblings), seen.rows),
        missing=shares.learn(seen.missing, seen.rows),
        invalid=shares.learn(seen.invalid, seen.rows),
        outside=shares.learn(seen.outside[later], seen.present[later]),
        variety=levels.learn(seen.variety, levels.FEWEST),
        mean=levels.learn(seen.mean, levels.FEWEST),
        spread=levels.learn(seen.spread, levels.FEWEST),
        jumps=(
            levels.learn(np.diff(seen.mean, axis=0), levels.FEWEST),
            levels.learn(np.diff(seen.spread, axis=0), levels.FEWEST),
        ),
    )


def measure(profiles: Sequence[Profile], grid: Grid, features: Sequence[str], calm: Numbers) -> Series:
    """Return the series of these features in each of the profiles; `calm` is added to the spread."""
    at = [grid.rows[name] for name in features]
    begins = [piece.start for piece in grid.slices.values()]
    tallies = np.stack([profile.tallies for profile in profiles])[:, at]
    moments = np.stack([profile.moments for profile in profiles])[:, at]
    various = np.stack([variety(profile.counts, begins) for profile in profiles])[:, at]
    rows, missing, invalid, outside = np.moveaxis(tallies, -1, 0)
    present = rows - missing - invalid
    numeric = np.array([isinstance(grid.columns[name], NumberBins) for name in features])
    ends = np.stack([_ends(profile.counts, grid) for profile in profiles])[:, at]
    known = numeric & (present > 0)
    some = np.maximum(present, 1)
    mean = moments[..., 0] / some
    variance = np.maximum(moments[..., 1] / some - mean**2, 0)
    spread = np.log(np.maximum(np.sqrt(variance) + calm, np.finfo(float).tiny))
    return Series(
        rows=rows,
        present=present,
        missing=missing,
        invalid=invalid,
        outside=outside,
        variety=np.where(present > 2 * ends, np.log(np.maximum(various, 1)), np.nan),
        mean=np.where(known, mean, np.nan),
        spread=np.where(known, spread, np.nan),
    )


def _ends(counts: Whole, grid: Grid) -> Whole:
    """Return how many values of each column lie in a bin without end: they may vary, and nobody sees it."""
    return np.array(
        [
            counts[place.start] + counts[place.stop - 1]
            if isinstance(bins, NumberBins) and bins.size > 2
            else 0
            for bins, place in zip(grid.columns.values(), grid.slices.values(), strict=True)
        ]
    )


def unlikely(usual: Usual, grid: Grid, profile: Profile, last: Sequence[Profile | None]) -> Numbers:
    """Return how likely each series of a day is if nothing happened; shape (series, features), see `SERIES`.

    `last` are the profiles of each feature's last good day, None where there is none.
    """
    day = measure([profile], grid, usual.features, usual.calm)
    rows, present = day.rows[0], day.present[0]
    above = shares.above(usual.missing, day.missing[0], rows)
    below = shares.below(usual.missing, day.missing[0], rows)
    fewer = _fewer(present, usual)
    various = levels.tail(usual.variety, day.variety[0], fewer)
    # The logarithm of a spread scatters by (kurtosis - 1) / 4 rows; 2 is that of an exponential distribution.
    mean, spread, few_last = _levels(usual, grid, last)
    jumped = fewer + few_last
    within = np.exp(2 * usual.spread.mean)
    return np.stack(
        [
            shares.above(usual.invalid, day.invalid[0], rows),
            shares.above(usual.outside, day.outside[0], present),
            np.minimum(2 * np.minimum(above, below), 1),
            shares.above(usual.alone, _alone(day, usual.siblings)[0], rows),
            _jump(day.mean[0], mean, usual.mean, usual.jumps[0], within * jumped),
            _jump(day.spread[0], spread, usual.spread, usual.jumps[1], 2 * jumped),
            np.where(day.variety[0] < usual.variety.mean, various, 1.0),
        ]
    )


def _levels(usual: Usual, grid: Grid, last: Sequence[Profile | None]) -> tuple[Numbers, Numbers, Numbers]:
    """Return mean and spread of each feature on its last good day, NaN where there is none, and `_fewer`."""
    mean, spread = np.full((2, len(last)), np.nan)
    fewer = np.zeros(len(last))
    for day in {id(profile): profile for profile in last if profile}.values():
        seen = measure([day], grid, usual.features, usual.calm)
        its = np.array([profile is day for profile in last])
        mean[its], spread[its] = seen.mean[0, its], seen.spread[0, its]
        fewer[its] = _fewer(seen.present[0], usual)[its]
    return mean, spread, fewer


def _fewer(rows: Whole, usual: Usual) -> Numbers:
    """Return what so many rows add to the variance of a mean beyond usual ones, in variances of a row."""
    return np.maximum(1 / np.maximum(rows, 1) - 1 / np.maximum(usual.rows, 1), 0)


def _siblings(missing: Whole) -> Whole:
    """Return which other column's missing values are nearest to those of each, block by block."""
    apart = np.array([np.abs(missing - column[:, None]).sum(axis=0) for column in missing.T], np.float64)
    np.fill_diagonal(apart, np.inf)
    nearest: Whole = apart.argmin(axis=1)
    return nearest


def _alone(seen: Series, siblings: Whole) -> Whole:
    more: Whole = np.maximum(seen.missing - seen.missing[:, siblings], 0)
    return more


def _jump(
    value: Numbers, last: Numbers, level: levels.Levels, jumps: levels.Levels, sampling: Numbers
) -> Numbers:
    """Judge the jump since the last good day, where there is none, the level itself."""
    return np.where(
        np.isnan(last), levels.tail(level, value, sampling), levels.tail(jumps, value - last, sampling)
    )
