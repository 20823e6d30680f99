"""What each version did: rows answered, rows failed, latencies and entities, by plan and version."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np

from noria.block import FLOAT
from noria.collector.records import Predictions, Record
from noria.core.entities import cell, marked
from noria.core.window import CAUSES, ArmCounts, histogram
from noria.outcomes import UNASKED

Arm = tuple[int, int]
"""A plan's number and a version."""
NOBODY = 0
"""The version of rows that no version was asked for."""
_ROW = re.compile(r"^row \d+: ")
"""Which row of a request a model failed on says nothing about the cause."""


def counts(records: Iterable[Record]) -> dict[Arm, ArmCounts]:
    """Return the counts of the predictions among the records; a batch with an error counts as failed.

    A row that a challenger failed and the champion answered is recorded for both, in this order, so its
    entity counts for the challenger.
    """
    answered: dict[Arm, int] = defaultdict(int)
    causes: dict[Arm, Counter[str]] = defaultdict(Counter)
    latencies: dict[Arm, bytearray] = defaultdict(bytearray)
    first: dict[tuple[int, int], int] = {}  # by plan and cell, the version that was met first
    for record in records:
        if isinstance(record, Predictions):
            version = NOBODY if record.role in UNASKED else record.version
            arm = record.plan, version
            if record.error is None:
                answered[arm] += len(record.ids)
            else:
                causes[arm][_ROW.sub("", record.error)] += len(record.ids)
            latencies[arm] += record.latencies
            for entity in record.entities:
                first.setdefault((record.plan, cell(entity)), version)
    cells: dict[Arm, list[int]] = defaultdict(list)
    for (plan, number), version in first.items():
        cells[plan, version].append(number)
    return {
        arm: ArmCounts(
            requests=answered[arm],
            errors=causes[arm].total(),
            causes=dict(causes[arm].most_common(CAUSES)),
            bins=histogram(np.frombuffer(seen, FLOAT).tolist()),
            entities=marked(cells[arm]),
        )
        for arm, seen in latencies.items()
    }
