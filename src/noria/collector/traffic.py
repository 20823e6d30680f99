"""What each version did: rows answered, rows failed and latencies, by plan and version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from noria.collector.records import Predictions, Record
from noria.core.window import ArmCounts, histogram

Arm = tuple[int, int]
"""A plan's number and a version."""


def counts(records: Iterable[Record]) -> dict[Arm, ArmCounts]:
    """Return the counts of the predictions among the records; a batch with an error counts as failed."""
    answered: dict[Arm, int] = defaultdict(int)
    failed: dict[Arm, int] = defaultdict(int)
    latencies: dict[Arm, list[float]] = defaultdict(list)
    for record in records:
        if isinstance(record, Predictions):
            arm = record.plan, record.version
            (answered if record.error is None else failed)[arm] += len(record.ids)
            latencies[arm] += record.latencies
    return {
        arm: ArmCounts(requests=answered[arm], errors=failed[arm], bins=histogram(seen))
        for arm, seen in latencies.items()
    }
