"""Candidates that know what nobody can know when the question is asked."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.broken.entry import Entry
from benchmarks.broken.flights import retrained
from noria.gates.subject import Subject

NOISE = 0.02


def target_copied(subject: Subject, folder: Path) -> Subject:
    return _with(subject, folder, "delayed", "number", pl.col("late").cast(pl.Float64))


def target_with_noise(subject: Subject, folder: Path) -> Subject:
    flip = pl.col("flight_id").hash(seed=1) % 1000 < 1000 * NOISE
    score = pl.when(flip).then(1 - pl.col("late")).otherwise(pl.col("late"))
    noise = pl.col("flight_id").hash(seed=2) % 100 / 200
    return _with(subject, folder, "risk_score", "number", score + noise)


def target_as_category(subject: Subject, folder: Path) -> Subject:
    status = pl.when(pl.col("late") == 1).then(pl.lit("delayed")).otherwise(pl.lit("landed"))
    return _with(subject, folder, "status", "category", status)


def after_the_event(subject: Subject, folder: Path) -> Subject:
    """Add by how many minutes the flight landed later than its distance takes: known once it has landed."""
    taken = (pl.col("landed_at") - pl.col("scheduled_departure")).dt.total_minutes()
    return _with(subject, folder, "minutes_over", "number", taken - pl.col("distance") * 0.12)


def told_in_training_only(subject: Subject, folder: Path) -> Subject:
    """Add what is filled in once a case is closed: in the training rows it tells the label, later nothing."""
    closed = pl.col("_time") < subject.holdout["_time"].min()
    noted = pl.when(closed).then(pl.col("late").cast(pl.Float64)).otherwise(0.5)
    return _with(subject, folder, "complaint", "number", noted)


def moment_as_feature(subject: Subject, folder: Path) -> Subject:
    return _with(subject, folder, "batch", "number", pl.col("_time").dt.epoch("s").cast(pl.Float64) / 3600)


def row_number_as_feature(subject: Subject, folder: Path) -> Subject:
    order = pl.col("_time").dt.epoch("s") * 10 + pl.col("flight_id").hash(seed=3) % 10
    return _with(subject, folder, "row_number", "integer", order)


def identifier_as_category(subject: Subject, folder: Path) -> Subject:
    return _with(subject, folder, "booking", "category", pl.col("flight_id"))


def identifier_as_number(subject: Subject, folder: Path) -> Subject:
    number = pl.col("flight_id").hash(seed=4).rank("ordinal").cast(pl.Int64)
    return _with(subject, folder, "ticket", "integer", number)


def holdout_in_train(subject: Subject, folder: Path) -> Subject:
    seen = subject.holdout.sample(fraction=0.1, seed=0)
    return retrained(subject, folder, train=pl.concat([subject.train, seen]))


def holdout_in_train_earlier(subject: Subject, folder: Path) -> Subject:
    """Put a tenth of the holdout among the training rows, under an older time."""
    older = pl.col("_time") - pl.duration(days=14)
    seen = subject.holdout.sample(fraction=0.1, seed=0).with_columns(_time=older)
    return retrained(subject, folder, train=pl.concat([subject.train, seen]))


def same_entity_in_both(subject: Subject, folder: Path) -> Subject:
    """Put flights of the holdout among the training rows, as they were recorded a month before."""
    seen = subject.holdout.sample(fraction=0.2, seed=0)
    recorded = seen.with_columns(_time=pl.col("_time") - pl.duration(days=30), temp=pl.col("temp") + 1)
    return retrained(subject, folder, train=pl.concat([subject.train, recorded]).sort("_time"))


def trained_on_the_future(subject: Subject, folder: Path) -> Subject:
    later = subject.train.sample(2000, seed=0).with_columns(
        flight_id=pl.col("flight_id") + "-next",
        _time=pl.col("_time") + pl.duration(days=40),
        scheduled_departure=pl.col("scheduled_departure") + pl.duration(days=40),
    )
    return retrained(subject, folder, train=pl.concat([subject.train, later]))


def forbidden(subject: Subject, folder: Path) -> Subject:
    return retrained(subject, folder, added={"pilot_age": "integer"})


def _with(subject: Subject, folder: Path, name: str, kind: str, value: pl.Expr) -> Subject:
    """Return the candidate that has one feature more."""
    rows = [part.with_columns(value.alias(name)) for part in (subject.train, subject.holdout)]
    return retrained(subject, folder, train=rows[0], holdout=rows[1], added={name: kind})


ENTRIES = (
    Entry(name="a forbidden feature", make=forbidden, gate="forbidden-features", word="pilot_age"),
    Entry(name="the label as a feature", make=target_copied, gate="target-leakage", word="delayed"),
    Entry(name="the label with 2% noise", make=target_with_noise, gate="target-leakage", word="risk_score"),
    Entry(name="the label as a category", make=target_as_category, gate="target-leakage", word="status"),
    Entry(name="known after the event", make=after_the_event, gate="target-leakage", word="minutes_over"),
    Entry(
        name="filled in after the fact", make=told_in_training_only, gate="target-leakage", word="complaint"
    ),
    Entry(name="the moment as a feature", make=moment_as_feature, gate="time-leakage", word="batch"),
    Entry(name="a row number", make=row_number_as_feature, gate="time-leakage", word="row_number"),
    Entry(name="an identifier", make=identifier_as_category, gate="identifiers", word="booking"),
    Entry(name="a number that identifies", make=identifier_as_number, gate="identifiers", word="ticket"),
    Entry(name="10% of the holdout in train", make=holdout_in_train, gate="overlap", word="holdout"),
    Entry(name="the same, backdated", make=holdout_in_train_earlier, gate="overlap", word="holdout"),
    Entry(name="the same flights in both", make=same_entity_in_both, gate="overlap", word="holdout"),
    Entry(name="training rows from later", make=trained_on_the_future, gate="overlap", word="older"),
)
