"""How the values of a column went, day by day: quantiles of numbers, how many categories, and which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from markupsafe import Markup

from noria.chart.series import Line, series
from noria.core.profile.grid import CategoryBins, Grid
from noria.core.profile.profile import Profile, total
from noria.core.profile.sketches import Sketches
from noria.ports import State

RANKS = {"p1": 0.01, "p50": 0.5, "p99": 0.99}
NAMED = 5
"""Categories that are named."""
ONE = timedelta(days=1)

Days = Mapping[datetime, Profile]
"""What came in on each day that had traffic."""


def days(state: State, model: str, version: int, grid: Grid, until: datetime, back: int) -> Days:
    """Return the days of a version up to one, so many at most."""
    found = {}
    for day in (until - number * ONE for number in reversed(range(back))):
        begin, end = (moment.date().isoformat() for moment in (day, day + ONE))
        if hours := state.profiles(model, version, begin, end):
            whole = total(hours.values(), grid)
            found[day] = replace(whole, sketches=Sketches((whole.sketches.merged(),)))
    return found


def course(came: Days, grid: Grid, column: str) -> Markup | str:
    """Return a picture of a column's quantiles, or of how many categories it had; "" before two days."""
    if len(came) < 2:
        return ""
    if isinstance(grid.columns[column], CategoryBins):
        counts = [float(different(profile, grid, column)) for profile in came.values()]
        line = Line(name="different values", style="line-1", values=counts)
        return series(f"{column}: different values by day", list(came), [line])
    found = zip(*(quantiles(profile, column) for profile in came.values()), strict=True)
    lines = [
        Line(name=name, style="line-1" if name == "p50" else "line-0", values=values)
        for name, values in zip(RANKS, found, strict=True)
    ]
    return series(f"{column}: {', '.join(RANKS)} by day", list(came), lines)


def told(profile: Profile, grid: Grid, column: str) -> str:
    """Return in a few words what a column held."""
    if not profile.counts[grid.slices[column]].any():
        return "no values"
    if isinstance(grid.columns[column], CategoryBins):
        named = (f"{name} {share:.1%}" for name, share in frequent(profile, grid, column).items())
        return f"{different(profile, grid, column)} different values; the most frequent: {', '.join(named)}"
    pairs = zip(RANKS, quantiles(profile, column), strict=True)
    return ", ".join(f"{name} {value:.4g}" for name, value in pairs)


def quantiles(profile: Profile, column: str) -> list[float]:
    """Return the numbers at `RANKS`, nan without any."""
    return profile.sketches.quantiles(column, list(RANKS.values()))


def different(profile: Profile, grid: Grid, column: str) -> int:
    """Return how many categories came: of those with a bin exactly."""
    own = profile.counts[grid.slices[column]][:-1]
    return int(np.count_nonzero(own)) + round(profile.sketches.different(column))


def frequent(profile: Profile, grid: Grid, column: str) -> dict[str, float]:
    """Return the most frequent categories, each with its share (0 to 1) of the values."""
    bins, counts = grid.columns[column], profile.counts[grid.slices[column]]
    assert isinstance(bins, CategoryBins)
    known = dict(zip(bins.categories, counts[:-1].tolist(), strict=True))
    both = known | profile.sketches.frequent(column, NAMED)
    best = sorted(both.items(), key=lambda item: (-item[1], item[0]))[:NAMED]
    return {name: count / int(counts.sum()) for name, count in best if count}
