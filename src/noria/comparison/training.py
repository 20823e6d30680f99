"""What a version was trained on, as the records of its run say it."""

from __future__ import annotations

from typing import Any

from noria.errors import NoriaError
from noria.project.model import Project
from noria.project.parse import load
from noria.rows import VersionRow

FACTS = ("window", "rows", "data_version", "learnt", "holdout_from", "refit", "commit", "train_seconds")


def training(project: Project, row: VersionRow) -> dict[str, Any]:
    """Return window, rows, data version and commit of a version, its seed and its parameters.

    The parameters stand in the code of its run; if that is gone or cannot be read, they are left out.
    """
    facts = {name: row.facts[name] for name in FACTS if name in row.facts}
    try:
        told = load(project.home / "runs" / row.run / "checkout").train
    except (NoriaError, OSError):
        return facts
    params = {f"params.{name}": value for name, value in told.params.items()}
    return {**facts, "seed": told.seed, **params}
