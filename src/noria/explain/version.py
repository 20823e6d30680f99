"""A registered version, verified and loaded, with what explains its answers."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from noria.artifact import background
from noria.artifact.contributions import Contribute, contributions_of
from noria.artifact.golden import TOLERANCE
from noria.artifact.model import Model
from noria.core.quality import Array
from noria.errors import ArtifactError
from noria.explain.prediction import Prediction
from noria.outcomes import stored
from noria.registered import verified
from noria.rows import VersionRow


class Version:
    """The model of a version, and the `background`: rows that it learnt from."""

    def __init__(self, row: VersionRow, home: Path) -> None:
        """Verify what is kept of the version, and load it into a process that does nothing else.

        `home` is the .noria of its project, whose key has signed it.

        Raises:
            ArtifactError: it is gone, or altered.
        """
        artifact = verified(row, home)
        self.row = row
        self.digest: str = row.facts.get("background", "")
        self.background = background.load(artifact, self.digest)
        self.model = Model(artifact, lean=True)  # half of the time, and of the memory

    @cached_property
    def contributions(self) -> Contribute:
        return contributions_of(self.model, self.background)

    def rows(self, prediction: Prediction) -> pl.DataFrame:
        """Return the row of a prediction as the model takes it; what was not stored is missing."""
        there = prediction.row.columns
        return prediction.row.select(
            (pl.col(stored(name)) if stored(name) in there else pl.lit(None)).alias(name)
            for name in self.model.features
        )

    def repeated(self, prediction: Prediction) -> Array:
        """Return what the version answers to a past prediction's row: what it said then; shape (outputs,).

        Raises:
            ArtifactError: it answers otherwise now.
        """
        found = self.model.predict(self.rows(prediction)).reshape(-1)
        said = np.asarray(prediction.output, dtype=np.float64).reshape(-1)
        near = said.shape == found.shape and np.abs(said - found) <= TOLERANCE * np.maximum(1, np.abs(said))
        if not np.all(near):
            raise ArtifactError(
                f"{self.row.model}/{self.row.version} answers {_text(found)} to the stored row of "
                f"{prediction.id}, and said {_text(said)} then: a library has changed since, or not all of "
                "the row was stored",
                hint="noria drift",
            )
        return found


def _text(values: Array) -> str:
    return ", ".join(f"{value:.9g}" for value in values)
