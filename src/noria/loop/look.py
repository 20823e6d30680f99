"""What the state holds for a look at a rollout's step, or at the guard after a promotion."""

from __future__ import annotations

from datetime import timedelta

from noria.core import guard
from noria.core.limits import Finding
from noria.core.paired import Moments, Paired, apart
from noria.core.rollout import Rollout
from noria.core.steps import Look, look_at
from noria.ports import State
from noria.project.model import Project
from noria.rows import ModelRow, QualityRow


def look(state: State, project: Project, row: ModelRow) -> Look | None:
    """Return what a look at the open rollout says; None while there is no step to look at."""
    rollout, policy = row.rollout, project.rollout
    if rollout is None or row.plan is None:
        return None
    arms = state.window(row.name, row.plan.number)
    days = matured(state, rollout, project.loss.name) if policy.quality else []
    return look_at(rollout, arms, policy.abort, policy.quality, days)


def matured(state: State, rollout: Rollout, loss: str) -> list[Paired]:
    """Return the challenger against the champion on each matured day since the present step began.

    In shadow these are the requests that both answered. Else they are the answers of both, of whole days
    only: on the day on which a step begins the shares change, and with them who got the morning.
    """
    if rollout.champion is None or rollout.current is None:
        return []
    if not rollout.current.weight:
        rows = _rows(state, rollout, rollout.version, "shadow", loss, after=timedelta(0))
        return [row.paired for row in rows if row.paired]
    own, theirs = (
        {row.day: row.losses for row in _rows(state, rollout, version, role, loss) if row.losses}
        for version, role in ((rollout.version, "challenger"), (rollout.champion, "champion"))
    )
    return [apart(losses, theirs[day]) for day, losses in own.items() if day in theirs]


def guarded(state: State, project: Project, row: ModelRow) -> Finding | None:
    """Return what the guard says of the champion, by the whole days since its promotion; None without one."""
    if row.guard is None or row.rollout is None:
        return None
    days = _rows(state, row.rollout, row.guard, "shadow", project.loss.name)
    losses = (day.losses for day in days if day.losses)
    before = [day.paired.gains for day in days if day.paired]
    return guard.judge(before, sum(losses, Moments()), project.enough_rows)


def _rows(
    state: State, rollout: Rollout, version: int, role: str, loss: str, after: timedelta = timedelta(days=1)
) -> list[QualityRow]:
    """Return a version's days in a role, from so long `after` the day on which the rollout's phase began."""
    first = (rollout.entered + after).date().isoformat()
    days = state.quality(rollout.model, version)
    return [row for row in days if row.role == role and row.loss == loss and row.day >= first]
