"""A registered version: found by its number, and its artifact as it was registered."""

from __future__ import annotations

from pathlib import Path

from noria.artifact.signature import public_key, verify
from noria.errors import ArtifactError, StateError
from noria.ports import State
from noria.rows import VersionRow


def find(state: State, model: str, number: int | None = None) -> VersionRow:
    """Return a version of a model, by default the champion.

    Raises:
        StateError: there is none.
    """
    wanted = state.model(model).champion if number is None else number
    if wanted is None:
        raise StateError(f"{model} has no champion yet", hint="noria run")
    row = state.version(model, wanted)
    if row is None:
        known = ", ".join(str(each.version) for each in state.versions(model)) or "none"
        raise StateError(f"{model} has no version {wanted}; it has: {known}", hint="noria models")
    return row


def verified(row: VersionRow, home: Path) -> Path:
    """Return the artifact of a version, which is what was registered; `home` is the .noria of its project.

    Raises:
        ArtifactError: it is gone or altered, or not signed by the project's key.
    """
    artifact = Path(row.artifact)
    if not artifact.is_dir():
        raise ArtifactError(
            f"the artifact of {row.model}/{row.version} is gone: there is no {artifact}", hint="noria doctor"
        )
    verify(artifact, row.digest, public_key(home))
    return artifact
