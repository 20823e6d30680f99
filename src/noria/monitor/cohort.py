"""A mature day of a version, measured once from its rows: sums that answer what is asked of it later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.core.calibration import sums
from noria.core.fairness import COUNTS
from noria.core.maturity import DELAYS
from noria.core.profile.grid import Grid, NumberBins
from noria.core.quality.metric import Array
from noria.monitor.profiling import OUTPUT
from noria.outcomes import outputs, stored
from noria.project.model import Project, Task
from noria.rows import CohortRow, QualityRow

VALUES = 20
"""Values of a column that are watched each by itself, the most frequent ones."""
Counts = dict[str, tuple[float, ...]]
"""Of each value of a column, see `noria.core.fairness.COUNTS`."""
CONFIDENCES = NumberBins(edges=tuple(edge / 100 for edge in range(1, 100)), low=0.0, high=1.0)
"""Bins of the probability of the likeliest class, and of a binary one where there is no reference."""


def watched(project: Project) -> tuple[str, ...]:
    """Return the columns whose values are watched each by itself, in the order of the project file."""
    return tuple(dict.fromkeys((*project.monitor.slices, *project.monitor.sensitive)))


def cohort(
    project: Project, quality: QualityRow, rows: pl.DataFrame, truth: Array, grid: Grid | None
) -> CohortRow:
    """Return what is kept of the predictions that `quality` is about, beside it.

    `rows` are all of them, with `label_at` where they have a label, of which `truth` has the numbers in their
    order. `grid` is the version's, None where it has none.
    """
    answered = rows["output"].is_not_null()
    truth = truth[answered.filter(rows["label"].is_not_null()).to_numpy()]
    rows = rows.filter(answered)
    labelled = rows["label"].is_not_null().to_numpy().copy()
    labelled[labelled] = np.isfinite(truth)
    truth = truth[np.isfinite(truth)]
    output = outputs(rows["output"])
    loss = project.loss.losses(truth, output[labelled])
    return CohortRow(
        model=quality.model,
        day=quality.day,
        version=quality.version,
        role=quality.role,
        predictions=rows.height,
        metrics=quality.metrics,
        delays=_delays(rows.filter(pl.Series(labelled))),
        scores=_scores(project.task, grid, output, labelled, truth, loss),
        segments=_segments(project, _counted(project, rows, output, labelled, truth, loss), grid),
    )


def by_day(rows: Iterable[CohortRow], version: int) -> dict[str, CohortRow]:
    """Return a version's cohorts by day; of a day on which it had two roles, that with more predictions."""
    own = sorted((row for row in rows if row.version == version), key=lambda row: (row.day, row.predictions))
    return {row.day: row for row in own}


def _scores(
    task: Task, grid: Grid | None, output: Array, labelled: NDArray[np.bool_], truth: Array, loss: Array
) -> tuple[tuple[float, ...], ...]:
    """Return the sums by bin of the output; () where it has no bins.

    Of several classes it is the probability of the likeliest one, and the truth whether that came.
    """
    bins = _bins(task, grid)
    if task == Task.MULTICLASS:
        truth = (output[labelled].argmax(axis=1) == truth).astype(float)
        output = output.max(axis=1)
    if bins is None or not np.isfinite(output).all():
        return ()
    found = sums(bins.place(output), bins.size, labelled, output[labelled], truth, loss)
    return tuple(map(tuple, np.round(found, 9).tolist()))


def _bins(task: Task, grid: Grid | None) -> NumberBins | None:
    if task == Task.MULTICLASS:
        return CONFIDENCES
    bins = grid.columns.get(OUTPUT) if grid else None
    return bins if isinstance(bins, NumberBins) else CONFIDENCES if task == Task.BINARY else None


def _delays(labelled: pl.DataFrame) -> tuple[int, ...]:
    """Return how many labels took up to each of `DELAYS`, and longer; one before its prediction took none."""
    hours = (labelled["label_at"] - labelled["at"]).dt.total_microseconds().to_numpy() / 3.6e9
    ends = np.array([delay / timedelta(hours=1) for delay in DELAYS])
    return tuple(np.bincount(np.searchsorted(ends, hours), minlength=len(DELAYS) + 1).tolist())


def _counted(
    project: Project,
    rows: pl.DataFrame,
    output: Array,
    labelled: NDArray[np.bool_],
    truth: Array,
    loss: Array,
) -> pl.DataFrame:
    """Return the watched columns that were sent, and beside each row what of it is counted."""
    binary = project.task == Task.BINARY
    losses, positive = np.zeros(rows.height), np.zeros(rows.height, bool)
    losses[labelled], positive[labelled] = loss, (truth == 1) & binary
    sent = [stored(name) for name in watched(project) if stored(name) in rows.columns]
    return pl.DataFrame(
        {
            "_row": labelled,
            "_loss": losses,
            "_selected": output > 0.5 if binary else np.zeros(rows.height, bool),
            "_positive": positive,
            **{name: rows[name] for name in sent},
        }
    )


def _segments(project: Project, rows: pl.DataFrame, grid: Grid | None) -> dict[str, Counts]:
    """Return the counts of each watched column that was sent, by its most frequent values."""
    sent = {name: rows[stored(name)] for name in watched(project) if stored(name) in rows.columns}
    return {
        name: _by_value(rows.with_columns(_value=_named(values, name, grid))) for name, values in sent.items()
    }


def _by_value(rows: pl.DataFrame) -> Counts:
    row, selected, positive = pl.col("_row"), pl.col("_selected"), pl.col("_positive")
    counts = (
        rows.drop_nulls("_value")
        .group_by("_value")
        .agg(
            predictions=pl.len(),
            rows=row.sum(),
            loss=pl.col("_loss").sum(),
            selected=selected.sum(),
            positives=positive.sum(),
            hits=(positive & selected).sum(),
            false=(row & selected & ~positive).sum(),
        )
    )
    frequent = counts.sort("predictions", "_value", descending=[True, False]).head(VALUES)
    return {value: tuple(counts) for value, *counts in frequent.select("_value", *COUNTS).iter_rows()}


def _named(values: pl.Series, name: str, grid: Grid | None) -> pl.Series:
    """Return the names of values: numbers by the quarter of the reference that they fall into."""
    bins = grid.columns.get(name) if grid else None
    if not isinstance(bins, NumberBins) or len(bins.edges) < VALUES:
        return values.cast(pl.String)
    cuts = sorted({bins.edges[len(bins.edges) * part // 4] for part in (1, 2, 3)})
    names = [f"up to {cuts[0]:g}", *(f"up to {cut:g}" for cut in cuts[1:]), f"above {cuts[-1]:g}"]
    numbers = values.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    places = np.searchsorted(cuts, numbers).tolist()
    known = zip(np.isfinite(numbers).tolist(), places, strict=True)
    return pl.Series([names[place] if there else None for there, place in known], dtype=pl.String)
