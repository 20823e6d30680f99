"""What a version was made from, kept beside its artifact when it is registered.

The run's own files may be removed later, and the project changes; this does not.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from noria.artifact.lineage import place
from noria.errors import ArtifactError
from noria.pipeline import fingerprint
from noria.project.model import Project
from noria.project.table import FILE, TableSchema
from noria.rows import RunRow, StepRecord, Training

NAME = "provenance.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A Parquet file of rows that a run was given: how many, and the SHA-256 (hex) of the file."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Code, data, parameters, environment and policy of a version, as they were when it was made.

    `columns` are the schema's: name, kind, and whether a value may be missing. `holdout` is None where
    nothing was held out. `lock` is the lock file's name and digest, or those of the installed packages;
    `packages` has the version of each installed package by its name. `diff` is the SHA-256 of the patch of a
    dirty tree, or "".
    """

    model: str
    task: str
    owner: str
    purpose: str
    risk: str
    commit: str | None
    diff: str
    pipeline: str
    steps: tuple[StepRecord, ...]
    source: tuple[str, ...]
    label: str
    time: str | None
    entity: str | None
    features: tuple[str, ...]
    slices: tuple[str, ...]
    sensitive: tuple[str, ...]
    columns: tuple[dict[str, Any], ...]
    schema: str
    train: Rows
    holdout: Rows | None
    parameters: dict[str, Any]
    seed: int
    python: str
    platform: str
    lock: tuple[str, str]
    packages: dict[str, str]
    policy: str


def record(project: Project, schema: TableSchema, row: RunRow, shipped: Training, folder: Path) -> Provenance:
    """Return what the model that a run ships was made from; `folder` holds the run's files."""
    checkout, rows = folder / "checkout", folder / "rows"
    environment = fingerprint.environment(checkout)
    held_out, diff = row.facts["holdout_rows"], row.facts.get("diff", "")
    full = rows / f"full-{row.facts['window']}.parquet"
    return Provenance(
        model=project.name,
        task=str(project.task),
        owner=project.owner,
        purpose=project.purpose,
        risk=project.risk,
        commit=row.commit,
        diff=hashlib.sha256(diff.encode()).hexdigest() if diff else "",
        pipeline=project.pipeline,
        steps=shipped.steps,
        source=project.data.source,
        label=project.data.label,
        time=project.data.time,
        entity=project.data.entity,
        features=project.data.features,
        slices=project.monitor.slices,
        sensitive=project.monitor.sensitive,
        columns=tuple(
            {"name": column.name, "kind": column.kind, "nullable": column.nullable}
            for column in schema.columns
        ),
        schema=_sha256(checkout / FILE),
        train=Rows(rows=shipped.rows, sha256=_sha256(full)),
        holdout=Rows(rows=held_out, sha256=_sha256(rows / "holdout.parquet")) if held_out else None,
        parameters=project.train.params,
        seed=project.train.seed,
        python=environment["python"],
        platform=platform.platform(),
        lock=(environment["lock"], environment["digest"]),
        packages=_packages(),
        policy=row.facts["policy"],
    )


def save(made: Provenance, folder: Path) -> Path:
    """Write it into a folder, and return where."""
    path = folder / NAME
    path.write_text(json.dumps(msgspec.to_builtins(made), indent=1, default=str))
    return path


def load(artifact: Path) -> Provenance | None:
    """Return what the registered artifact was made from; None where that was not kept.

    Raises:
        ArtifactError: the file is damaged.
    """
    path = place(artifact, NAME)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Provenance)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ArtifactError(f"{path} is damaged: {error}", hint="noria models") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _packages() -> dict[str, str]:
    """Return name and version of each installed package, from the names of their folders alone."""
    stems = [found.stem for path in reversed(sys.path) for found in Path(path).glob("*.dist-info")]
    found = {stem.partition("-")[0]: stem.partition("-")[2] for stem in stems}
    return dict(sorted(found.items()))
