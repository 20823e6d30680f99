"""Evidently's data-drift preset on the weeks in a folder: which features drifted, and its verdict."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset


def main(folder: Path) -> dict[str, list[tuple[int, int]]]:
    before = pd.read_parquet(folder / "reference.parquet")
    weeks = []
    for path in sorted(folder.glob("week-*.parquet")):
        said = Report([DataDriftPreset()]).run(pd.read_parquet(path), before).dict()
        found = {metric["metric_name"].partition("(")[0]: metric["value"] for metric in said["metrics"]}
        drifted = found["DriftedColumnsCount"]
        weeks.append((int(drifted["count"]), int(drifted["share"] >= 0.5)))
    return {"data-drift preset": weeks}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
