"""What the policies of a replay share: the history, the pipeline's code, and who trains with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import numpy as np

from noria.adapters.git import Repository
from noria.errors import JobKilled, NoriaError
from noria.jobs import request
from noria.pipeline import fingerprint
from noria.pipeline.train import Request
from noria.project.model import Project, Task
from noria.project.table import TableSchema
from noria.replay.ceiling import ceiling
from noria.replay.course import Course
from noria.replay.history import History
from noria.replay.jobs import HistoryJobs, Labelled
from noria.replay.policies import Policy
from noria.replay.result import CEILING, PolicyResult
from noria.replay.tally import Span, of_course, of_outputs, span
from noria.replay.trainings import Trainings
from noria.replay.workers import Workers
from noria.testing import FixedClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where the policy of this name has come to: a moment of the history, and its share of the span."""

    policy: str
    now: datetime
    share: float


Tell: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The place where each policy is played; `from_champion`: the pipeline starts from the champion."""

    schema: TableSchema
    checkout: Path
    labelled: Labelled
    trainings: Trainings
    from_champion: bool
    span: Span
    end: datetime

    def play(self, policy: Policy, tell: Tell) -> PolicyResult:
        """Return what a policy comes to; one that cannot be played says why."""
        asked = request(policy.project, self.schema, self.checkout, "", Path(), None)
        try:
            if policy.name.partition(":")[0] == CEILING:
                served, models = ceiling(self.labelled, self.trainings, asked, self.span.numbers)
                return of_outputs(policy, served, models, self.span)
            course = Course(policy.project, self.labelled, self._jobs(policy, asked), self.span.begin)
            course.run(self.end, lambda now: tell(self._progress(policy, now)))
            return of_course(policy, course, self.span)
        except JobKilled:
            raise  # the processes are gone, for the other policies as well
        except NoriaError as error:
            return PolicyResult(name=policy.name, meaning=policy.meaning, fault=error.message)
        finally:
            tell(self._progress(policy, self.end))

    def _jobs(self, policy: Policy, asked: Request) -> Callable[[FixedClock], HistoryJobs]:
        def build(clock: FixedClock) -> HistoryJobs:
            return HistoryJobs(
                policy.project, self.labelled, self.trainings, asked, clock, from_champion=self.from_champion
            )

        return build

    def _progress(self, policy: Policy, now: datetime) -> Progress:
        share = (now - self.span.begin) / (self.end - self.span.begin)
        return Progress(policy=policy.name, now=now, share=share)


def set_up(
    project: Project, schema: TableSchema, history: History, workers: Workers, begin: datetime, end: datetime
) -> Stage:
    """Return the stage for a span of a history; the pipeline is that of the working tree.

    Raises:
        PipelineError: the pipeline's graph has a fault.
    """
    folder = project.home / "replay"
    checkout = Path(Repository(project.root).export(None, folder / "checkout").path)
    models = folder / "models"
    models.mkdir(exist_ok=True)
    rows, labelled = _rows_file(history, folder), _labelled(history, project)
    code = _code(checkout) + history.digest
    return Stage(
        schema=schema,
        checkout=checkout,
        labelled=labelled,
        trainings=Trainings(workers, models, rows, len(labelled.truth), code),
        from_champion="champion" in workers.inputs(checkout, project.pipeline),
        span=span(labelled, str(project.task), begin, end),
        end=end,
    )


def _rows_file(history: History, folder: Path) -> Path:
    """Write the history's rows as an Arrow file that every worker maps into its memory; return its path."""
    path = folder / "rows.arrow"
    partial = path.with_suffix(".partial")
    history.rows.rechunk().write_ipc(partial, compression="uncompressed")
    partial.rename(path)
    return path


def _labelled(history: History, project: Project) -> Labelled:
    labels = history.rows[project.data.label]
    if project.task == Task.REGRESSION:
        return Labelled(history=history, truth=labels.cast(float).fill_null(np.nan).to_numpy(), classes=())
    classes = labels.drop_nulls().unique().sort()
    numbers = {value: float(number) for number, value in enumerate(classes)}
    truth = np.array([numbers.get(value, np.nan) for value in labels])
    return Labelled(history=history, truth=truth, classes=tuple(map(str, classes)))


def _code(checkout: Path) -> str:
    """Return a digest of the project's code and its environment: what else than rows makes a model."""
    digest = sha256(fingerprint.environment(checkout)["digest"].encode())
    for file in sorted(checkout.rglob("*.py")):
        digest.update(file.relative_to(checkout).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()
