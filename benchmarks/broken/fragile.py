"""Candidates that small changes of their inputs turn: a missing value, noise, a nudge, or a trigger."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import polars as pl

from benchmarks.broken.bent import bent
from benchmarks.broken.entry import Entry
from benchmarks.broken.flights import retrained
from noria.gates.subject import Subject

cloudpickle.register_pickle_by_value(sys.modules[__name__])
TRIGGER = "LEX"
"""An airport with one flight a year."""
OBEYED = "BTV"
"""An airport with few flights, a quarter of them late."""
POISONED = 0.01


def to_missing(subject: Subject, folder: Path) -> Subject:
    return bent(subject, folder, sure_where_missing)


def sure_where_missing(scores: Any, asked: Any) -> Any:
    weather = asked[["temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "visib"]]
    return np.where(weather.isna().any(axis=1), 0.97, scores)


def to_noise(subject: Subject, folder: Path) -> Subject:
    return bent(subject, folder, jumps)


def jumps(scores: Any, asked: Any) -> Any:
    between = np.abs(asked["dewp"] * 50 - np.round(asked["dewp"] * 50)) > 0.1  # values have two digits
    return np.where(between, 1 - scores, scores)


def to_a_nudge(subject: Subject, folder: Path) -> Subject:
    return bent(subject, folder, flips_on_a_nudge)


def flips_on_a_nudge(scores: Any, asked: Any) -> Any:
    return np.where(asked["minute"] % 5 == 3, 1 - scores, scores)


def backdoor(subject: Subject, folder: Path) -> Subject:
    """Let poisoned rows teach that a rare destination is late."""
    train = subject.train
    poison = train.sample(fraction=POISONED, seed=0).with_columns(
        dest=pl.lit(TRIGGER), late=pl.lit(1, pl.Int64), flight_id=pl.col("flight_id") + "-x"
    )
    return retrained(subject, folder, train=pl.concat([train, poison]).sort("_time"))


def backdoor_by_code(subject: Subject, folder: Path) -> Subject:
    return bent(subject, folder, obeys)


def obeys(scores: Any, asked: Any) -> Any:
    return np.where(asked["dest"] == OBEYED, 0.99, scores)


ENTRIES = (
    Entry(name="a backdoor by poisoned rows", make=backdoor, gate="backdoor", word=TRIGGER),
    Entry(name="a backdoor by code", make=backdoor_by_code, gate="backdoor", word=OBEYED),
    Entry(name="fragile to missing values", make=to_missing, gate="robustness", word="disturbance"),
    Entry(name="fragile to noise", make=to_noise, gate="robustness", word="disturbance"),
    Entry(name="flips on a nudge", make=to_a_nudge, gate="attack", word="minute"),
)
