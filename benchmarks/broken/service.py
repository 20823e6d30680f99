"""Candidates that a service cannot run: slow, too large, or not able to load or to answer real requests."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import numpy as np
import polars as pl

from benchmarks.broken.bent import bent
from benchmarks.broken.entry import Entry
from noria.delta import Table
from noria.gates.subject import Subject

cloudpickle.register_pickle_by_value(sys.modules[__name__])
SLOW = 0.06
FAT = 500_000_000
GHOST = "noria_ghost"
"""A module that only this process has."""


eaten: list[float] = []


def sleeps(scores: Any, asked: Any) -> Any:
    time.sleep(SLOW)
    return scores


def fattens(scores: Any, asked: Any) -> Any:
    if len(scores) == 1 and not eaten:
        eaten.append(np.ones(FAT // 8).sum())
    return scores


def slow(subject: Subject, folder: Path) -> Subject:
    return bent(subject, folder, sleeps)


def fat(subject: Subject, folder: Path) -> Subject:
    return bent(subject, folder, fattens)


def not_importable(subject: Subject, folder: Path) -> Subject:
    """Use a function of a module that is nowhere but in the process that trained."""
    ghost = ModuleType(GHOST)
    exec("def haunt(scores, asked):\n    return scores\n", ghost.__dict__)
    sys.modules[GHOST] = ghost
    return bent(subject, folder, ghost.haunt)


def raises_on_requests(subject: Subject, folder: Path) -> Subject:
    """Let clients have asked lately for flights from an airport that the model refuses."""
    project = replace(subject.project, root=folder)
    _record(subject, project.home / "lake" / "predictions")
    return replace(bent(subject, folder, refuses_newark_at_night), project=project)


def refuses_newark_at_night(scores: Any, asked: Any) -> Any:
    if ((asked["hour"] == 25) & (asked["origin"] == "EWR")).any():
        raise ValueError("hour 25 is beyond the day")
    return scores


def lacks_what_it_learnt(subject: Subject, folder: Path) -> Subject:
    """Let clients send everything but the visibility."""
    project = replace(subject.project, root=folder)
    _record(subject, project.home / "lake" / "predictions", without="visib")
    return replace(subject, project=project, folder=folder)


def _record(subject: Subject, table: Path, without: str = "") -> None:
    """Write requests as the collector records them: those of the holdout, some of them at an odd hour."""
    asked = subject.holdout.tail(500).select(subject.features).with_row_index("id")
    odd = pl.when(pl.col("id") % 10 == 0).then(25).otherwise(pl.col("hour"))
    rows = asked.with_columns(
        pl.col("id").cast(pl.String),
        hour=odd,
        at=pl.lit(datetime(2013, 3, 8, tzinfo=UTC)),
        role=pl.lit("champion"),
        model=pl.lit(subject.project.name),
        version=pl.lit(1),
        _day=pl.lit("2013-03-08").str.to_date(),
    )
    Table(table, by_day=True).append(rows.drop(without) if without else rows, {})


ENTRIES = (
    Entry(name="slow", make=slow, gate="latency", word="p99"),
    Entry(name="takes 500 MB more", make=fat, gate="serving", word="MB"),
    Entry(name="does not load elsewhere", make=not_importable, gate="serving", word=GHOST),
    Entry(name="raises on real requests", make=raises_on_requests, gate="serving", word="hour 25"),
    Entry(name="needs what clients do not send", make=lacks_what_it_learnt, gate="serving", word="visib"),
)
