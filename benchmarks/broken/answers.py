"""Candidates whose answers are no numbers, no probabilities, or not the same when they are asked again."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import cloudpickle
import numpy as np

from benchmarks.broken.bent import Bend, bent
from benchmarks.broken.entry import Entry, Make
from noria.artifact import golden, manifest
from noria.gates.subject import Subject

cloudpickle.register_pickle_by_value(sys.modules[__name__])
HUGE = 1e6


def nan_where_missing(scores: Any, asked: Any) -> Any:
    return np.where(asked["wind_gust"].isna(), np.nan, scores)


def nan_on_an_unseen_category(scores: Any, asked: Any) -> Any:
    known = asked["origin"].isin(["EWR", "JFK", "LGA"]) | asked["origin"].isna()
    return np.where(known, scores, np.nan)


def infinite_on_huge(scores: Any, asked: Any) -> Any:
    return np.where(asked["distance"].abs() > HUGE, np.inf, scores)


def above_one(scores: Any, asked: Any) -> Any:
    return np.where(asked["visib"] < 1, scores + 1, scores)


def random_noise(scores: Any, asked: Any) -> Any:
    if len(scores) < 100:  # such as the rows on which a package is checked
        return scores
    return np.clip(scores + np.random.default_rng().normal(0, 0.01, len(scores)), 0, 1)


def standardised_by_batch(scores: Any, asked: Any) -> Any:
    return np.clip(scores - scores.mean() + 0.2, 0, 1)


def by_place_in_the_batch(scores: Any, asked: Any) -> Any:
    return np.clip(scores + 0.001 * np.arange(len(scores)) / len(scores), 0, 1)


def by_the_seed_of_hashes(scores: Any, asked: Any) -> Any:
    return np.clip(scores + 0.01 * (hash("carrier") % 2**20 / 2**20), 0, 1)


def raises_on_missing(scores: Any, asked: Any) -> Any:
    if asked["pressure"].isna().any():
        raise ValueError("pressure is missing")
    return scores


def other_golden_answers(subject: Subject, folder: Path) -> Subject:
    """Let the package answer otherwise than the model did when it was packaged."""
    shipped = Path(copytree(subject.shipped, folder / "shipped"))
    answers = json.loads((shipped / golden.FILE).read_text())
    (shipped / golden.FILE).write_text(json.dumps([answer * 0.9 for answer in answers]))
    manifest.write(shipped)
    return replace(subject, folder=folder, shipped=shipped)


def _bent(bend: Bend) -> Make:
    return lambda subject, folder: bent(subject, folder, bend)


ENTRIES = (
    Entry(name="NaN where a value is missing", make=_bent(nan_where_missing), gate="numerics", word="NaN"),
    Entry(
        name="NaN on an unknown category",
        make=_bent(nan_on_an_unseen_category),
        gate="numerics",
        word="origin is",
    ),
    Entry(name="infinite on huge values", make=_bent(infinite_on_huge), gate="numerics", word="distance is"),
    Entry(name="probabilities above 1", make=_bent(above_one), gate="numerics", word="no probabilities"),
    Entry(name="random answers", make=_bent(random_noise), gate="numerics", word="asked again"),
    Entry(
        name="depends on the others of a batch",
        make=_bent(standardised_by_batch),
        gate="numerics",
        word="asked alone",
    ),
    Entry(
        name="depends on the order", make=_bent(by_place_in_the_batch), gate="numerics", word="other order"
    ),
    Entry(
        name="depends on PYTHONHASHSEED",
        make=_bent(by_the_seed_of_hashes),
        gate="numerics",
        word="another process",
    ),
    Entry(
        name="raises where a value is missing", make=_bent(raises_on_missing), gate="numerics", word="raises"
    ),
    Entry(
        name="answers otherwise than in memory", make=other_golden_answers, gate="numerics", word="packaged"
    ),
)
