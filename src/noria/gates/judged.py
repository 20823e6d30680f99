"""What the judged model says of the holdout, beside what came true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.core.quality import Array
from noria.gates.subject import Subject
from noria.pipeline.evaluate import opponents_of
from noria.pipeline.measure import Opponent, aligned, baseline, blocks_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """The n rows of the holdout: truth and output as metrics take them; the block of each, such as a day."""

    rows: pl.DataFrame
    truth: Array
    output: Array
    blocks: NDArray[np.int64]

    def __getitem__(self, part: NDArray[np.bool_]) -> Judged:
        """Return the rows that `part` of shape (n,) marks."""
        return Judged(
            rows=self.rows.filter(part),
            truth=self.truth[part],
            output=self.output[part],
            blocks=self.blocks[part],
        )


def judged(subject: Subject) -> Judged:
    """Return what the twin says, which has not seen these rows."""
    rows, model = subject.holdout, subject.twin
    return Judged(
        rows=rows,
        truth=model.truth(rows[subject.project.data.label]),
        output=model.predict(rows),
        blocks=blocks_of(rows["_time"]),
    )


def opponent(subject: Subject) -> Opponent:
    """Return whom the twin is held against on the holdout: the champion, or without one, a constant.

    If the champion has learnt from these rows, it is the champion before its refit.
    """
    rows, twin = subject.holdout, subject.twin
    if subject.champion is None:
        known = twin.truth(subject.train[subject.project.data.label])
        constant = np.asarray(baseline(known, len(twin.classes) or None))
        output = np.broadcast_to(constant, (rows.height, *constant.shape))
        return Opponent(name="a constant", output=output, untouched=_all(rows))
    if subject.rival is None:
        answers = aligned(subject.champion.predict(rows), subject.champion.classes, twin.classes)
        return Opponent(name="the champion", output=answers, untouched=_all(rows))
    known_by = list(opponents_of(subject.rival, twin.predictor, rows))
    return max(known_by, key=lambda each: int(each.untouched.sum()))


def _all(rows: pl.DataFrame) -> NDArray[np.bool_]:
    return np.ones(rows.height, dtype=bool)
