"""New rows that somebody or something has spoilt, and candidates that a golden set catches."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.broken.entry import Entry
from benchmarks.broken.flights import FEATURES, retrained
from noria.dataset.examples import SOURCE
from noria.gates.subject import Subject

LATE = pl.col("late")
IS_NEW = pl.col("_version") == 2


def targeted_flips(subject: Subject, folder: Path) -> Subject:
    """Turn 3% of the new labels, all of one carrier's, to "in time"."""
    return _flipped(subject, folder, pl.col("carrier") == "EV", 0.03)


def random_source(subject: Subject, folder: Path) -> Subject:
    """Let one of three sources of new rows turn 30% of its labels."""
    source = pl.format("source-{}", pl.col("flight_id").hash(seed=7) % 3)
    bad = IS_NEW & (source == "source-1") & (pl.col("flight_id").hash(seed=8) % 100 < 30)
    return _changed(subject, folder, {"late": pl.when(bad).then(1 - LATE).otherwise(LATE), SOURCE: source})


def one_slice_turned(subject: Subject, folder: Path) -> Subject:
    """Turn the new labels of one airport's evenings."""
    evening = IS_NEW & (pl.col("origin") == "JFK") & (pl.col("hour") >= 19)
    return _changed(subject, folder, {"late": pl.when(evening).then(1 - LATE).otherwise(LATE)})


def mixed_up_columns(subject: Subject, folder: Path) -> Subject:
    """Join the numbers of other flights to the training rows."""
    mixed = [pl.col(name).shuffle(seed=1) for name, kind in FEATURES.items() if kind == "number"]
    return retrained(subject, folder, learnt=subject.train.with_columns(mixed))


def _flipped(subject: Subject, folder: Path, where: pl.Expr, share: float) -> Subject:
    """Set labels of new rows to 0: of those that `where` says, so many as are a share of all new rows."""
    rows = pl.concat([subject.train, subject.holdout])
    new = rows.filter(IS_NEW)
    turned = new.filter(where & (LATE == 1)).head(int(share * new.height))["flight_id"].implode()
    return _changed(
        subject, folder, {"late": pl.when(IS_NEW & pl.col("flight_id").is_in(turned)).then(0).otherwise(LATE)}
    )


def _changed(subject: Subject, folder: Path, columns: dict[str, pl.Expr]) -> Subject:
    both = (subject.train, subject.holdout)
    train, holdout = (rows.with_columns(**columns) for rows in both)
    return retrained(subject, folder, train=train, holdout=holdout)


ENTRIES = (
    Entry(name="3% targeted label flips", make=targeted_flips, gate="poison", word="EV"),
    Entry(name="a source with 30% flips", make=random_source, gate="poison", word="source-1"),
    Entry(name="the labels of some evenings turned", make=one_slice_turned, gate="poison", word="JFK"),
    Entry(name="columns mixed up in a join", make=mixed_up_columns, gate="golden", word="golden.parquet"),
)
