"""Evidently's data-drift preset, in its own environment: seconds of processor for a report on two files."""

from __future__ import annotations

import sys
import time

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset


def main(reference: str, current: str) -> None:
    before, now = pd.read_parquet(reference), pd.read_parquet(current)
    begin = time.process_time()
    Report([DataDriftPreset()]).run(now, before).json()
    print(time.process_time() - begin)


if __name__ == "__main__":
    main(*sys.argv[1:])
