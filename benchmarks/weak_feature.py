"""A planted weak feature, one column whose slightest change flips the decision: does an attack find it?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl
from lightgbm import LGBMClassifier

from benchmarks.evidence import Found
from noria.artifact import package
from noria.core.gates import Outcome
from noria.gates.attack import attack
from noria.gates.subject import Subject
from noria.project.model import Data, Project, Task
from noria.project.table import Column, TableSchema

SEEDS = 20
NUMBERS = ("age", "income", "balance", "visits", "tenure")
PARAMS = {"n_estimators": 60, "num_leaves": 8, "min_child_samples": 100, "n_jobs": 1, "verbosity": -1}
REACH = dict.fromkeys(NUMBERS, "2%")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def measure(scratch: Path) -> Found:
    """Attack candidates with and without a weak feature, of data of twenty seeds."""
    rows, right = [], 0
    for seed in range(SEEDS):
        weak = NUMBERS[seed % len(NUMBERS)]
        begun = perf_counter()
        planted, honest = (
            attack(
                candidate(scratch / f"{seed}-{name}", seed, weak, name),
                columns=REACH,
                flips=0.25,
                accuracy=None,
                seconds=30.0,
            )
            for name in ("planted", "honest")
        )
        found = planted.outcome is Outcome.FAILED and f"{weak!r} alone" in planted.reason
        right += found and honest.outcome is Outcome.PASSED
        flips = [f"{each.numbers['flips']:.1%}" for each in (planted, honest)]
        rows.append((seed, weak, "yes" if found else "no", *flips, round(perf_counter() - begun, 1)))
    return Found(
        title="A planted weak feature",
        how=(
            "In data of 5,000 rows, nine labels in ten are the sign of one column, which lies near 0 nearly "
            "everywhere, so that 2% of its range flip the decision. The gate `attack` may change each of the "
            "five numbers by 2%, and refuses where more than 25% of the decisions flip. It has found the "
            "column when it refuses and names it. Beside it the same data where that column is as the "
            "others, which must pass. Seconds are for training and attacking both."
        ),
        header=("seed", "weak column", "found", "flips", "flips without", "seconds"),
        rows=rows,
        target=f"Target: found in {SEEDS} of {SEEDS}, and never refused without it",
        reached=right == SEEDS,
    )


def candidate(folder: Path, seed: int, weak: str, kind: str) -> Subject:
    """Return a candidate that learnt from data with a weak column, "planted", or with none, "honest"."""
    folder.mkdir(parents=True)
    table = data(seed, weak, planted=kind == "planted")
    train, holdout = table.head(4000), table.tail(1000)
    model = LGBMClassifier(**PARAMS, random_state=seed)
    model.fit(train.select(NUMBERS).to_pandas(), train["yes"].to_numpy())
    kinds = dict.fromkeys(NUMBERS, "number")
    package.save(
        model, folder / "model", task="binary", features=kinds, example=train.select(NUMBERS).head(50)
    )
    for name, frame in (("train", train), ("holdout", holdout)):
        frame.write_parquet(folder / f"{name}.parquet")
    columns = [Column(name=name, kind="number") for name in NUMBERS]
    source = Data(source=("data.csv",), label="yes", features=NUMBERS, time="at")
    return Subject(
        project=Project(root=folder, name="weak", task=Task.BINARY, data=source, gates=()),
        schema=TableSchema(columns=(*columns, Column(name="yes", kind="integer"))),
        checkout=folder,
        folder=folder,
        shipped=folder / "model",
        judged=folder / "model",
        champion_artifact=None,
        train_file=folder / "train.parquet",
        full_file=folder / "train.parquet",
        holdout_file=folder / "holdout.parquet",
        now=BEGIN + timedelta(days=365),
    )


def data(seed: int, weak: str, *, planted: bool) -> pl.DataFrame:
    """Return 5,000 rows whose label hangs on two columns, and where planted on a third above all."""
    random = np.random.default_rng(seed)
    table = {name: random.normal(0, 1, 5000) for name in NUMBERS}
    first, second, *_ = (name for name in NUMBERS if name != weak)
    yes = random.random(5000) < 1 / (1 + np.exp(-3 * table[first] - 2 * table[second]))
    if planted:
        near = random.random(5000) < 0.99
        table[weak] = np.where(near, random.normal(0, 0.02, 5000), table[weak])
        yes = np.where(random.random(5000) < 0.9, table[weak] > 0, yes)
    times = [BEGIN + timedelta(hours=hour) for hour in range(5000)]
    return pl.DataFrame({**table, "yes": yes.astype(int), "_time": times})
