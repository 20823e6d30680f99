"""Real projects of a few files, whose pipeline trains in milliseconds."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from noria.project.infer import infer
from noria.project.model import Project
from noria.project.parse import load
from noria.project.table import read_schema, write_schema
from noria.replay.replay import replay
from noria.replay.result import PolicyResult, Replay

BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
NOW = datetime(2014, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

LINEAR = """
from sklearn.linear_model import {estimator}

def model(train, params):
    rows = train.select({features}, "y").to_pandas()
    return {estimator}(**params).fit(rows[[{features}]], rows["y"])
"""
TIMED = 'time = "at"\nlabel_delay = "1d"'
WEEKLY = """
[train]
holdout = "7d"
[triggers]
commit = false
cadence = { floor = "7d", ceiling = "7d" }
[[gates]]
check = "finite"
"""


def pipeline(*features: str, estimator: str = "LogisticRegression") -> str:
    """Return a pipeline that fits scikit-learn's estimator to these columns."""
    return LINEAR.format(estimator=estimator, features=", ".join(map(repr, features or ("x",))))


def rows(count: int = 400, seed: int = 0) -> pl.DataFrame:
    """Return rows six hours apart; y is 1 where x and as much noise are above 0 together."""
    random = np.random.default_rng(seed)
    x = random.normal(size=count)
    late = x + random.normal(size=count) > 0
    times = [BEGIN + 6 * HOUR * number for number in range(count)]
    return pl.DataFrame({"at": times, "x": x, "y": late.astype(int)})


def make(
    root: Path,
    frame: pl.DataFrame,
    *,
    task: str = "binary",
    data: str = TIMED,
    policy: str = WEEKLY,
    code: str | None = None,
) -> Project:
    """Write a project with this table as its data, under version control."""
    (root / "data").mkdir(parents=True)
    frame.write_parquet(root / "data" / "rows.parquet")
    columns = [name for name in frame.columns if name not in ("at", "who", "known", "y")]
    (root / "noria.toml").write_text(
        f'[model]\nname = "tiny"\ntask = "{task}"\n'
        f'[data]\nsource = "data/*.parquet"\nlabel = "y"\nfeatures = {columns}\n{data}\n{policy}'
    )
    roles = {"time": "at", "entity": "who", "label_time": "known"}
    named = {role: name for role, name in roles.items() if f"{role} =" in data}
    write_schema(infer(frame, label="y", **named).schema, root)
    estimator = "LinearRegression" if task == "regression" else "LogisticRegression"
    (root / "pipeline.py").write_text(code or pipeline(*columns, estimator=estimator))
    (root / ".gitignore").write_text(".noria/\ndata/\n")
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for arguments in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "The first")):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    return load(root)


def copied(project: Project, root: Path, frame: pl.DataFrame) -> Project:
    """Return the same project with another table of the same columns."""
    shutil.copytree(project.root, root, ignore=shutil.ignore_patterns(".noria"))
    frame.write_parquet(root / "data" / "rows.parquet")
    return load(root)


def played(project: Project, *names: str, begin: datetime | None = None) -> Replay:
    """Replay the policies of these names."""
    schema = read_schema(project.root)
    return replay(project, schema, names, begin=begin, end=None, now=NOW, tell=lambda progress: None)


def result(played: Replay, name: str) -> PolicyResult:
    """Return what a policy came to."""
    return next(policy for policy in played.policies if policy.name == name)
