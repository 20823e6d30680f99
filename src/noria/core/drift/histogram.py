"""Drift of a column of numbers: its histogram's divergence from the reference, beyond what days differ by.

The divergence of n rows is expected to be what chance puts between (it shrinks with n) and what days differ
by themselves (it does not): the second is learnt from the blocks of the reference, with its variance. So a
reference of a hundred rows a day judges a day of a million, and the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, log1p, sqrt

import numpy as np

from noria.core.drift.blocks import CLOSER, TAIL, Blocks, Judged, Threshold, independent, seasons, tail
from noria.core.drift.jensen_shannon import chance, divergence
from noria.core.drift.statistic import Numbers, Whole, together

TRIFLE = 1e-4
"""A divergence that nobody would act on, however sure it is: a distance of .01."""
NOTHING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram(Threshold):
    """What is usual for a column of numbers.

    Blocks of `rows` rows differ by themselves by a divergence `between` that has the variance `scatter`;
    that much is known from so many independent `blocks`.
    """

    UNIT = "Jensen-Shannon distance"

    between: float
    scatter: float
    rows: float
    blocks: float

    def judge(self, counts: Whole, weekday: int = 0, probability: float = TAIL) -> Judged:
        centre = self.centre(weekday)
        apart = float(divergence(counts, centre))
        mean, spread, bias = self._usual(float(counts.sum()), centre)
        p, limit = tail(log(max(apart - bias, NOTHING)), mean, spread, self.blocks, probability)
        return Judged(value=sqrt(apart), limit=sqrt(min(max(limit + bias, 0), 1)), p=p)

    def _usual(self, rows: float, centre: Numbers) -> tuple[float, float, float]:
        """Return mean and standard deviation of the logarithm, and what a divergence has that is not usual.

        More rows than the blocks had make a day no surer, only less by chance: how such days differ was
        never seen.
        """
        seen = together(np.array(rows), centre.sum())
        by_chance, _ = chance(centre, seen)
        counted, variance = chance(centre, np.minimum(seen, self.rows))
        mean = float(counted + self.between)
        total = float(_with_between(counted, variance, self.between)) + self.scatter
        square = log1p(total / mean**2)  # of a logarithm that is normal
        return log(mean) - square / 2, sqrt(square), float(by_chance - counted)


def learn(counts: Whole, weekdays: Whole | None) -> Histogram | None:
    """Return what is usual for a column whose blocks, in their order, have these counts; see `seasons`."""
    found = [_learn(blocks) for blocks in seasons(counts, weekdays)]
    if not found:
        return None
    whole, *seasonal = found
    return seasonal[0] if seasonal and seasonal[0].between < CLOSER * whole.between else whole


def _learn(blocks: Blocks) -> Histogram:
    rest = blocks.others()
    rows = together(blocks.counts.sum(axis=1), rest.sum(axis=1))
    mean, variance = chance(rest, rows)
    excess = divergence(blocks.counts, rest) - mean
    between = max(float(excess.mean()), TRIFLE)
    by_chance = _with_between(mean, variance, between)
    return Histogram(
        centres=blocks.centres(),
        between=between,
        scatter=max(float(excess.var(ddof=1) - by_chance.mean()), 0),
        rows=float(np.median(rows)),
        blocks=independent(excess / np.sqrt(by_chance)),
    )


def _with_between(mean: Numbers, variance: Numbers, between: float) -> Numbers:
    """Return the variance by chance around a truth that lies apart: that of a noncentral chi-square."""
    return variance * (1 + 2 * between / mean)
