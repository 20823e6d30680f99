"""The honest candidate that every broken one is made from: a model of four weeks, and its champion."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.broken.policy import GATES, MONITOR
from benchmarks.project import NORIA
from noria.artifact import package
from noria.demo import flights
from noria.gates.subject import Subject
from noria.project.parse import load
from noria.project.table import Column, read_schema
from noria.rows import Rival

FEATURES: Mapping[str, str] = {
    name: "category" if name in ("carrier", "origin", "dest") else "number" for name in flights.FEATURES
}
BEGIN = datetime(2013, 2, 1, 5, tzinfo=UTC)
TRAINED, HELD = timedelta(days=28), timedelta(days=7)
DRAWN = 0.9
GOLDEN = 1000
"""Rows that a person has looked at, and that no candidate learns from."""
PARAMS = {"n_estimators": 40, "learning_rate": 0.1, "num_leaves": 31, "min_child_samples": 200}
"""Smaller than the template's, so that all candidates are trained in a minute."""


def project(folder: Path, months: int = 3) -> Path:
    """Make the flights project with the gates of a careful team; return its directory."""
    root = folder / "flights"
    words = ["init", str(root), "--template", "flights", "--months", str(months)]
    subprocess.run([*NORIA, *words], cwd=folder, check=True, capture_output=True)
    file = root / "noria.toml"
    text = re.sub(r"(?ms)^\[\[gates\]\].*?(?=^\[(?!\[gates))", "", file.read_text())
    text = re.sub(r"(?ms)^\[monitor\].*?(?=^\[)", "", text)
    file.write_text(text.replace("[model]\n", "[model]\npickle = true\n", 1) + MONITOR + GATES)
    return root


def candidate(
    root: Path,
    folder: Path,
    begin: datetime = BEGIN,
    trained: timedelta = TRAINED,
    seed: int = 0,
    **params: Any,
) -> Subject:
    """Return an honest candidate of the project in `root`: its holdout is the week after those trained on.

    Of the rows, `seed` draws nine in ten. The champion is the same model as it was a week before.
    """
    rows = labelled(root).sample(fraction=DRAWN, seed=seed).sort("_time", "flight_id")
    cut, end = begin + trained, begin + trained + HELD
    train, holdout = (
        rows.filter(pl.col("_time").is_between(*span, closed="left")) for span in ((begin, cut), (cut, end))
    )
    golden = train.sample(GOLDEN, seed=0)
    golden.write_parquet(root / "golden.parquet")
    train = train.join(golden.select("flight_id"), on="flight_id", how="anti", maintain_order="left")
    older = train.filter(pl.col("_time") < cut - HELD).with_columns(_version=pl.lit(1, pl.Int64))
    train = pl.concat([older, train.filter(pl.col("_time") >= cut - HELD)])
    champion = fitted(older, folder / "champion", seed=seed, **params)
    rival = Rival(
        name="version 1",
        shipped=str(champion),
        twin=str(champion),
        refit=False,
        data_version=1,
        holdout_from=(cut - HELD).isoformat(),
        learnt=cut - HELD,
    )
    empty = Subject(
        project=load(root),
        schema=read_schema(root),
        checkout=root,
        folder=folder,
        shipped=folder / "shipped",
        judged=folder / "judged",
        champion_artifact=champion,
        train_file=folder / "train.parquet",
        full_file=folder / "full.parquet",
        holdout_file=folder / "holdout.parquet",
        now=end + timedelta(days=1),
        rival=rival,
    )
    return retrained(empty, folder, train=train, holdout=holdout, seed=seed, **params)


def labelled(root: Path) -> pl.DataFrame:
    """Return the flights that landed, by time, as a run cuts them; no honest model uses `pilot_age`."""
    rows = pl.read_parquet(root / "data" / "*.parquet").drop_nulls("late").sort("scheduled_departure")
    time = pl.col("scheduled_departure").cast(pl.Datetime("us", "UTC"))
    columns = read_schema(root).names
    age = 25 + pl.col("flight_id").hash(seed=5) % 40 + 3 * pl.col("late")
    return rows.select(*columns, _time=time, _version=pl.lit(2, pl.Int64), pilot_age=age.cast(pl.Int64))


def retrained(
    subject: Subject,
    folder: Path,
    *,
    train: pl.DataFrame | None = None,
    holdout: pl.DataFrame | None = None,
    learnt: pl.DataFrame | None = None,
    added: Mapping[str, str] | None = None,
    seed: int = 0,
    **params: Any,
) -> Subject:
    """Return the candidate that learnt from other rows: one before, and one after its refit on the holdout.

    `added` are features that it has more, with their kinds in the schema. `learnt` are the rows that it was
    really trained on, where they differ from those of the train file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    train = subject.train if train is None else train
    holdout = subject.holdout if holdout is None else holdout
    full = pl.concat([train, holdout], how="diagonal_relaxed")
    files = {"train": train, "holdout": holdout, "full": full}
    for name, rows in files.items():
        rows.write_parquet(folder / f"{name}.parquet")
    more = tuple(Column(name=name, kind=kind) for name, kind in (added or {}).items())
    features = _features(subject) | {column.name: str(column.feature) for column in more}
    before = train if learnt is None else learnt
    after = full if learnt is None else pl.concat([learnt, holdout], how="diagonal_relaxed")
    data = replace(subject.project.data, features=tuple(features))
    return replace(
        subject,
        project=replace(subject.project, data=data),
        schema=replace(subject.schema, columns=subject.schema.columns + more),
        folder=folder,
        judged=fitted(before, folder / "judged", features=features, seed=seed, **params),
        shipped=fitted(after, folder / "shipped", features=features, seed=seed, **params),
        **{f"{name}_file": folder / f"{name}.parquet" for name in files},
    )


def fitted(
    rows: pl.DataFrame,
    directory: Path,
    *,
    features: Mapping[str, str] | None = None,
    seed: int = 0,
    **params: Any,
) -> Path:
    """Train on the rows and package the model; return its directory."""
    features = features or FEATURES
    model = learner(rows, features, seed=seed, **params)
    example = frame(rows.tail(100), features)
    package.save(model, directory, task="binary", features=features, example=example)
    return directory


def learner(rows: pl.DataFrame, features: Mapping[str, str], *, seed: int = 0, **params: Any) -> Any:
    """Return a LightGBM that is fitted on the rows."""
    from lightgbm import LGBMClassifier

    settings = {**PARAMS, "random_state": seed, "n_jobs": 1, "verbosity": -1, **params}
    return LGBMClassifier(**settings).fit(frame(rows, features), rows["late"].to_pandas())


def frame(rows: pl.DataFrame, features: Mapping[str, str]) -> Any:
    """Return the features as a pandas frame: float64 and categories."""
    categories = {name: "category" for name, kind in features.items() if kind == "category"}
    numbers = [pl.col(name).cast(pl.Float64) for name, kind in features.items() if kind == "number"]
    return rows.with_columns(numbers).select(*features).to_pandas().astype(categories)


def _features(subject: Subject) -> dict[str, str]:
    return {name: str(subject.schema.column(name).feature) for name in subject.project.data.features}
