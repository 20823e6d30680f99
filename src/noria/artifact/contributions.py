"""What each feature brings to an answer: contributions that add up to the model's score.

LightGBM and XGBoost tell their trees' exact Shapley values, against the rows that each tree learnt from
(Lundberg et al., Nature Machine Intelligence 2020). Any other model is asked mixed rows, see
`noria.core.shapley`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.artifact.model import Model, columns_of
from noria.artifact.predictor import Predictor
from noria.artifact.predictor.tables import codes, matrix
from noria.core.quality import Array
from noria.core.shapley import shapley

ASKED = 100
"""Rows of the background that a model without contributions of its own starts from."""
PROBED = 10
"""Rows of it on which a model's own contributions are tried."""
ROUNDING = 1e-4
"""How far contributions may miss the score, by its size where that is above 1: XGBoost adds in float32."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contributions:
    """The `parts` of some rows, shape (rows, outputs, features), and the `base` of each, (rows, outputs).

    Base and parts together are the `score`, shape (rows, outputs): of trees it is the margin before the link,
    such as the log-odds; else (`exact` is false) the answer itself. There is an output for each class of
    several, and else one.
    """

    parts: Array
    base: Array
    score: Array
    exact: bool


Contribute = Callable[[pl.DataFrame], Contributions]
"""Return the contributions of rows."""


def contributions_of(model: Model, background: pl.DataFrame) -> Contribute:
    """Return what tells a model's contributions: its own exact ones, or by asking it on the background."""
    return exact(model, background) or (lambda rows: _sampled(model, background, rows))


def exact(model: Model, background: pl.DataFrame) -> Contribute | None:
    """Return what tells a model's own contributions; None where it has none that add up to its score."""
    make = OWN.get(model.predictor.spec["kind"])
    if make is None:
        return None
    tell = make(model)
    try:
        adds_up = _adds_up(tell(background.head(PROBED)))
    except Exception:  # each library has its own error for what it cannot tell, such as linear trees
        return None
    return (lambda rows: _rounded(tell(rows))) if adds_up else None


def _adds_up(told: Contributions) -> bool:
    off = np.abs(told.base + told.parts.sum(axis=2) - told.score)
    return bool((off <= ROUNDING * np.maximum(1, np.abs(told.score))).all())


def _rounded(told: Contributions) -> Contributions:
    """Return the same with bases that take up what was lost by rounding."""
    return replace(told, base=told.score - told.parts.sum(axis=2))


def _lightgbm(model: Model) -> Contribute:
    import lightgbm

    spec = model.predictor.spec
    booster = lightgbm.Booster(model_file=str(model.artifact / "data" / spec["file"]))
    coded = codes(spec["features"], booster.pandas_categorical or [])

    def tell(rows: pl.DataFrame) -> Contributions:
        table = matrix(columns_of(rows, model.predictor), coded)
        parts = np.asarray(booster.predict(table, pred_contrib=True, num_threads=1))
        score = np.asarray(booster.predict(table, raw_score=True, num_threads=1))
        return _told(parts, score, len(coded))

    return tell


def _xgboost(model: Model) -> Contribute:
    import xgboost

    spec = model.predictor.spec
    booster = xgboost.Booster({"nthread": 1}, model_file=str(model.artifact / "data" / spec["file"]))
    known = [feature["categories"] for feature in spec["features"] if "categories" in feature]
    coded = codes(spec["features"], known)
    types = ["c" if feature["kind"] == "category" else "q" for feature in spec["features"]]

    def tell(rows: pl.DataFrame) -> Contributions:
        table = xgboost.DMatrix(
            matrix(columns_of(rows, model.predictor), coded), feature_types=types, enable_categorical=True
        )
        ask: Any = {"validate_features": False}
        parts = booster.predict(table, pred_contribs=True, **ask).astype(np.float64)
        score = booster.predict(table, output_margin=True, **ask).astype(np.float64)
        return _told(parts, score, len(coded))

    return tell


def _told(told: Array, score: Array, features: int) -> Contributions:
    """Return what a library told: for each row and output the parts, and behind them the base."""
    told = told.reshape(len(told), -1, features + 1)
    score = score.reshape(len(told), -1)
    return Contributions(parts=told[:, :, :-1], base=told[:, :, -1], score=score, exact=True)


def _sampled(model: Model, background: pl.DataFrame, rows: pl.DataFrame) -> Contributions:
    usual = background.sample(min(background.height, ASKED), seed=0)
    found = [_of_row(model.predictor, usual, row) for row in rows.iter_slices(1)]
    parts, base = (np.stack(values) for values in zip(*found, strict=True))
    return Contributions(parts=parts, base=base, score=base + parts.sum(axis=2), exact=False)


def _of_row(model: Predictor, usual: pl.DataFrame, row: pl.DataFrame) -> tuple[Array, Array]:
    own = columns_of(row, model)
    others = {name: np.asarray(values) for name, values in columns_of(usual, model).items()}

    def answers(known: NDArray[np.bool_], place: NDArray[np.int64]) -> Array:
        mixed = {
            name: np.where(known[:, number], own[name][0], others[name][place]).tolist()
            for number, name in enumerate(model.features)
        }
        return model.predict(mixed).reshape(len(place), -1)

    return shapley(answers, len(model.features), usual.height)


OWN: dict[str, Callable[[Model], Contribute]] = {"lightgbm": _lightgbm, "xgboost": _xgboost}
"""Who makes the contributions of a kind of model, from its own library."""
