"""What is said of a column that is not as usual: what, how much of it, and what it usually is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp

from noria.core.profile.grid import NumberBins
from noria.core.profile.profile import Profile
from noria.core.series.columns import Series, Usual, measure
from noria.core.series.units import likely
from noria.monitor.day import Day

NAMED = 8
"""Unseen categories that are named at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Broken:
    """The feature number `at` on a day, `last` its last good day."""

    day: Day
    usual: Usual
    seen: Series
    at: int
    last: Profile | None

    @property
    def rows(self) -> int:
        return int(self.seen.rows[0, self.at])

    @property
    def scale(self) -> tuple[float, float]:
        """The mean and the spread of a column of numbers."""
        return self._scale(self.seen)

    @property
    def before(self) -> tuple[float, float]:
        """The same on its last good day, or else what they usually are."""
        usual, at = self.usual, self.at
        if self.last is None:
            return float(usual.mean.mean[at]), exp(usual.spread.mean[at]) - float(usual.calm[at])
        return self._scale(measure([self.last], self.day.reference.grid, usual.features, usual.calm))

    @property
    def unit(self) -> str:
        """The change of unit that explains it, ready to be appended; "" if none does."""
        change = likely(self.scale, self.before)
        return f": it looks like {change}" if change else ""

    def _scale(self, seen: Series) -> tuple[float, float]:
        return float(seen.mean[0, self.at]), exp(seen.spread[0, self.at]) - float(self.usual.calm[self.at])


def said(broken: Broken, series: str) -> str:
    """Return what is said of a column, if this series is not as usual; without the column's name."""
    return SAY[series](broken)


def _missing(broken: Broken) -> str:
    gone, usually = int(broken.seen.missing[0, broken.at]), broken.usual.missing.mean[broken.at]
    share = "every one" if gone == broken.rows else f"{gone / broken.rows:.1%}"
    return f"is missing in {share} of {broken.rows} rows; usually in {usually:.1%}"


def _type(broken: Broken) -> str:
    share, usually = broken.seen.invalid[0, broken.at] / broken.rows, broken.usual.invalid.mean[broken.at]
    return f"is of another type in {share:.1%} of {broken.rows} rows; usually in {usually:.1%}"


def _unseen(broken: Broken) -> str:
    column = broken.usual.features[broken.at]
    share = f"in {broken.seen.outside[0, broken.at] / broken.seen.present[0, broken.at]:.1%} of the rows"
    bins = broken.day.reference.grid.columns[column]
    if isinstance(bins, NumberBins):
        known = f"{bins.low:g} to {bins.high:g}"
        return f"is beyond all that the version learnt from, {known}, {share}{broken.unit}"
    named = broken.day.profile.sketches.frequent(column, NAMED)
    names = ", ".join(f"{name!r} ({count})" for name, count in named.items())
    return f"has categories that the version never learnt from {share}: {names}"


def _level(broken: Broken) -> str:
    (mean, spread), before = broken.scale, broken.before
    if spread <= 1e-6 * abs(mean):
        usually = round(exp(broken.usual.variety.mean[broken.at]))
        return f"has the one value {mean:g} in all rows that have one; its values usually fill {usually} bins"
    then = "a good day before" if broken.last else "usually"
    return (
        f"has the mean {mean:.4g} and the spread {spread:.4g}; {then} {before[0]:.4g} and {before[1]:.4g}"
        f"{broken.unit}"
    )


def _variety(broken: Broken) -> str:
    few, usually = (
        exp(value) for value in (broken.seen.variety[0, broken.at], broken.usual.variety.mean[broken.at])
    )
    return f"hardly moves: its values fill {few:.0f} of its bins, usually {usually:.0f}"


SAY: dict[str, Callable[[Broken], str]] = {
    "type": _type,
    "unseen": _unseen,
    "missing": _missing,
    "alone": _missing,
    "mean": _level,
    "spread": _level,
    "variety": _variety,
}
