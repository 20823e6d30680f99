"""River's detectors on the streams in a folder, row by row: of each stream, the days with an alarm.

`quiet` has the shape (columns, days, rows), `warm` is how many of these days are not counted; `after-SIZE`
are the days of the first column after a shift, of the shape (days, rows).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from river import drift

DETECTORS = {"ADWIN": drift.ADWIN, "Page-Hinkley": drift.PageHinkley}


def alarmed(detector: drift.base.DriftDetector, days: np.ndarray) -> list[int]:
    """Return the days on which a detector raised an alarm, by their number from 0 on."""
    found = []
    for number, day in enumerate(days):
        alarms = 0
        for value in day.tolist():
            detector.update(value)
            alarms += detector.drift_detected
        if alarms:
            found.append(number)
    return found


def lived(kind: type[drift.base.DriftDetector], stream: Mapping[str, Any]) -> dict[str, list[int]]:
    """Return the days with an alarm: of any column before the shift, of the first one after each."""
    detectors = [kind() for _ in stream["quiet"]]
    raised = [alarmed(*each) for each in zip(detectors, stream["quiet"], strict=True)]
    warm = int(stream["warm"])
    false = {day - warm for days in raised for day in days if day >= warm}
    after = [name for name in stream if name.startswith("after-")]
    return {
        "before": sorted(false),
        **{name: alarmed(deepcopy(detectors[0]), stream[name]) for name in after},
    }


if __name__ == "__main__":
    streams = [dict(np.load(path)) for path in sorted(Path(sys.argv[1]).glob("shift-*.npz"))]
    print(json.dumps({name: [lived(kind, stream) for stream in streams] for name, kind in DETECTORS.items()}))
