"""Lineage both ways: from a version to all that it was made from, and from any of that to the versions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from noria.adapters.lake import Dataset
from noria.card import provenance
from noria.errors import StateError
from noria.ports import State
from noria.project.model import Project
from noria.rows import VersionRow

SHORTEST = 6
"""Digits of a hash that are enough to name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a version was made from. `hashes` has a digest, hex, of each part by name.

    `rows` is how many it learnt from, `gates` how many of its gates passed and how many there were.
    """

    version: int
    registered: datetime
    run: str
    reason: str
    data_version: int
    window: str
    rows: int | None
    parameters: dict[str, Any]
    gates: tuple[int, int]
    hashes: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The rows that a data version brought from a source, a file or whoever told the labels."""

    data_version: int
    origin: str
    source: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What was asked for, the versions that it leads to, and the batches of rows that it is about.

    `forward` tells that it leads from data, or from the whole project, to versions.
    """

    subject: str
    forward: bool
    versions: tuple[Origin, ...]
    batches: tuple[Batch, ...] = ()


def lineage(project: Project, state: State, what: str = "") -> Lineage:
    """Return the lineage of a version ("7"), a data version ("data/3") or a hash or its beginning; or of all.

    A version leads to the batches that its data version holds; a data version, to the versions that were made
    of it or of a later one, which holds its rows too; a hash, to the versions that have it.

    Raises:
        StateError: there is no such thing.
    """
    known = tuple(_origin(state, row) for row in state.versions(project.name))
    if not what:
        return Lineage(subject=project.name, forward=True, versions=known)
    if found := re.fullmatch(rf"(?:{re.escape(project.name)}/)?(\d{{1,{SHORTEST - 1}}})", what):
        versions = tuple(each for each in known if each.version == int(found[1]))
        batches = tuple(batch for each in versions for batch in _batches(project, each.data_version))
    elif found := re.fullmatch(r"data/(\d+)", what):
        number = int(found[1])
        versions = tuple(each for each in known if each.data_version >= number)
        batches = tuple(batch for batch in _batches(project, number) if batch.data_version == number)
    else:
        versions, batches = tuple(each for each in known if _has(each, what)), ()
    if not (versions or batches):
        raise _unknown(project, what, known)
    return Lineage(subject=what, forward=what.startswith("data/"), versions=versions, batches=batches)


def _unknown(project: Project, what: str, known: Sequence[Origin]) -> StateError:
    numbers = ", ".join(str(each.version) for each in known) or "none yet"
    return StateError(
        f'{project.name}: nothing is known of "{what}"; allowed: a version ({numbers}), a data version '
        f"such as data/1, or at least {SHORTEST} digits of a hash",
        hint="noria lineage",
    )


def _has(origin: Origin, prefix: str) -> bool:
    long_enough = len(prefix) >= SHORTEST
    return long_enough and any(value.startswith(prefix.lower()) for value in origin.hashes.values())


def _origin(state: State, row: VersionRow) -> Origin:
    made, run = provenance.load(Path(row.artifact)), state.run(row.run)
    hashes = {"artifact": row.digest, "commit": row.facts.get("commit"), "policy": row.facts.get("policy")}
    if made:
        hashes |= {"changes": made.diff, "schema": made.schema, "environment": made.lock[1]}
        hashes |= {"rows": made.train.sha256, "parameters": _digest(made.parameters)}
    verdicts = run.verdicts if run else ()
    return Origin(
        version=row.version,
        registered=row.registered,
        run=row.run,
        reason=run.reason if run else "",
        data_version=row.facts["data_version"],
        window=row.facts.get("window", ""),
        rows=made.train.rows if made else None,
        parameters={**made.parameters, "seed": made.seed} if made else {},
        gates=(sum(each.outcome == "passed" for each in verdicts), len(verdicts)),
        hashes={name: value for name, value in hashes.items() if value},
    )


def _digest(parameters: dict[str, Any]) -> str:
    return sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


def _batches(project: Project, version: int) -> Iterator[Batch]:
    """Yield what a data version holds, by the version that brought it, its origin and its source."""
    dataset = Dataset(project.home / "lake", project.data)
    if not 0 < version <= dataset.version:
        return
    keys = ["_version", "_origin", "_source"]
    counted = dataset.read(version).group_by(keys).agg(rows=pl.len()).sort(keys).collect()
    for number, origin, source, rows in counted.iter_rows():
        yield Batch(data_version=number, origin=origin, source=source or "", rows=rows)
