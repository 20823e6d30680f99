"""The jobs of a run, on a history: what a run would have cut, trained and measured at that moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from noria.artifact.model import truth_of
from noria.core.gates import Evidence, Verdict
from noria.core.quality import Array
from noria.core.windows import AUTO
from noria.cut import cut
from noria.pipeline.evaluate import AGREED
from noria.pipeline.measure import Held, Opponent, agreement, aligned, baseline, measure, refit_gain
from noria.pipeline.train import Request
from noria.ports import Clock
from noria.project.model import Project, Task
from noria.replay.history import History, micros
from noria.replay.trainings import Ordered, Trainings
from noria.replay.workers import Trained, result
from noria.rows import Checkout, Cut, Examined, Rival, RunRow, Snapshot, Training, VersionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A history with its labels as numbers: `truth` of shape (n,), nan where the label never comes.

    A class is its place among `classes`; there are none in a regression.
    """

    history: History
    truth: Array
    classes: tuple[str, ...]

    def aligned(self, output: Array, model: Trained) -> Array:
        """Return what a model says with a column for each of these classes, known to it or not."""
        return aligned(output, model.classes, self.classes) if output.ndim > 1 else output


class HistoryJobs:
    """Does what `noria.jobs` does, without files: rows are numbers of the history, models are shared.

    A data version is the moment of its snapshot, in microseconds: a row belongs to the first version after
    its label was known. `request` is what every training is asked, but for its rows.
    """

    def __init__(
        self,
        project: Project,
        labelled: Labelled,
        trainings: Trainings,
        request: Request,
        clock: Clock,
        *,
        from_champion: bool,
    ) -> None:
        self._project = project
        self._labelled = labelled
        self._history = labelled.history
        self._trainings = trainings
        self._request = request
        self._clock = clock
        self._from_champion = from_champion
        self._cuts: dict[str, np.ndarray] = {}
        self.models: dict[str, Trained] = {}
        self.trained: list[Trained] = []
        self._versions = 0

    def checkout(self, run: str, commit: str | None) -> Checkout:
        return Checkout(path=self._request.checkout, commit=commit)

    def snapshot(self, run: str, windows: tuple[str, ...], since: str | None) -> Snapshot:
        """Cut what is known at this moment; the cut of the run before is forgotten."""
        now, data = self._clock.now(), self._project.data
        known = np.flatnonzero(self._history.labelled(now))
        rows = self._history.rows[known].select("_time", data.label).with_columns(_row=pl.Series(known))
        cuts = cut(rows, self._project, windows, due=now - data.label_delay, since=since)
        self._cuts = {"holdout": _rows(cuts.holdout)}
        for stretch in cuts.stretches:
            self._cuts[f"train-{stretch.window}"] = _rows(stretch.train)
            self._cuts[f"full-{stretch.window}"] = _rows(stretch.full)
        return Snapshot(
            version=micros(now),
            rows=len(known),
            new_rows=0,
            quarantined=0,
            cuts=tuple(
                Cut(
                    window=stretch.window,
                    train=f"train-{stretch.window}",
                    full=f"full-{stretch.window}",
                    rows=stretch.full.height,
                )
                for stretch in cuts.stretches
            ),
            holdout="holdout",
            holdout_from=cuts.holdout_from,
            holdout_rows=cuts.holdout.height,
            before=cuts.before,
            newest=cuts.newest,
            since=cuts.since,
        )

    def train(self, run: str, checkout: Checkout, rows: str, name: str, champion: str | None) -> Training:
        request = replace(self._request, champion=champion if self._from_champion else None)
        trained: Trained = result(self._trainings.train(Ordered(request=request, rows=self._cuts[rows])))
        self.models[trained.artifact] = trained
        self.trained.append(trained)
        return Training(
            artifact=trained.artifact, digest="", rows=trained.rows, seconds=trained.seconds, steps=()
        )

    def evaluate(
        self, run: str, snapshot: Snapshot, candidate: str, rival: Rival | None, newer: bool
    ) -> Evidence:
        numbers, model, rows = self._cuts["holdout"], self.models[candidate], self._history.rows
        task, labels = str(self._project.task), rows[self._project.data.label].gather(numbers)
        truth = truth_of(labels, {"task": task, "classes": model.classes})
        held = Held(task=task, times=rows["_time"].gather(numbers), truth=truth)
        base = self._baseline(self._cuts[snapshot.cuts[0].train], model)
        opponents = list(self._opponents(rival, numbers, model))
        evidence = measure(held, self._answers(model, numbers), base, opponents, self._project.gates)
        return replace(
            evidence,
            newer=newer,
            not_repeatable=model.not_repeatable,
            refit=refit_gain(held, opponents) if self._project.train.refit == AUTO else (),
        )

    def agree(self, run: str, snapshot: Snapshot, candidate: str, shipped: str) -> Evidence:
        shortest = min(snapshot.cuts, key=lambda cut: cut.rows)
        numbers = self._cuts[shortest.train][-AGREED:]
        one, other = self.models[candidate], self.models[shipped]
        return agreement(self._answers(one, numbers), self._answers(other, numbers, like=one))

    def examine(self, run: str, examined: Examined) -> tuple[Verdict, ...]:
        """A policy is replayed, and what examines a candidate by hand is no part of it."""
        return ()

    def register(self, run: RunRow, shipped: Training, twin: Training) -> VersionRow:
        self._versions += 1
        return VersionRow(
            model=run.model,
            version=self._versions,
            run=run.id,
            artifact=shipped.artifact,
            digest=shipped.digest,
            registered=self._clock.now(),
            facts={
                **run.facts,
                "twin": twin.artifact,
                "commit": run.commit,
                "data_version": run.data_version,
            },
        )

    def point(self, version: int) -> None:
        """There is no registry whose alias could be moved."""

    def answers(self, artifact: str, numbers: range) -> Array:
        """Return what a version's artifact says of the rows of these numbers, of shape (n,) or (n, k)."""
        model = self.models[artifact]
        return self._labelled.aligned(self._trainings.outputs(model, numbers), model)

    def _answers(self, model: Trained, numbers: np.ndarray, *, like: Trained | None = None) -> Array:
        """Return what a model says of rows whose numbers rise, in the classes that `like` knows."""
        first = int(numbers[0])
        found: Array = self._trainings.outputs(model, range(first, int(numbers[-1]) + 1))[numbers - first]
        return aligned(found, model.classes, (like or model).classes) if found.ndim > 1 else found

    def _baseline(self, numbers: np.ndarray, model: Trained) -> Array | float:
        """Return what a model answers that knows only the labels of these rows, in this model's classes."""
        truth, classes = self._labelled.truth[numbers], self._labelled.classes
        if self._project.task != Task.MULTICLASS:
            return baseline(truth, None)
        shares = np.atleast_2d(baseline(truth, len(classes)))
        known: Array = aligned(shares, classes, model.classes)[0]
        return known

    def _opponents(self, rival: Rival | None, numbers: np.ndarray, model: Trained) -> Iterator[Opponent]:
        """Yield the champion's models as `noria.pipeline.evaluate` does: the shipped one, then its twin."""
        if rival is None:
            return
        times, known = self._history.times[numbers], self._history.known[numbers]
        later = (np.maximum(times, known) > rival.data_version) & (times > micros(rival.learnt))
        held_out = later
        if rival.holdout_from:
            held_out = later | (times >= micros(datetime.fromisoformat(rival.holdout_from)))
        untouched = later if rival.refit else held_out
        shipped = self._answers(self.models[rival.shipped], numbers, like=model)
        yield Opponent(name=rival.name, output=shipped, untouched=untouched)
        if rival.refit:
            twin = self._answers(self.models[rival.twin], numbers, like=model)
            yield Opponent(name=f"{rival.name} as it was before its refit", output=twin, untouched=held_out)


def _rows(frame: pl.DataFrame) -> np.ndarray:
    return frame["_row"].to_numpy()
