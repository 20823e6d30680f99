"""What tells the rows of a week from those that a version learnt from; it reads rows, so only on demand."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from threadpoolctl import threadpool_limits

from noria.core.profile.grid import CategoryBins
from noria.delta import Table
from noria.errors import DataError
from noria.monitor.domain import Domain, tell_apart
from noria.monitor.references import References
from noria.outcomes import stored
from noria.ports import State
from noria.project.model import Project

DAYS = 7
TIME = pl.Datetime("us", "UTC")


def explanation(project: Project, state: State, version: int, day: date) -> Domain:
    """Return what tells apart what came in the week up to a day, all versions' requests together.

    Raises:
        DataError: the version has no reference, its rows have no time, or nothing came.
    """
    import sklearn.ensemble  # noqa: F401 - whose threads can be limited once it is there

    reference, row = References(state, project.name).of(version), state.version(project.name, version)
    if reference is None or row is None or project.data.time is None:
        raise DataError(
            f"version {version} has no reference, or its rows have no time, to tell others apart from",
            hint="noria drift",
        )
    features = {
        name: "category" if isinstance(reference.grid.columns[name], CategoryBins) else "number"
        for name in project.data.features
        if name in reference.grid.columns
    }
    came = _came(project, list(features), day)
    if came.is_empty():
        raise DataError(f"nothing came in the week up to {day}", hint="noria drift")
    dataset = Table(project.home / "lake" / "dataset").scan()
    known = dataset.filter(pl.col("_version") <= row.facts["data_version"])
    learnt = known.select(pl.col("_time").cast(TIME), *features)
    with threadpool_limits(1):  # the gateway serves on the same machine; threads that compete only spin
        return tell_apart(learnt.collect(), came, features)


def _came(project: Project, features: list[str], day: date) -> pl.DataFrame:
    """Return what champion and challengers were sent, with the time of each request."""
    predictions = Table(project.home / "lake" / "predictions", by_day=True)
    week = {other for other in predictions.days() if timedelta(0) <= day - other < timedelta(days=DAYS)}
    sent = {name: pl.col(stored(name)) for name in features}
    answered = predictions.scan(week).filter(pl.col("role") != "shadow")
    return answered.select(_time=pl.col("at").cast(TIME), **sent).collect()
