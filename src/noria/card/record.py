"""All that is recorded of a version, gathered from state, ledger, registry and the run's own files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from noria.artifact import manifest, signature
from noria.card import provenance
from noria.card.provenance import Provenance
from noria.core.profile.reference import Reference
from noria.errors import ArtifactError
from noria.monitor import reference
from noria.monitor.performance import Calibration, Version, by_version, calibrated
from noria.monitor.slices import Gap, Slice, gaps, newest, sliced
from noria.ports import State
from noria.project.model import Project
from noria.registered import find
from noria.rows import AlertRow, RunRow, VersionRow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """A version as the records have it; what they do not have is None or empty.

    `files` are the SHA-256 of the artifact's files by name, `spec` is its spec.json, `signed` says by which
    key it is signed or what is wrong with that. `findings` are the rows that each gate kept;
    `entries` are those of the ledger that name the version or its run. `role` is its part in the traffic,
    `service` its realised quality, with `calibration`, `slices` and `gaps` on its newest mature days.
    """

    project: Project
    row: VersionRow
    run: RunRow | None
    made_from: Provenance | None
    learnt: Reference | None
    spec: dict[str, Any]
    files: dict[str, str]
    signed: str
    findings: tuple[tuple[str, list[dict[str, Any]]], ...]
    entries: tuple[dict[str, Any], ...]
    role: str
    service: Version | None
    calibration: Calibration | None
    slices: tuple[Slice, ...]
    gaps: tuple[Gap, ...]
    alerts: tuple[AlertRow, ...]
    at: datetime

    @property
    def artifact(self) -> Path:
        return Path(self.row.artifact)

    @property
    def name(self) -> str:
        return f"{self.row.model}/{self.row.version}"


def gather(project: Project, state: State, version: int | None, now: datetime) -> Record:
    """Return the record of a version, by default the champion.

    Raises:
        StateError: there is no such version.
        ArtifactError: its artifact is gone, or what was kept of its making is damaged.
        ProfileError: what was kept of the rows that it learnt from is damaged.
    """
    row = find(state, project.name, version)
    artifact, spec = Path(row.artifact), _spec(row)
    cohorts = [each for each in state.cohorts(project.name) if each.version == row.version]
    recent = newest(cohorts, row.version)
    plan = state.model(project.name).plan
    return Record(
        project=project,
        row=row,
        run=state.run(row.run),
        made_from=provenance.load(artifact),
        learnt=_learnt(artifact),
        spec=spec,
        files=manifest.files(artifact),
        signed=_signed(project, row),
        findings=_findings(project.home / "runs" / row.run / "gates"),
        entries=tuple(entry for entry in state.ledger(project.name) if _about(entry["body"], row)),
        role=plan.role(row.version) if plan and row.version in plan.versions else "",
        service=next(iter(by_version(cohorts)), None),
        calibration=calibrated(recent),
        slices=tuple(one for column in project.monitor.slices for one in sliced(recent, column)),
        gaps=tuple(gaps(project, recent)),
        alerts=tuple(alert for alert in state.alerts(project.name) if alert.version == row.version),
        at=now,
    )


def _about(body: dict[str, Any], row: VersionRow) -> bool:
    return body.get("version") == row.version or body.get("run") == row.run


def _learnt(artifact: Path) -> Reference | None:
    try:
        return reference.load(artifact)
    except FileNotFoundError:
        return None


def _spec(row: VersionRow) -> dict[str, Any]:
    try:
        spec: dict[str, Any] = json.loads((Path(row.artifact) / "data" / "spec.json").read_text())
    except FileNotFoundError:
        message = f"the artifact of {row.model}/{row.version} is gone: there is no {row.artifact}"
        raise ArtifactError(message, hint="noria doctor") from None
    return spec


def _signed(project: Project, row: VersionRow) -> str:
    """Return by which key the artifact is signed, or what is wrong; "" where the project has no key."""
    key = signature.public_key(project.home)
    try:
        signature.verify(Path(row.artifact), row.digest, key)
    except ArtifactError as error:
        return error.message
    return f"by {key.relative_to(project.root)}, and verified" if key.exists() else ""


def _findings(folder: Path) -> tuple[tuple[str, list[dict[str, Any]]], ...]:
    found = sorted(folder.glob("*/finding.json"))
    return tuple((path.parent.name.partition("-")[2], json.loads(path.read_text())["rows"]) for path in found)
