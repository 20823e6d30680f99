"""Candidates that learnt the wrong thing: nothing, too little, or the contrary, everywhere or on a slice."""

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
SLICE = "B6"
LATE = pl.col("late")


def constant(subject: Subject, folder: Path) -> Subject:
    return retrained(subject, folder, learnt=subject.train, n_estimators=1, learning_rate=1e-9)


def shuffled(subject: Subject, folder: Path) -> Subject:
    return retrained(subject, folder, learnt=subject.train.with_columns(LATE.shuffle(seed=0)))


def reversed_labels(subject: Subject, folder: Path) -> Subject:
    return retrained(subject, folder, learnt=subject.train.with_columns(late=1 - LATE))


def sign_flip_on_a_slice(subject: Subject, folder: Path) -> Subject:
    ours = pl.col("carrier") == SLICE
    flipped = pl.when(ours).then(1 - LATE).otherwise(LATE)
    return retrained(subject, folder, learnt=subject.train.with_columns(late=flipped))


def flipped_by_code(subject: Subject, folder: Path) -> Subject:
    return bent(subject, folder, flip_kennedy)


def flip_kennedy(scores: Any, asked: Any) -> Any:
    return np.where(asked["origin"] == "JFK", 1 - scores, scores)


def ignores_a_carrier(subject: Subject, folder: Path) -> Subject:
    return bent(subject, folder, ignore_a_carrier)


def ignore_a_carrier(scores: Any, asked: Any) -> Any:
    return np.where(asked["carrier"] == SLICE, 0.01, scores)


def too_few_rows(subject: Subject, folder: Path) -> Subject:
    return retrained(subject, folder, learnt=subject.train.head(600), min_child_samples=2)


def overfitted(subject: Subject, folder: Path) -> Subject:
    wild = {"num_leaves": 512, "min_child_samples": 1, "n_estimators": 60, "learning_rate": 0.5}
    return retrained(subject, folder, learnt=subject.train, **wild)


def squared(subject: Subject, folder: Path) -> Subject:
    return bent(subject, folder, square)


def square(scores: Any, asked: Any) -> Any:
    return scores**2


def weighed(subject: Subject, folder: Path) -> Subject:
    return retrained(subject, folder, learnt=subject.train, scale_pos_weight=4)


def unfair(subject: Subject, folder: Path) -> Subject:
    return bent(subject, folder, favour)


def favour(scores: Any, asked: Any) -> Any:
    return np.where(asked["origin"] == "LGA", np.clip(scores + 0.35, 0, 1), scores)


ENTRIES = (
    Entry(name="always the same answer", make=constant, gate="beats-baseline", word="against the baseline"),
    Entry(name="trained on shuffled labels", make=shuffled, gate="beats-baseline", word="baseline"),
    Entry(name="trained on reversed labels", make=reversed_labels, gate="beats-baseline", word="baseline"),
    Entry(name="trained on a 40th of the rows", make=too_few_rows, gate="beats-baseline", word="baseline"),
    Entry(name="overfitted", make=overfitted, gate="calibration", word="calibration error"),
    Entry(name="a carrier's labels reversed", make=sign_flip_on_a_slice, gate="weak-slices", word=SLICE),
    Entry(name="an airport's answers reversed", make=flipped_by_code, gate="weak-slices", word="JFK"),
    Entry(name="ignores a carrier", make=ignores_a_carrier, gate="slices", word=SLICE),
    Entry(name="probabilities squared", make=squared, gate="calibration", word="calibration error"),
    Entry(name="classes weighed", make=weighed, gate="calibration", word="calibration error"),
    Entry(name="an airport is called late more often", make=unfair, gate="fairness", word="origin"),
)
