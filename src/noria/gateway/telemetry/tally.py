"""What one version has answered since this worker knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic


@dataclass(slots=True)
class Requests:
    """Requests, or the parts of them that one version answered, their rows, and the seconds they took."""

    count: int = 0
    rows: int = 0
    seconds: float = 0.0

    def add(self, started: list[float], rows: int) -> None:
        """Count requests that are done now, by the monotonic times at which they came."""
        self.count += len(started)
        self.rows += rows
        self.seconds += len(started) * monotonic() - sum(started)


@dataclass(slots=True)
class Tally:
    """`calls` are the micro-batches that its process answered."""

    calls: int = 0
    answered: Requests = field(default_factory=Requests)
    failed: Requests = field(default_factory=Requests)
