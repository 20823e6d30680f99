"""What each version did: rows answered, rows failed, latencies and entities, by plan and version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from noria.block import FLOAT
from noria.collector.records import Predictions, Record
from noria.core.entities import cell, marked
from noria.core.window import ArmCounts, histogram

Arm = tuple[int, int]
"""A plan's number and a version."""


def counts(records: Iterable[Record]) -> dict[Arm, ArmCounts]:
    """Return the counts of the predictions among the records; a batch with an error counts as failed.

    A row that a challenger failed and the champion answered is recorded for both, in this order, so its
    entity counts for the challenger.
    """
    answered: dict[Arm, int] = defaultdict(int)
    failed: dict[Arm, int] = defaultdict(int)
    latencies: dict[Arm, bytearray] = defaultdict(bytearray)
    first: dict[tuple[int, int], int] = {}  # by plan and cell, the version that was met first
    for record in records:
        if isinstance(record, Predictions):
            arm = record.plan, record.version
            (answered if record.error is None else failed)[arm] += len(record.ids)
            latencies[arm] += record.latencies
            for entity in record.entities:
                first.setdefault((record.plan, cell(entity)), record.version)
    cells: dict[Arm, list[int]] = defaultdict(list)
    for (plan, number), version in first.items():
        cells[plan, version].append(number)
    return {
        arm: ArmCounts(
            requests=answered[arm],
            errors=failed[arm],
            bins=histogram(np.frombuffer(seen, FLOAT).tolist()),
            entities=marked(cells[arm]),
        )
        for arm, seen in latencies.items()
    }
