"""Five steps from a table to a model, for noria and for its peers alike."""

from __future__ import annotations

from typing import Any

import polars as pl

FEATURES = ["age", "tenure_months", "monthly_price", "data_gb"]
LABEL = "churned"


def clean(table: pl.DataFrame) -> pl.DataFrame:
    """The columns that are used, without rows that lack one."""
    return table.select(*(pl.col(name).cast(pl.Float64) for name in FEATURES), LABEL).drop_nulls()


def rates(clean: pl.DataFrame) -> dict[str, float]:
    """The mean of each feature."""
    return {name: float(clean[name].mean()) for name in FEATURES}


def encode(clean: pl.DataFrame, rates: dict[str, float]) -> pl.DataFrame:
    """The features without values beyond a hundred times the mean."""
    return clean.with_columns(pl.col(name).clip(upper_bound=100 * rates[name]) for name in FEATURES)


def summary(encode: pl.DataFrame) -> dict[str, float]:
    """How many rows there are, and the share of positive ones."""
    return {"rows": encode.height, "positive": float(encode[LABEL].mean())}


def model(encode: pl.DataFrame) -> Any:
    """A small booster."""
    from lightgbm import LGBMClassifier

    learner = LGBMClassifier(n_estimators=20, random_state=0, deterministic=True, n_jobs=1, verbosity=-1)
    return learner.fit(encode.select(FEATURES).to_pandas(), encode[LABEL].to_numpy())
