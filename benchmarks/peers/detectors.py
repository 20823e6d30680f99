"""River's detectors over streams of losses, in River's own environment: on which days each raised an alarm.

Reads every stream in the folder that is named: `day`, `wrong` (0 or 1) and `loss` of each row, in order.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from river import drift

WRONG = {
    "ADWIN": drift.ADWIN,
    "Page-Hinkley": drift.PageHinkley,
    "DDM": drift.binary.DDM,
    "HDDM-A": drift.binary.HDDMA,
    "HDDM-W": drift.binary.HDDMW,
}
"""Each with its defaults, over whether each row was wrong; ADWIN also over the mean loss of each day."""


def alarms(detector: Any, values: Sequence[Any], days: Sequence[int]) -> Iterator[int]:
    for value, day in zip(values, days, strict=True):
        detector.update(value)
        if detector.drift_detected:
            yield day


def found(stream: Any) -> dict[str, list[int]]:
    days, wrong = stream["day"].tolist(), stream["wrong"].astype(bool).tolist()
    numbers = [float(each) for each in wrong]
    rows = {
        name: list(alarms(kind(), wrong if "DDM" in name else numbers, days)) for name, kind in WRONG.items()
    }
    means = np.bincount(stream["day"], stream["loss"]) / np.bincount(stream["day"])
    by_day = drift.ADWIN(clock=1, grace_period=7)
    return {**rows, "ADWIN, by day": list(alarms(by_day, means.tolist(), range(len(means))))}


if __name__ == "__main__":
    print(json.dumps({path.stem: found(np.load(path)) for path in sorted(Path(sys.argv[1]).glob("*.npz"))}))
