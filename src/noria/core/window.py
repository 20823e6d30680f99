"""What was seen of a rollout's step, and what it means: passed, breached, or not enough yet."""

from __future__ import annotations

from dataclasses import dataclass


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
