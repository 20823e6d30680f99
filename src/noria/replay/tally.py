"""What a policy's course came to: its quality block by block, its costs, and how its promotions fared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noria.core.compare import Comparison, compare
from noria.core.quality import Array, primary, score
from noria.core.rollout import Phase
from noria.replay.course import Course
from noria.replay.history import micros
from noria.replay.jobs import Labelled
from noria.replay.policies import Policy
from noria.replay.result import Block, PolicyResult, Promotion
from noria.replay.workers import Trained
from noria.rows import RunRow

DAY = timedelta(days=1)
FEWEST = 28
"""A span of fewer days is parted into so many blocks that are shorter."""
AFTERWARDS = timedelta(weeks=4)
"""How long a promoted model is held against the one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The labelled rows of a replay, by number, and the block of each; a block is a day, or less."""

    labelled: Labelled
    task: str
    numbers: range
    judged: NDArray[np.int64]
    blocks: NDArray[np.int64]
    begin: datetime
    width: timedelta


def span(labelled: Labelled, task: str, begin: datetime, end: datetime) -> Span:
    """Return what is judged of a history: the rows after `begin` up to `end` whose label ever comes."""
    numbers = labelled.history.arrived(begin, end)
    width = min(DAY, (end - begin) / FEWEST)
    judged = np.flatnonzero(~np.isnan(labelled.truth[numbers.start : numbers.stop])) + numbers.start
    since = labelled.history.times[judged] - micros(begin)
    blocks = since // max(width // timedelta(microseconds=1), 1)
    return Span(
        labelled=labelled, task=task, numbers=numbers, judged=judged, blocks=blocks, begin=begin, width=width
    )


def of_course(policy: Policy, course: Course, span: Span) -> PolicyResult:
    """Return what a policy that was played came to."""
    entries = course.state.ledger(course.parts.model)
    runs = course.state.runs(course.parts.model, len(entries))
    return _result(
        policy,
        course.served,
        course.jobs.trained,
        span,
        _no_first_model(runs),
        refusals=sum(run.status == "refused" for run in runs),
        failed=sum(run.status == "failed" for run in runs),
        promotions=sum(entry["kind"] == Phase.PROMOTED for entry in entries),
        rollbacks=sum(entry["kind"] in ("rollback", Phase.ROLLED_BACK) for entry in entries),
        promoted=tuple(_promotions(entries, course, span)),
        decisions=tuple(entries),
    )


def of_outputs(policy: Policy, served: Array, trained: list[Trained], span: Span) -> PolicyResult:
    """Return what outputs of shape (n,) or (n, k) for the rows of the span come to; nothing was decided."""
    whole = np.full((len(span.labelled.truth), *served.shape[1:]), np.nan)
    whole[span.numbers.start : span.numbers.stop] = served
    return _result(policy, whole, trained, span)


def _result(
    policy: Policy, served: Array, trained: Iterable[Trained], span: Span, reason: str = "", **counts: Any
) -> PolicyResult:
    """Return the result of what was served; `reason` says why there may have been no model."""
    trained = list({model.artifact: model for model in trained}.values())
    outputs, truth = served[span.judged], span.labelled.truth[span.judged]
    unserved = int(np.isnan(outputs).reshape(len(outputs), -1).any(axis=1).sum())
    fault = f"{unserved} of {len(outputs)} labelled rows met no model{reason}" if unserved else ""
    return PolicyResult(
        name=policy.name,
        meaning=policy.meaning,
        metrics={} if fault else score(span.task, truth, outputs),
        blocks=() if fault else _blocks(span, truth, outputs),
        trainings=len(trained),
        rows_trained=sum(model.rows for model in trained),
        train_s=sum(model.cpu_seconds for model in trained),
        fault=fault,
        **counts,
    )


def _no_first_model(runs: Sequence[RunRow]) -> str:
    """Return why the first run, the last of these, made no model, after a colon; "" where it made one."""
    first = next(run for run in reversed(runs) if run.status != "merged")
    said = {"failed": "failed", "refused": "was refused"}.get(first.status)
    return f": the first run {said}: {first.error}" if said else ""


def _blocks(span: Span, truth: Array, outputs: Array) -> tuple[Block, ...]:
    per_row = primary(span.task).per_row
    assert per_row is not None  # what is trained for is a mean of losses
    places, index, rows = np.unique(span.blocks, return_inverse=True, return_counts=True)
    losses = np.bincount(index, per_row(truth, outputs)) / rows
    return tuple(
        Block(start=(span.begin + int(place) * span.width).isoformat(), rows=int(count), loss=float(loss))
        for place, count, loss in zip(places, rows, losses, strict=True)
    )


def _promotions(entries: list[dict[str, Any]], course: Course, span: Span) -> Iterable[Promotion]:
    """Yield each promotion over a model before; `rolled_back` is when the version lost its place again."""
    back = {entry["body"]["instead_of"]: entry["at"] for entry in entries if entry["kind"] == "rollback"}
    for entry in entries:
        if entry["kind"] == Phase.PROMOTED:
            version, before = entry["body"]["version"], entry["body"]["champion"]
            at = datetime.fromtimestamp(entry["at"], UTC)
            ended = back.get(version)
            yield Promotion(
                at=at,
                version=version,
                gain=None if before is None else _gain(course.answers, version, before, at, span),
                rolled_back=None if ended is None else datetime.fromtimestamp(ended, UTC),
            )


def _gain(
    answers: Callable[[int, range], Array], version: int, before: int, at: datetime, span: Span
) -> Comparison | None:
    """Compare a version with the one before it on the labelled rows of the weeks after its promotion."""
    history, truth = span.labelled.history, span.labelled.truth
    numbers = history.arrived(at, at + AFTERWARDS)
    taken = (span.judged >= numbers.start) & (span.judged < numbers.stop)
    rows, blocks = span.judged[taken], span.blocks[taken]
    if len(np.unique(blocks)) < 2:
        return None
    new, old = (answers(which, numbers)[rows - numbers.start] for which in (version, before))
    return compare(primary(span.task), truth=truth[rows], candidate=new, champion=old, blocks=blocks)
