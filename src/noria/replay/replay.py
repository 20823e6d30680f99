"""Several policies over one history, side by side; what two of them train alike is trained once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from noria.core.quality import primary
from noria.project.model import Project
from noria.project.table import TableSchema
from noria.replay.faults import examine
from noria.replay.history import History, read_history
from noria.replay.policies import Policy, policies
from noria.replay.result import PolicyResult, Replay
from noria.replay.stage import Stage, Tell, set_up
from noria.replay.workers import Workers

FIRST = 12
"""Without --from, a replay begins after this part of the span: a year's begins with February."""

HEARING = 0.2
"""Seconds after which Ctrl-C is heard, at the latest."""


def replay(
    project: Project,
    schema: TableSchema,
    names: Sequence[str],
    *,
    begin: datetime | None,
    end: datetime | None,
    now: datetime,
    tell: Tell,
) -> Replay:
    """Replay the project's history under the policies of these names. `tell` is called from several threads.

    Raises:
        ProjectError: a name is no policy.
        DataError: the history cannot be replayed; all its faults are named.
        PipelineError: the pipeline's graph has a fault.
        JobKilled: a process that trained or predicted was ended.
    """
    asked = policies(project, names)
    history = read_history(project, schema, now)
    begin, end = begin or _begin(history), end or history.moment(-1)
    warnings = examine(history, project, begin, end, now)
    started = time.perf_counter()
    with Workers() as workers:
        stage = set_up(project, schema, history, workers, begin, end)
        results = _play(stage, workers, asked, tell)
        bare = stage.trainings.seconds
    metric = primary(project.task)
    return Replay(
        project=project.name,
        task=str(project.task),
        metric=metric.name,
        begin=begin,
        end=end,
        spread=history.spread,
        rows=len(stage.span.numbers),
        labelled=len(stage.span.judged),
        warnings=warnings,
        policies=results,
        wall_s=time.perf_counter() - started,
        bare_s=bare,
    )


def _begin(history: History) -> datetime:
    """Return the day that begins after the first part of the span; of a short one, the moment."""
    first, last = history.moment(0), history.moment(-1)
    begin = first + (last - first) / FIRST
    if last - first < timedelta(days=28):
        return begin
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    return begin if begin == midnight else midnight + timedelta(days=1)


def _play(stage: Stage, workers: Workers, asked: Sequence[Policy], tell: Tell) -> tuple[PolicyResult, ...]:
    """Play each policy in a thread of its own: what takes time happens in the workers."""
    with ThreadPoolExecutor(len(asked)) as threads:
        played = [threads.submit(stage.play, policy, tell) for policy in asked]
        try:
            _wait_for(played)
        except BaseException:
            workers.close()  # so that the threads do not wait for what nobody wants any more
            raise
        return tuple(future.result() for future in played)


def _wait_for(played: list[Future[PolicyResult]]) -> None:
    """Return when all have ended, or raise what the first one raises.

    Polars lets Ctrl-C restart a system call that it interrupts: only between two waits is it heard.
    """
    left = set(played)
    while left:
        done, left = wait(left, timeout=HEARING, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
