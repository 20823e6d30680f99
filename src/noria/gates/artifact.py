"""What is in the artifact, looked at before anything of it is loaded."""

from __future__ import annotations

import json

from noria.artifact import manifest
from noria.errors import ArtifactError
from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject

RUNS_CODE = (".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill", ".pt", ".pth", ".so", ".dll", ".pyd")
"""Endings of files that run code of their own as soon as they are loaded."""


def artifact(subject: Subject) -> Finding:
    """The artifact is whole, and holds nothing that runs code of its own when it is loaded."""
    try:
        manifest.verify(subject.shipped, manifest.digest(subject.shipped))
    except ArtifactError as error:
        return failed(error.message)
    files = [path for path in subject.shipped.rglob("*") if path.is_file()]
    suspects = sorted(
        path.relative_to(subject.shipped).as_posix() for path in files if path.suffix in RUNS_CODE
    )
    kind = json.loads((subject.shipped / "data" / "spec.json").read_text())["kind"]
    if subject.project.pickle:
        return passed(
            f"{len(files)} files, {len(suspects)} that run code, which noria.toml allows", files=len(files)
        )
    if suspects or kind == "pyfunc":
        what = suspects[0] if suspects else "a Python model"
        return failed(f"{what} runs code of its own when it is loaded; [model] pickle = true would allow it")
    return passed(f"{len(files)} files, none of them runs code", files=len(files))
