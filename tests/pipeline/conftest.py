"""A small project on disk, with a helper module, and what it takes to train it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria.pipeline.train import Request

PIPELINE = '''
"""The steps."""
import polars as pl
from sklearn.linear_model import LogisticRegression
from shapes import scale, COLUMNS


def features(train: pl.DataFrame) -> pl.DataFrame:
    return scale(train)


def size(train) -> dict:
    return {"rows": train.height, "columns": train.columns}


def model(features, params, seed):
    rows = features.select(COLUMNS).to_pandas()
    return LogisticRegression(C=params["C"], random_state=seed).fit(rows, features["y"].to_numpy())
'''

SHAPES = '''
COLUMNS = ["a", "b"]


def scale(frame):
    """Leave the numbers as they are."""
    return frame


def unused(frame):
    return frame
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "pipeline.py").write_text(PIPELINE)
    (root / "shapes.py").write_text(SHAPES)
    (root / "requirements.lock").write_text("polars==2.1.0\n")
    return root


@pytest.fixture
def request_for(project: Path, tmp_path: Path) -> Callable[..., Request]:
    """Return a function that makes a request with some of its values changed."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 200))
    rows = pl.DataFrame({"a": a, "b": b, "y": (a + b > 0).astype(int), "_version": [1] * 200})
    rows.write_parquet(tmp_path / "rows.parquet")
    request = Request(
        checkout=str(project),
        pipeline="pipeline.py",
        rows=str(tmp_path / "rows.parquet"),
        out=str(tmp_path / "out"),
        cache=str(tmp_path / "cache"),
        params={"C": 1.0},
        seed=7,
        features={"a": "number", "b": "number"},
        label="y",
        task="binary",
    )
    return lambda **changes: replace(request, **changes)


@pytest.fixture
def edit(project: Path) -> Callable[[str, str, str], None]:
    """Return a function that replaces a piece of text in a file of the project."""

    def replaced(file: str, old: str, new: str) -> None:
        text = (project / file).read_text()
        assert old in text
        (project / file).write_text(text.replace(old, new))

    return replaced
