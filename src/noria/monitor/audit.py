"""The daily look at rows, for what no profile can tell: `python -m noria.monitor.audit ORDER` (JSON).

It is a process of its own, which yields to all others: who serves and collects never waits for it. It prints
the signals of the monitors skew, attribution and feedback as JSON.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import polars as pl

from noria.artifact import background
from noria.artifact.contributions import exact
from noria.artifact.model import Model
from noria.artifact.signature import public_key, verify
from noria.delta import Table
from noria.errors import NoriaError
from noria.monitor import skew
from noria.monitor.attribution import Asked, attribution
from noria.outcomes import ROLES, stored
from noria.project.model import Project
from noria.project.parse import load
from noria.project.table import TableSchema, read_schema
from noria.rows import SignalRow

ROWS = 5_000
"""Rows that are compared at most."""
ASKED = 500
"""Rows that the packaged model is asked at most."""
REACH = timedelta(days=28)
"""How far back predictions are looked for among the rows to learn from."""
UNKNOWN = 0.01
"""The share of a day's labels that may be for predictions that nobody knows."""


class Served(msgspec.Struct, frozen=True):
    """A version that serves: its artifact, the digest of its manifest, and that of its background, if any."""

    artifact: str
    digest: str
    background: str = ""


class Order(msgspec.Struct, frozen=True):
    """Look at a `day` (ISO 8601) of the project at `root`; `served` are its versions, the champion first.

    `before` is what was said of their contributions on the day before.
    """

    root: str
    day: str
    served: dict[int, Served]
    before: list[SignalRow] = []


def main(text: str) -> None:
    os.nice(10)
    order = msgspec.json.decode(text, type=Order)
    root = Path(order.root)
    try:
        said = list(look(load(root), read_schema(root), order))
    except NoriaError as error:
        sys.exit(error.message)
    print(msgspec.json.encode(said).decode())


def look(project: Project, schema: TableSchema, order: Order) -> Iterator[SignalRow]:
    """Yield what the rows of a day say."""
    lake, day = project.home / "lake", date.fromisoformat(order.day)
    predictions = Table(lake / "predictions", by_day=True)
    for version in order.served:
        yield from _asked(project, order, predictions, version)
    champion = next(iter(order.served))
    for difference in _compared(project, schema, predictions, day):
        yield _signal(project, order.day, champion, difference)
    yield from _unknown(project, predictions, day, champion)


def _asked(project: Project, order: Order, predictions: Table, version: int) -> Iterator[SignalRow]:
    """Ask a version what it was asked on the day: does it answer the same, and for the usual reasons?"""
    day, served = date.fromisoformat(order.day), order.served[version]
    own = pl.col("role").is_in([*ROLES, "shadow"]) & pl.col("output").is_not_null()
    rows = _sample(predictions.scan({day}).filter(own, pl.col("version") == version), ASKED)
    if rows.is_empty():
        return
    verify(Path(served.artifact), served.digest, public_key(project.home))
    model = Model(Path(served.artifact), lean=True)
    yield _signal(project, order.day, version, skew.repeated(rows, model.predictor))
    if served.background:
        known = background.load(served.artifact, served.background)
        features = list(model.features)
        sent = rows.select(pl.col(stored(name)).alias(name) for name in features)
        asked = Asked(project=project, version=version, day=day, features=features, before=order.before)
        cache = project.home / "cache" / "attribution" / served.background
        yield from attribution(asked, exact(model, known), known, sent, cache)


def _compared(project: Project, schema: TableSchema, predictions: Table, day: date) -> list[skew.Difference]:
    """Return what differs; nothing where rows cannot be known again, or none is known twice."""
    dataset = Table(project.home / "lake" / "dataset")
    days = {other for other in predictions.days() if day - REACH <= other <= day}
    if not (project.data.identity and dataset.rows and days):
        return []
    sent = [name for name in project.data.features if stored(name) in predictions.schema]
    asked = predictions.scan(days).filter(pl.col("role").is_in(ROLES))
    learnt = dataset.scan().filter(pl.col("_origin") == "source")
    both = _sample(skew.matched(asked, learnt, sent, project.data.identity), ROWS)
    kinds = {name: str(schema.column(name).feature) for name in sent}
    found = [each for each in skew.compared(both, kinds) if each.differ] if both.height else []
    return found or [skew.Difference(column="", rows=both.height, differ=0, late=0, example=None)]


def _unknown(project: Project, predictions: Table, day: date, version: int) -> Iterator[SignalRow]:
    labels = Table(project.home / "lake" / "labels", by_day=True)
    if day not in labels.days():
        return
    ids = labels.scan({day}).select("id").unique()
    count = int(ids.select(pl.len()).collect().item())
    known = int(predictions.scan().select("id").unique().join(ids, on="id").select(pl.len()).collect().item())
    share = 1 - known / count
    yield SignalRow(
        model=project.name,
        day=day.isoformat(),
        version=version,
        monitor="feedback",
        subject="",
        level="notice" if share > UNKNOWN else "ok",
        value=share,
        limit=UNKNOWN,
        reason=f"{count - known} of {count} labelled ids are of no known prediction",
        numbers={"ids": count, "unknown": count - known},
    )


def _sample(rows: pl.LazyFrame, most: int) -> pl.DataFrame:
    """Return so many rows at most, which the ids choose: the same ones each time."""
    return rows.bottom_k(most, by=pl.col("id").hash()).collect()


def _signal(project: Project, day: str, version: int, found: skew.Difference) -> SignalRow:
    return SignalRow(
        model=project.name,
        day=day,
        version=version,
        monitor="skew",
        subject=found.column,
        level=found.level,
        value=found.share,
        limit=skew.LIMIT,
        reason=found.reason,
        numbers={"rows": found.rows, "differ": found.differ, "late": found.late},
    )


if __name__ == "__main__":
    main(sys.argv[1])
