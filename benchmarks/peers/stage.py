"""A step as a stage of dvc: reads what it needs from files, and writes one."""

import json
import sys
from pathlib import Path

import polars as pl
import steps


def read(file: str):
    if file.endswith(".csv"):
        return pl.read_csv(file)
    content = Path(file).read_bytes()
    return json.loads(content) if content.startswith(b"{") else pl.read_parquet(file)


def write(value: object, file: str) -> None:
    if isinstance(value, pl.DataFrame):
        value.write_parquet(file)
    elif isinstance(value, dict):
        Path(file).write_text(json.dumps(value))
    else:
        value.booster_.save_model(file)


step, *needs = sys.argv[1:]
write(getattr(steps, step)(*map(read, needs)), f"{step}.out")
