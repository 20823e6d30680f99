"""River's detectors on the numbers of the weeks in a folder, row by row: of each week, the alarms of each."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from river import drift

DETECTORS = {"ADWIN": drift.ADWIN, "Page-Hinkley": drift.PageHinkley}
LEARNT = 20_000
"""Rows of the reference, its last, that a detector sees before the weeks."""


def main(folder: Path) -> dict[str, list[tuple[int, int]]]:
    reference, *weeks = [np.load(path) for path in sorted(folder.glob("*.npz"))]
    found = {}
    for name, kind in DETECTORS.items():
        flagged = [0] * len(weeks)
        for column in reference:
            detector = kind()
            for value in reference[column][-LEARNT:].tolist():
                detector.update(value)
            for number, week in enumerate(weeks):
                alarms = sum(_alarm(detector, value) for value in week[column].tolist())
                flagged[number] += alarms > 0
        found[name] = [(int(count), int(count > 0)) for count in flagged]
    return found


def _alarm(detector: drift.base.DriftDetector, value: float) -> bool:
    detector.update(value)
    return bool(detector.drift_detected)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
