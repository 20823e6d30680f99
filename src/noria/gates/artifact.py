"""What is in the artifact, looked at before anything of it is loaded."""

from __future__ import annotations

from noria.artifact import manifest
from noria.artifact.inspection import inspect
from noria.errors import ArtifactError
from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject


def artifact(subject: Subject) -> Finding:
    """The artifact is whole, and holds nothing that runs code of its own when it is loaded."""
    try:
        manifest.verify(subject.shipped, manifest.digest(subject.shipped))
    except ArtifactError as error:
        return failed(error.message)
    allowed = subject.project.pickle
    if faults := inspect(subject.shipped, pickle=allowed):
        return failed(f"{faults[0]}", rows=[{"fault": fault} for fault in faults])
    files = len(manifest.files(subject.shipped))
    code = "what runs code is allowed by noria.toml" if allowed else "none of them runs code"
    return passed(f"{files} files, {code}", files=files)
