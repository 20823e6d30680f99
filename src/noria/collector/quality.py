"""Realised quality per day: the predictions of a mature day, joined with their labels."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from noria.core.maturity import last_mature_day, matures_at
from noria.delta import Table
from noria.monitor.cohort import cohort, watched
from noria.monitor.profiling import GridOf
from noria.outcomes import ROLES, counting, outcomes, outputs, stored
from noria.ports import State
from noria.project.model import Project
from noria.project.table import Column
from noria.realised import realised
from noria.rows import CohortRow, QualityRow

BEFORE = timedelta(days=2)
"""How far before a day its labels, and predictions of the same ids, are looked for."""

COLUMNS = ("id", "at", "client", "version", "role", "plan", "output", "margin", "latency", "_day")


class Quality:
    """Measures each day once it is mature, and again when more of its labels have arrived.

    `joined` is the number of labelled predictions on the measured days, shadows left out.
    """

    def __init__(
        self,
        project: Project,
        label: Column,
        predictions: Table,
        labels: Table,
        holds: Table,
        state: State,
        grid_of: GridOf,
    ) -> None:
        self._project = project
        self._grid_of = grid_of
        self._classes = label.categories or ()
        self._predictions = predictions
        self._labels = labels
        self._holds = holds
        self._state = state
        self._measured: date | None = None
        self._new_labels: list[pl.Series] = []
        saved = state.quality(project.name)
        self._joined = _joined_by_day(saved)
        self._dirty = self._changed_since(saved)

    @property
    def joined(self) -> int:
        return sum(self._joined.values())

    def joined_since(self, moment: datetime) -> int:
        """Return how many of them became mature after `moment`."""
        delay = self._project.data.label_delay
        return sum(rows for day, rows in self._joined.items() if matures_at(day, delay) > moment)

    def add(self, days: Iterable[date], labelled: pl.Series) -> None:
        """Note the days that got predictions, and the ids that got labels."""
        self._dirty.update(days)
        self._new_labels.append(labelled)

    def measure(self, now: datetime) -> list[date]:
        """Measure what is mature and changed, at most once for each mature day, and return the days."""
        last = last_mature_day(self._project.data.label_delay, now)
        if self._measured == last:
            return []
        self._dirty |= self._days_of_late_labels()
        due = sorted(day for day in self._dirty if day <= last)
        for day in due:
            measured = self._rows(day)
            rows = [row for row, _ in measured]
            self._state.save_quality(rows, [kept for _, kept in measured])
            self._joined |= _joined_by_day(rows)
        self._dirty.difference_update(due)
        self._measured = last
        return due

    def _rows(self, day: date) -> list[tuple[QualityRow, CohortRow]]:
        """Return a row for each version and role of a day, and what is kept beside it."""
        near = {other for other in self._predictions.days() if day - BEFORE <= other <= day}
        since = {other for other in self._labels.days() if other >= day - BEFORE}
        known = self._predictions.schema
        sent = [stored(name) for name in watched(self._project) if stored(name) in known]
        predictions = self._predictions.scan(near).select(*COLUMNS, *sent)
        labels = counting(self._labels.scan(since), self._holds.scan())
        joined = outcomes(predictions, labels).filter(pl.col("_day") == day).collect()
        served = joined.filter(pl.col("role") == "champion").select("id", champion="output")
        return [
            self._row(day, int(version), str(role), part, served)
            for (version, role), part in sorted(joined.partition_by("version", "role", as_dict=True).items())
        ]

    def _row(
        self, day: date, version: int, role: str, part: pl.DataFrame, served: pl.DataFrame
    ) -> tuple[QualityRow, CohortRow]:
        """Return the rows of a part of a day; a shadow's is paired with what was `served`, by id."""
        labelled = part.filter(pl.col("label").is_not_null())
        output = outputs(labelled["output"])
        champion = None
        if role == "shadow":
            labelled = labelled.join(served, on="id", how="left", maintain_order="left")
            champion = _beside(output, labelled["champion"])
        truth = self._truth(labelled["label"])
        row = realised(
            self._project.name,
            self._project.task,
            day=day.isoformat(),
            version=version,
            role=role,
            predictions=part.height,
            truth=truth,
            output=output,
            loss=self._project.loss,
            champion=champion,
            margin=labelled["margin"].to_numpy(),
        )
        return row, cohort(self._project, row, part, truth, self._grid_of(version))

    def _truth(self, label: pl.Series) -> np.ndarray:
        """Return numbers: a class's place among the schema's categories, or the label itself."""
        if label.dtype == pl.String and self._classes:
            label = label.replace_strict(list(self._classes), range(len(self._classes)), default=None)
        return label.cast(pl.Float64, strict=False).to_numpy()

    def _days_of_late_labels(self) -> set[date]:
        """Return the measured days to which new labels belong.

        Most new labels belong to days that are still to be measured; only for the others all are searched.
        """
        if not self._new_labels:
            return set()
        ids = pl.concat(self._new_labels).alias("id").unique()
        self._new_labels.clear()
        waiting = self._predictions.scan(self._dirty)
        late = ids.to_frame().lazy().join(waiting, on="id", how="anti").collect()
        if late.is_empty():
            return set()
        found = self._predictions.scan().join(late.lazy(), on="id", how="semi").select("_day").unique()
        return set(found.collect()["_day"])

    def _changed_since(self, saved: Iterable[QualityRow]) -> set[date]:
        """Return the days whose numbers of predictions or labels are not those that were saved."""
        counted = (
            outcomes(self._predictions.scan(), counting(self._labels.scan(), self._holds.scan()))
            .group_by("_day")
            .agg(predictions=pl.len(), labelled=pl.col("label").count())
            .collect()
        )
        sums: dict[date, tuple[int, int]] = {}
        for row in saved:
            day = date.fromisoformat(row.day)
            predictions, labelled = sums.get(day, (0, 0))
            sums[day] = predictions + row.predictions, labelled + row.rows
        return {day for day, *numbers in counted.iter_rows() if sums.get(day) != tuple(numbers)}


def _joined_by_day(rows: Iterable[QualityRow]) -> dict[date, int]:
    joined: dict[date, int] = {}
    for row in rows:
        if row.role in ROLES:
            day = date.fromisoformat(row.day)
            joined[day] = joined.get(day, 0) + row.rows
    return joined


def _beside(output: np.ndarray, champion: pl.Series) -> np.ndarray:
    """Return the champion's outputs in the shape of `output`, nan where it gave none for the same classes."""
    filled = np.full(output.shape, np.nan)
    same = champion.is_not_null() if output.ndim == 1 else champion.list.len() == output.shape[1]
    given = same.fill_null(False)
    filled[given.to_numpy()] = outputs(champion.filter(given)).reshape(-1, *output.shape[1:])
    return filled
