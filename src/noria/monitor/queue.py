"""Which predictions a person should label first: those that would teach a model most.

Uncertain ones (uncertainty sampling: Lewis and Gale, SIGIR 1994), those with values that are more frequent
than they were when the model learnt, and those with values that it has seen rarely or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from noria.core.profile.grid import Bins, CategoryBins, NumberBins, Numbers
from noria.core.profile.profile import Profile, total
from noria.core.profile.reference import Reference
from noria.delta import Table
from noria.monitor.profiling import OWN
from noria.monitor.references import References
from noria.outcomes import ROLES, stored
from noria.ports import State
from noria.project.model import Project, Task

RECENT = timedelta(days=14)
"""How far back predictions are taken from."""
DRIFTING = timedelta(days=7)
"""How far back a signal of drift counts, and traffic is held against the reference."""
RARE = 0.01
"""The share of the reference below which a category is rare."""
RISE, GROWN = 0.005, 1.5
"""By how much, and how many times, the share of a bin has risen that is called drifted."""
KINDS = ("drifted", "rare")
WEIGHT = 0.5
"""What a drifted or a rare value counts beside an uncertainty from 0 to 1."""


def queue(project: Project, state: State, now: datetime, limit: int) -> pl.DataFrame:
    """Return the unlabelled predictions to label first, each once, with a `label` to fill in and `why`."""
    lake = project.home / "lake"
    predictions = Table(lake / "predictions", by_day=True)
    days = {day for day in predictions.days() if day >= (now - RECENT).date()}
    if not days:
        return pl.DataFrame()
    reasons = _reasons(project, state, now)
    features = [stored(name) for name in project.data.features if stored(name) in predictions.schema]
    unsure = _uncertainty(project.task)
    why = [pl.when(unsure >= 0.5).then(pl.format("uncertain: {}", unsure.round(2)))]
    why += [pl.when(held).then(pl.lit(said)) for said, held in reasons]
    score = unsure
    for kind in KINDS:
        found = [held for said, held in reasons if said.startswith(kind)]
        if found:
            score += WEIGHT * pl.any_horizontal(found).fill_null(value=False).cast(pl.Float64)
    return (
        predictions.scan(days)
        .filter(pl.col("role").is_in(ROLES))
        .join(_labelled(lake), on="id", how="anti")
        .unique("id", keep="first")
        .select(
            "id",
            "at",
            _told(project.task),
            *features,
            label=pl.lit(None, pl.String),
            source=pl.lit("queue"),
            why=pl.concat_str(why, separator="; ", ignore_nulls=True),
            score=score,
        )
        .top_k(limit, by=["score", "at", "id"])
        .sort("score", "at", "id", descending=True)
        .select("id", "label", "why", "score", "at", "output", *features, "source")
        .collect()
    )


def _labelled(lake: Path) -> pl.LazyFrame:
    labels = Table(lake / "labels", by_day=True)
    return labels.scan().select("id") if labels.rows else pl.LazyFrame(schema={"id": pl.String()})


def _uncertainty(task: Task) -> pl.Expr:
    """Return 1 where a model cannot tell the classes apart, 0 where it is sure; and 0 of a number."""
    output = pl.col("output")
    if task == Task.BINARY:
        return 1 - (2 * output - 1).abs()
    if task == Task.REGRESSION:
        return pl.lit(0.0)
    share = pl.element().clip(1e-12)
    return output.list.eval(-share * share.log()).list.sum() / output.list.len().log()


def _told(task: Task) -> pl.Expr:
    """Return the output as a cell of a CSV file can hold it."""
    output = pl.col("output")
    return (
        output.list.eval(pl.element().round(4).cast(pl.String)).list.join(" ")
        if task == Task.MULTICLASS
        else output
    )


def _reasons(project: Project, state: State, now: datetime) -> list[tuple[str, pl.Expr]]:
    """Return what makes a row worth a label, beside the model's doubt, and which rows it holds for."""
    champion = state.model(project.name).champion
    reference = References(state, project.name).of(champion) if champion else None
    if champion is None or reference is None:
        return []
    since = (now - DRIFTING).date().isoformat()
    hours = state.profiles(project.name, champion, since, now.isoformat())
    seen = total(hours.values(), reference.grid)
    drifting = {
        row.subject
        for row in state.signals(project.name, since)
        if row.monitor == "drift" and row.version == champion and row.level != "ok"
    }
    return [*_rare(reference), *_drifted(reference, seen, drifting)]


def _rare(reference: Reference) -> Iterator[tuple[str, pl.Expr]]:
    whole = reference.whole
    for name, bins in reference.grid.columns.items():
        if name.startswith(OWN):
            continue
        value = _value(name, bins)
        if isinstance(bins, NumberBins):
            yield f"rare: {name}", (value < bins.low) | (value > bins.high)
        else:
            shares = _shares(reference, whole, name)
            common = [each for each, share in zip(bins.categories, shares, strict=False) if share >= RARE]
            yield f"rare: {name}", value.is_not_null() & ~value.is_in(common)


def _drifted(reference: Reference, seen: Profile, columns: set[str]) -> Iterator[tuple[str, pl.Expr]]:
    for name in columns & reference.grid.columns.keys():
        before, now = _shares(reference, reference.whole, name), _shares(reference, seen, name)
        grown = np.flatnonzero((now > GROWN * before) & (now - before > RISE))
        if len(grown) and not name.startswith(OWN):
            yield (
                f"drifted: {name}",
                _within(_value(name, reference.grid.columns[name]), reference.grid.columns[name], grown),
            )


def _value(name: str, bins: Bins) -> pl.Expr:
    column = pl.col(stored(name))
    return column.cast(pl.Float64, strict=False) if isinstance(bins, NumberBins) else column


def _within(value: pl.Expr, bins: Bins, places: np.ndarray) -> pl.Expr:
    """Say whether a value lies in one of these bins."""
    if isinstance(bins, CategoryBins):
        known = [bins.categories[place] for place in places if place < len(bins.categories)]
        other = len(bins.categories) in places
        return value.is_in(known) | (~value.is_in(list(bins.categories)) if other else pl.lit(value=False))
    ends = [-np.inf, *bins.edges, np.inf]
    return pl.any_horizontal(
        value.is_between(ends[place], ends[place + 1], closed="right") for place in places
    )


def _shares(reference: Reference, profile: Profile, name: str) -> Numbers:
    counts: Numbers = profile.counts[reference.grid.slices[name]].astype(float)
    return np.asarray(counts / max(counts.sum(), 1.0))
