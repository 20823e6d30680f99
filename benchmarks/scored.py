"""Flights of 2013 that a model scored which learnt from other days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import lightgbm
import numpy as np
import polars as pl

from noria.demo.flights import FEATURES, flights


def days() -> list[date]:
    """Return the days of the year on which flights left (UTC), in order."""
    return list(_flights()["_day"].unique().sort())


def scored(learnt: Collection[date]) -> pl.DataFrame:
    """Return the flights of all days but those `learnt`, with `_day`, `late` and `score`, in their order.

    The scores are those of a LightGBM model with 100 trees and its defaults.
    """
    table = _flights()
    coded = table.select(
        pl.col(name).cast(pl.Categorical).to_physical() if table[name].dtype == pl.String else name
        for name in FEATURES
    ).to_numpy()
    known = table["_day"].is_in(list(learnt)).to_numpy()
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 0}
    data = lightgbm.Dataset(coded[known], table["late"].to_numpy()[known])
    model = lightgbm.train(options, data, 100)
    rest = table.filter(pl.Series(~known))
    return rest.with_columns(score=pl.Series(np.asarray(model.predict(coded[~known]))))


def _flights() -> pl.DataFrame:
    table = flights().filter(pl.col("late").is_not_null())
    return table.with_columns(_day=pl.col("scheduled_departure").dt.date())
