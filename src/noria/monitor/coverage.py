"""Coverage: which share of the truths lay within the margins that were told, and the level that follows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from noria.core.conformal import adapt
from noria.core.student import quantile
from noria.monitor.day import Day
from noria.outcomes import ROLES
from noria.realised import COVERAGE
from noria.rows import CohortRow, QualityRow, SignalRow

FILE = "coverage.json"
DAYS = 30
"""The newest mature days whose coverage is held against what was promised."""
FEWEST = 14
"""Days below which nobody knows how much a day's coverage varies by itself."""
ALPHA = 1e-3
"""The probability that the coverage of a month that keeps its promise is called off."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What gateways are told: the `level` after the days up to `through`, to keep a promise of `coverage`."""

    coverage: float
    through: str
    level: float


def publish(rows: Sequence[QualityRow], coverage: float, home: Path) -> float:
    """Tell the gateways the level at which they take margins, after the mature days; return it.

    Each day moves it once. Where another share is promised than before, what was covered until then says
    nothing: the level begins anew.
    """
    folder = home / "gateway"
    days = daily(rows)
    newest = max(days, default="")
    before = _told(folder) or Told(coverage=coverage, through="", level=coverage)
    if before.coverage != coverage:
        before = Told(coverage=coverage, through=newest, level=coverage)
    fresh = [share for day, share in days.items() if day > before.through]
    level = adapt(before.level, coverage, fresh)
    told = Told(coverage=coverage, through=max(newest, before.through), level=level)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "coverage.draft"
    draft.write_bytes(msgspec.json.encode(told))
    draft.replace(folder / FILE)
    return level


def daily(rows: Sequence[QualityRow | CohortRow]) -> dict[str, float]:
    """Return by day, the oldest first, which share of the labelled truths was covered by who answered."""
    covered: dict[str, float] = {}
    labelled: dict[str, int] = {}
    for row in rows:
        if row.role in ROLES and COVERAGE in row.metrics:
            count = row.rows if isinstance(row, QualityRow) else sum(row.delays)
            covered[row.day] = covered.get(row.day, 0.0) + row.metrics[COVERAGE] * count
            labelled[row.day] = labelled.get(row.day, 0) + count
    return {day: covered[day] / labelled[day] for day in sorted(covered)}


def coverage(day: Day) -> list[SignalRow]:
    """Return, once for all versions, whether the truths of the last month lay within their margins.

    The promise is held against the mean of the days, whose own spread says how far off that may be; the t
    distribution, at ALPHA on both sides.
    """
    promised = day.project.monitor.coverage
    days = list(daily(day.matured).values())[-DAYS:]
    if promised is None or day.traffic is None or not days:
        return []
    mean = float(np.mean(days))
    if len(days) < FEWEST:
        limit, level = 0.0, "ok"
    else:
        error = float(np.std(days, ddof=1)) / len(days) ** 0.5
        limit = quantile(1 - ALPHA / 2, len(days) - 1) * error
        level = "alert" if abs(mean - promised) > limit else "ok"
    reason = (
        f"{mean:.1%} of the truths of {len(days)} days lay within their margins, and {promised:.0%} are to"
    )
    return [day.signal(COVERAGE, "", level, mean, promised - limit, reason, days=len(days))]


def _told(folder: Path) -> Told | None:
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Told)
    except (OSError, msgspec.DecodeError):
        return None
