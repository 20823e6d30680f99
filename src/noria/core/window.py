"""What the versions of a plan did: rows, failures, latencies, entities; small, and added up in any order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from noria.core.entities import NOBODY, union, without

BINS = 128
# Latency bin i ends at FIRST_EDGE * RATIO**i seconds, from 0.1 ms to about 180 s; the last one has no end.
FIRST_EDGE = 1e-4
RATIO = 1.12
CAUSES = 8
"""Causes of failure that are counted; of a version that fails in ever new words, the rarer are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortRule:
    """A limit whose breach ends the rollout, such as `error_rate > 1%` or `p99 > 2x champion`.

    `measure` is error_rate (0 to 1) or p99 (seconds); `limit` is in the measure's unit, or, where
    `of_champion`, a multiple of the champion's value in the same window. `text` is as it was written.
    """

    measure: str
    limit: float
    of_champion: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCounts:
    """What one version did under a plan; `+` adds two such counts up.

    Rows answered, rows failed, the most frequent causes of failure with their rows, latencies by bin (see
    `histogram`), and the cells of the entities that met this version before any other (see
    `noria.core.entities`).
    """

    requests: int = 0
    errors: int = 0
    causes: Mapping[str, int] = field(default_factory=dict)
    bins: tuple[int, ...] = (0,) * BINS
    entities: bytes = field(default=NOBODY, repr=False)

    def __add__(self, other: ArmCounts) -> ArmCounts:
        """Return the counts of both together."""
        return ArmCounts(
            requests=self.requests + other.requests,
            errors=self.errors + other.errors,
            causes=dict((Counter(self.causes) + Counter(other.causes)).most_common(CAUSES)),
            bins=tuple(a + b for a, b in zip(self.bins, other.bins, strict=True)),
            entities=union((self.entities, other.entities)),
        )

    @property
    def cause(self) -> str:
        """What failed most rows; "" where none failed."""
        return max(self.causes, key=lambda cause: self.causes[cause], default="")

    @property
    def p99(self) -> float | None:
        """The 99th percentile in seconds: the end of its bin, up to 12% high. None without latencies."""
        rank = math.ceil(0.99 * sum(self.bins))
        seen = 0
        for index, count in enumerate(self.bins):
            seen += count
            if count and seen >= rank:
                return end(index)
        return None

    def slower(self, limit: float) -> int:
        """Return how many latencies surely are above `limit` seconds: those of the bins that begin there."""
        return sum(count for index, count in enumerate(self.bins) if _begin(index) >= limit)


def added(seen: Mapping[int, ArmCounts], fresh: Mapping[int, ArmCounts]) -> dict[int, ArmCounts]:
    """Return the new counts of those versions of a plan that have fresh ones; both are by version.

    An entity that was seen before stays with the version that it met then.
    """
    known = union(arm.entities for arm in seen.values())
    return {
        version: seen.get(version, ArmCounts()) + replace(arm, entities=without(arm.entities, known))
        for version, arm in fresh.items()
    }


def histogram(latencies: Iterable[float]) -> tuple[int, ...]:
    """Return how many of these latencies (seconds) fall into each of the log-spaced bins; shape (BINS,)."""
    bins = [0] * BINS
    for latency in latencies:
        bins[_bin(latency)] += 1
    return tuple(bins)


def end(index: int) -> float:
    """Return where a bin ends, in seconds."""
    return FIRST_EDGE * RATIO**index


def _begin(index: int) -> float:
    return end(index - 1) if index else 0.0


def _bin(latency: float) -> int:
    if latency <= FIRST_EDGE:
        return 0
    return min(math.ceil(math.log(latency / FIRST_EDGE, RATIO)), BINS - 1)
