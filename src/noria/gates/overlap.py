"""Rows of the holdout that the judged model has learnt from, and training rows from its time."""

from __future__ import annotations

import polars as pl

from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject

MARGIN = 0.05
"""By so much the share of copies may be larger than among the training rows themselves."""


def overlap(subject: Subject) -> Finding:
    """No row of the holdout is among the training rows, and none of these is as new as the holdout."""
    train, holdout = subject.train, subject.holdout
    if holdout.is_empty() or train.is_empty():
        return passed("nothing is held out")
    begin = holdout["_time"].sort()[0]
    newer = train.filter(pl.col("_time") >= begin)
    if not newer.is_empty():
        return failed(
            f"{newer.height} of {train.height} training rows are not older than the holdout, from {begin} on",
            rows=newer.head().to_dicts(),
            newer=newer.height,
        )
    if subject.project.data.entity:
        key = list(subject.project.data.identity)
        same = _shared(subject, key)
        if not same.is_empty():
            text = f"{same.height} of {holdout.height} rows of the holdout are training rows"
            return failed(f"{text}, by {', '.join(key)}", rows=same.head().to_dicts(), same=same.height)
    return _copies(subject)


def _shared(subject: Subject, key: list[str]) -> pl.DataFrame:
    """Return the rows of the holdout whose key is that of a training row."""
    known = subject.train.select(key).hash_rows()
    return subject.holdout.filter(subject.holdout.select(key).hash_rows().is_in(known.unique().implode()))


def _copies(subject: Subject) -> Finding:
    """Compare how many rows have a copy among the training rows, by all features and the label."""
    train, holdout = subject.train, subject.holdout
    key = [*subject.features, subject.project.data.label]
    copies = _shared(subject, key)
    share = copies.height / holdout.height
    usual = int(train.select(key).hash_rows().is_duplicated().sum()) / train.height
    text = f"{share:.1%} of the holdout have a copy among the training rows, {usual:.1%} of these themselves"
    chance = 4 * (usual * (1 - usual) / holdout.height) ** 0.5
    if share > usual + MARGIN + chance:
        return failed(text, rows=copies.head().to_dicts(), copies=share, usual=usual)
    return passed(text, copies=share, usual=usual)
