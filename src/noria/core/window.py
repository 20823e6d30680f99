"""What was seen of a rollout's step, and what it means: passed, breached, or not enough yet."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

BINS = 128
# Latency bin i ends at FIRST_EDGE * RATIO**i seconds, from 0.1 ms to about 180 s; the last one has no end.
FIRST_EDGE = 1e-4
RATIO = 1.12


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
class ArmWindow:
    """What one version did since the step began: rows answered, rows failed, 99th percentile in seconds."""

    requests: int = 0
    errors: int = 0
    p99: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCounts:
    """Rows answered, rows failed and latencies by bin (see `histogram`); `+` adds them up."""

    requests: int = 0
    errors: int = 0
    bins: tuple[int, ...] = (0,) * BINS

    def __add__(self, other: ArmCounts) -> ArmCounts:
        """Return the counts of both together."""
        return ArmCounts(
            requests=self.requests + other.requests,
            errors=self.errors + other.errors,
            bins=tuple(a + b for a, b in zip(self.bins, other.bins, strict=True)),
        )

    def window(self) -> ArmWindow:
        """Return what the rules of a rollout ask about."""
        return ArmWindow(requests=self.requests, errors=self.errors, p99=p99(self.bins))


def histogram(latencies: Iterable[float]) -> tuple[int, ...]:
    """Return how many of these latencies (seconds) fall into each of the log-spaced bins; shape (BINS,)."""
    bins = [0] * BINS
    for latency in latencies:
        bins[_bin(latency)] += 1
    return tuple(bins)


def p99(bins: tuple[int, ...]) -> float | None:
    """Return the 99th percentile in seconds: the end of its bin, up to 12% high. None without latencies."""
    rank = math.ceil(0.99 * sum(bins))
    seen = 0
    for index, count in enumerate(bins):
        seen += count
        if count and seen >= rank:
            return FIRST_EDGE * RATIO**index
    return None


def _bin(latency: float) -> int:
    if latency <= FIRST_EDGE:
        return 0
    return min(math.ceil(math.log(latency / FIRST_EDGE, RATIO)), BINS - 1)
