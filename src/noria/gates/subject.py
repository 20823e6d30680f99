"""What a gate examines: the model that would ship, the rows around it, and the champion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import polars as pl

from noria.artifact.model import Model
from noria.project.model import Project
from noria.project.table import TableSchema
from noria.rows import Rival


@dataclass(frozen=True, kw_only=True)
class Subject:
    """All that is known of a candidate before it is registered; models and rows are read when asked for.

    `project` and `schema` are those of the run's code in `checkout`. `shipped` is the artifact that would
    ship, `judged` the one that the holdout is untouched by: its twin, or the model of the run before; they
    may be the same. `champion_artifact` is None without a champion; `rival` says which rows are new to it,
    None: all of them. `train_file`, `full_file` and `holdout_file` are Parquet: what the twin learnt from,
    what ships learnt from, and the newest matured rows; each row has `_time` and `_version` beside the
    columns of the schema. `folder` is where a gate may keep files.
    """

    project: Project
    schema: TableSchema
    checkout: Path
    folder: Path
    shipped: Path
    judged: Path
    champion_artifact: Path | None
    train_file: Path
    full_file: Path
    holdout_file: Path
    now: datetime
    rival: Rival | None = None

    @cached_property
    def candidate(self) -> Model:
        """The model that would ship."""
        return Model(self.shipped)

    @cached_property
    def twin(self) -> Model:
        """The model that has not seen the holdout."""
        return self.candidate if self.judged == self.shipped else Model(self.judged)

    @cached_property
    def champion(self) -> Model | None:
        return Model(self.champion_artifact) if self.champion_artifact else None

    @cached_property
    def train(self) -> pl.DataFrame:
        """The rows that the twin learnt from."""
        return pl.read_parquet(self.train_file)

    @cached_property
    def holdout(self) -> pl.DataFrame:
        """The newest matured rows, which the twin has not seen; the newest last."""
        return pl.read_parquet(self.holdout_file)

    @property
    def features(self) -> list[str]:
        return list(self.project.data.features)
