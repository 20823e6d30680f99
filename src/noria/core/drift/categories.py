"""Drift of a column of categories: the share that changed most, in units of what it changes by itself.

Some shares scatter less than chance, as those of airlines that fly by a timetable; others swing with the day.
So each is measured by its own scatter among the blocks of the reference, and the largest of a day by the
largest of these blocks. A day with fewer rows than they had scatters more, by q (1 - q) (1/rows - 1/theirs):
that is what a sample of their rows does, timetable or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from noria.core.drift.blocks import CLOSER, TAIL, Blocks, Judged, Threshold, independent, seasons, tail
from noria.core.drift.l_infinity import distance
from noria.core.drift.statistic import Numbers, Whole, shares

TRIFLE = 0.002
"""A change of a share that nobody would act on, however sure it is."""
NOTHING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Categories(Threshold):
    """What is usual for a column of categories.

    `scatter` is the variance of each share among blocks of `rows` rows, `mean` and `spread` are those of the
    logarithm of their largest changes, known from so many independent `blocks`.
    """

    UNIT = "times its scatter"

    scatter: Numbers
    rows: float
    mean: float
    spread: float
    blocks: float

    def judge(self, counts: Whole, weekday: int = 0, probability: float = TAIL) -> Judged:
        centre = self.centre(weekday)
        scatter = self.scatter + TRIFLE**2
        value = float(distance(counts, centre, _scale(scatter, self.rows, counts.sum(), centre)))
        p, limit = tail(log(max(value, NOTHING)), self.mean, self.spread, self.blocks, probability)
        return Judged(value=value, limit=limit, p=p)


def learn(counts: Whole, weekdays: Whole | None) -> Categories | None:
    """Return what is usual for a column whose blocks, in their order, have these counts; see `seasons`."""
    ways = [(blocks, shares(blocks.counts) - shares(blocks.others())) for blocks in seasons(counts, weekdays)]
    if not ways:
        return None
    whole, *seasonal = ways
    if seasonal and (seasonal[0][1] ** 2).sum() < CLOSER * (whole[1] ** 2).sum():
        return _learn(*seasonal[0])
    return _learn(*whole)


def _learn(blocks: Blocks, apart: Numbers) -> Categories:
    """Hold each block against the others, in units of how these scatter."""
    size, rest = blocks.counts.sum(axis=1), blocks.others()
    rows, square = float(np.median(size)), apart**2
    scatter: Numbers = square.mean(axis=0)
    of_others = (square.sum(axis=0) - square) / (len(square) - 1)
    scales = _scale(of_others, rows, size[:, None], rest)
    largest = np.log(np.maximum(distance(blocks.counts, rest, scales), NOTHING))
    return Categories(
        centres=blocks.centres(),
        scatter=scatter,
        rows=rows,
        mean=float(largest.mean()),
        spread=float(largest.std(ddof=1)),
        blocks=independent(largest),
    )


def _scale(scatter: Numbers, rows: float, day: Numbers, centre: Numbers) -> Numbers:
    """Return how much each share scatters on a `day` of so many rows; one row is never told from none."""
    q = shares(centre)
    seen = np.minimum(day, rows)  # more rows make a day no surer: how such days differ was never seen
    scale: Numbers = np.sqrt(scatter + q * (1 - q) * (1 / seen - 1 / rows) + 1 / seen**2)
    return scale
